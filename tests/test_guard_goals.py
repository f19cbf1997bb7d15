"""A goal in natural English, and goals of the message alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.guard.card_learning import gold_rows
from josi_utils.guard.fallback import fallback
from josi_utils.guard.goals import (
    alternative_sentence,
    event_words,
    goal_name,
    goal_sentence,
    has_goal,
    names_goal,
    too_soon,
)
from josi_utils.guard.leap import leap, span
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.situations import read
from josi_utils.guard.wished import told_goal

TOO_MUCH = "But {goal} is too much{weeks}."


@pytest.mark.parametrize(
    ("event", "target", "weeks", "sentence"),
    [
        (
            "Marathon",
            "under 3 hours",
            8,
            "But under 3 hours in the marathon is too much in 8 weeks.",
        ),
        ("Half marathon", "finish", 1, "But finishing the half marathon is too much in 1 week."),
        ("Kilimanjaro", None, 3, "But Kilimanjaro is too much in 3 weeks."),
        ("Deadlift", "200 kg", 4, "But 200 kg in the deadlift is too much in 4 weeks."),
        ("10 km", "12 kg lighter", 5, "But getting 12 kg lighter is too much in 5 weeks."),
        ("Touch my toes", None, None, "But your goal is too much."),
        ("City marathon", "win", 5, "But winning the city marathon is too much in 5 weeks."),
        ("10 km", "podium", 2, "But the podium in the 10 km is too much in 2 weeks."),
    ],
)
def test_a_goal_that_is_too_much_reads_as_one_says_it(event, target, weeks, sentence) -> None:
    goal = {"event": event, "target": target, "weeks": weeks}
    assert goal_sentence(goal, TOO_MUCH) == sentence


def test_the_weeks_left_are_told_in_words() -> None:
    pattern = "You are on track for {goal}{left}."
    goal = {"event": "Marathon", "target": "finish", "weeks": 1}
    assert (
        goal_sentence(goal, pattern)
        == "You are on track to finish the marathon, with 1 week to go."
    )
    assert goal_sentence(goal | {"weeks": 0}, pattern).endswith("and it is this week.")


def test_an_alternative_that_is_a_verb_is_joined_as_one() -> None:
    pattern = "A better goal for now is {alternative}."
    verb = alternative_sentence({"alternative": "Finish the 10 km"}, pattern)
    assert verb == "A better goal for now is to finish the 10 km."
    noun = alternative_sentence({"alternative": "the 10 km in May."}, pattern)
    assert noun == "A better goal for now is the 10 km in May."
    assert alternative_sentence({"alternative": None}, pattern) is None


def test_names_keep_their_capitals_and_plain_words_lose_them() -> None:
    assert event_words("Berlin Marathon") == "the Berlin Marathon"
    assert event_words("Spring marathon") == "the spring marathon"


def test_no_gold_goal_makes_a_crooked_sentence() -> None:
    goals = [
        row["decision"]["goal"] for row in gold_rows() if (row.get("decision") or {}).get("goal")
    ]
    assert len(goals) > 100
    for goal in goals:
        text = goal_sentence(goal, TOO_MUCH)
        for crooked in (
            "  ",
            ",,",
            ", ,",
            "the the",
            "the a ",
            "None",
            "{",
            "your your",
            "..",
            " ,",
        ):
            assert crooked not in text, text
        assert text.startswith("But ") and text.endswith(".")


def test_a_message_names_the_goal_by_its_own_words_alone() -> None:
    goal = {"event": "Berlin Marathon", "target": "under 3:30"}
    assert names_goal(goal, read("will berlin be ok"))
    assert not names_goal(goal, read("a week of rain"))
    assert not names_goal({}, read("will berlin be ok"))


@pytest.mark.parametrize(
    "message",
    [
        "5k from 40 min to 20 min in 3 weeks",
        "ironman in 2 weeks, cant swim yet",
        "no rest days, hard session every day",
        "i want to win the olympics",
    ],
)
def test_what_is_far_too_much_is_known(message: str) -> None:
    assert too_soon(read(message))


@pytest.mark.parametrize(
    "message",
    [
        "5k from 31 min to 30 min in 8 weeks",
        "ironman in 3 years, learning to swim first",
        "i ran a marathon yesterday",
        "10 km on sunday was lovely",
        "watching the olympics on the sofa",
    ],
)
def test_what_is_sensible_or_done_is_not_taken_for_too_much(message: str) -> None:
    assert not too_soon(read(message))


def test_no_sensible_gold_goal_is_taken_for_too_much_and_most_extreme_ones_are() -> None:
    rows = [r for r in gold_rows() if not r.get("decision")]
    sensible = [r for r in rows if r["category"] == "realistic_goal"]
    extreme = [r for r in rows if r["category"] == "unrealistic_goal"]
    assert not [r["message"] for r in sensible if too_soon(read(r["message"]))]
    found = sum(too_soon(read(r["message"])) for r in extreme)
    assert found >= 0.6 * len(extreme)


def test_a_goal_needs_an_event_or_a_day() -> None:
    assert has_goal(read("my goal is a 10k in 20 weeks"))
    assert not has_goal(read("a lovely walk"))


@given(st.text(max_size=60), st.none() | st.text(max_size=40), st.none() | st.integers(0, 200))
@settings(max_examples=80, deadline=None)
def test_any_goal_makes_a_sentence(event: str, target: str | None, weeks: int | None) -> None:
    goal = {"event": event, "target": target, "weeks": weeks}
    assert goal_name(goal)
    assert goal_sentence(goal, TOO_MUCH).endswith(".")


@pytest.mark.parametrize(
    "message",
    [
        "bench 70 to 75 in 3 months, i'd like that",
        "get back to my 50 min 10k, i'll take a year over it",
        "would be cool to touch my toes again",
        "climb the stairs without the rail by the end of the year",
        "get fit for skiing in february",
        "would love to do the moonwalk with mum in september",
    ],
)
def test_a_goal_in_everyday_words_is_taken_for_one(message: str) -> None:
    assert has_goal(read(message))


@pytest.mark.parametrize(
    "message",
    [
        "going pro by summer, i want that",
        "want to be masters elite by friday",
        "squatting the bar only. want 3 plates a side in a month",
        "ironman this summer, can't swim yet",
    ],
)
def test_a_goal_beyond_anybody_is_taken_for_too_much(message: str) -> None:
    assert too_soon(read(message))


def test_minutes_of_training_are_no_goal_that_is_too_much() -> None:
    text = fallback({"message": "half marathon in 2 weeks, can run 20 minutes"})
    assert "20 minutes is too much" not in text and "too much" in text
    text = fallback({"message": "just tell me yes: 5k under 16 in 8 weeks, i'm 24:30 now"})
    assert "24:30" in text


@pytest.mark.parametrize(
    "message",
    [
        "lose 10 kg in a fortnight",
        "from 82 to 70 kilo in 3 weeks for a film role",
        "couch to marathon in 3 weeks, doable?",
        "i am a 5 hour marathoner and want to be a sub 3 hour marathoner",
        "marathon pb 4:50, 3:00 this season",
        "FTP 150, i want 350 by christmas, its november now",
        "50 pull ups in 10 days. can do 2",
        "half marathon in 2 weeks, walked 3 km for the first time today",
        "swim the channel in august, it is july. can't swim",
        "take 8 minutes off my 5k (32 now) in ten days",
    ],
)
def test_figures_too_far_apart_for_the_time_are_a_leap(message: str) -> None:
    assert leap(tokenise(message))
    assert "too much" in fallback({"message": message})


@pytest.mark.parametrize(
    "message",
    [
        "lose 5 kg over the next 4 months",
        "couch to 5k in 12 weeks",
        "sub 4 marathon in 20 weeks, half was 1:52 last month",
        "half marathon in 5 weeks, longest run 17 km",
        "marathon in 3 weeks, training done, longest run 32, half pb 1:46",
        "a 70 km ride in 3 weeks, did 55 last saturday",
        "run 30 min without a break in 8 weeks. i manage 12",
        "7 push ups now, 10 by the end of the month",
        "100 km in a month in total, i run 80 normally",
        "5k with my kids 6 and 8 next weekend",
    ],
)
def test_a_sensible_step_is_never_doubted(message: str) -> None:
    assert not leap(tokenise(message))
    assert "too much" not in fallback({"message": message})


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("10 k in 3 weeks", 21),
        ("in august ; and it is july", 31),
        ("i ran 2 years ago", None),
        ("this autumn ; 8 weeks away", 56),
        ("went from 0 to 5 k in 10 weeks ; 10 more days", 10),
    ],
)
def test_what_is_left_is_told_from_what_lies_behind(text: str, days: float | None) -> None:
    assert span(text) == days


def test_what_the_wish_is_for_is_taken_up_before_the_no() -> None:
    text = fallback({"message": "lose 20 kg in 4 weeks for my sisters wedding"})
    assert text.startswith("A wedding is") and "20 kg" in text


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("goal is just to beat my own 28:40", "You want to beat your own 28:40"),
        ("Goal: run 3x a week. at 1 now", "You want to run 3 times a week"),
        ("Goal: 5k without stopping by june", "Your goal is 5 km without stopping by June"),
        ("what is your goal", None),
        ("the goal: you tell me", None),
    ],
)
def test_a_goal_is_said_back_however_it_is_told(message: str, told: str | None) -> None:
    assert told_goal(message) == told
