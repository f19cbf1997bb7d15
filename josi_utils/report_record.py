"""The run among others: trend and settings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from josi_utils.report_sections import PERCENT, percent

#: The trend's drawing area in SVG units.
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 270, 46, 24, 16, 50
#: Key, the condition's ending and words of each line drawn.
SERIES = (("raw", "", "on its own"), ("guarded", " guarded", "with its guard"))


def trend(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the share of replies that may reach an athlete, run by run.

    A line joins two runs only if questions and scorer are the same in both.

    Parameters
    ----------
    records : sequence of dict
        Contents of ``gates.json``; those without a date or a judged condition are left out.

    Returns
    -------
    dict
        ``runs`` (a row a run, oldest first), ``series`` (``raw`` and ``guarded``: points and line
        pieces in SVG units), ``breaks`` (x and words), ``skipped`` (records left out).
    """
    usable = [r for r in records if r.get("date") and _pass_of(r, "")]
    usable.sort(key=lambda r: str(r["date"]))
    step = (WIDTH - LEFT - RIGHT) / max(len(usable), 1)
    xs = [LEFT + step * (i + 0.5) for i in range(len(usable))]
    broken = [_broken(a, b) for a, b in pairwise(usable)]
    series = []
    for key, suffix, words in SERIES:
        points: list[dict[str, Any] | None] = []
        for x, record in zip(xs, usable, strict=True):
            found = _pass_of(record, suffix)
            points.append(found and _point(x, found))
        lines = [
            (a["x"], a["y"], b["x"], b["y"])
            for (a, b), cut in zip(pairwise(points), broken, strict=True)
            if a and b and not cut
        ]
        series.append(
            {"key": key, "words": words, "points": [p for p in points if p], "lines": lines}
        )
    return {
        "runs": [_run_row(record) for record in usable],
        "labels": [
            {"x": round(x, 1), "text": str(r.get("run", "?"))[:14]}
            for x, r in zip(xs, usable, strict=True)
        ],
        "series": series,
        "breaks": [
            {"x": round((a + b) / 2, 1), "words": words}
            for (a, b), words in zip(pairwise(xs), broken, strict=True)
            if words
        ],
        "grid": [{"y": _y(k / 5), "text": percent(k / 5)} for k in range(6)],
        "bar_y": _y(0.8),
        "size": {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT},
        "skipped": len(records) - len(usable),
    }


def _pass_of(record: dict[str, Any], suffix: str) -> dict[str, Any] | None:
    """Return the pass gate of a record's candidate, on its own or guarded; None if not there."""
    wanted = f"{record.get('candidate', 'tuned')}{suffix}"
    for gate in record.get("gates") or []:
        if isinstance(gate, dict) and gate.get("gate") == "pass" and gate["condition"] == wanted:
            return gate if gate.get("value") is not None else None
    return None


def _broken(a: dict[str, Any], b: dict[str, Any]) -> str:
    changed = [
        words
        for key, words in (("cases_sha256", "questions"), ("scorer_hash", "scorer"))
        if a.get(key) != b.get(key)
    ]
    return f"{' and '.join(changed)} changed" if changed else ""


def _y(share: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - share), 1)


def _point(x: float, gate: dict[str, Any]) -> dict[str, Any]:
    return {
        "x": round(x, 1),
        "y": _y(gate["value"]),
        "low": _y(gate["low"]),
        "high": _y(gate["high"]),
        "words": percent(gate["value"]),
    }


def _run_row(record: dict[str, Any]) -> dict[str, Any]:
    cells = []
    for suffix in ("", " guarded"):
        gate = _pass_of(record, suffix)
        if gate is None:
            cells.append("–")
            continue
        low = percent(gate["low"]).removesuffix(PERCENT)
        cells.append(f"{percent(gate['value'])} ({low} to {percent(gate['high'])})")
    return {
        "run": record.get("run") or "?",
        "date": str(record["date"])[:10],
        "cells": cells,
        "questions": str(record.get("cases_sha256") or "?")[:8],
        "scorer": str(record.get("scorer_hash") or "?")[:8],
    }


def settings(meta: dict[str, Any], record: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what made this run, in the order that someone repeating it would ask."""
    sampling = meta.get("sampling") or {}
    seeds = meta.get("seeds")
    rows = [
        ("Run", meta.get("run")),
        ("Date", meta.get("date")),
        ("Model file", meta.get("model_file")),
        ("Model SHA-256", meta.get("model_sha256")),
        ("Trained from", meta.get("base_model")),
        (
            "How replies are drawn",
            ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in sampling.items()),
        ),
        ("Answers to each question", len(seeds) if isinstance(seeds, list) else seeds),
        ("Questions, SHA-256", meta.get("cases_sha256")),
        ("Scorer, hash", meta.get("scorer_hash")),
        ("Guard, version", _guard_words(meta.get("guard_version"))),
        ("Replies, SHA-256", record.get("samples_sha256")),
        ("Time taken", f"{meta['seconds'] / 60:.0f} minutes" if meta.get("seconds") else None),
    ]
    rows += [(f"{name}, version", v) for name, v in (meta.get("versions") or {}).items()]
    return [(name, "not recorded" if value in (None, "") else str(value)) for name, value in rows]


def _guard_words(version: Any) -> str | None:
    """Return the guard's files of rules with version and the head of each SHA-256."""
    if not isinstance(version, dict):
        return version and str(version)
    parts = [
        f"{name} {entry.get('version')} ({str(entry.get('sha256'))[:8]})"
        if isinstance(entry, dict)
        else f"{name} {entry}"
        for name, entry in version.items()
    ]
    return ", ".join(parts)
