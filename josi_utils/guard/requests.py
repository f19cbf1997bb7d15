"""What a message asks of the session in the plan: leave that the plan gives, more, or unclear.

The plan fixes day, kind, length and zone. It leaves hour, place and company open, and less is
always fine. Only where a message is surely within that is the answer a plain yes; only where it is
surely beyond is it a plain no; else the words fit both.

Each reading below is a small function that returns a request, or None where it is not the one that
the message calls for; :func:`request` has the order in which they are tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from josi_utils.guard.data import load
from josi_utils.guard.intent import against_score
from josi_utils.guard.mirror import mirror
from josi_utils.guard.request_leave import left_open, less
from josi_utils.guard.request_signs import about_plan, amount_at_end, day_at_end
from josi_utils.guard.request_state import AGAINST, NOTHING, UNSURE, Request, RequestState
from josi_utils.guard.situations import Reading

#: Who asks for leave has one of these.
_LEAVE = frozenset(["ok", "okay", "fine", "alright", "allowed"])
#: From this score a message that names more than the session has may be a request.
MAYBE = -2.0
#: With one of these more may be meant than is told, and with one of those others are told of.
_WISHES = (
    "wish", "swaps", "moves", "leaves_out", "req_please", "pushes", "hard_kinds", "wish_others",
    "only_got", "req_cleared", "req_doctor", "any_day", "wish_ill", "req_swap", "req_split",
)  # fmt: skip
_THEY = frozenset(
    ["he", "she", "they", "his", "her", "their", "him", "them", "ex", "coach", "boss"]
)


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

    Returns
    -------
    Request
        Of the first reading that holds; nothing is asked where none does.
    """
    if not case.get("decision"):
        return NOTHING
    state = RequestState(case, reading, wants)
    for read_as in (
        _of_others,  # what others do, and nothing asked
        _tells,  # a deed, or what is felt most strongly
        _reached,  # what is done already
        _why_changed,  # "why did you change it?"
        _of_another_kind,  # the order, the goal, a swap, another day: the plan or the app decides
        _greets,  # a greeting, or what weighs
        _against,  # the words ask against the plan; what follows is asked where they do not
        _entered,  # a race is entered
        less,  # fewer minutes, no session, any day of the week
        _wonders,  # what would be, or that all is well
        _why,  # why the session is so
        _more_today,  # a wish for more on this day
        _weighs,  # what weighs on the athlete, and nothing asked
        _defies,  # "i will do it anyway"
        left_open,  # hour, place, company, gear
        _asks_amount,  # "or 90 minutes?"
        _asks,  # something, nobody knows what
        _sport_on_rest_day,  # "going for a swim"
        _pushes,  # for more
        _plans_more,  # more or another day is announced
    ):
        if (asked := read_as(state)) is not None:
            return asked
    return NOTHING


# --- what is told, and what the plan does not leave to the athlete ------------------------------


def _of_others(state: RequestState) -> Request | None:
    """Take what is told of others for no request, where nothing is asked, wished or announced."""
    reading = state.reading
    if state.meant or state.topic or (state.over and not state.past):
        return None
    if any(reading.has(form) for form in _WISHES):
        return None
    said = {token.text for token in reading.tokens}
    return NOTHING if said & (_THEY | set(load("fallback")["groups"]["KIN"])) else None


def _tells(state: RequestState) -> Request | None:
    """Take a deed, and a feeling that is said whatever else stands there, for no request."""
    reading, first = state.reading, state.first
    deed = first is not None and first.id.startswith("deed_") and not reading.has("defies")
    mood = first.mood if first and first.strong else ""
    if reading.question:
        feels = mood == "both"
    else:
        feels = bool(mood) and not (state.against or state.intends)
    return NOTHING if (deed or feels) and not (state.asks or state.topic) else None


def _reached(state: RequestState) -> Request | None:
    """Take what has been reached for no request, unless it is to be logged or counted."""
    reading, first = state.reading, state.first
    if first is None or not first.done or state.topic in ("log", "sets"):
        return None
    if reading.question or state.intends or state.asks or state.against:
        return None
    return NOTHING if state.past or not reading.has("defies") else None


def _why_changed(state: RequestState) -> Request | None:
    """Take a question why Josi changed the plan, or what would have been, for one about the plan."""
    changed = state.reading.has("you_changed") or state.reading.has("would_have")
    changed = changed and state.reading.question
    if changed and state.reading.has("would_have"):
        return NOTHING
    return NOTHING if changed and not state.asks else None


def _of_another_kind(state: RequestState) -> Request | None:
    """Leave open what neither the session's leave nor its bounds decide."""
    if state.against:
        return None
    reading = state.reading
    swaps = reading.question and reading.has("req_swap") and not reading.has("why_strict")
    return UNSURE if state.topic or swaps or _elsewhere(state) else None


def _elsewhere(state: RequestState) -> bool:
    """Tell whether another day than the session's is asked for."""
    reading = state.reading
    if not state.other_day or reading.has("why_strict"):
        return False
    if state.asks and reading.has("req_on_day"):
        return True
    return reading.question and day_at_end(reading) and not (state.past or about_plan(reading))


def _greets(state: RequestState) -> Request | None:
    """Take a greeting, and what weighs, for no request where nothing more is meant."""
    reading = state.reading
    hello = any(reading.has(f"greet_{name}") for name in ("hello", "morning", "evening"))
    tells = (hello and not state.future) or reading.mood == "sad"
    return NOTHING if tells and not (state.meant or state.beyond) else None


def _against(state: RequestState) -> Request | None:
    """Refuse what the words ask against the plan, unless it may be leave or is only told."""
    if not state.against:
        return None
    granted = less(state)
    if granted and granted.kind == "fewer" and not state.beyond:
        return granted
    if state.asks and state.kinds and not (state.beyond or state.other_day):
        return UNSURE
    first = state.first
    feels = state.reading.mood or (first is not None and first.id == "compare")
    named = state.beyond or state.future or not state.past
    return AGAINST if state.meant or (named and not feels) else NOTHING


def _entered(state: RequestState) -> Request | None:
    """Take a race that is entered for a goal, on a rest day for one that may be meant today."""
    reading = state.reading
    if not reading.has("goal_why_signed"):
        return None
    if not reading.has("this_day"):
        return None if state.asks or reading.question else NOTHING
    told = state.past or reading.question or state.decision.get("goal")
    return UNSURE if state.rest and not told else None


# --- questions and feelings that ask for nothing ------------------------------------------------


def _wonders(state: RequestState) -> Request | None:
    """Take for no request what is only wondered about, and the question whether all is well."""
    wonders = state.loosely and state.reading.has("wonders")
    return NOTHING if wonders or state.reading.has("all_ok") else None


def _why(state: RequestState) -> Request | None:
    """Take a why, and a question about the goal, for no request."""
    reading = state.reading
    strictly = reading.has("why_strict") and not reading.has("why_told")
    if reading.has("req_why_not") and state.beyond:
        return UNSURE
    why = reading.has("why") and not state.kinds
    return NOTHING if strictly or (state.loosely and (why or reading.has("goal_strict"))) else None


def _more_today(state: RequestState) -> Request | None:
    """Leave open a wish for more on this day that is told, not asked."""
    return UNSURE if state.wishes_now and state.beyond and not state.reading.question else None


def _weighs(state: RequestState) -> Request | None:
    """Answer who tells what weighs on them, and asks for nothing, with no leave."""
    reading = state.reading
    asks = state.asks or reading.question or (state.intends and state.future)
    if asks or not _heavy(state):
        return None
    more = state.more and (state.intends or reading.has("wish")) and not state.past
    return UNSURE if more or reading.has("defies") else NOTHING


def _heavy(state: RequestState) -> bool:
    """Tell whether a feeling is told: a sad one, or one that the message has words of its own for."""
    reading, first = state.reading, state.first
    if reading.mood == "sad" or (first is not None and first.mood == "sad"):
        return True
    told = mirror(state.message)
    return told is not None and told.feels and not reading.has("only_got")


# --- what may be beyond the plan ----------------------------------------------------------------


def _defies(state: RequestState) -> Request | None:
    """Leave open what is said against the plan, and not of a goal or of how hard it is."""
    reading = state.reading
    effort = reading.question and reading.has("effort")
    defies = reading.has("defies") and not reading.has("goal_strict")
    return UNSURE if defies and not effort else None


def _asks_amount(state: RequestState) -> Request | None:
    """Leave open a question that ends in more than the session has."""
    reading = state.reading
    amount = reading.question and state.over and amount_at_end(reading)
    return UNSURE if amount and not state.past else None


def _asks(state: RequestState) -> Request | None:
    """Leave open what is asked for in so many words, unless it is about plan or goal."""
    moves = state.reading.has("moves") or state.reading.has("swaps")
    if not state.asks or (about_plan(state.reading) and not moves):
        return None
    return UNSURE if state.wishes_now or not state.reading.has("goal_strict") else None


def _sport_on_rest_day(state: RequestState) -> Request | None:
    """Leave open a sport that the athlete is going to do on a rest day."""
    reading = state.reading
    sports = any(f"SPORT {name}" in reading.plain for name in load("fallback")["sports"])
    told = state.past or reading.question or state.kinds
    asked = reading.question and bool(_LEAVE & {token.text for token in reading.tokens})
    meant = asked or (state.intends and not told)
    return UNSURE if state.rest and sports and meant else None


def _pushes(state: RequestState) -> Request | None:
    """Leave open a push for more than the plan has."""
    pushes = state.reading.has("pushes") or state.reading.has("req_please")
    pushes = pushes and state.beyond
    return UNSURE if pushes and not about_plan(state.reading) else None


def _plans_more(state: RequestState) -> Request | None:
    """Leave open more, or another day, that is announced and beside which nothing is told."""
    reading = state.reading
    if state.past or reading.question or reading.situations:
        return None
    moved = state.other_day and reading.has("training")
    if state.future and (state.beyond or moved):
        return UNSURE
    return UNSURE if state.beyond and against_score(state.case) >= MAYBE else None
