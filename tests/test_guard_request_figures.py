"""Figures of a message that are a session's, and those that are a night's, a clock's or an age."""

from __future__ import annotations

import pytest

from josi_utils.guard.request_figures import (
    asks_double,
    beyond_session,
    fewer_minutes,
    only_minutes,
    session_amounts,
)
from josi_utils.guard.situations import read

EASY = {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}


def test_hours_count_as_minutes_and_miles_as_kilometres() -> None:
    named = session_amounts(read("1 hour or 5 miles in zone 3"))
    assert named == {"minutes": [60], "km": [pytest.approx(8.045)], "zone": [3]}


@pytest.mark.parametrize("message", ["slept 9 hours, is that ok", "c25k today", "a 12 hour shift"])
def test_a_night_a_shift_and_a_programme_are_no_length_of_a_session(message: str) -> None:
    assert not any(session_amounts(read(message)).values())


@pytest.mark.parametrize(
    ("message", "minutes"),
    [
        ("can i start an hour later today", []),
        ("can i start one hour earlier?", []),
        ("can i go a couple of hours later", []),
        ("2 hours later ok?", []),
        ("i wake an hour before the kids, ok?", []),
        ("can i move it by an hour?", []),
        ("can we push it back by 2 hours", []),
        ("can i push it an hour back", []),
        ("i ate an hour ago, ok to run?", []),
        ("can i do 90 minutes later", [90]),  # what is done is a length, wherever it stands
        ("can i run 90 minutes later today", [90]),
        ("can i run an hour before work?", [60]),
        ("make it 60 minutes before work", [60]),
        ("put my 100 minutes back", [100]),
        ("make it longer by 20 minutes", [20]),
    ],
)
def test_how_far_a_start_is_moved_is_no_length(message: str, minutes: list[float]) -> None:
    assert session_amounts(read(message))["minutes"] == minutes


@pytest.mark.parametrize(
    ("message", "minutes"),
    [
        ("only got 20 minutes", 20),
        ("only 20 today", 20),
        ("is 30 enough?", 30),
        ("an hour is a lot. 30?", 30),
        ("im only 25", None),  # an age
        ("i only have 2 dogs. 30?", None),  # nothing of time beside it
        ("only got 2 minutes", None),  # an interval or a pause
        ("only got 40 minutes", None),  # no fewer than the session has
        ("only got 20 minutes or 30 minutes", None),  # not plainly one of them
    ],
)
def test_fewer_minutes_are_read_where_they_are_plainly_the_sessions(
    message: str, minutes: int | None
) -> None:
    assert fewer_minutes(message, read(message), EASY) == minutes


def test_a_session_without_minutes_has_no_fewer() -> None:
    message = "only got 20 minutes"
    assert only_minutes(message, read(message)) == 20
    assert fewer_minutes(message, read(message), {"kind": "rest"}) is None


@pytest.mark.parametrize(
    ("message", "double"),
    [
        ("can i run 60 instead of 40", True),
        ("can i run 30 instead of 40", False),
        ("can i run at 8 not 7", False),  # the clock is the athlete's
        ("i will do 90", True),
        ("i will do 40", False),
        ("i will do 90 squats", False),
        ("i need 50 euros for shoes", False),
        ("can i put 60 kg on the bar?", False),
        ("put 90 on it", True),
        ("make it 90. we have time", True),
    ],
)
def test_a_bigger_figure_in_place_of_a_smaller_one_is_more(message: str, double: bool) -> None:
    assert asks_double(read(message), 40) is double


@pytest.mark.parametrize(
    ("message", "session", "beyond"),
    [
        ("can i do 42 minutes", EASY, False),  # within a twentieth
        ("can i do 43 minutes", EASY, True),
        ("can i do 8 km", EASY, False),  # five minutes a kilometre is the fastest that is meant
        ("can i do 9 km", EASY, True),
        ("can i do it in zone 3", EASY, True),
        ("can i run 10 km", {"kind": "long", "distance_km": 10}, False),
        ("can i do 5 km", {"kind": "rest"}, True),
    ],
)
def test_what_is_named_is_held_against_the_session(
    message: str, session: dict, beyond: bool
) -> None:
    assert beyond_session(read(message), session) is beyond
