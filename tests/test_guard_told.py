"""What the athlete tells of a goal, wishes by what they ask for, and questions about the session."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.guard.fallback import compose
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.told import aim, beginner, gap, level, when
from josi_utils.prompt import deck

EASY = {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}


def said(message: str, *, session: dict = EASY, day: str = "today", **decision: object) -> str:
    case = {"message": message, "decision": {"day": day, "session": session, **decision}}
    return compose(case, deck()).text


def goal(verdict: str, **more: object) -> dict:
    return {"event": "Marathon", "target": "under 3:30", "weeks": 9, "verdict": verdict, **more}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("sub 3:30, my best is 4:05", "your best is 4:05"),
        ("longest so far 70 k", "your longest is 70 km"),
        ("bench 60 now, 80 by may", "you start from 60"),
        ("i can do 5k now", "you can do 5 km now"),
        ("i run 10 km a week", None),
        ("i'm 46 now", None),
        ("how long till i can run 10k", None),
        ("if i only manage 1:31", None),
        ("from 2 to 3 runs a week", None),
    ],
)
def test_a_figure_is_said_again_only_where_it_is_plain_what_it_is(message, words) -> None:
    assert level(tokenise(message)) == words


def test_a_figure_of_the_goal_itself_is_no_level() -> None:
    assert level(tokenise("my best is 3:30"), "Marathon under 3:30") is None


def test_who_has_never_done_it_is_known() -> None:
    assert beginner(tokenise("marathon in 6 wks, never run")) == "you have never run before"
    assert beginner(tokenise("ive never run up a hill")) is None


@pytest.mark.parametrize(
    ("message", "name", "by"),
    [
        ("I want to run a 10k by next summer, I can do 5k now", "running 10 km", "by next summer"),
        ("half marathon in october, longest 11k", "a half marathon", "in October"),
        ("aiming for sub 25 parkrun", "under 25", ""),
        ("cycle to work, 7 km each way", None, ""),
    ],
)
def test_the_goal_of_a_message_alone_is_named_where_it_is_sure(message, name, by) -> None:
    assert (aim(tokenise(message)), when(tokenise(message))) == (name, by)


def test_a_time_far_below_the_present_one_is_a_gap() -> None:
    assert gap(tokenise("sub 30 10k, now 55")) > 1.5
    assert gap(tokenise("sub 2 half, 2:06 last spring")) < 1.1


def test_a_goal_that_is_too_much_is_told_why_by_the_athletes_own_figure() -> None:
    text = said(
        "3:30 in 9 weeks, my pb is 4:40", goal=goal("unrealistic", alternative="under 4:20")
    )
    assert "too much in 9 weeks, because your best is 4:40." in text
    assert "A better goal for now is under 4:20." in text


def test_a_doubt_is_answered_before_the_verdict() -> None:
    text = said("am i mad? currently 3:38", goal=goal("ambitious"))
    assert text.startswith("No, that is far from silly. You start from 3:38")
    assert "ambitious but possible" in text


def test_losing_much_weight_fast_is_not_planned() -> None:
    text = compose({"message": "lose 12 kg in 4 weeks, how much must i run"}, deck()).text
    assert "too much for your body" in text and "doctor" not in text


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("make it 90 minutes please", "90 minutes would be"),
        ("can i move it to sunday", "I can't move sessions"),
        ("can i swim instead", "I can't swap the sport"),
        ("only got 20 minutes, ok?", "20 minutes are fine"),
        ("can we skip today", "leaving it out does no harm"),
        ("is an ice cream stop allowed", "on the way"),
        ("12h shift done, is 20 minutes enough?", "some movement is better than none"),
    ],
)
def test_a_wish_is_answered_by_what_it_asks_for(message: str, words: str) -> None:
    assert words.lower() in said(message).lower()


def test_hours_of_sleep_are_no_length_of_a_session() -> None:
    assert "4 hours would" not in said("slept 4 hours, give me the long one")


def test_rest_stays_rest() -> None:
    text = said("thursday rest: no. i will go swimming", session={"kind": "rest"}, day="thursday")
    assert "rest day" in text and "stays" in text


def test_the_reason_is_told_with_its_why() -> None:
    text = said("why so easy?", reasons=["high_stress"])
    assert "In stressful weeks the same training feels harder." in text


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("so that's good, right?", "Yes, that is a good sign."),
        ("how far is that in km?", "no distance"),
        ("can i talk during this?", "You can talk in full sentences"),
        ("a RUN?", "because you have been making steady progress"),
    ],
)
def test_a_question_about_the_session_has_its_answer(message: str, words: str) -> None:
    text = said(message, reasons=["steady_progress"])
    assert words in text or words.split("because ")[-1] in text


def test_a_week_without_a_day_leaves_the_day_open() -> None:
    assert "names no day" in said("which day do i do it?", day="this_week")


@given(st.text(max_size=120))
@settings(max_examples=60, deadline=None)
def test_any_text_can_be_searched_for_figures(text: str) -> None:
    tokens = tokenise(text)
    level(tokens), aim(tokens), when(tokens), beginner(tokens), gap(tokens)
