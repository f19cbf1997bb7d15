"""How fast a file runs: one sequence at a time, as on a phone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from josi_utils.llama_probe import logits_at, token_ids
from josi_utils.llama_runtime import open_model
from josi_utils.persona import render_chatml


def speed(
    model: Path, adapter: Path | None, prompt: Sequence[dict[str, str]], tokens: int = 48
) -> tuple[float, float]:
    """Return (prefill, decode) in tokens a second: one prompt read, then one token at a time."""
    with open_model(model, n_ctx=1024, lora_path=adapter) as opened:
        logits_at(opened, token_ids(opened, "warm"), [0])  # pages the weights in
        ids = token_ids(opened, render_chatml(list(prompt), generation=True))
        began = time.perf_counter()
        logits_at(opened, ids, [len(ids) - 1])
        between = time.perf_counter()
        for _ in range(tokens):
            ids = [*ids, ids[-1]]  # which token costs nothing
            logits_at(opened, ids, [len(ids) - 1])
        ended = time.perf_counter()
    return (len(ids) - tokens) / (between - began), tokens / (ended - between)
