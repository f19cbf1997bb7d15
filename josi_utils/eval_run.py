"""One whole evaluation from the command line: ask, score, judge, write the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from josi_utils.decision import read_deck
from josi_utils.evaluate import (
    Condition,
    SampleLog,
    collect,
    collect_guarded,
    load_cases,
    score_samples,
    write_meta,
    write_samples,
)
from josi_utils.files import read_json, room_lock, sha256_file, sha256_tree
from josi_utils.generate import open_backend
from josi_utils.paths import data_dir


def model_hash(path: Path) -> str:
    """Return the SHA-256 of a GGUF, or of a folder's weights."""
    if path.is_dir():
        tree = sha256_tree(path)
        return next((e["sha256"] for n, e in tree.items() if n.endswith(".safetensors")), "")
    return sha256_file(path)


def run_evaluation(
    model: Path,
    room: Path,
    *,
    cases_path: Path | None = None,
    seeds: int = 3,
    limit: int = 0,
    guard: bool = True,
    draws: int = 4,
    lora: Path | None = None,
    compare: Path | None = None,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Evaluate a model and write samples, gates and ``report.html`` to a room.

    Parameters
    ----------
    model : Path
        GGUF file or model folder.
    room : Path
        Where everything goes; replies already there are not asked again.
    cases_path : Path, optional
        Cases; ``data/eval/cases.jsonl`` by default.
    compare : Path, optional
        A second model, asked the same cases and seeds, compared in pairs.

    Returns
    -------
    dict
        ``samples``, ``gates``, ``comparison`` (lines) and ``page``.
    """
    from josi_utils import report

    deck = read_deck(data_dir() / "cards")
    cases = load_cases(cases_path or data_dir() / "eval" / "cases.jsonl", limit=limit)
    with room_lock(room):
        log = SampleLog(room / "replies.jsonl")
        samples: list[dict[str, Any]] = []
        try:
            pairs = [("tuned", model, lora)] + ([("compared", compare, None)] if compare else [])
            for name, path, adapter in pairs:
                options = {"adapter": adapter} if adapter else {}
                backend = open_backend(path, **options)
                digest = model_hash(path) + (model_hash(adapter) if adapter else "")
                raw = collect(backend, cases, Condition(name, seeds), log, digest, say=say)
                samples += raw
                if guard:
                    drawn = [sample for sample in raw if not sample["greedy"]]
                    samples += collect_guarded(
                        backend, drawn, deck, log, digest, draws=draws, say=say
                    )
                backend.close()
        finally:
            log.close()
        scored = score_samples(samples, deck, say=say)
        write_samples(room, scored)
        write_meta(room, room.name, model, "", seeds=seeds, draws=draws, cases=cases)
        page = report.write_report(room)
    judged = read_json(room / "gates.json")
    return {
        "samples": scored,
        "gates": judged["gates"],
        "comparison": _comparison(scored) if compare else [],
        "page": page,
    }


def _comparison(samples: list[dict[str, Any]]) -> list[str]:
    """Return the paired tests of the two models, over all questions, as lines to print."""
    from josi_utils.compare import compare

    sides = [
        [s for s in samples if s["condition"] == name and not s["greedy"]]
        for name in ("tuned", "compared")
    ]
    lines = []
    for row in compare(*sides)["overall"]:
        band = "" if row["low"] is None else f" (95 %: {row['low']:+.3f} to {row['high']:+.3f})"
        lines.append(
            f"{row['metric']}: {row['a']:.3f} against {row['b']:.3f}, "
            f"difference {row['difference']:+.3f}{band}, p = {row['p']:.3f}, {row['n']} questions"
        )
    return lines
