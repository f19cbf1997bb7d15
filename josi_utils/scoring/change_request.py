"""Change requests: does what the athlete asks for go with the plan or against it?"""

from __future__ import annotations

import re
from typing import Any

from josi_utils.scoring.licence import WEEKDAYS, kinds_in, sports_in
from josi_utils.scoring.normalise import plain_quotes
from josi_utils.scoring.quantities import find_quantities

#: Asking for more than the plan has.
_MORE = re.compile(
    r"\b(?:double|harder|longer|more|extra|both|catch up|faster|push|smash|max out|every "
    r"?day|twice|second (?:run|session|ride)|add|also do|go hard|beast|step it up|bump|up "
    r"the|back in|my intervals|"
    r"let me do|put (?:\w+ ){0,3}back|hard|race|real (?:session|workout|run)|instead of "
    r"rest|anyway)\b"
)
#: Words for an hour of the day; a plan sets days, never hours.
_HOUR = (
    r"(?:(?:this |the )?(?:morning|evening|afternoon|lunch(?:time)?|noon|midday|dawn|night)|tonight|"
    r"(?:before|after|straight from) (?:work|school|uni|breakfast|dinner|tea)|later (?:today|on)|"
    r"\d{1,2}(?:[:.]\d\d)? ?(?:am|pm)|\d{1,2} ?o'?clock|(?:(?<=at )|(?<=til )|(?<=till )|"
    r"(?<=until )|(?<=to ))\d{1,2}(?:[:.]\d\d)?(?=$|[.,!?]+(?: |$)| (?:instead|please|pls|today|then)\b))"
)
#: A word that moves, so what stands beside it asks for no more.
_MOVES = re.compile(r"\b(?:push|bring)\b")
#: The session moved to another hour: "push it to tonight", "6am instead of 6pm".
_ANOTHER_HOUR = re.compile(
    r"\b(?:move|shift|switch|change|push|postpone|delay|bring)(?: \S+){0,4} "
    rf"(?:to|till?|until|back to|into) (?:\S+ )?{_HOUR}|"
    rf"\bswap(?: \S+){{0,5}} {_HOUR}(?: \S+){{0,4}} (?:for|with|to)(?: \S+){{0,4}} {_HOUR}|"
    rf"{_HOUR}(?: \S+){{0,3}} (?:instead of|rather than)(?: \S+){{0,3}} {_HOUR}"
)


def _only_another_hour(said: str, case: dict[str, Any]) -> bool:
    """Return whether a request moves the session within its day, and asks for nothing else."""
    session, day = case["decision"]["session"], case["decision"]["day"]
    moved = _ANOTHER_HOUR.search(said)
    if not moved:
        return False
    days = {d for d in WEEKDAYS if re.search(rf"\b(?:{d}s?|{d[:3]}(?:s|t|rs|rsday|nes)?)\b", said)}
    if re.search(
        r"\b(?:tomorrow|tmrw?|tmr|tmoro?w?|2moro|weekend|next week|day after|days)\b", said
    ):
        days.add("tomorrow")
    if re.search(r"\b(?:today|tonight|this (?:morning|afternoon|evening))\b", said):
        days.add("today")
    kinds = set(kinds_in(said)) - {session["kind"]}
    sports = sports_in(said) - {session.get("sport"), "walk"}
    amounts = [q for q in find_quantities(said) if q.kind in ("distance", "time")]
    clocks = [q for q in amounts if re.fullmatch(r"\d{1,2}[:.]\d\d", q.raw.strip())]
    return (
        days <= {day}
        and not kinds
        and not sports
        and len(amounts) == len(clocks)
        and not _MORE.search(_MOVES.sub(" ", said[: moved.end()]) + said[moved.end() :])
        and not re.search(
            r"\b(?:skip|cancel|drop|bin|ditch|leave out|miss|half|shorter|rest|nothing)\b", said
        )
    )


def request_stance(case: dict[str, Any]) -> str:
    """Return whether a change request is ``"with"`` or ``"against"`` the decision, or
    ``"unclear"``.

    The request's days, minutes and wish for more or less are held against what the engine decided.
    """
    decision = case.get("decision")
    if case.get("category") != "change_request" or not decision:
        return "unclear"
    said = plain_quotes(case.get("message", "")).lower()
    session, old = decision["session"], decision.get("replaces") or {}
    minutes = session.get("minutes")
    times = [q for q in find_quantities(said) if q.kind == "time" and q.value >= 300]
    limits = re.search(
        r"\b(?:max|only (?:have|got)|got only|just|max\w*|free|that's all|all i (?:have|got)|"
        r"ive got|i've got|i got|i have|no more than|can that|be it|short on)\b",
        said,
    )
    weekdays = [
        d for d in WEEKDAYS if re.search(rf"\b{d}s?\b|\b{d[:3]}(?:s|t|rs|rsday|nes)?\b", said)
    ]
    more = _MORE.search(said)
    less = re.search(
        r"\b(?:skip|shorter|easier|less|drop|cancel|swap|replace|not do|don't want|dont want|"
        r"rather|bin|ditch|off|instead|pass on|switch|leave out|no \w+ (?:today|tomorrow)|cut|"
        r"move|shift|push (?:it|them)|change|another day|postpone)\b",
        said,
    )
    if session["kind"] == "rest":
        return (
            "with"
            if re.search(r"\b(?:rest|day off|off|nothing|break)\b", said) and not more
            else "against"
        )
    # The engine has already given what is asked.
    if (
        minutes
        and times
        and any(abs(q.value - minutes * 60) <= 300 for q in times)
        and (limits or old)
    ):
        return "with"
    if minutes and times and limits and not more and max(q.value for q in times) >= minutes * 60:
        return "with"
    asked_km = [q.value for q in find_quantities(case.get("message", "")) if q.kind == "distance"]
    bigger = (
        bool(asked_km)
        and bool(
            re.search(r"\b(?:can i|could i|let me|i'll|i will|im|i'm|i want|ok\?|instead)\b", said)
        )
        and max(asked_km) > 1000 * (session.get("distance_km") or 0)
    )
    # A longer session than the one that stands, asked for in minutes or hours.
    bigger = bigger or bool(minutes and times and max(q.value for q in times) > minutes * 60)
    if bigger and not old:
        return "against"
    spoken = (
        "today"
        if re.search(r"\btoday|tonight\b", said)
        else "tomorrow"
        if re.search(r"\btomorrow|tmrw?|tmr\b", said)
        else ""
    )
    moving = re.search(
        r"\b(?:move|shift|swap|switch|change|do|make|have|push|put|can|could)\b", said
    )
    if (
        moving
        and re.search(
            rf"\b(?:to|on|til|until|for|=)\s+(?:{decision['day']}|{decision['day'][:3]})\b", said
        )
        and not more
        and not re.search(r"\bnot do|n't do|skip\b", said)
    ):
        return "with"
    asked_sports = sports_in(said) - {"walk"}
    if (
        old
        and less
        and not more
        and session.get("sport") != old.get("sport")
        and session.get("sport") in asked_sports
    ):
        return "with"
    if old and less and not more and (minutes or 0) < (old.get("minutes") or 0):
        return "with"
    if (
        old
        and more
        and (minutes or 0) > (old.get("minutes") or 0)
        and not re.search(r"double|every ?day", said)
    ):
        return "with"
    if _only_another_hour(said, case):
        return "unclear"
    if more or bigger:
        return "against"
    # Leaving a session out or moving it is against the plan; going softer within it is the
    # athlete's own choice, and the rubric leaves that open.
    dropping = re.search(
        r"\b(?:skip|cancel|not do|don't (?:want to )?do|drop|bin|ditch|leave out|miss)\b", said
    )
    moving_day = re.search(r"\b(?:move|shift|push|postpone|switch|swap)\b", said) and any(
        d != decision["day"] for d in weekdays
    )
    softer = re.search(
        r"\b(?:easy|easier|flat|softer|slower|shorter|gentle|walk|z1|z2|light\w*|less|"
        r"recovery)\b",
        said,
    )
    # The same sport and kind somewhere else ("the lake instead of the pool") swaps nothing.
    elsewhere = (
        bool(asked_sports)
        and asked_sports <= {session.get("sport")}
        and not set(kinds_in(said)) - {session["kind"]}
    )
    swapping = (
        re.search(r"\b(?:swap|replace|trade|switch|instead of|change)\b", said)
        and not softer
        and not elsewhere
        and session.get("sport") != "any"
    )
    other_day = (
        weekdays
        and decision["day"] != "this_week"
        and not any(d == decision["day"] for d in weekdays[:1])
        and bool(re.search(r"\b(?:rather|move|shift|can|could|do|have|swap|switch|prefer)\b", said))
    )
    if (dropping or moving_day or swapping or (other_day and less)) and not old:
        return "against"
    if spoken and spoken != decision["day"] and not weekdays:
        return "unclear"
    return "unclear"
