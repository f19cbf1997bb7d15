"""What in a message points to another session: its days, its sports, its hard kinds, how it asks."""

from __future__ import annotations

import re
from typing import Any

from josi_utils.guard.data import load
from josi_utils.guard.intent import HARDNESS
from josi_utils.guard.request_figures import asks_double
from josi_utils.guard.situations import Reading

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HARD_KINDS = frozenset(["intervals", "hills", "tempo", "threshold"])
#: Who comes along may ride.
_THEIRS = re.compile(r"\b(?:on|with) (?:their|his|her|an?) (?:e )?(?:bikes?|scooters?)\b")
#: "6 x 4": repeats, and how long or far each is.
_SETS = re.compile(r"\b(\d{1,3}) x (\d{1,4})\b")
_NO_MORE = re.compile(
    r"\bdouble shift\b|\bwatch(?:ing)? (?:the|a|my|his|her|our) (?:match|game|race|final|football)\b"
)
_BEHIND = frozenset(["since", "last", "until", "till", "every"])
#: What a clause that asks for leave ends in, one that asks for a day, and one for an amount.
_LEAVE = frozenset(["ok", "okay", "fine", "alright", "allowed", "acceptable"])
_DAYS = frozenset([*_WEEKDAYS, "sat", "sun", "mon", "tues", "wed", "thurs", "fri", "tomorrow"])
_UNITS = frozenset(["minutes", "minute", "hours", "hour", "h", "km", "k", "miles"])
#: Of no more words is a clause that asks: "so wet. sofa?"; with one of these it names the plan.
BRIEF = 3
_SAYS = frozenset(
    ["its", "is", "it", "a", "an", "the", "my", "why", "what", "never", "only", "mine"]
)

#: "The physio let me do stairs again" is told, not asked.
_LET = re.compile(
    r"\b(?:physio|doctor|surgeon|consultant|hospital|nurse|they|she|he) (?:\w+ )?let me\b"
)


def other_day(reading: Reading, day: str) -> bool:
    """Tell whether the message names a day that is not the session's."""
    said = [t.text for t in reading.tokens]
    # "Since monday" and "until monday" are no day that is asked for.
    words = {one for one, back in zip(said, ["", *said], strict=False) if back not in _BEHIND}
    named = {d for d in _WEEKDAYS if words & {d, d + "s", d[:3], d[:4], d[:5]} - {"sat", "sun"}}
    named |= {d for d, short in (("saturday", "sat"), ("sunday", "sun")) if short in words}
    if day == "this_week":
        return False
    if named - {day} and day in _WEEKDAYS:
        return True
    near = words & {"today", "tonight", "tomorrow"}
    if day in ("today", "tomorrow"):
        other = near - {day, "tonight" if day == "today" else day}
        return bool(other or words & set(_WEEKDAYS))
    return bool(near) and not named


def other_sport(reading: Reading, session: dict[str, Any]) -> bool:
    """Tell whether the message names a sport that is not the session's; a walk is a softer run."""
    sport = session.get("sport")
    if sport in (None, "any"):
        return False
    said = {name for name in load("fallback")["sports"] if f"SPORT {name}" in reading.found}
    if "request place" in reading.plain:
        said.discard("gym")
    if _THEIRS.search(" ".join(token.text for token in reading.tokens)):
        said.discard("bike")
    allowed = {sport, "walk"} if sport == "run" else {sport}
    return bool(said - allowed)


def wants_more(reading: Reading, session: dict[str, Any]) -> bool:
    """Tell whether the message has words for more, or for a hard kind where the plan has none."""
    hard = HARDNESS[session["kind"]] >= HARDNESS["tempo"]
    named = {t.text for t in reading.tokens} & _HARD_KINDS
    other = bool(named - {session["kind"]}) if hard else reading.has("hard_kinds")
    if _more_sets(reading, session):
        return True
    # A double shift is work, and a match that is watched no sport.
    more = reading.has("more") and not _NO_MORE.search(" ".join(t.text for t in reading.tokens))
    return more or other or asks_double(reading, session.get("minutes"))


def _more_sets(reading: Reading, session: dict[str, Any]) -> bool:
    """Tell whether more repeats, or longer ones, are named than the session has: "6 x 4"."""
    planned = _SETS.search(session.get("details") or "")
    if not planned:
        return False
    said = _SETS.findall(" ".join(token.text for token in reading.tokens))
    many, long = int(planned[1]), int(planned[2])
    return any(
        (int(n) > many and int(each) >= long) or (int(n) >= many and int(each) > long)
        for n, each in said
        if (n, each) != (planned[1], planned[2])
    )


def asks_in_words(reading: Reading) -> bool:
    """Tell whether a message asks for something in so many words, not by its mark alone."""
    if (reading.has("change") and not let_told(reading)) or reading.has("req_out"):
        return True
    return (reading.question and _ends(reading, _LEAVE)) or _briefly(reading)


def let_told(reading: Reading) -> bool:
    """Tell whether somebody has let the athlete do something, and nothing is asked."""
    text = " ".join(token.text for token in reading.tokens)
    return not reading.question and bool(_LET.search(text))


def day_at_end(reading: Reading) -> bool:
    """Tell whether a clause ends in a day: "better saturday?"."""
    return _ends(reading, _DAYS)


def amount_at_end(reading: Reading) -> bool:
    """Tell whether a clause ends in an amount: "or 60 minutes?"."""
    return _ends(reading, _UNITS)


def about_plan(reading: Reading) -> bool:
    """Tell whether a question asks what the plan has, how hard it is, or about a goal."""
    return any(reading.has(form) for form in ("what_plan", "effort", "goal_strict", "unknowable"))


def _ends(reading: Reading, words: frozenset[str]) -> bool:
    """Tell whether a clause ends in one of the words."""
    tokens = reading.tokens
    last = (
        at + 1 == len(tokens) or tokens[at + 1].clause != t.clause for at, t in enumerate(tokens)
    )
    return any(end and t.text in words for end, t in zip(last, tokens, strict=True))


def _briefly(reading: Reading) -> bool:
    """Tell whether a message of more than a few words ends in a word that asks: "so wet. sofa?"."""
    tokens = reading.tokens
    if not (reading.question and reading.has("req_brief")) or reading.has("why_strict"):
        return False
    last = [t.text for t in tokens if t.clause == tokens[-1].clause]
    return len(last) <= BRIEF < len(tokens) and last[0] not in _SAYS
