"""The run among others: trend, trust in the scores, settings."""

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


def calibration_tables(calibration: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return ``{"note", "raters", "tables": [{"title", "columns", "rows", "note"}]}``, all text.

    Besides that shape, a dictionary of ``{row: {column: value}}`` becomes a table a key, and
    plain values become one table of two columns.
    """
    if not calibration:
        return None
    if "tables" in calibration:
        tables = [
            {
                "title": table.get("title", ""),
                "columns": [str(c) for c in table["columns"]],
                "rows": [[_cell(c) for c in row] for row in table["rows"]],
                "note": table.get("note", ""),
            }
            for table in calibration["tables"]
        ]
        return {
            "note": calibration.get("note", ""),
            "raters": calibration.get("raters", ""),
            "tables": tables,
        }
    plain = [[_title(k), _cell(v)] for k, v in calibration.items() if not isinstance(v, dict)]
    tables = [_nested(k, v) for k, v in calibration.items() if isinstance(v, dict) and v]
    if plain:
        head = {"title": "In short", "columns": ["What", "Value"]}
        tables.append({**head, "rows": plain, "note": ""})
    return {"note": "", "raters": "", "tables": tables}


def _nested(title: str, table: dict[str, Any]) -> dict[str, Any]:
    rows = {k: v if isinstance(v, dict) else {"value": v} for k, v in table.items()}
    columns = list(dict.fromkeys(c for row in rows.values() for c in row))
    return {
        "title": _title(title),
        "columns": ["", *map(_title, columns)],
        "rows": [[_title(k), *(_cell(row.get(c)) for c in columns)] for k, row in rows.items()],
        "note": "",
    }


def _title(key: Any) -> str:
    text = str(key).replace("_", " ")
    return text[:1].upper() + text[1:]


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


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
        ("How replies are drawn", ", ".join(f"{_title(k)} {v}" for k, v in sampling.items())),
        ("Answers to each question", len(seeds) if isinstance(seeds, list) else seeds),
        ("Questions, SHA-256", meta.get("cases_sha256")),
        ("Scorer, hash", meta.get("scorer_hash")),
        ("Guard, version", meta.get("guard_version")),
        ("Replies, SHA-256", record.get("samples_sha256")),
        ("Time taken", f"{meta['seconds'] / 60:.0f} minutes" if meta.get("seconds") else None),
    ]
    rows += [(f"{name}, version", v) for name, v in (meta.get("versions") or {}).items()]
    return [(name, "not recorded" if value in (None, "") else str(value)) for name, value in rows]
