"""A second question beside the why, and requests that have no asking word."""

import pytest

from josi_utils.guard.fallback import compose
from josi_utils.prompt import deck

EASY = {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}
REST = {"kind": "rest"}


def said(message: str, session: dict, reasons: list[str], **more: object) -> str:
    decision = {"day": "today", "session": session, "reasons": reasons, **more}
    return compose({"decision": decision, "message": message, "history": []}, deck()).text


@pytest.mark.parametrize(
    ("message", "session", "part"),
    [
        ("how hard and why", EASY | {"kind": "tempo", "zone": 3}, "Zone 3 is comfortably hard."),
        ("why easy, and will it come back this week?", EASY, "What comes later"),
        ("why easy. what is my resting pulse anyway", EASY, "That figure I can't see"),
        ("why this and do I take my red socks along", EASY, "To your other question"),
        ("why rest, and can I at least cycle to work?", REST, "A gentle walk"),
        ("is it the stress or the bad sleep?", EASY, "It is both"),
    ],
)
def test_what_is_asked_beside_the_why_is_answered(message: str, session: dict, part: str) -> None:
    assert part in said(message, session, ["poor_sleep", "high_stress"])


@pytest.mark.parametrize(
    ("message", "session", "part"),
    [
        ("50 today, 70 on thursday and 90 on saturday", EASY, "how long each session is"),
        ("played padel for an hour at lunch, add it to my log", REST, "I can't log it"),
        ("the surgeon says walk all you like", REST, "I can't add to the plan"),
        ("consultant said only walking until the scan", EASY, "asks for less"),
        ("dr says no breaststroke for a month", EASY | {"sport": "swim"}, "asks for less"),
        ("my gp says i can do what i like, so 90 minutes it is", EASY, "90 minutes would be more"),
        ("legs like wood. nothing today.", EASY, "leav"),
        ("6 reps not 8 please", EASY | {"kind": "intervals", "zone": 4}, "Fewer of them"),
    ],
)
def test_a_request_without_an_asking_word_is_answered(
    message: str, session: dict, part: str
) -> None:
    assert part in said(message, session, ["steady_progress"])


def test_degrees_are_no_minutes() -> None:
    assert "24 minutes" not in said("why? it's only 24 degrees", EASY, ["hot_weather"])
