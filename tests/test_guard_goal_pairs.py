"""A goal and where the athlete stands as two figures, and how big a step is too big."""

from __future__ import annotations

import pytest

from josi_utils.guard.fallback import fallback
from josi_utils.guard.goal_pairs import pair_of
from josi_utils.guard.goal_steps import placing
from josi_utils.guard.leap import judged
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.told import aim, flat


@pytest.mark.parametrize(
    "message",
    [
        "5k 34 mins -> 17 mins by next weekend!!!! its for a bet w my brother",
        "i want a 10 sec 100m by july. rn im 15.8. i have 6 wks and energy drinks",
        "i swim 1500 in 41 min. gonna do 24 at the club champs on sat",
        "20 kg more on my bench in 2 weeks",
        "gonna be fitter than my 22 yr old by friday lol",
        "gonna outlift my brother by the weekend",
        "want to win the county cross country this saturday, came 112th last year",
        "0 to muscle up and front lever in 14 days. currently hang for 12 sec",
        "ftp 180 to 320 in 6 weeks",
        "plank 40 sec, want 10 minutes by sunday",
        "swim 50 lengths without stopping on sunday. yesterday i managed 2",
        "faster than my son over 5k in 3 weeks. he runs 17:40, i run 33",
        "is there any universe where i deadlift 250 by christmas. currently 130. 5 weeks left",
        "never ridden more than 25km but booked the transpyrenees solo, 800 km, leaving thursday",
        "four sundays, four marathons, longest run of my life 14 km",
    ],
)
def test_a_step_far_too_big_is_met_with_a_kind_no(message: str) -> None:
    assert judged(tokenise(message)) is True
    said = fallback({"message": message})
    assert "too much" in said and "because" in said and "I like that goal" not in said


@pytest.mark.parametrize(
    "message",
    [
        "wanna get my 5k from 27:30 to 26 by spring, its november. doable?",
        "Goal: 8 unassisted pull-ups by the summer holidays, I do 5 now.",
        "I'd love to last 40 minutes without walking, at the minute I'm blowing after 25.",
        "my ftp is 210, aiming for 225 this winter",
        "is 12 weeks enough to go from 8k to 10k? I'm 58 and slow",
        "bench 60 to 65 by end of feb (its dec). thoughts",
    ],
)
def test_a_sensible_step_is_never_doubted(message: str) -> None:
    assert judged(tokenise(message)) is False
    said = fallback({"message": message})
    assert "too much" not in said
    assert ("?" not in message) or said.startswith("Yes, ")


@pytest.mark.parametrize(
    "message",
    [
        "new pb today, went from 27:30 to 26",
        "12 pushups!!! in april it was 3, on my knees",
        "i work from 9 to 5 and train at 6",
        "slept 6 hours, want 8",
        "I ran 28 min parkrun last week and 27 today",
    ],
)
def test_what_is_done_or_of_something_else_is_no_pair(message: str) -> None:
    assert pair_of(flat(tokenise(message))) is None


def test_two_units_of_distance_are_compared_as_distances() -> None:
    pair = pair_of(flat(tokenise("want to go from 5k to 10 miles")))
    assert pair is not None and (pair.said_now, pair.said_goal) == ("5 km", "10 miles")
    assert 3.2 < pair.factor < 3.3
    assert judged(tokenise("from 2k to 10 miles in 3 weeks")) is True
    assert aim(tokenise("from 5 km to 8 miles")) == "going from 5 km to 8 miles"
    assert aim(tokenise("from 5k to 8 km")) == "going from 5 to 8 km"


def test_a_tour_of_several_days_is_read_by_the_day() -> None:
    way = "walk the way with my dad in september. 96 miles in 8 days. we walk 10 miles most sundays"
    assert judged(tokenise(way)) is not True


def test_a_place_is_named() -> None:
    assert placing("want to win the cup ; came 112 th") == ("winning", "you came 112th")
    assert placing("podium please ; i came 42 and") == ("a podium", "you came 42nd")
    assert placing("i want to win ; im 32 and fit") == ("winning", None)
    assert placing("a nice run") is None
