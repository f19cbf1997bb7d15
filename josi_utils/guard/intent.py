"""What the athlete wants of Josi, as far as rules can tell from message, history and decision.

``against``: more, harder, other or another day than the decision has. Less than the decision, another
hour of the day, another place or company are not against it: the plan leaves them open.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from josi_utils.guard.data import load
from josi_utils.guard.normalise import Token, tokenise
from josi_utils.guard.phrases import Book, Hit
from josi_utils.guard.triage import negations_in

#: How hard a kind of session is, for "harder than the decision".
HARDNESS: dict[str, int] = {
    "rest": 0, "mobility": 1, "recovery": 1, "easy": 2, "strength": 2, "long": 3, "steady": 3,
    "hills": 4, "tempo": 4, "threshold": 5, "intervals": 5, "test": 5, "race": 6,
}  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_STEMS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}


@lru_cache(maxsize=1)
def _book() -> Book:
    return Book(load("intent"), "intent.json")


def _count(hits: list[Hit], family: str) -> int:
    return sum(h.family == family for h in hits)


def asked_amounts(tokens: list[Token]) -> dict[str, list[float]]:
    """Return the minutes, kilometres and zones that a text names.

    Hours count as minutes, miles as kilometres (1.609).
    """
    found: dict[str, list[float]] = {"minutes": [], "km": [], "zone": []}
    for at, token in enumerate(tokens):
        if not re.fullmatch(r"\d+(?:\.\d+)?", token.text):
            continue
        value = float(token.text)
        unit = tokens[at + 1].text if at + 1 < len(tokens) else ""
        before = tokens[at - 1].text if at else ""
        if before in ("zone", "z"):
            found["zone"].append(value)
        elif unit in ("minutes", "minute", "minuten"):
            found["minutes"].append(value)
        elif unit in ("hour", "hours", "h"):
            found["minutes"].append(value * 60)
        elif unit in ("km", "k", "kilometers", "kilometres", "kms"):
            found["km"].append(value)
        elif unit in ("mile", "miles", "mi", "miler"):
            found["km"].append(value * 1.609)
    return found


def _other_day(tokens: list[Token], day: str) -> bool:
    """Tell whether a text names a weekday that is not the decision's."""
    for token in tokens:
        stem = token.text[:3]
        if stem in _DAY_STEMS and (
            token.text in (stem, stem + "s", stem + "rs")
            or any(token.text.rstrip("s") == d.rstrip("s") for d in _DAYS)
            or token.text in ("tues", "weds", "thur", "thurs")
        ):
            if day not in _DAYS or _DAYS[_DAY_STEMS[stem]] != day:
                return True
    return False


def _against(case: dict[str, Any], tokens: list[Token], hits: list[Hit]) -> bool:
    """Tell whether the athlete asks for more, harder, other or another day than decided."""
    decision = case.get("decision")
    wants = _count(hits, "WANT") > 0
    more, less = _count(hits, "MORE"), _count(hits, "LESS")
    hard, move = _count(hits, "HARD_KIND"), _count(hits, "MOVE")
    open_change = _count(hits, "OKAY_CHANGE")
    question = any(t.text in ("why", "how", "what", "whats", "hows", "when", "where") for t in tokens[:2])
    if not decision:
        return bool(move and _count(hits, "DAYNAME") and wants and not question)
    session = decision["session"]
    hardness = HARDNESS[session["kind"]]
    amounts = asked_amounts(tokens)
    minutes = session.get("minutes")
    longer = [m for m in amounts["minutes"] if minutes is not None and m > minutes * 1.1]
    if hardness == 0:
        longer = [m for m in amounts["minutes"] if m >= 10]
    far = [k for k in amounts["km"]
           if session.get("distance_km") is not None and k > session["distance_km"] * 1.1]  # fmt: skip
    zones = [z for z in amounts["zone"] if session.get("zone") and z > session["zone"]]
    score = 0.0
    if wants and not question:
        score += 1.0 * bool(longer) + 1.0 * bool(far) + 1.2 * bool(zones)
        score += 1.0 * bool(hard and hardness <= 3 and session["kind"] != "race")
        score += 0.8 * bool(move and _other_day(tokens, decision["day"]))
        if hardness == 0:
            score += 0.5 * bool(_count(hits, "SPORTY"))
    score += 0.7 * min(more, 2)
    score -= 0.6 * min(less, 2) * (hardness > 0)
    score -= 0.5 * min(open_change, 2)
    score -= 0.8 * question
    return score >= 1.0


def intent(case: dict[str, Any]) -> dict[str, bool]:
    """Return what the athlete wants, by rules.

    Parameters
    ----------
    case : dict
        Of the case, only ``decision``, ``card``, ``history`` and ``message`` are read.

    Returns
    -------
    dict of bool
        ``against`` (a request against the decision), ``probe`` (asks for internals), ``off_topic``,
        ``unrealistic`` (an extreme goal, or one that the engine calls too much), ``greeting``.
    """
    book = _book()
    tokens = tokenise(case.get("message") or "")
    hits = book.hits(tokens)
    negations = negations_in(hits)
    held = {r.flag for r in book.rules if book.search(r, tokens, hits, negations) is not None}
    goal = (case.get("decision") or {}).get("goal") or {}
    probe = "probe" in held
    sporty = _count(hits, "SPORTY")
    off_topic = not probe and _count(hits, "OFFTOPIC") > 0 and sporty == 0 and not case.get("card")
    verdict = goal.get("verdict")
    unrealistic = verdict == "unrealistic" or (verdict is None and "unrealistic" in held)
    return {
        "against": not probe and not off_topic and _against(case, tokens, hits),
        "probe": probe,
        "off_topic": off_topic,
        "unrealistic": unrealistic,
        "greeting": "greeting" in held,
    }
