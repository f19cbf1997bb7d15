"""A goal of the message beside a plan without one: taken up, refused kindly, or left to others."""

from __future__ import annotations

import pytest

from josi_utils.guard.composition import Composition, Words, plan_lines
from josi_utils.guard.goal_beside import MOST, beside_plan, shortened
from josi_utils.guard.situations import read
from josi_utils.persona import count_words

DECISION = {
    "day": "today",
    "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2},
}


def beside(message: str, unrealistic: bool = False) -> Composition | None:
    words = Words(message)
    plan = plan_lines(DECISION, words)
    return beside_plan(DECISION, read(message), words, plan, unrealistic)


@pytest.mark.parametrize(
    ("message", "goal"),
    [
        ("my goal is to run 5k in 8 weeks", "run 5 km in 8 weeks"),
        ("goal: 5k without stopping", "5 km without stopping"),
        ("my dream is to run a half marathon", "run a half marathon"),
    ],
)
def test_a_goal_is_said_back_and_then_the_day(message: str, goal: str) -> None:
    said = beside(message)
    assert said and goal in said.opening[0]
    assert said.plan and "too much" not in said.text


def test_a_goal_far_too_big_is_refused_kindly_and_the_day_is_told() -> None:
    said = beside("i want to run a marathon in 2 weeks", unrealistic=True)
    assert said and "too much in 2 weeks" in said.text
    assert "easy run of 40 minutes" in said.text and "smaller goal" in said.ask


@pytest.mark.parametrize(
    "message",
    [
        "my goal is to run 5k in 10 days",  # so near that it is a wish about the session
        "my goal is to run 5k in 8 weeks, and today?",
        "why easy? my goal is to run 5k in 8 weeks",
        "i want to run 5k in 8 weeks but i am so sad",
        "my dog ate my shoe",
        "can my sister come with me today",
    ],
)
def test_what_is_told_or_asked_of_the_day_comes_before_a_goal(message: str) -> None:
    assert beside(message) is None


def test_who_asks_to_bring_somebody_along_has_no_goal() -> None:
    asks = "Would it be OK if my neighbour Greta comes along tomorrow?"
    assert beside(f"{asks} She is 68 and chats the whole way round the lake.") is None


def test_an_opening_gives_way_to_the_plan_but_never_below_its_least() -> None:
    line, plan, ask = "one two three four five. " * 4, ["Today is an easy run."], "And you?"
    kept = shortened([line] * 6, 1, plan, ask)
    assert 1 <= len(kept) < 6 and count_words(" ".join([*kept, *plan, ask])) <= MOST
    assert shortened([line * 9] * 3, 2, plan, ask) == [line * 9] * 2
