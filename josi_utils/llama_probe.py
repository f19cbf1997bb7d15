"""What llama.cpp makes of a text: rendered bytes, token ids, logits, greedy ids.

All of Josi's prompts begin with the same system turn; what the context holds already is not read
again.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError

if TYPE_CHECKING:
    import numpy as np
    from llama_cpp import Llama


def token_ids(model: Llama, text: str) -> list[int]:
    """Return the ids of rendered text: special tokens parsed, nothing added in front."""
    return model.tokenize(text.encode("utf-8"), add_bos=False, special=True)


def render_with_jinja(template: str, messages: Sequence[dict[str, str]], generation: bool) -> str:
    """Return what a Jinja reader makes of a file's template (the binding's own formatter)."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    formatter = Jinja2ChatFormatter(
        template, eos_token="<|im_end|>", bos_token="<|im_start|>", add_generation_prompt=generation
    )
    return formatter(messages=list(messages)).prompt


def render_natively(template: str, messages: Sequence[dict[str, str]], generation: bool) -> str:
    """Return what ``llama_chat_apply_template`` makes of it.

    The C function knows no Jinja: it recognises a format by its markers, as llama.android does.
    """
    import llama_cpp

    chat = (llama_cpp.llama_chat_message * len(messages))()
    for index, message in enumerate(messages):
        chat[index].role = message["role"].encode()
        chat[index].content = message["content"].encode()
    size = 4096 + 2 * sum(len(message["content"].encode()) for message in messages)
    buffer = ctypes.create_string_buffer(size)
    written = llama_cpp.llama_chat_apply_template(
        template.encode(), chat, len(messages), generation, buffer, size
    )
    if written < 0:
        raise JosiError("the chat template is of no kind that llama.cpp recognises; use Josi's")
    return buffer.raw[:written].decode("utf-8")


def _decode(model: Llama, ids: Sequence[int], start: int, wanted: set[int]) -> dict[int, Any]:
    """Run ``ids`` from position ``start``; return copies of the logits at ``wanted`` positions."""
    import llama_cpp
    import numpy as np

    width, found, room = model.n_vocab(), {}, model.n_batch
    batch = llama_cpp.llama_batch_init(room, 0, 1)
    try:
        for first in range(0, len(ids), room):
            piece = ids[first : first + room]
            batch.n_tokens = len(piece)
            for row, token in enumerate(piece):
                batch.token[row] = token
                batch.pos[row] = start + first + row
                batch.n_seq_id[row] = 1
                batch.seq_id[row][0] = 0
                batch.logits[row] = start + first + row in wanted
            if llama_cpp.llama_decode(model.ctx, batch) != 0:
                raise JosiError(f"{model.model_path}: llama.cpp cannot decode {len(ids)} tokens")
            for row in range(len(piece)):
                if batch.logits[row]:
                    pointer = llama_cpp.llama_get_logits_ith(model.ctx, row)
                    found[start + first + row] = np.ctypeslib.as_array(pointer, (width,)).copy()
    finally:
        llama_cpp.llama_batch_free(batch)
    return found


def _keep_prefix(model: Llama, ids: Sequence[int], at_most: int) -> int:
    """Keep what the context holds of ``ids`` from the start, drop the rest; return the length."""
    import llama_cpp

    held = getattr(model, "_josi_held", [])
    limit = min(len(held), len(ids), at_most)
    kept = next((i for i in range(limit) if held[i] != ids[i]), limit)
    memory = llama_cpp.llama_get_memory(model.ctx)
    if kept == 0 or not llama_cpp.llama_memory_seq_rm(memory, 0, kept, -1):
        llama_cpp.llama_memory_clear(memory, True)
        kept = 0
    model._josi_held = list(ids)
    return kept


def logits_at(model: Llama, ids: Sequence[int], positions: Sequence[int]) -> np.ndarray:
    """Return float32 logits, shape (positions, vocabulary), of one sequence read from its start."""
    import numpy as np

    if len(ids) > model.n_ctx():
        raise JosiError(f"{len(ids)} tokens do not fit the context of {model.n_ctx()}; raise n_ctx")
    start = _keep_prefix(model, ids, min(positions))
    found = _decode(model, ids[start:], start, set(positions))
    return np.stack([found[position] for position in positions])


def greedy(model: Llama, ids: Sequence[int], limit: int) -> tuple[list[int], list[float]]:
    """Return the most likely continuation and, a token, the lead over the second (in logits).

    Ends with the first end-of-generation token, which is included, or after ``limit`` tokens. A
    lead near 0 is a tie that another processor may break the other way.
    """
    import llama_cpp
    import numpy as np

    vocabulary = llama_cpp.llama_model_get_vocab(model.model)
    at = _keep_prefix(model, ids, len(ids) - 1)
    drawn: list[int] = []
    leads: list[float] = []
    step = list(ids[at:])
    while len(drawn) < limit:
        last = at + len(step) - 1
        logits = _decode(model, step, at, {last})[last]
        second, first = np.argpartition(logits, -2)[-2:]
        if logits[second] > logits[first]:
            first, second = second, first
        if logits[first] == logits[second]:  # the first in the vocabulary, as llama.cpp's sampler
            first, second = min(first, second), max(first, second)
        drawn.append(int(first))
        leads.append(float(logits[first] - logits[second]))
        if llama_cpp.llama_vocab_is_eog(vocabulary, int(first)):
            break
        at, step = last + 1, [int(first)]
    return drawn, leads
