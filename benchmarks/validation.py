"""How good a merged model is on the validation cases; shared by the benchmarks of training."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any


def measure(merged: Path, valid: Path, cases: list[dict[str, Any]], room: Path) -> dict[str, float]:
    """Return loss, acceptance and pass rate of a merged folder on the validation cases.

    Loss is of the gold replies, nats a label; three draws a case at 0.7 from the unquantised GGUF
    are held against the guard (``accepted``) and the scorers (``passed``).
    """
    import torch

    from josi_utils.generate import LlamaBackend, Request, answer
    from josi_utils.gguf_export import export_gguf
    from josi_utils.guard.accept import accept
    from josi_utils.persona import SAMPLING
    from josi_utils.prompt import case_messages, deck
    from josi_utils.scoring import score
    from josi_utils.sft_trainer import load_model, validation_loss
    from josi_utils.training_rows import load_rows, load_tokenizer

    with torch.no_grad():
        loss, labels = validation_loss(
            load_model(merged), load_rows(valid, load_tokenizer(merged)), 8
        )
    export_gguf(merged, room / "model.gguf")
    with closing(LlamaBackend(room / "model.gguf")) as backend:
        asked = [Request(tuple(case_messages(case)), seed) for case in cases for seed in (0, 1, 2)]
        replies = answer(backend, asked, SAMPLING)
    accepted = passed = 0
    for number, reply in enumerate(replies):
        case = cases[number // 3]
        accepted += accept(case, reply.text, finished=reply.finished, deck=deck()).ok
        passed += score(case, reply.text, deck=deck())["pass"]
    return {
        "validation_loss": round(loss / labels, 4),
        "accepted": round(accepted / len(replies), 4),
        "passed": round(passed / len(replies), 4),
        "replies": len(replies),
    }
