"""One whole evaluation from the command line: ask, score, judge, write the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from josi_utils.asking import SampleLog
from josi_utils.decision import read_deck
from josi_utils.errors import JosiError
from josi_utils.evaluate import (
    Condition,
    collect,
    collect_guarded,
    load_cases,
    model_hash,
    score_samples,
    write_meta,
    write_samples,
)
from josi_utils.files import read_json, room_lock
from josi_utils.generate import open_backend
from josi_utils.paths import data_dir


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
    stored: Path | None = None,
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
    stored : Path, optional
        The ``gates.json`` of an earlier run; what became worse is flagged.

    Returns
    -------
    dict
        ``samples``, ``gates``, ``comparison`` and ``regressions`` (lines), ``page``, and
        ``failed``: whether a gate of the model itself, raw or guarded, is RED, something became
        worse, or the earlier run cannot be compared with.
    """
    from josi_utils import report

    began = time.monotonic()
    earlier = read_json(stored) if stored else None
    if earlier is not None and not (isinstance(earlier, dict) and "gates" in earlier):
        raise JosiError(f"{stored}: not a gates.json of an evaluation")
    deck = read_deck(data_dir() / "cards")
    cases = load_cases(cases_path or data_dir() / "eval" / "cases.jsonl", limit=limit)
    with room_lock(room):
        log = SampleLog(room / "replies.jsonl")
        samples: list[dict[str, Any]] = []
        try:
            pairs = [("tuned", model, lora)] + ([("compared", compare, None)] if compare else [])
            for name, path, adapter in pairs:
                options = {"adapter": adapter} if adapter else {}
                digest = model_hash(path) + (model_hash(adapter) if adapter else "")
                with closing(open_backend(path, **options)) as backend:
                    raw = collect(backend, cases, Condition(name, seeds), log, digest, say=say)
                    samples += raw
                    if guard:
                        drawn = [sample for sample in raw if not sample["greedy"]]
                        samples += collect_guarded(
                            backend, drawn, deck, log, digest, draws=draws, say=say
                        )
        finally:
            log.close()
        scored = score_samples(samples, deck, say=say)
        write_samples(room, scored)
        write_meta(
            room, _run_name(room), model, "", seeds=seeds, draws=draws, cases=cases,
            seconds=time.monotonic() - began,
        )  # fmt: skip
        page = report.write_report(room, stored=earlier)
    judged = read_json(room / "gates.json")
    worse = _regressions(judged.get("regressions"))
    own = [g for g in judged["gates"] if g["condition"] in ("tuned", "tuned guarded")]
    return {
        "samples": scored,
        "gates": judged["gates"],
        "comparison": _comparison(scored) if compare else [],
        "regressions": worse,
        "page": page,
        "failed": bool(worse) or any(gate["status"] == "RED" for gate in own),
    }


def _run_name(room: Path) -> str:
    """Return the run that a room belongs to: ``outputs/<run>/eval``, or the folder's own name."""
    return room.parent.name if room.name == "eval" and room.parent.name else room.name


def _regressions(found: dict[str, Any] | None) -> list[str]:
    """Return what became worse against the stored run, as lines to print."""
    if found is None:
        return []
    if not found["comparable"]:
        return [f"cannot be compared with the stored run: {found['reason']}"]
    return [f"worse: {f['condition']}: {f['name']}: {f['why']}" for f in found["flags"]]


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
