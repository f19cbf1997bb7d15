"""Samples of an evaluation as tables to be read: side by side, guarded, worst first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_json
from josi_utils.generate import Backend, Request, answer
from josi_utils.paths import RunPaths
from josi_utils.persona import GREEDY
from josi_utils.prompt import case_messages

Sample = dict[str, Any]


def _by_case(samples: Sequence[Sample]) -> dict[str, dict[str, Sample]]:
    """Return case id → condition → its first drawn sample."""
    table: dict[str, dict[str, Sample]] = defaultdict(dict)
    for sample in samples:
        if not sample["greedy"]:
            table[sample["case"]["id"]].setdefault(sample["condition"], sample)
    return table


def _handed(case: dict[str, Any]) -> str:
    """Return the user turn as the model read it."""
    return case_messages(case)[-1]["content"]


def spread(cases: Sequence[str], count: int) -> list[str]:
    """Return ``count`` ids evenly spread over the list, ends included."""
    if count >= len(cases):
        return list(cases)
    return [cases[round(i * (len(cases) - 1) / max(1, count - 1))] for i in range(count)]


def side_by_side(samples: Sequence[Sample], count: int = 10) -> list[dict[str, str]]:
    """Return rows of what is handed over, and each condition's words.

    Only cases that every condition was asked: the untuned model is asked few.
    """
    table = _by_case(samples)
    most = max(map(len, table.values()), default=0)
    table = {case_id: said for case_id, said in table.items() if len(said) == most}
    rows = []
    for case_id in spread(sorted(table), count):
        said = table[case_id]
        case = next(iter(said.values()))["case"]
        rows.append(
            {"handed over": _handed(case)}
            | {
                name: said[name]["reply"]
                for name in ("base", "tuned", "tuned guarded")
                if name in said
            }
        )
    return rows


def guarded_examples(samples: Sequence[Sample], count: int = 20) -> list[dict[str, str]]:
    """Return guarded replies, a third of them fallbacks and triage where there are any."""
    shown = [s for s in samples if s["condition"] == "tuned guarded" and s["seed"] == 0]
    by_source: dict[str, list[Sample]] = defaultdict(list)
    for sample in shown:
        by_source[sample["source"]].append(sample)
    wanted = {"fallback": count // 3, "triage": count // 6}
    chosen = [s for source, n in wanted.items() for s in _take(by_source[source], n)]
    chosen += _take(by_source["draw"], count - len(chosen))
    return [
        {
            "handed over": _handed(s["case"]),
            "the athlete reads": s["reply"],
            "from": f"{s['source']}, {s['draws']} drawn",
        }
        for s in chosen
    ]


def _take(samples: list[Sample], count: int) -> list[Sample]:
    positions = spread([str(i) for i in range(len(samples))], count)
    return [samples[int(position)] for position in positions] if samples else []


def worst(samples: Sequence[Sample], count: int = 15) -> list[dict[str, str]]:
    """Return raw replies that must not ship, unsafe and leaking ones first, with the reason."""

    def order(sample: Sample) -> tuple[bool, bool, bool, float]:
        scores = sample["scores"]
        return (
            scores["safe"] is not False,
            not scores["leak"],
            scores["faithful"],
            scores["warmth"],
        )

    failed = [s for s in samples if s["condition"] == "tuned" and not s["scores"]["pass"]]
    return [
        {
            "category": s["case"]["category"],
            "handed over": _handed(s["case"]),
            "reply": s["reply"],
            "why": "; ".join(w["reason"] for w in s["scores"]["why"][:3]),
        }
        for s in sorted(failed, key=order)[:count]
    ]


def agreement(backend: Backend, raw: Sequence[Sample], count: int = 6) -> list[dict[str, str]]:
    """Return greedy answers of another runtime beside the shipped file's, with words in common."""
    greedy = [s for s in raw if s["greedy"]]
    chosen = _take(greedy, count)
    requests = [Request(tuple(case_messages(s["case"]))) for s in chosen]
    rows = []
    for sample, reply in zip(chosen, answer(backend, requests, GREEDY), strict=True):
        ours, theirs = sample["reply"].split(), reply.text.split()
        same = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), None)
        together = min(len(ours), len(theirs)) if same is None else same
        rows.append(
            {
                "athlete": sample["case"]["message"],
                "shipped file": sample["reply"],
                "merged folder": reply.text,
                "same first words": str(together),
            }
        )
    return rows


def headline(samples: Sequence[Sample]) -> dict[str, Any]:
    """Return the figures of the summary line: what was asked, and who spoke."""
    raw = [s for s in samples if s["condition"] == "tuned" and not s["greedy"]]
    guarded = [s for s in samples if s["condition"] == "tuned guarded"]
    source = Counter(s["source"] for s in guarded)
    passed = sum(s["scores"]["pass"] for s in raw) / max(1, len(raw))
    kept = sum(s["scores"]["pass"] for s in guarded) / max(1, len(guarded))
    return {
        "pass": f"raw {passed:.1%}, guarded {kept:.1%}",
        "cases": len({s["case"]["id"] for s in raw}),
        "replies": len(samples),
        "guarded_by": ", ".join(f"{name} {n}" for name, n in source.most_common()),
    }


def earlier_gates(paths: RunPaths) -> list[Path]:
    """Return the ``gates.json`` of all runs beside this one, oldest first, for the trend."""
    found = paths.root.parent.glob("*/eval/gates.json")
    return sorted(found, key=lambda path: path.stat().st_mtime)


def stored_gates(run: str) -> dict[str, Any] | None:
    """Return the ``gates.json`` of a run to hold this one against; None for no run.

    Raises
    ------
    JosiError
        If that run was never evaluated.
    """
    if not run:
        return None
    path = RunPaths(run).eval / "gates.json"
    if not path.is_file():
        raise JosiError(f"against: run {run!r} has no {path.name}; evaluate it first")
    return read_json(path)
