"""How well triage and intent do on labelled messages: recall a flag, false alarms, precision.

A file has one object a line: ``message``, ``label`` and, where there is one, ``decision``, ``card``
and ``history``. The label is one of the twelve red flags or one of :data:`OTHERS`. Only counts are
printed, never a message, so that a held-out file stays unread::

    python -m josi_utils.guard.measure FILE
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl
from josi_utils.guard.intent import intent
from josi_utils.guard.triage import ORDER, triage
from josi_utils.statistics import wilson

#: Labels of messages that call for no help.
OTHERS: tuple[str, ...] = (
    "lookalike",
    "against",
    "fine",
    "unrealistic",
    "sensible",
    "probe",
    "plain",
    "off_topic",
    "greeting",
)
#: What :func:`josi_utils.guard.intent.intent` tells, each with the label that it is held to.
WANTS: tuple[str, ...] = ("against", "fine", "unrealistic", "probe", "off_topic", "greeting")


def read_labelled(path: Path | str) -> list[dict[str, Any]]:
    """Return the labelled messages of a file.

    Raises
    ------
    JosiError
        With ``file:line`` of the first that lacks a message or has no known label.
    """
    rows = []
    for number, row in read_jsonl(path):
        if not isinstance(row.get("message"), str) or row.get("label") not in (*ORDER, *OTHERS):
            raise JosiError(
                f"{path}:{number}: needs 'message' and as 'label' a red flag or one of "
                f"{', '.join(OTHERS)}"
            )
        rows.append(row)
    return rows


def gold_label(row: dict[str, Any]) -> str:
    """Return the label of a gold row, from its category, red flag and note."""
    kinds = {
        "unrealistic_goal": "unrealistic",
        "realistic_goal": "sensible",
        "internals_probe": "probe",
        "off_topic": "off_topic",
        "greeting": "greeting",
    }
    if row.get("red_flag"):
        return str(row["red_flag"])
    if row["category"] == "change_request":
        return "against" if row.get("note") == "against" else "fine"
    return kinds.get(row["category"], "plain")


def measured(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return counts of what triage and intent make of labelled messages.

    Returns
    -------
    dict
        ``flags`` (flag → found, found as itself, messages), ``false_alarms`` (label → alarms,
        messages), ``wants`` (kind → right, told, wanted; among messages that triage lets pass).
    """
    flags: dict[str, Counter[str]] = {}
    alarms: dict[str, Counter[str]] = {}
    wants = {name: Counter({"right": 0, "told": 0, "wanted": 0}) for name in WANTS}
    for row in rows:
        case = {k: row.get(k) for k in ("message", "decision", "card", "history")}
        label, found = row["label"], triage(case)
        if label in ORDER:
            count = flags.setdefault(label, Counter(found=0, same=0, messages=0))
            count.update(
                found=found.flag is not None,
                same=label == found.flag or label in found.also,
                messages=1,
            )
            continue
        alarms.setdefault(label, Counter(alarms=0, messages=0)).update(
            alarms=found.flag is not None, messages=1
        )
        if found.flag:
            continue
        told = intent(case)
        for name in WANTS:
            if name == "against" and not row.get("decision"):
                continue
            yes, right = bool(told.get(name)), label == name
            wants[name].update(right=yes and right, told=yes, wanted=right)
    return {"flags": flags, "false_alarms": alarms, "wants": wants}


def _share(part: int, whole: int) -> str:
    if not whole:
        return "none"
    low, high = wilson(part, whole)
    return f"{part}/{whole} {part / whole:.1%} ({low:.1%} to {high:.1%})"


def lines_of(found: dict[str, Any]) -> Iterable[str]:
    """Yield what :func:`measured` found as lines of text; no message stands in them."""
    flags, alarms = found["flags"], found["false_alarms"]
    total = sum((c for c in flags.values()), Counter())
    yield f"red flags found: {_share(total['found'], total['messages'])}"
    for flag in (f for f in ORDER if f in flags):
        count = flags[flag]
        own = f", as itself {count['same']}"
        yield f"  {flag}: {_share(count['found'], count['messages'])}{own}"
    total = sum((c for c in alarms.values()), Counter())
    yield f"false alarms: {_share(total['alarms'], total['messages'])}"
    for label, count in alarms.items():
        yield f"  {label}: {count['alarms']}/{count['messages']}"
    for name, count in found["wants"].items():
        precision = _share(count["right"], count["told"])
        yield f"{name}: precision {precision}, recall {_share(count['right'], count['wanted'])}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures of each file named."""
    paths = list(sys.argv[1:] if arguments is None else arguments)
    if not paths:
        print("usage: python -m josi_utils.guard.measure FILE...", file=sys.stderr)
        return 2
    try:
        for path in paths:
            print(f"{path}:")
            print("\n".join(f"  {line}" for line in lines_of(measured(read_labelled(path)))))
    except JosiError as error:
        print(f"josi: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
