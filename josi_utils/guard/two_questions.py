"""Two questions in one message: each is read by itself, so that the second is not lost.

Only where there are two parts, each surely known (a card of the deck) or surely not Josi's to
answer, and at least one has a card, both are answered; else the whole message is read as one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from josi_utils.guard.card_index import find_card
from josi_utils.guard.composition import MOST_WORDS, Composition, Words, session_ask
from josi_utils.guard.situations import Reading, Situation, read
from josi_utils.persona import count_words, split_sentences

_ASKING = (
    r"(?:how|what|whats|does|do|is|are|should|shall|can|could|why|when|which|where|will|would|did)"
)
_PARTS = re.compile(
    rf"\?+|,? and (?={_ASKING}\b)|[,.;]? (?:also|plus|and also|oh and|another thing)\b[,:]?|[.;,] (?={_ASKING}\b)",
    re.I,
)
_BEGINS = re.compile(rf"(?:(?:so|and|hi|hey|josi|coach|ok|hello)[ ,]+)*{_ASKING}\b", re.I)
#: A part of fewer words asks nothing by itself.
_LEAST = 3
#: What is asked of the day's session is answered from the plan.
_OF_PLAN = ("why_strict", "what_plan", "change", "change_plan", "mistake", "moves", "reason_check",
            "my_color", "asks_progress", "defies")  # fmt: skip


def _asks(part: str, message: str) -> bool:
    """Tell whether a part is a question by itself: by its mark or by its first word."""
    return f"{part}?" in message or bool(_BEGINS.match(part))


def two_questions(
    case: dict[str, Any],
    deck: Sequence[dict[str, Any]],
    reading: Reading,
    words: Words,
    plan: list[str],
) -> Composition | None:
    """Return the reply to a message that surely asks two things, or None.

    Parameters
    ----------
    case : dict
        Without a card of its own.
    deck : sequence of cards
        That may answer.
    reading, words
        Of the message.
    plan : list of str
        The session's sentences, if there is a decision.
    """
    message = case.get("message") or ""
    parts = [part.strip(" ,.;") for part in _PARTS.split(message)]
    parts = [part for part in parts if len(part.split()) >= _LEAST and _asks(part, message)]
    if not reading.question or len(parts) != 2:
        return None
    if any(one.strong for one in reading.situations):
        return None
    of_plan = _OF_PLAN if case.get("decision") else ("change_plan",)
    if any(reading.has(form) for form in of_plan):
        return None
    known: list[tuple[dict[str, Any], list[str], Situation]] = []
    unknown: list[Situation] = []
    for part in parts:
        one = read(f"{part}?")
        first = next(iter(one.situations), None)
        if first is None or first.strong:
            return None
        if first.more == "unknown" or first.id.startswith("q_no_card"):
            unknown.append(first)
        elif first.sure and first.cards:
            found = find_card({"message": part}, deck, one)
            if not found or found[0]["id"] in [card["id"] for card, _, _ in known]:
                return None
            known.append((found[0], found[1], first))
        else:
            return None
    if not known:
        return None
    decision = case.get("decision")
    table = words.source["plain"]
    asks = known[0][2].ask
    ask = words.of(asks) if asks else session_ask(decision, reading, words) if decision else ""
    ask = ask or words.of(table["ask_question"])
    if len(known) > 1:
        lead, pairs = words.of(table["two_known"]), [lines[:2] for _, lines, _ in known]
        said = [lead, *pairs[0], *pairs[1]]
        while count_words(" ".join([*said, *plan, ask])) > MOST_WORDS and pairs != [
            pairs[0][:1],
            pairs[1][:1],
        ]:
            place = 1 if len(pairs[1]) > 1 else 0
            pairs[place] = pairs[place][:1]
            said = [lead, *pairs[0], *pairs[1]]
    else:
        open_end = split_sentences(words.of(unknown[0].say))[0]
        said = [words.of(table["two_half"]), *known[0][1][:2], open_end]
    if count_words(" ".join([*said, *plan, ask])) > MOST_WORDS + 6:
        return None
    return Composition(said, ask, plan, card=known[0][0])
