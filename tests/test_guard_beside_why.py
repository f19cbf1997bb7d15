"""A second question beside the why, and requests that have no asking word."""

from time import perf_counter

import pytest

from josi_utils.guard.beside_why import _PARTS
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


@pytest.mark.parametrize(
    "message", ["i am only 25", "just 30 and single", "i only have 2 dogs. 30?", "im only 25 today"]
)
def test_ages_and_counts_are_no_minutes(message: str) -> None:
    assert "minutes are" not in said(message, EASY, ["hot_weather"])


@pytest.mark.parametrize(
    "message", ["ill only have 25", "only 25 today", "busy day. 25?", "i have only 25. kid is ill"]
)
def test_minutes_without_their_word_are_heard(message: str) -> None:
    assert "25 minutes are" in said(message, EASY, ["hot_weather"])


def test_a_why_comes_before_what_a_colour_means() -> None:
    text = said("i mean my watch shows green so why rest", REST, ["poor_sleep"])
    assert "your sleep has been poor" in text and "Green means" not in text
    assert "Green means" in said("so what does green mean?", REST, ["poor_sleep"])


def test_a_coffee_or_a_beer_beside_the_why_is_no_wish_to_change_the_plan() -> None:
    coffee = said("why easy and can I have a coffee before", EASY, ["poor_sleep"])
    assert "can't change the plan" not in coffee
    beer = said("why rest and am i allowed a beer", REST, ["poor_sleep"])
    assert "quiet movement" not in beer


def test_one_reason_told_twice_is_not_both() -> None:
    twice = said("is it the poor sleep or something else?", EASY, ["poor_sleep", "poor_sleep"])
    assert "both" not in twice


def test_many_spaces_cost_no_time() -> None:
    start = perf_counter()
    _PARTS.split("why" + " " * 20_000 + "x")
    assert perf_counter() - start < 1
