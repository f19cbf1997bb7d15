"""Continuous batching on llama.cpp's low-level interface.

Prompts are read one after another at a *desk*, a sequence of its own: what a prompt shares with the
one before (the system turn at least) is not read again, and one reading serves all its seeds. From
there each reply gets a copy of the cells in a place of its own; whenever one ends, the next takes
its place.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.persona import Sampling

#: A job: a rendered prompt and, for each reply wanted, (the caller's index, seed).
Job = tuple[str, list[tuple[int, int]]]

#: Called with (the caller's index, a piece of the reply) as the words come.
Heard = Callable[[int, str], None]

BATCH_TOKENS = 512
#: Cells of a place in the context to begin with; llama.cpp rounds up to this step.
CELLS, CELL_STEP = 512, 256
#: llama.cpp keeps 256 sequences, one of them the desk.
MOST_SLOTS = 255
#: No more cells than this, whatever the model was trained for: longer is no chat of Josi's.
MOST_CELLS = 2048


@dataclass
class _Sequence:
    """One reply being drawn; its place in the list of the active is its id in llama.cpp."""

    index: int
    sampler: Any
    position: int
    tokens: list[int] = field(default_factory=list)
    told: int = 0


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
        slots: int = 32,
        threads: int | None = None,
        adapter: Path | None = None,
    ) -> None:
        import llama_cpp

        from josi_utils import llama_runtime

        if not 1 <= slots <= MOST_SLOTS:
            raise JosiError(f"slots: {slots} is not between 1 and {MOST_SLOTS}")
        self._lib = llama_cpp
        self._slots, self._path = slots, path
        self._threads = threads or llama_runtime.threads()
        self._quiet = llama_runtime.quiet_llama
        self._context = self._adapter = None
        with self._quiet():
            llama_cpp.llama_backend_init()
            self._model = llama_cpp.llama_model_load_from_file(
                str(path).encode(), llama_runtime.model_params()
            )
        if not self._model:
            raise JosiError(f"{path}: llama.cpp cannot load this file; export it again")
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self._batch = llama_cpp.llama_batch_init(max(BATCH_TOKENS, slots), 0, 1)
        self._most = min(MOST_CELLS, llama_cpp.llama_model_n_ctx_train(self._model))
        try:
            if adapter:
                self._adapter = self._load_adapter(adapter)
            self._make_context(min(CELLS, self._most))
        except JosiError:
            self.close()
            raise

    def _load_adapter(self, adapter: Path) -> Any:
        loaded = self._lib.llama_adapter_lora_init(self._model, str(adapter).encode())
        if not loaded:
            raise JosiError(f"{adapter}: llama.cpp cannot load this adapter on this base")
        return loaded

    def _make_context(self, cells: int) -> None:
        """Make the context anew with so many cells for each sequence."""
        import ctypes

        lib = self._lib
        params = lib.llama_context_default_params()
        # A stream of cells a sequence: in unified cells each token is held against everybody's.
        # On a CPU, decoding 32 streams is a sixth faster without flash attention (docs/log.md).
        params.kv_unified = False
        params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.n_seq_max = self._slots + 1
        params.n_ctx = cells * (self._slots + 1)
        params.n_batch = params.n_ubatch = max(BATCH_TOKENS, self._slots)
        params.n_threads = params.n_threads_batch = self._threads
        params.no_perf = True
        with self._quiet():
            if self._context:
                lib.llama_free(self._context)
            self._context = lib.llama_init_from_model(self._model, params)
        if not self._context:
            raise JosiError(f"{self._path}: llama.cpp cannot make a context; is there memory left?")
        if self._adapter:
            adapters = (lib.llama_adapter_lora_p_ctypes * 1)(self._adapter)
            lib.llama_set_adapters_lora(self._context, adapters, 1, (ctypes.c_float * 1)(1.0))
        self._memory = lib.llama_get_memory(self._context)
        self._cells, self._desk, self._read_there = cells, self._slots, []

    def _tokenise(self, text: str) -> list[int]:
        """Return token ids, specials parsed (text was escaped before), no BOS added."""
        raw = text.encode("utf-8")
        capacity = len(raw) + 8
        buffer = (self._lib.llama_token * capacity)()
        count = self._lib.llama_tokenize(self._vocab, raw, len(raw), buffer, capacity, False, True)
        return list(buffer[:count])

    def _bytes(self, tokens: Sequence[int]) -> bytes:
        import ctypes

        buffer = ctypes.create_string_buffer(256)
        pieces = []
        for token in tokens:
            size = self._lib.llama_token_to_piece(self._vocab, token, buffer, 256, 0, False)
            pieces.append(buffer.raw[: max(size, 0)])
        return b"".join(pieces)

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
        """Run one batch of ``(token, position, sequence, wants logits)``."""
        batch = self._batch
        batch.n_tokens = len(entries)
        for i, (token, position, sequence, logits) in enumerate(entries):
            batch.token[i] = token
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = logits
        with self._quiet() as log:  # it reports every copy of cells, at length
            status = self._lib.llama_decode(self._context, batch)
        if status:
            said = f": {log[-1].strip()}" if log else ""
            raise JosiError(f"llama.cpp could not decode a batch (status {status}){said}")

    def _read(
        self, tokens: list[int], wanted: Sequence[tuple[int, int]], sampling: Sampling
    ) -> list[_Sequence]:
        """Read a prompt at the desk and draw the first token of each reply wanted of it."""
        held = self._read_there
        most = min(len(held), len(tokens) - 1)  # the last token is read for its logits
        kept = next((i for i in range(most) if held[i] != tokens[i]), most)
        self._read_there = []  # nothing is known to lie there if llama.cpp fails
        self._lib.llama_memory_seq_rm(self._memory, self._desk, kept, -1)
        for begin in range(kept, len(tokens), BATCH_TOKENS):
            chunk = enumerate(tokens[begin : begin + BATCH_TOKENS], start=begin)
            self._decode([(t, at, self._desk, at == len(tokens) - 1) for at, t in chunk])
        self._read_there = tokens
        sequences = []
        for index, seed in wanted:
            sampler = self._sampler(sampling, seed)
            first = self._lib.llama_sampler_sample(sampler, self._context, -1)
            sequences.append(_Sequence(index, sampler, len(tokens), [first]))
        return sequences

    def _copy(self, source: int, target: int) -> None:
        """Copy a sequence's cells; llama.cpp does it before its next batch, in the order asked."""
        self._lib.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def run(
        self, jobs: Sequence[Job], sampling: Sampling, heard: Heard | None = None
    ) -> Iterator[tuple[int, str, bool, int]]:
        """Yield ``(index, text, ended by itself, tokens)`` for every wanted reply."""
        # In order of their tokens, prompts share the most with the one before.
        prompts = sorted(((self._tokenise(p), wanted) for p, wanted in jobs), key=lambda j: j[0])
        longest = max((len(tokens) for tokens, _ in prompts), default=0)
        self._make_room(longest, sampling.max_new_tokens)
        waiting, ready, active = deque(prompts), deque[_Sequence](), list[_Sequence]()
        try:
            while waiting or ready or active:
                while (ready or waiting) and len(active) < self._slots:
                    if ready:
                        self._copy(self._desk, len(active))
                        active.append(ready.popleft())
                    else:
                        ready.extend(self._read(*waiting.popleft(), sampling))
                if heard:
                    self._tell(active, heard)
                over = [i for i, s in enumerate(active) if self._over(s, sampling)]
                for place in reversed(over):
                    yield self._result(self._leave(active, place))
                if not over:
                    self._step(active)
        finally:
            for sequence in (*active, *ready):
                self._lib.llama_sampler_free(sequence.sampler)

    def _make_room(self, prompt: int, new: int) -> None:
        """Make the places long enough for the longest prompt and its reply."""
        if prompt + new > self._most:
            raise JosiError(
                f"a prompt of {prompt} tokens; at most {self._most - new}: shorten the history"
            )
        if prompt + new > self._cells:
            self._make_context(min(self._most, -(-(prompt + new) // CELL_STEP) * CELL_STEP))

    def _over(self, sequence: _Sequence, sampling: Sampling) -> bool:
        return len(sequence.tokens) >= sampling.max_new_tokens or self._ended(sequence)

    def _ended(self, sequence: _Sequence) -> bool:
        return bool(self._lib.llama_vocab_is_eog(self._vocab, sequence.tokens[-1]))

    def _leave(self, active: list[_Sequence], place: int) -> _Sequence:
        """Take a sequence out; the last one moves up, as llama.cpp wants ids without a gap."""
        sequence, last = active[place], active.pop()
        if last is not sequence:
            self._copy(len(active), place)
            active[place] = last
        self._lib.llama_sampler_free(sequence.sampler)
        return sequence

    def _result(self, sequence: _Sequence) -> tuple[int, str, bool, int]:
        ended = self._ended(sequence)
        said = sequence.tokens[:-1] if ended else sequence.tokens
        text = self._bytes(said).decode("utf-8", errors="replace")
        return sequence.index, text, ended, len(sequence.tokens)

    def _step(self, active: Sequence[_Sequence]) -> None:
        """Draw one more token for every sequence."""
        self._decode([(s.tokens[-1], s.position, i, True) for i, s in enumerate(active)])
        for i, sequence in enumerate(active):
            sequence.position += 1
            sequence.tokens.append(
                self._lib.llama_sampler_sample(sequence.sampler, self._context, i)
            )

    def _tell(self, active: Sequence[_Sequence], heard: Heard) -> None:
        """Say what is new of each reply, as far as its last whole character."""
        for sequence in active:
            said = sequence.tokens[:-1] if self._ended(sequence) else sequence.tokens
            text = codecs.getincrementaldecoder("utf-8")("replace").decode(self._bytes(said))
            if text[sequence.told :]:
                heard(sequence.index, text[sequence.told :])
                sequence.told = len(text)

    def close(self) -> None:
        """Free batch, context and model; safe to call twice."""
        if self._model:
            with self._quiet():
                if self._context:
                    self._lib.llama_free(self._context)
                self._lib.llama_batch_free(self._batch)
                self._lib.llama_model_free(self._model)
            self._context = self._model = None
