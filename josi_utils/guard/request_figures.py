"""The figures of a request: minutes, kilometres and zones that a message names of a session."""

from __future__ import annotations

import re
from typing import Any

from josi_utils.guard.intent import asked_amounts
from josi_utils.guard.situations import Reading

#: A number beside one of these words is no length of a session.
_NO_SESSION = frozenset([
    "sleep", "slept", "shift", "shifts", "flight", "drive", "night", "meeting", "meetings", "journey",
    "kip", "farm",
])  # fmt: skip
_BEFORE_NO_SESSION = frozenset(
    {"c", "slept", "aged", "im", "work", "works", "working", "sit", "sitting", "sleep"}
)
#: "60 instead of the 30", "5 days instead of 3": the first is wished.
_INSTEAD = re.compile(
    r"(?<!did )(?<!ran )(?<!rode )(?<!swam )\b(\d+(?:\.\d+)?)(?: [a-z]+)? (?:instead of|rather than|not) (?:the |my |just |only )?(\d+(?:\.\d+)?)\b"
)
#: "I will do 90": minutes without their word.
_WILL_DO = re.compile(r"\b(?:will do|doing|make it|go for) (\d{2,3})\b(?! [a-z]* ?(?:k|reps|percent|x|times)\b)"
                      r"(?! (?:km|m|miles|push|pull|press|squats|burpees|lengths|seconds|meters|metres|hours?|of)\b)")  # fmt: skip
#: "90 today because tomorrow i can not": the same, at the start of a message.
_TODAY = re.compile(
    r"^(\d{2,3}) (?:today|tonight|tomorrow) (?:because|cos|as|since|please|pls|instead|not|then)\b"
)


def session_amounts(reading: Reading) -> dict[str, list[float]]:
    """Return the minutes, kilometres and zones that a message names of a session.

    Hours of sleep, of a shift or of a flight are none, nor is the 25 of "c25k".
    """
    tokens = list(reading.tokens)
    kept = [
        token
        for at, token in enumerate(tokens)
        if not (
            token.text[0].isdigit()
            and (
                (at and tokens[at - 1].text in _BEFORE_NO_SESSION)
                or any(t.text in _NO_SESSION for t in tokens[at + 1 : at + 4])
            )
        )
    ]
    return asked_amounts(kept)


def asks_double(reading: Reading, minutes: int | None = None) -> bool:
    """Tell whether a bigger figure is wished instead of a smaller one, or than the session's."""
    text = " ".join(t.text for t in reading.tokens)
    found, bare = _INSTEAD.search(text), _WILL_DO.search(text) or _TODAY.search(text)
    more = bare is not None and minutes is not None and float(bare[1]) > minutes * 1.05
    return more or (found is not None and float(found[1]) > float(found[2]))


def beyond_session(reading: Reading, session: dict[str, Any]) -> bool:
    """Tell whether the message names more minutes, kilometres or a higher zone than the session."""
    asked = session_amounts(reading)
    if asks_double(reading):
        return True
    minutes, distance = session.get("minutes"), session.get("distance_km")
    longest = minutes or (distance * 8 if distance else 0)
    farthest = distance or (minutes / 5 if minutes else 0)
    return (
        any(m > longest * 1.05 for m in asked["minutes"])
        or any(k > farthest * 1.05 for k in asked["km"])
        or any(z > (session.get("zone") or 9) for z in asked["zone"])
    )
