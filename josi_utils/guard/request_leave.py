"""The leave that the plan gives: less than it has, and what it leaves open (hour, place, company)."""

from __future__ import annotations

from josi_utils.guard.asked_for import in_the_way
from josi_utils.guard.intent import against_score
from josi_utils.guard.request_figures import asks_double, fewer_minutes
from josi_utils.guard.request_signs import about_plan, other_sport
from josi_utils.guard.request_state import UNSURE, Request, RequestState

#: Up to this score of :func:`josi_utils.guard.intent.against_score` a request that the plan leaves
#: open is granted; of 248 requests against a decision in gold and development messages none is.
SURELY_FINE = -1.0
#: The same for a request that names less, which no plan stands against.
LESS_FINE = 0.0
#: Above this hardness a session may be left out whatever more is named: nothing is less than that.
_HARD = 3
#: A wish that leaves the session out.
_LEAVES = tuple(
    f"You {wish} {verb} " for wish in ("want to", "would like to") for verb in ("skip", "leave out")
)


def less(state: RequestState) -> Request | None:
    """Grant less than the plan has, unless more is named beside it or it is told of the past.

    Returns
    -------
    Request or None
        None where no less is asked for, or not surely.
    """
    granted = _within(state) if state.asks or not state.past else None
    if granted is None or not state.beyond:
        return granted
    skips_hard = granted.kind == "leave_out" and state.hardness > _HARD
    return granted if skips_hard or state.wish.startswith(_LEAVES) else None


def _within(state: RequestState) -> Request | None:
    """Return the leave for fewer minutes, for leaving the session out or for any day of a week."""
    if asks_double(state.reading):
        return None
    if _any_day(state):
        return Request("fine", "any_day")
    if state.rest:
        return None
    return Request("fine", "leave_out") if _leaves_out(state) else _fewer(state)


def _any_day(state: RequestState) -> bool:
    """Tell whether a session of this week, which has no day, is to be on a day of its own."""
    reading = state.reading
    moves = reading.has("moves") and (reading.has("req_on_day") or reading.has("any_day"))
    return state.decision["day"] == "this_week" and (moves or reading.has("which_day"))


def _leaves_out(state: RequestState) -> bool:
    """Tell whether the session is to be left out, and not done on another day."""
    reading = state.reading
    moved = reading.question and reading.has("moves") and state.other_day
    return reading.has("leaves_out") and not moved


def _fewer(state: RequestState) -> Request | None:
    """Return the leave for the fewer minutes that the athlete has, if they are plainly named."""
    reading = state.reading
    minutes = fewer_minutes(state.message, reading, state.session)
    if minutes is None:
        return None
    timed = "request time" in reading.plain and reading.has("req_joined")
    return Request("fine", "fewer", minutes, "time" if timed else "")


def left_open(state: RequestState) -> Request | None:
    """Grant what the plan leaves open, where nothing in the message may be beyond the plan.

    Returns
    -------
    Request or None
        ``unsure`` where something may be; None where nothing that is open is asked for.
    """
    reading, kinds = state.reading, state.kinds
    known = state.told_fine and (kinds or not state.rest)
    if not known and not (kinds and _likely(state)):
        return None
    most = LESS_FINE if kinds[:1] == ["less"] else SURELY_FINE
    beyond = state.beyond or state.other_day or against_score(state.case) >= most
    if beyond or other_sport(reading, state.session):
        return UNSURE
    also = kinds[1] if len(kinds) > 1 and reading.has("req_joined") else ""
    return Request("fine", kinds[0] if kinds else "", also=also, thing=in_the_way(reading))


def _likely(state: RequestState) -> bool:
    """Tell whether what the plan leaves open is asked for or announced, not only named."""
    reading = state.reading
    reasons = reading.has("reason_check") and state.kinds in ([], ["less"])
    checks = about_plan(reading) or reasons
    asked = reading.question and not (state.past or checks)
    announced = state.intends or reading.has("req_please")
    return state.asks or asked or (announced and reading.mood != "sad")
