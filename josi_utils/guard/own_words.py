"""The athlete's own words that may be said again: an amount, a first, a feeling, a name.

A wording of ``fallback.json`` may have slots, as in ``"You {did} without a stop."``, each filled where
one pattern captures it whole; else a wording without it is said. Only figures and closed lists pass.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence

from josi_utils.guard.amounts import Amount, amounts, table, units_of_words
from josi_utils.guard.deeds import DEEDS
from josi_utils.guard.normalise import Token
from josi_utils.guard.soundness import sound
from josi_utils.guard.tallies import TALLIES

_SLOT = re.compile(r"\{([A-Za-z_]+)\}")
#: So many words may stand between a verb and its distance ("ran my very first 10 k").
_REACH = 5
_NAME_LENGTH = range(2, 13)


def _only(found: Sequence[Amount], kind: str) -> str | None:
    """Return the one amount of a kind, or None where there is none or more than one."""
    said = {one.text for one in found if one.kind == kind}
    return said.pop() if len(said) == 1 else None


def _before(tokens: Sequence[Token], at: int, count: int) -> set[str]:
    same = tokens[at].clause
    return {t.text for t in tokens[max(0, at - count) : at] if t.clause == same}


def _did(tokens: Sequence[Token], found: Sequence[Amount], _: str) -> str | None:
    """Return "ran 5 km": the athlete's own past verb with the distance behind it."""
    words = table()
    for one in found:
        if one.kind != "distance":
            continue
        for at in range(one.start - 1, max(-1, one.start - _REACH), -1):
            if tokens[at].clause != tokens[one.start].clause:
                break
            if tokens[at].text not in words["verbs"]:
                if tokens[at].text not in words["between"]:
                    break
                continue
            if _before(tokens, at, 4) & set(words["not_did"]):
                return None
            return f"{tokens[at].text} {one.text}"
    return None


def _distance(tokens: Sequence[Token], found: Sequence[Amount], message: str) -> str | None:
    did = _did(tokens, found, message)
    return did.split(" ", 1)[1] if did else _only(found, "distance")


def _clock(tokens: Sequence[Token], found: Sequence[Amount], _: str) -> str | None:
    """Return the one time that is no hour of the day."""
    hours = set(table()["hour_of_day"])
    times = [
        one
        for one in found
        if one.kind == "clock"
        and not _before(tokens, one.start, 1) & hours
        and not (one.end < len(tokens) and tokens[one.end].text in ("am", "pm"))
    ]
    return times[0].text if len(times) == 1 else None


def _gain(tokens: Sequence[Token], found: Sequence[Amount], _: str) -> str | None:
    """Return the time that was won: "40 seconds"."""
    words = table()
    for one in found:
        after = {t.text for t in tokens[one.end : one.end + 2]}
        won = _before(tokens, one.start, 2) & set(words["won_before"]) and "off" in after
        if one.kind == "time" and (won or after & set(words["won_after"])):
            return one.text
    return None


def _span(tokens: Sequence[Token], found: Sequence[Amount], _: str) -> str | None:
    """Return how long it has gone on: "three weeks"."""
    words = table()
    for one in found:
        if one.kind != "span":
            continue
        after = " ".join(t.text for t in tokens[one.end : one.end + 3])
        if after.startswith(tuple(words["span_after"])):
            return one.text
    only = [one for one in found if one.kind == "span"]
    if len(only) != 1:
        return None
    after = tokens[only[0].end].text if only[0].end < len(tokens) else ""
    if after in words["not_span_after"]:
        return None
    return None if _before(tokens, only[0].start, 2) & set(words["not_span"]) else only[0].text


def _parts(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "4 out of 5", where it is more than half."""
    spelled = table()["numbers"]
    for at, token in enumerate(tokens):
        rest = [t.text for t in tokens[at + 1 : at + 5] if t.text not in ("out", "of", "the", "my")]
        if "of" not in [t.text for t in tokens[at + 1 : at + 3]] or not rest:
            continue
        pair = [token.text, rest[0]]
        values = [
            int(w) if w.isdigit() else spelled.index(w) + 1 if w in spelled[:10] else 0
            for w in pair
        ]
        if values[0] <= values[1] < 2 * values[0]:
            return f"{pair[0]} out of {pair[1]}"
    return None


def _from_to(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return "from 210 to 228", with a unit where one stands behind the second number."""
    for at in range(len(tokens) - 3):
        start, first = tokens[at].text, tokens[at + 1].text
        place = at + 2
        unit = units_of_words().get(tokens[place].text, ("", ""))[1]
        if unit and place + 1 < len(tokens):
            place += 1
        if start != "from" or tokens[place].text != "to" or place + 1 >= len(tokens):
            continue
        last = tokens[place + 1].text
        if not (first[0].isdigit() and last[0].isdigit()) or _later(first, last):
            continue
        if ":" not in last and at and tokens[at - 1].text in table()["fell"]:
            continue
        behind = tokens[place + 2].text if place + 2 < len(tokens) else ""
        unit = units_of_words().get(behind, ("", unit))[1]
        return f"from {first} to {last}{' ' + unit if unit else ''}"
    return None


def _later(first: str, last: str) -> bool:
    """Tell whether two clock times are one that got longer, or only one of the two is a time."""
    if ":" not in first and ":" not in last:
        return False
    times = [[int(n) for n in text.split(":")] for text in (first, last) if ":" in text]
    return len(times) < 2 or times[1] >= times[0]


def _first(tokens: Sequence[Token], found: Sequence[Amount], _: str) -> str | None:
    """Return what was done for the first time, a noun of the list or a distance: "pull-up"."""
    words = table()
    for at, token in enumerate(tokens):
        if token.text != "first":
            continue
        after = [t.text for t in tokens[at + 1 : at + 7] if t.clause == token.clause]
        while after and after[0] in words["before_noun"]:
            after.pop(0)
        for size in (3, 2, 1):
            noun = " ".join(after[:size])
            if noun in words["firsts"]:
                return words["firsts"][noun]
        for one in found:
            if one.kind == "distance" and at < one.start <= at + 2:
                return one.text
    return None


def _listed(name: str) -> Callable[[Sequence[Token], Sequence[Amount], str], str | None]:
    """Return a finder of a word of a list behind words that lead to it ("i feel so ...")."""

    def find(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
        words = table()
        # The word alone at the start says the same: "calm and ready".
        alone = len(tokens) == 1 or (
            len(tokens) > 1 and (tokens[1].clause or tokens[1].text in ("and", "today", "again"))
        )
        if alone and name in ("low", "high") and tokens[0].text in words[name]:
            return str(words[name][tokens[0].text])
        for at, token in enumerate(tokens):
            if token.text not in words[f"{name}_lead"]:
                continue
            for place, later in enumerate(tokens[at + 1 : at + 5], at + 2):
                if later.text in words[name]:
                    if [t.text for t in tokens[place : place + 2]] == ["in", "law"]:
                        return None
                    return words[name][later.text]
                if later.text not in words["degree"] or later.clause != token.clause:
                    break
        return None

    return find


def _theme(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return the thing of a list that a message names: "your knees"."""
    words, said = table()["theme"], [token.text for token in tokens]
    pairs = [" ".join(pair) for pair in itertools.pairwise(said)]
    return next((str(words[text]) for text in [*pairs, *said] if text in words), None)


def _source(tokens: Sequence[Token], _: Sequence[Amount], __: str) -> str | None:
    """Return who said so: "your brother", "people online", where such a word stands by "says"."""
    words = table()
    for at, token in enumerate(tokens):
        if token.text not in words["says"]:
            continue
        for before in reversed(tokens[max(0, at - 5) : at]):
            if before.text in words["source"] and before.clause == token.clause:
                return str(words["source"][before.text])
    return None


def _name(tokens: Sequence[Token], _: Sequence[Amount], message: str) -> str | None:
    """Return the athlete's first name, given with a capital after a greeting, or as "my name is"."""
    words = table()
    greets = bool(tokens) and tokens[0].text in words["greets"]
    for at in range(1, len(tokens)):
        before = " ".join(t.text for t in tokens[max(0, at - 3) : at])
        own = message[tokens[at].start : tokens[at].end]
        surely = before.endswith(tuple(words["name_lead"]))
        here = (
            greets
            and tokens[at].clause not in {t.clause for t in tokens[:at]}
            and len(tokens) > at + 1
        )
        surely = surely or (here and tokens[at + 1].text in ("here", "again"))
        maybe = greets and own[:1].isupper() and before.endswith(tuple(words["name_maybe"]))
        if not (surely or maybe) or not own.isalpha() or len(own) not in _NAME_LENGTH:
            continue
        plain = tokens[at].text in words["no_name"] or (own.isupper() and len(own) > 2 and maybe)
        if plain or not sound(own):
            return None
        return own[0].upper() + own[1:].lower()
    return None


_FINDERS: dict[str, Callable[[Sequence[Token], Sequence[Amount], str], str | None]] = {
    "did": _did,
    "distance": _distance,
    "clock": _clock,
    "gain": _gain,
    "span": _span,
    "parts": _parts,
    "from_to": _from_to,
    "first": _first,
    "weight": lambda _, found, __: _only(found, "weight"),
    "watts": lambda _, found, __: _only(found, "power"),
    "reps": lambda _, found, __: _only(found, "reps"),
    **{name: _listed(name) for name in ("kin", "low", "high")},
    "source": _source,
    "theme": _theme,
    "name": _name,
    **DEEDS,
    **TALLIES,
}


def unknown_slots(choices: Sequence[str]) -> list[str]:
    """Return the slots of wordings that no finder fills."""
    return [s for text in choices for s in _SLOT.findall(text) if s.lower() not in _FINDERS]


def filled(choices: Sequence[str], tokens: Sequence[Token], message: str) -> list[str]:
    """Return the wordings that can be said of this message, of those the most telling.

    Parameters
    ----------
    choices : sequence of str
        Wordings, with slots (``{did}``; ``{Did}`` with a capital) or without.
    tokens : sequence of Token
        Of the message.
    message : str
        The message as it was written, for the capital of a name.

    Returns
    -------
    list of str
        Those with the most slots that could all be filled; without any, the ones without slots.
    """
    if not any("{" in text for text in choices):
        return list(choices)
    found, values = amounts(tokens), dict[str, str | None]()
    best: list[str] = []
    most = 0
    for text in choices:
        slots = _SLOT.findall(text)
        for slot in slots:
            if slot.lower() not in values:
                values[slot.lower()] = _FINDERS[slot.lower()](tokens, found, message)
        if any(values[slot.lower()] is None for slot in slots) or len(slots) < most:
            continue
        if len(slots) > most:
            best, most = [], len(slots)
        best.append(_SLOT.sub(lambda m: _said(m.group(1), values), text))
    return best


def _said(slot: str, values: dict[str, str | None]) -> str:
    value = values[slot.lower()] or ""
    return value[:1].upper() + value[1:] if slot[0].isupper() else value
