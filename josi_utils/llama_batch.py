"""Continuous batching on llama.cpp's low-level interface.

The system turn is encoded once and its cells shared by every sequence; a prompt that is asked with
several seeds is encoded once too. Whenever a sequence ends, the next prompt takes its slot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.persona import SYSTEM_PROMPT, Sampling, render_chatml

#: A job: a rendered prompt and, for each reply wanted, (the caller's index, seed).
Job = tuple[str, list[tuple[int, int]]]

BATCH_TOKENS = 512
#: Room for a user turn with history, beyond the system turn.
PROMPT_TOKENS = 900


@dataclass
class _Sequence:
    """One reply being drawn."""

    index: int
    slot: int
    sampler: Any
    position: int
    tokens: list[int] = field(default_factory=list)


class BatchDecoder:
    """A model, a context of many sequences, and the loop that feeds them.

    Parameters
    ----------
    path : Path
        GGUF file.
    slots : int
        Sequences decoded together.
    threads : int or None
        CPU threads, all cores by default.
    adapter : Path, optional
        LoRA adapter as GGUF.
    """

    def __init__(
        self,
        path: Path,
        *,
        slots: int = 16,
        threads: int | None = None,
        adapter: Path | None = None,
    ) -> None:
        import llama_cpp

        from josi_utils.llama_runtime import model_params, quiet_llama
        from josi_utils.llama_runtime import threads as available_threads

        self._lib = llama_cpp
        self._slots = slots
        threads = threads or available_threads()
        with quiet_llama():
            llama_cpp.llama_backend_init()
            self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_params())
            if not self._model:
                raise JosiError(f"{path}: llama.cpp cannot load this file; export it again")
            self._vocab = llama_cpp.llama_model_get_vocab(self._model)
            self._prefix = self._tokenise(
                render_chatml([{"role": "system", "content": SYSTEM_PROMPT}])
            )
            params = llama_cpp.llama_context_default_params()
            # Unified cells: the prefix and a shared prompt are stored once for all sequences.
            params.kv_unified = True
            params.n_seq_max = slots + 1
            params.n_ctx = len(self._prefix) + slots * 420 + PROMPT_TOKENS
            params.n_batch = params.n_ubatch = BATCH_TOKENS
            params.n_threads = params.n_threads_batch = threads
            params.no_perf = True
            self._context = llama_cpp.llama_init_from_model(self._model, params)
            if not self._context:
                llama_cpp.llama_model_free(self._model)
                raise JosiError(f"{path}: llama.cpp cannot make a context; is there memory left?")
            self._adapter = self._load_adapter(adapter) if adapter else None
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._batch = llama_cpp.llama_batch_init(BATCH_TOKENS, 0, slots + 1)
        self._cells = params.n_ctx
        self._prefix_ready = False

    def _load_adapter(self, adapter: Path) -> Any:
        import ctypes

        loaded = self._lib.llama_adapter_lora_init(self._model, str(adapter).encode())
        if not loaded:
            raise JosiError(f"{adapter}: llama.cpp cannot load this adapter on this base")
        adapters = (self._lib.llama_adapter_lora_p_ctypes * 1)(loaded)
        scales = (ctypes.c_float * 1)(1.0)
        self._lib.llama_set_adapters_lora(self._context, adapters, 1, scales)
        return loaded

    def _tokenise(self, text: str) -> list[int]:
        """Return token ids, specials parsed (text was escaped before), no BOS added."""
        raw = text.encode("utf-8")
        capacity = len(raw) + 8
        buffer = (self._lib.llama_token * capacity)()
        count = self._lib.llama_tokenize(self._vocab, raw, len(raw), buffer, capacity, False, True)
        return list(buffer[:count])

    def _text(self, tokens: Sequence[int]) -> str:
        import ctypes

        buffer = ctypes.create_string_buffer(256)
        pieces = []
        for token in tokens:
            size = self._lib.llama_token_to_piece(self._vocab, token, buffer, 256, 0, False)
            pieces.append(buffer.raw[: max(size, 0)])
        return b"".join(pieces).decode("utf-8", errors="replace")

    def _sampler(self, sampling: Sampling, seed: int) -> Any:
        lib = self._lib
        chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        add = lambda sampler: lib.llama_sampler_chain_add(chain, sampler)  # noqa: E731
        if sampling.repeat_penalty != 1.0:
            add(lib.llama_sampler_init_penalties(64, sampling.repeat_penalty, 0.0, 0.0))
        if sampling.temperature == 0:
            add(lib.llama_sampler_init_greedy())
            return chain
        add(lib.llama_sampler_init_top_k(sampling.top_k))
        add(lib.llama_sampler_init_top_p(sampling.top_p, 1))
        add(lib.llama_sampler_init_min_p(sampling.min_p, 1))
        add(lib.llama_sampler_init_temp(sampling.temperature))
        add(lib.llama_sampler_init_dist(seed & 0xFFFFFFFF))
        return chain

    def _decode(self, entries: Sequence[tuple[int, int, int, bool]]) -> None:
        """Run one batch of ``(token, position, slot, wants logits)``."""
        batch = self._batch
        batch.n_tokens = len(entries)
        for i, (token, position, slot, logits) in enumerate(entries):
            batch.token[i] = token
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = slot
            batch.logits[i] = logits
        if status := self._lib.llama_decode(self._context, batch):
            raise JosiError(f"llama.cpp could not decode a batch (status {status})")

    def _encode(self, tokens: Sequence[int], start: int, slot: int) -> None:
        """Encode a prompt into a slot; logits are kept for its last token."""
        last = len(tokens) - 1
        for begin in range(0, len(tokens), BATCH_TOKENS):
            chunk = tokens[begin : begin + BATCH_TOKENS]
            self._decode(
                [(t, start + begin + i, slot, begin + i == last) for i, t in enumerate(chunk)]
            )

    def _start(self, job: Job, free: list[int], sampling: Sampling) -> list[_Sequence]:
        """Encode a prompt once and open a sequence for each of its seeds."""
        lib = self._lib
        prompt, wanted = job
        tokens = self._tokenise(prompt)
        shared = len(self._prefix)
        if tokens[:shared] != self._prefix:
            shared = 0
        if len(tokens) - shared > PROMPT_TOKENS:
            raise JosiError(
                f"a prompt of {len(tokens)} tokens; at most {shared + PROMPT_TOKENS}: shorten the history"
            )
        if shared and not self._prefix_ready:
            self._encode(self._prefix, 0, 0)
            self._prefix_ready = True
        slots = [free.pop() for _ in wanted]
        if shared:
            lib.llama_memory_seq_cp(self._memory, 0, slots[0], 0, shared)
        self._encode(tokens[shared:], shared, slots[0])
        sequences = []
        for slot, (index, seed) in zip(slots, wanted, strict=True):
            if slot != slots[0]:
                lib.llama_memory_seq_cp(self._memory, slots[0], slot, 0, -1)
            sequence = _Sequence(index, slot, self._sampler(sampling, seed), len(tokens))
            sequence.tokens.append(lib.llama_sampler_sample(sequence.sampler, self._context, -1))
            sequences.append(sequence)
        return sequences

    def run(self, jobs: Sequence[Job], sampling: Sampling) -> Iterator[tuple[int, str, bool, int]]:
        """Yield ``(index, text, ended by itself, tokens)`` for every wanted reply."""
        waiting = deque(
            (prompt, wanted[i : i + self._slots])
            for prompt, wanted in jobs
            for i in range(0, len(wanted), self._slots)
        )
        free = list(range(self._slots, 0, -1))
        active: list[_Sequence] = []
        try:
            while waiting or active:
                while waiting and len(waiting[0][1]) <= len(free):
                    active += self._start(waiting.popleft(), free, sampling)
                running = []
                for sequence in active:
                    ended = self._lib.llama_vocab_is_eog(self._vocab, sequence.tokens[-1])
                    if not ended and len(sequence.tokens) < sampling.max_new_tokens:
                        running.append(sequence)
                        continue
                    self._release(sequence, free)
                    said = sequence.tokens[:-1] if ended else sequence.tokens
                    yield sequence.index, self._text(said), bool(ended), len(sequence.tokens)
                active = running
                if active and not (waiting and len(waiting[0][1]) <= len(free)):
                    self._step(active)
        finally:
            for sequence in active:
                self._release(sequence, free)

    def _step(self, active: Sequence[_Sequence]) -> None:
        """Draw one more token for every sequence."""
        self._decode([(s.tokens[-1], s.position, s.slot, True) for s in active])
        for i, sequence in enumerate(active):
            sequence.position += 1
            sequence.tokens.append(
                self._lib.llama_sampler_sample(sequence.sampler, self._context, i)
            )

    def _release(self, sequence: _Sequence, free: list[int]) -> None:
        self._lib.llama_memory_seq_rm(self._memory, sequence.slot, -1, -1)
        self._lib.llama_sampler_free(sequence.sampler)
        free.append(sequence.slot)

    def close(self) -> None:
        """Free batch, context and model; safe to call twice."""
        from josi_utils.llama_runtime import quiet_llama

        if self._context:
            with quiet_llama():
                self._lib.llama_batch_free(self._batch)
                self._lib.llama_free(self._context)
                self._lib.llama_model_free(self._model)
            self._context = self._model = None
