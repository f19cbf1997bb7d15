"""A second question beside the why, answered in a sentence of its own so that it is not lost."""

from __future__ import annotations

import re

from josi_utils.guard.card_index import find_card
from josi_utils.guard.data import load
from josi_utils.guard.dialogue_state import DialogueState
from josi_utils.guard.explained import asks_about_plan
from josi_utils.guard.intent import HARDNESS
from josi_utils.guard.situations import Reading, read
from josi_utils.persona import split_sentences

_ASKING = r"(?:how|what|whats|does|do|is|are|am|tell me|should|shall|can|could|may|when|which|where|will|would)"
_PARTS = re.compile(r"[?.!;]+|,? (?:and|also|plus|oh and)\b[ ,]*(?:also |then )?|, ", re.I)
_BEGINS = re.compile(rf"(?:(?:so|and|also|then|plus)[ ,]+)*{_ASKING}\b", re.I)
#: What is to come is asked with one of these.
_LATER = re.compile(
    r"(?:will|when|does|is|are)\b.*\b(?:come back|coming back|return|back (?:in|on|this|next)|next|later|again|get (?:it|that|them) back)\b"
)
_LEAVE = re.compile(r"(?:(?:can|could|may) (?:i|we)|am i allowed)\b", re.I)
_FIGURE = re.compile(
    r"what(?:s| is|'s|’s) my (?:resting |average |max )?(?:pulse|heart rate|hr|hrv|pace|vo2)\b",
    re.I,
)
#: What leave is asked for has to do with the session by one of these, a sport, a day or an amount.
_OF_SESSION = re.compile(
    r"\d|\b(?:it|this|that|them|more|less|longer|shorter|harder|easier|faster|slower|instead|anything|something|skip|swap|move|train|today|tonight|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day|weekend|minutes?|hours?|an hour|half|double)\b",
    re.I,
)
#: What is eaten, drunk or worn is not the plan's, though the session is named beside it.
_NOT_PLAN = re.compile(
    r"\b(?:coffee|tea|beer|wine|alcohol|drink|eat|food|breakfast|lunch|dinner|snack|gel|cake|wear|shower|sauna|music)\b",
    re.I,
)
#: From so many words on a part that nothing else explains is a question of its own.
_SURELY = 4
#: Of fewer words a part asks nothing by itself.
_LEAST = 3


def beside_why(state: DialogueState) -> list[str]:
    """Return the answer to what is asked beside the why of a session, if anything is.

    Parameters
    ----------
    state : DialogueState
        Of a message that asks about the plan.
    """
    message, words = state.case.get("message") or "", state.words
    parts = [part.strip() for part in _PARTS.split(message)]
    if len([part for part in parts if part]) < 2:
        return []
    rest = HARDNESS[state.decision["session"]["kind"]] == 0
    for part in parts:
        if not _BEGINS.match(part) or part.lower().startswith("where is the"):
            continue
        one = read(f"{part}?")
        if one.has("effort") and not rest:
            zones = load("fallback")["words"]["zone_cards"]
            zone = zones.get(str(state.decision["session"].get("zone")))
            card = next((c for c in state.deck if c["id"] == zone), None)
            return split_sentences(card["text"])[:2] if card else []
        doubts = any(form.startswith("form doubt") for form in one.found)
        if len(part.split()) < _LEAST or doubts or asks_about_plan(one) or one.has("why"):
            continue
        if _LATER.match(part.lower()):
            return [words.say("explain", "later")]
        if _LEAVE.match(part) and _of_session(part, one):
            if rest:
                return [words.say("request", "either_rest")]
            return [words.say("request", "either_plan")]
        if _FIGURE.match(part):
            return [words.say("explain", "no_figure")]
        joined = re.search(rf"\b(?:and|also|plus)\b,? {re.escape(part)}", message, re.I)
        told = one.situations and not part.lower().startswith("will")
        plain = not (told or state.card or state.goal_lines)
        if joined and plain and len(part.split()) >= _SURELY:
            return [words.say("explain", "second_open")]
        first = next(iter(one.situations), None)
        if first and first.sure and first.cards and not (state.card or state.goal_lines):
            found = find_card({"message": part}, state.deck, one)
            if found:
                return found[1][:1]
    return []


def _of_session(part: str, one: Reading) -> bool:
    """Tell whether the leave that a part asks for is about the session, not about a coffee."""
    if _NOT_PLAN.search(part):
        return False
    sport = any(f"SPORT {name}" in one.found for name in load("fallback")["sports"])
    return sport or bool(_OF_SESSION.search(part))
