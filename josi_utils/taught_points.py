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
#: The rest hand over none.
WHOLE, BESIDE_PLAN, FIRST = 0.6, 0.15, 0.15
#: Share of the rows (a part of WHOLE) whose reply is shortened too.
SHORTER = 0.2
#: Share of the rows that hand over the question.
ASKED = 0.9


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


def taught(row: dict[str, Any]) -> tuple[Points, str]:
    """Return the points that a gold row teaches with, and the reply; the same row, the same both.

    The reply is the gold one, or, for :data:`SHORTER` of the rows, the gold one without a sentence
    or two of its middle: composed points are shorter than gold replies, and a model that never saw
    a short reply says things twice to fill the length.
    """
    *body, last = split_sentences(row["reply"])
    if not last.endswith("?"):
        body, last = [*body, last], ""
    training = not row.get("red_flag")
    decision = row.get("decision")
    asked = last if _share(row["id"] + " ask") < ASKED else ""
    share = _share(row["id"] + " say")
    if share < SHORTER and training:
        dropped = 1 + int(_share(row["id"] + " drop") * 2)
        body = [body[0], *body[1 + dropped :]]
        return Points(" ".join(body), last), " ".join([*body, last] if last else body)
    if share < WHOLE:
        said = body
    elif share < WHOLE + BESIDE_PLAN:
        said = [s for s in body if not (decision and training and tells_plan(s, decision))]
    else:
        said = body[:1] if share < WHOLE + BESIDE_PLAN + FIRST else []
    return Points(" ".join(said), asked, training), row["reply"]
