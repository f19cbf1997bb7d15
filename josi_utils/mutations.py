"""Seeded mutations of good replies: does a scorer see the one thing that was made wrong?

Each mutation changes one slot of a gold reply (number, unit, zone, day, session, negation, a leak
in one of twenty disguises) or its sense (``mutations_sense``). A mutant counts as caught only by a
finding that the untouched reply does not have and, for a slot or a leak, that points at the changed
place; so a scorer that objects to everything catches nothing. Recall is the share of mutants that
are caught, precision the share of alarms that were mutants, over equally many untouched replies.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from josi_utils.mutations_leaks import DISGUISES, LEAK_TERMS, leak_mutant
from josi_utils.mutations_sense import SENSE_MUTATIONS
from josi_utils.scoring import score

DAYS = (
    "today",
    "tomorrow",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
KINDS = ("tempo", "threshold", "interval", "hill", "recovery", "easy", "long", "steady")


@dataclass(frozen=True)
class Mutant:
    """A reply with one thing made wrong, and the field that should say so."""

    kind: str
    case: dict[str, Any]
    original: str
    reply: str
    field: str


def _replace(reply: str, match: re.Match[str], new: str) -> str:
    return reply[: match.start()] + new + reply[match.end() :]


def _told(reply: str, match: re.Match[str]) -> bool:
    """Return whether a place stands in a statement, not in a question."""
    end = re.search(r"[.!?]", reply[match.end() :])
    return not (end and end.group() == "?")


def _first_told(pattern: str, reply: str) -> re.Match[str] | None:
    return next((m for m in re.finditer(pattern, reply) if _told(reply, m)), None)


def mutate_number(case: dict[str, Any], reply: str, rng: random.Random) -> str | None:
    """Change the session's minutes to a number that stands nowhere in the case."""
    session = (case.get("decision") or {}).get("session") or {}
    match = session.get("minutes") and _first_told(
        rf"\b{session['minutes']}\b(?= ?(?:easy |steady |hard )?min)", reply
    )
    if not match:
        return None
    known = str(case)
    choices = [n for n in range(11, 177) if str(n) not in known]
    return _replace(reply, match, str(rng.choice(choices)))


def mutate_unit(case: dict[str, Any], reply: str, rng: random.Random) -> str | None:
    """Turn the session's minutes into another unit."""
    match = _first_told(r"(?<=\d )minutes?\b", reply)
    return (
        _replace(reply, match, rng.choice(["hours", "km", "seconds", "miles"])) if match else None
    )


def mutate_zone(case: dict[str, Any], reply: str, rng: random.Random) -> str | None:
    """Change the zone to one that stands nowhere in the case."""
    match = _first_told(r"\bzone ([1-5])\b", reply)
    known = str(case)
    choices = [
        z
        for z in range(1, 6)
        if f"'zone': {z}" not in known
        and f"zone {z}" not in known.lower()
        and f"z{z}" not in known.lower()
    ]
    return _replace(reply, match, f"zone {rng.choice(choices)}") if match and choices else None


def mutate_day(case: dict[str, Any], reply: str, rng: random.Random) -> str | None:
    """Put the session on a day that stands nowhere in the case."""
    day = ((case.get("decision") or {}).get("day") or "").replace("_", " ")
    known = str(case).lower()
    choices = [
        d
        for d in DAYS
        if d.lower() != day and d.lower() not in known and d.lower()[:3] not in known
    ]
    # The statement that says the session, so that the change is about the plan.
    match = (
        _first_told(rf"(?i)\b{day}\b(?= (?:is|stays|has|you have|will be)\b)", reply)
        if day
        else None
    )
    if not match or not choices:
        return None
    new = rng.choice(choices)
    return _replace(reply, match, new.capitalize() if match.group()[0].isupper() else new)


def mutate_session(case: dict[str, Any], reply: str, rng: random.Random) -> str | None:
    """Name another kind of session."""
    session = (case.get("decision") or {}).get("session") or {}
    kind = session.get("kind")
    match = (
        _first_told(rf"\b{kind}(?= (?:\d+ minute )?(?:run|ride|bike ride|swim|row|walk))", reply)
        if kind in KINDS
        else None
    )
    choices = [k for k in ("tempo", "threshold", "interval", "hill") if k not in str(case)]
    return _replace(reply, match, rng.choice(choices)) if match and choices else None


def mutate_negation(case: dict[str, Any], reply: str, rng: random.Random) -> str | None:
    """Deny the plan: "Today is not an easy run", "Tomorrow is off"."""
    day = ((case.get("decision") or {}).get("day") or "").replace("_", " ")
    match = _first_told(rf"(?i)\b{day} (?:is|stays)(?= (?:an?|\d+) )", reply) if day else None
    if not match:
        return None
    resting = case["decision"]["session"]["kind"] == "rest"
    off = (
        f"{match.group().split()[0]} is off. {match.group()}"
        if rng.random() < 0.5 and day != "this week" and not resting
        else ""
    )
    return _replace(reply, match, off or f"{match.group()} not")


SLOT_MUTATIONS: dict[str, Callable[[dict[str, Any], str, random.Random], str | None]] = {
    "number": mutate_number,
    "unit": mutate_unit,
    "zone": mutate_zone,
    "day": mutate_day,
    "session": mutate_session,
    "negation": mutate_negation,
}


def make_mutants(rows: Iterable[dict[str, Any]], *, seed: int = 0, each: int = 25) -> list[Mutant]:
    """Return up to ``each`` mutants of each slot and each fault of sense, and each of
    :data:`DISGUISES` with each term.

    Parameters
    ----------
    rows : iterable of gold rows
        Cases with ``"reply"``.
    seed : int
        Order and choices; the same seed gives the same mutants.
    """
    rng = random.Random(seed)
    pool = list(rows)
    rng.shuffle(pool)
    mutants: list[Mutant] = []
    for kind, mutate in SLOT_MUTATIONS.items():
        made = 0
        for row in pool:
            if made == each:
                break
            case = {k: v for k, v in row.items() if k != "reply"}
            if row.get("red_flag"):
                continue
            changed = mutate(case, row["reply"], rng)
            if changed and changed != row["reply"]:
                mutants.append(Mutant(kind, case, row["reply"], changed, "faithful"))
                made += 1
    for kind, change in SENSE_MUTATIONS.items():
        made = 0
        for row in pool:
            if made == each:
                break
            if row.get("red_flag"):
                continue
            changed = change(row, pool, rng)
            if changed and changed != row["reply"]:
                case = {k: v for k, v in row.items() if k != "reply"}
                mutants.append(Mutant(kind, case, row["reply"], changed, "pass"))
                made += 1
    for number, disguise in enumerate(DISGUISES):
        for offset, term in enumerate(LEAK_TERMS):
            if not pool:
                break
            row = pool[(number * len(LEAK_TERMS) + offset) % len(pool)]
            case = {k: v for k, v in row.items() if k != "reply"}
            mutants.append(
                Mutant(
                    f"leak: {disguise}",
                    case,
                    row["reply"],
                    leak_mutant(row["reply"], disguise, term),
                    "leak",
                )
            )
    return mutants


def _changed(original: str, reply: str) -> tuple[int, int]:
    """Return the place in ``reply`` that ``original`` does not have."""
    most = min(len(original), len(reply))
    start = next((i for i in range(most) if original[i] != reply[i]), most)
    same = 0
    while same < most - start and original[-1 - same] == reply[-1 - same]:
        same += 1
    return start, len(reply) - same


def _findings(result: dict[str, Any], field: str) -> list[dict[str, Any]]:
    """Return what a scorer found of a field; ``pass`` alone is a finding without a place."""
    if field == "pass":
        return [] if result["pass"] else [{"reason": "does not pass", "text": "", "span": None}]
    return [why for why in result["why"] if why["field"] == field]


def _caught(mutant: Mutant, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Return whether the change was found: a new finding that touches the changed place."""
    old = {(why["reason"], why["text"]) for why in _findings(before, mutant.field)}
    new = [w for w in _findings(after, mutant.field) if (w["reason"], w["text"]) not in old]
    if mutant.field == "pass":
        return bool(new)
    start, end = _changed(mutant.original, mutant.reply)
    # A finding without a span says that something is missing; a number may be told by its unit.
    return any(
        why["span"] is None or (why["span"][0] <= end + _NEAR and start - _NEAR <= why["span"][1])
        for why in new
    )


#: A finding so many characters from the change still points at it ("45 |hours|").
_NEAR = 8


def mutation_table(
    rows: Iterable[dict[str, Any]],
    deck: Sequence[dict[str, Any]] = (),
    *,
    seed: int = 0,
    each: int = 25,
) -> list[dict[str, Any]]:
    """Return one row a kind of mutation: ``kind``, ``n``, ``caught``, ``false_alarms``,
    ``recall``, ``precision``.

    A false alarm is any finding of that field on the untouched reply; for faults of sense, a good
    reply that does not pass, and it is left out of ``n``. The last row sums up.
    """
    table: dict[str, dict[str, Any]] = {}
    scores: dict[str, dict[str, Any]] = {}
    for mutant in make_mutants(rows, seed=seed, each=each):
        line = table.setdefault(
            mutant.kind, {"kind": mutant.kind, "n": 0, "caught": 0, "false_alarms": 0}
        )
        before = scores.get(mutant.case["id"])
        if before is None:
            before = score(mutant.case, mutant.original, deck=deck)
            scores[mutant.case["id"]] = before
        alarm = bool(_findings(before, mutant.field))
        line["false_alarms"] += alarm
        if alarm and mutant.field == "pass":
            continue  # what does not pass cannot fall
        line["n"] += 1
        line["caught"] += _caught(mutant, before, score(mutant.case, mutant.reply, deck=deck))
    lines = list(table.values())
    total = {
        "kind": "all",
        **{k: sum(line[k] for line in lines) for k in ("n", "caught", "false_alarms")},
    }
    for line in [*lines, total]:
        alarms = line["caught"] + line["false_alarms"]
        line["recall"] = line["caught"] / line["n"] if line["n"] else float("nan")
        line["precision"] = line["caught"] / alarms if alarms else float("nan")
    return [*lines, total]
