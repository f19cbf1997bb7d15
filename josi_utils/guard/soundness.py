"""Text of a decision or a card that must not be said: inner workings, marks, what was slipped in."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from josi_utils.guard.intent import intent_book
from josi_utils.guard.licence import accept_phrases
from josi_utils.guard.normalise import fold, tokenise
from josi_utils.persona import split_sentences

_MARKS = ("<", ">", "[", "]", "{", "}", "http", "system", "athlete:")


@lru_cache(maxsize=4096)
def sound(text: str | None) -> bool:
    """Tell whether text from a decision or a card may be said: no inner workings, no marks.

    A card or a goal can be tampered with; what reads like the machinery is left out.
    """
    if not text:
        return True
    folded = fold(text).text
    if any(mark in folded for mark in _MARKS):
        return False
    tokens = tokenise(text)
    families = {h.family for h in accept_phrases().hits(tokens)}
    probes = {h.family for h in intent_book().hits(tokens)}
    return not families & {"LEAK", "LEAK_SOFT", "SCOLD", "MADE_UP"} and "PROBE" not in probes


def cleaned(case: dict[str, Any]) -> dict[str, Any]:
    """Return the case without details, goal and card sentences that must not be said."""
    case = dict(case)
    decision = case.get("decision")
    if decision:
        decision = dict(decision)
        session = dict(decision["session"])
        if not sound(session.get("details")):
            session["details"] = None
        goal = decision.get("goal")
        if goal and not all(sound(goal.get(k)) for k in ("event", "target", "alternative")):
            decision["goal"] = {
                "event": "this goal",
                "weeks": goal.get("weeks"),
                "verdict": goal.get("verdict"),
            }
        case["decision"] = decision | {"session": session}
    if case.get("card"):
        kept = " ".join(s for s in split_sentences(case["card"]["text"]) if sound(s))
        case["card"] = case["card"] | {"text": kept} if kept else None
    return case
