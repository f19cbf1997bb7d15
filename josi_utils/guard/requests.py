"""What a message asks of the session in the plan: leave that the plan gives, more, or unclear.

The plan fixes day, kind, length and zone. It leaves hour, place and company open, and less is
always fine. Only where a message is surely within that is the answer a plain yes; only where it is
surely beyond is it a plain no; else the words fit both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from josi_utils.guard.asked_for import asked_for, in_the_way
from josi_utils.guard.data import load
from josi_utils.guard.intent import HARDNESS, against_score
from josi_utils.guard.mirror import mirror
from josi_utils.guard.request_figures import (
    asks_double,
    beyond_session,
    only_minutes,
    session_amounts,
)
from josi_utils.guard.situations import Reading
from josi_utils.guard.wished import wished

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: Up to this score of :func:`josi_utils.guard.intent.against_score` a request that the plan leaves
#: open is granted; of 248 requests against a decision in gold and development messages none is.
SURELY_FINE = -1.0
#: The same for a request that names less, which no plan stands against.
LESS_FINE = 0.0
#: What a clause that asks for leave ends in, and one that asks for an amount.
_LEAVE = frozenset(["ok", "okay", "fine", "alright", "allowed", "acceptable"])
_HARD_KINDS = frozenset(["intervals", "hills", "tempo", "threshold"])
_DAYS = frozenset([*_WEEKDAYS, "sat", "sun", "mon", "tues", "wed", "thurs", "fri", "tomorrow"])
_UNITS = frozenset(["minutes", "minute", "hours", "hour", "h", "km", "k", "miles"])
#: "Is 30 enough?": minutes without their word.
_BARE = re.compile(r"(?<!at )(?<!by )\b(\d+) (?:enough|instead|ok|okay|not|max|tops)\b")
#: Fewer minutes than these are an interval or a pause, not a session.
SHORTEST = 5
#: Of no more words is a clause that asks: "so wet. sofa?"; with one of these it names the plan.
BRIEF = 3
_SAYS = frozenset(
    ["its", "is", "it", "a", "an", "the", "my", "why", "what", "never", "only", "mine"]
)
#: A wish that leaves the session out.
_LEAVES = tuple(
    f"You {wish} {verb} " for wish in ("want to", "would like to") for verb in ("skip", "leave out")
)
#: From this score a message that names more than the session has may be a request.
MAYBE = -2.0


@dataclass(frozen=True)
class Request:
    """A request for another session.

    Attributes
    ----------
    stand
        ``"against"``, ``"fine"``, ``"unsure"`` or ``""`` (no request).
    kind
        For ``fine``: what is asked for, an id of ``requests`` in ``fallback.json``, ``fewer``,
        ``leave_out``, ``any_day`` or ``""``.
    minutes
        For ``fewer``: how many the athlete has.
    also
        For ``fine``: a second thing that is asked for and granted.
    thing
        For ``fine``: what stands in the way of the session (the party, the ice).
    """

    stand: str = ""
    kind: str = ""
    minutes: int = 0
    also: str = ""
    thing: tuple[str, str] | None = None


def other_day(reading: Reading, day: str) -> bool:
    """Tell whether the message names a day that is not the session's."""
    words = {t.text for t in reading.tokens}
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
    allowed = {sport, "walk"} if sport == "run" else {sport}
    return bool(said - allowed)


def request(case: dict[str, Any], reading: Reading, wants: Mapping[str, bool]) -> Request:
    """Return what the message asks of the session, as far as rules can tell.

    Parameters
    ----------
    case : dict
        With a decision; without one nothing can be asked of it.
    reading : Reading
        Of the case's message.
    wants : mapping of bool
        From :func:`josi_utils.guard.intent.intent`: ``against`` and, where it tells it, ``fine``.
    """
    decision = case.get("decision")
    if not decision:
        return Request()
    session = decision["session"]
    asks, past = reading.has("change"), reading.has("past")
    future, intends = reading.has("future"), reading.has("intends")
    asks = asks or _ok_at_end(reading) or _briefly(reading) or reading.has("req_out")
    beyond = beyond_session(reading, session) or wants_more(reading, session)
    first = next(iter(reading.situations), None)
    told = first is not None and first.id.startswith("deed_")
    mood = first.mood if first and first.strong else ""
    tells = mood == "both" if reading.question else mood and not (wants["against"] or intends)
    topic = asked_for(reading, decision)
    if ((told and not reading.has("defies")) or tells) and not (asks or topic):
        return Request()
    done = first is not None and first.done and not (reading.question or intends or asks)
    done = done and topic not in ("log", "sets")
    if done and not wants["against"] and (past or not reading.has("defies")):
        return Request()
    rest = HARDNESS[session["kind"]] == 0
    kinds = [
        raw["id"]
        for raw in load("fallback")["requests"]
        if f"request {raw['id']}" in reading.plain and raw.get("rest", False) == rest
    ]
    if reading.has("any_day") and "time" in kinds:
        # "A day later" is no hour.
        kinds.remove("time")
    if reading.question and reading.has("you_changed") and not asks:
        return Request()
    swaps = reading.question and reading.has("req_swap") and not reading.has("why_strict")
    elsewhere = (asks and reading.has("req_on_day")) or (
        reading.question and _ends(reading, _DAYS) and not (past or _about_plan(reading))
    )
    elsewhere = elsewhere and other_day(reading, decision["day"]) and not reading.has("why_strict")
    if (topic or swaps or elsewhere) and not wants["against"]:
        return Request("unsure")
    tells = any(reading.has(f"greet_{n}") for n in ("hello", "morning", "evening")) and not future
    meant = asks or intends or reading.question or reading.has("defies")
    if (tells or reading.mood == "sad") and not (meant or beyond):
        return Request()
    if wants["against"]:
        if asks and kinds and not (beyond or other_day(reading, decision["day"])):
            return Request("unsure")
        feels = reading.mood or (first is not None and first.id == "compare")
        sure = meant or (not feels and (beyond or future or not past))
        return Request("against") if sure else Request()
    if reading.has("goal_why_signed") and not (asks or reading.question or reading.has("this_day")):
        return Request()  # an entry told is a goal, no wish for more today
    booked = reading.has("goal_why_signed") and reading.has("this_day") and not past
    if booked and rest and not (reading.question or decision.get("goal")):
        return Request("unsure")
    message = case.get("message") or ""
    granted, wish = _within(message, reading, decision), wished(message) or ""
    less = not beyond or (granted and granted.kind == "leave_out" and HARDNESS[session["kind"]] > 3)
    less = less or wish.startswith(_LEAVES)
    if granted and less and (asks or not past):
        return granted
    told_fine = wants.get("fine", False)
    loosely = reading.question and not asks and not told_fine
    if (loosely and reading.has("wonders")) or reading.has("all_ok"):
        return Request()
    if (reading.has("why_strict") and not reading.has("why_told")) or (
        loosely and ((reading.has("why") and not kinds) or reading.has("goal_strict"))
    ):
        return Request()
    now = bool(wish) and reading.has("this_day") and not decision.get("goal")
    if now and beyond and not reading.question:
        return Request("unsure")
    heavy = reading.mood == "sad" or (first is not None and first.mood == "sad")
    told = mirror(case.get("message") or "")
    heavy = heavy or (told is not None and told.feels and not reading.has("only_got"))
    if heavy and not (asks or (intends and future) or reading.question):
        # Who tells what weighs on them, and asks for nothing, is not answered with a leave.
        more = wants_more(reading, session) and (intends or reading.has("wish")) and not past
        return Request("unsure") if more or reading.has("defies") else Request()
    score = against_score(case)
    moved = other_day(reading, decision["day"])
    checks = _about_plan(reading) or (reading.has("reason_check") and kinds in ([], ["less"]))
    asked = reading.question and not (past or checks)
    effort = reading.question and reading.has("effort")
    if reading.has("defies") and not reading.has("goal_strict") and not effort:
        return Request("unsure")
    likely = asks or asked or ((intends or reading.has("req_please")) and reading.mood != "sad")
    if (told_fine and (kinds or not rest)) or (kinds and likely):
        most = LESS_FINE if kinds[:1] == ["less"] else SURELY_FINE
        if beyond or moved or score >= most or other_sport(reading, session):
            return Request("unsure")
        also = kinds[1] if len(kinds) > 1 and reading.has("req_joined") else ""
        return Request("fine", kinds[0] if kinds else "", also=also, thing=in_the_way(reading))
    if (
        reading.question
        and beyond_session(reading, session)
        and _amount_at_end(reading)
        and not past
    ):
        return Request("unsure")
    if asks and not _about_plan(reading) and (now or not reading.has("goal_strict")):
        return Request("unsure")
    sports = any(f"SPORT {name}" in reading.plain for name in load("fallback")["sports"])
    if rest and sports and intends and not (past or reading.question or kinds):
        return Request("unsure")
    if reading.has("pushes") and beyond and not _about_plan(reading):
        return Request("unsure")
    if past or reading.question or reading.mood:
        return Request()
    clear = not reading.situations
    moved = moved and reading.has("training")
    if clear and (((beyond or moved) and future) or (beyond and score >= MAYBE)):
        return Request("unsure")
    return Request()


def wants_more(reading: Reading, session: dict[str, Any]) -> bool:
    """Tell whether the message has words for more, or for a hard kind where the plan has none."""
    hard = HARDNESS[session["kind"]] >= HARDNESS["tempo"]
    named = {t.text for t in reading.tokens} & _HARD_KINDS
    other = bool(named - {session["kind"]}) if hard else reading.has("hard_kinds")
    # A double shift is work, not a wish.
    more = reading.has("more") and "double shift" not in " ".join(t.text for t in reading.tokens)
    return more or other or asks_double(reading, session.get("minutes"))


def _ends(reading: Reading, words: frozenset[str]) -> bool:
    """Tell whether a clause ends in one of the words."""
    tokens = reading.tokens
    last = (
        at + 1 == len(tokens) or tokens[at + 1].clause != t.clause for at, t in enumerate(tokens)
    )
    return any(end and t.text in words for end, t in zip(last, tokens, strict=True))


def _ok_at_end(reading: Reading) -> bool:
    return reading.question and _ends(reading, _LEAVE)


def _briefly(reading: Reading) -> bool:
    """Tell whether a message of more than a few words ends in a word that asks: "so wet. sofa?"."""
    tokens = reading.tokens
    if not (reading.question and reading.has("req_brief")) or reading.has("why_strict"):
        return False
    last = [t.text for t in tokens if t.clause == tokens[-1].clause]
    return len(last) <= BRIEF < len(tokens) and last[0] not in _SAYS


def _amount_at_end(reading: Reading) -> bool:
    return _ends(reading, _UNITS)


def _within(message: str, reading: Reading, decision: dict[str, Any]) -> Request | None:
    """Return the leave for fewer minutes, for leaving the session out or for any day of a week."""
    session = decision["session"]
    if asks_double(reading):
        return None
    moved = reading.question and reading.has("moves") and other_day(reading, decision["day"])
    moves = reading.has("moves") and (reading.has("req_on_day") or reading.has("any_day"))
    if decision["day"] == "this_week" and (moves or reading.has("which_day")):
        return Request("fine", "any_day")
    if HARDNESS[session["kind"]] == 0:
        return None
    if reading.has("leaves_out") and not moved:
        return Request("fine", "leave_out")
    named = session_amounts(reading)["minutes"]
    bare = _BARE.search(" ".join(t.text for t in reading.tokens))
    named += [float(bare[1])] if bare and not named else []
    alone = only_minutes(message, reading)
    named += [alone] if alone and not named else []
    fewer = [m for m in named if SHORTEST <= m < (session.get("minutes") or 0) and m == int(m)]
    if (reading.has("only_got") or alone) and len(fewer) == 1:
        also = "time" if "request time" in reading.plain and reading.has("req_joined") else ""
        return Request("fine", "fewer", int(fewer[0]), also)
    return None


def _about_plan(reading: Reading) -> bool:
    """Tell whether a question asks what the plan has, how hard it is, or about a goal."""
    return any(reading.has(form) for form in ("what_plan", "effort", "goal_strict", "unknowable"))
