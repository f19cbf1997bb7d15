"""Talking points for training: taken from the gold reply itself.

In use, rules compose the points (:mod:`josi_utils.guard.points`). In training they are the gold
reply's own sentences, so that a row teaches to word what is handed over and never to ignore it.
Some rows hand over less, or nothing, so that the model can also speak for itself.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from josi_utils.decision import REASON_WORDS
from josi_utils.handover import Points
from josi_utils.persona import split_sentences

#: Shares of the rows: every sentence handed over, as in use; all but plan and reasons; the first.
#: The rest hand over none. Of the whole ones each that can spare a sentence is shortened too.
WHOLE, BESIDE_PLAN, FIRST = 0.75, 0.1, 0.08
#: Share of the rows that hand over the question.
ASKED = 0.9

#: What a sentence may not be spared for: a no or a yes, a turn, help, a bound.
_NEEDED = re.compile(
    r"n't\b|\b(?:no|not|never|nobody|nothing|cannot|yes|but|only|still|until|instead|unless|stays?|"
    r"stop|leave|wait|please|doctor|help|call|sorry)\b",
    re.IGNORECASE,
)
#: What it may not be spared for either where Josi answers a wish, a goal or a why: reason, leave.
_ANSWERS = re.compile(
    r"\d|\b(?:too|because|reason|why|so|plan|may|can|could|if|fine|okay|enough|"
    r"for now|good goal|better goal)\b",
    re.IGNORECASE,
)
_ANSWERED = frozenset(("change_request", "explain_decision", "unrealistic_goal", "realistic_goal"))
#: What leans on the sentence before: a pronoun, or a word at its beginning that joins.
_LEANING = re.compile(
    r"\b(?:it|its|he|she|they|them|their|then|both|either|ones?|same|others|else|such)\b|"
    r"^(?:this|that|these|those|there|so|but|and|also|instead|again|even|still|(?:why|which) is)\b",
    re.IGNORECASE,
)
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")


def _share(text: str) -> float:
    """Return a number in [0, 1) that depends on ``text`` alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48


def tells_plan(sentence: str, decision: dict[str, Any]) -> bool:
    """Tell whether a sentence of a reply says the decision's session or one of its reasons."""
    lower = sentence.lower().replace("you've", "you have")
    session = decision["session"]
    minutes, kilometres = session.get("minutes"), session.get("distance_km")
    if session["kind"] == "rest" and "rest day" in lower:
        return True
    if minutes is not None and re.search(rf"\b{minutes}\b", lower):
        return True
    if kilometres is not None and re.search(rf"\b{kilometres:g} ?km", lower):
        return True
    return any(REASON_WORDS[code] in lower for code in decision.get("reasons") or [])


def _can_go(sentence: str, follows: str, row: dict[str, Any]) -> bool:
    """Tell whether the reply says the same without a sentence: nothing rests on it."""
    decision = row.get("decision")
    answers = set(_LONG_WORD.findall(sentence.lower())) & set(
        _LONG_WORD.findall(row["message"].lower())
    )
    tells = decision and tells_plan(sentence, decision)
    needed = _NEEDED.search(sentence)
    if row["category"] in _ANSWERED:
        needed = needed or _ANSWERS.search(sentence)
    return not (answers or tells or needed or _LEANING.search(follows))


def _spared(body: list[str], last: str, row: dict[str, Any], most: int) -> list[str]:
    """Return the body without up to ``most`` sentences that can go, the latest first.

    The first sentence stays, and so does whatever says no or yes, gives a reason or help, tells the
    plan, takes up the message or is leant on by the sentence that follows: a model that is taught
    replies without their no learns to leave it out.
    """
    kept = list(body)
    for at in range(len(body) - 1, 0, -1):
        follows = kept[at + 1] if at + 1 < len(kept) else last
        if len(body) - len(kept) < most and _can_go(kept[at], follows, row):
            del kept[at]
    return kept


def taught(row: dict[str, Any]) -> tuple[Points, str]:
    """Return the points that a gold row teaches with, and the reply; the same row, the same both.

    The reply is the gold one, or the gold one without a sentence that it can spare, or without all
    of those: composed points are shorter than gold replies, and a model that never saw a short reply
    says things twice to fill the length. Knowledge stays whole: there any sentence may be the answer.
    """
    *body, last = split_sentences(row["reply"])
    if not last.endswith("?"):
        body, last = [*body, last], ""
    training = not row.get("red_flag")
    decision = row.get("decision")
    asked = last if _share(row["id"] + " ask") < ASKED else ""
    share = _share(row["id"] + " say")
    if share < WHOLE and training and row["category"] != "knowledge":
        most = (1, len(body))[int(_share(row["id"] + " drop") * 2)]
        shorter = _spared(body, last, row, most)
        if shorter != body:
            return Points(" ".join(shorter), last), " ".join([*shorter, last] if last else shorter)
    if share < WHOLE:
        said = body
    elif share < WHOLE + BESIDE_PLAN:
        said = [s for s in body if not (decision and training and tells_plan(s, decision))]
    else:
        said = body[:1] if share < WHOLE + BESIDE_PLAN + FIRST else []
    return Points(" ".join(said), asked, training), row["reply"]
