"""Seeded mutations of good replies: does a scorer see the one thing that was made wrong?

Each mutation changes one slot of a reply that passes (number, unit, zone, day, session, negation,
or a
leak in one of twenty disguises). Recall is the share of mutants that are caught, precision the
share of
alarms that were mutants, over equally many untouched replies.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

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

_CYRILLIC = str.maketrans("aceopxyiTBHMK", "асеорхуіТВНМК")
_GREEK = str.maketrans("aotviGATBHKM", "αοτνιGΑΤΒΗΚΜ")
_LEET = str.maketrans("aeiostbg", "43105789")
_SMALL_CAPS = str.maketrans("abcdeghijklmnoprtuvwz", "ᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡᴢ")


def _shifted(base_upper: int, base_lower: int) -> Callable[[str], str]:
    def convert(text: str) -> str:
        return "".join(
            chr(base_upper + ord(c) - 65)
            if "A" <= c <= "Z"
            else chr(base_lower + ord(c) - 97)
            if "a" <= c <= "z"
            else c
            for c in text
        )

    return convert


#: Twenty ways to write a forbidden term so that a plain search misses it.
DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "dots between": ".".join,
    "spaces between": " ".join,
    "dashes between": "-".join,
    "underscores between": "_".join,
    "stars between": "*".join,
    "two signs between": "._".join,
    "zero-width spaces": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "word joiners": "\u2060".join,
    "combining marks": lambda t: "".join(c + "\u0336" for c in t),
    "accents": lambda t: "".join(unicodedata.normalize("NFC", c + "\u0301") for c in t),
    "full width": _shifted(0xFF21, 0xFF41),
    "mathematical bold": _shifted(0x1D400, 0x1D41A),
    "circled letters": _shifted(0x24B6, 0x24D0),
    "Cyrillic look-alikes": lambda t: t.translate(_CYRILLIC),
    "Greek look-alikes": lambda t: t.translate(_GREEK),
    "leetspeak": lambda t: t.translate(_LEET),
    "small capitals": lambda t: t.lower().translate(_SMALL_CAPS),
}

LEAK_TERMS = ("GATC", "Viterbi", "ACWR", "algorithm", "SmolLM")


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


def leak_mutant(reply: str, disguise: str, term: str) -> str:
    """Put a disguised term into a sentence of its own before the last one."""
    hidden = DISGUISES[disguise](term)
    sentence = f"The {hidden} chose this."
    cut = max(reply.rfind(". "), reply.rfind("! "))
    return f"{reply[: cut + 1]} {sentence}{reply[cut + 1 :]}" if cut >= 0 else f"{reply} {sentence}"


SLOT_MUTATIONS: dict[str, Callable[[dict[str, Any], str, random.Random], str | None]] = {
    "number": mutate_number,
    "unit": mutate_unit,
    "zone": mutate_zone,
    "day": mutate_day,
    "session": mutate_session,
    "negation": mutate_negation,
}


def make_mutants(rows: Iterable[dict[str, Any]], *, seed: int = 0, each: int = 25) -> list[Mutant]:
    """Return up to ``each`` mutants of each slot, and each of :data:`DISGUISES` with each term.

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


def _alarm(result: dict[str, Any], field: str) -> bool:
    return result["leak"] if field == "leak" else not result["faithful"]


def mutation_table(
    rows: Iterable[dict[str, Any]],
    deck: Sequence[dict[str, Any]] = (),
    *,
    seed: int = 0,
    each: int = 25,
) -> list[dict[str, Any]]:
    """Return one row a kind of mutation: ``kind``, ``n``, ``caught``, ``false_alarms``,
    ``recall``, ``precision``.

    A false alarm is the same alarm on the untouched reply. The last row sums up.
    """
    table: dict[str, dict[str, Any]] = {}
    for mutant in make_mutants(rows, seed=seed, each=each):
        line = table.setdefault(
            mutant.kind, {"kind": mutant.kind, "n": 0, "caught": 0, "false_alarms": 0}
        )
        line["n"] += 1
        line["caught"] += _alarm(score(mutant.case, mutant.reply, deck=deck), mutant.field)
        line["false_alarms"] += _alarm(score(mutant.case, mutant.original, deck=deck), mutant.field)
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
