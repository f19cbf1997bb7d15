"""An answer to Josi's question is met as one, and a wish after a no stays a wish."""

from __future__ import annotations

import pytest

from josi_utils.decision import plan_sentence
from josi_utils.guard.answers import asked_kind
from josi_utils.guard.fallback import compose
from josi_utils.guard.intent import intent
from josi_utils.guard.situations import read
from josi_utils.prompt import deck

PLAN = {
    "day": "today",
    "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2},
    "reasons": ["short_sleep"],
}
NO = "I can't move that, so the plan stays as it is. "


def _case(asked, answer, decision=PLAN, first="hello"):
    history = [{"role": "user", "content": first}, {"role": "assistant", "content": asked}]
    case = {"message": answer, "history": history}
    return case | ({"decision": decision} if decision else {})


@pytest.mark.parametrize(
    ("asked", "answer", "kind"),
    [
        ("I am sorry. Who can you talk to about it?", "my wife, she is great", "who"),
        ("Fine. Can you get to bed early tonight?", "lol no", "sleep"),
        (NO + "How rested do you feel at the moment?", "fully rested, 9 hours", "sleep"),
        ("What has been your hardest session so far?", "the hill sprints last month", "hard"),
        ("When in the day do you drink it?", "way too many, like 5 a day", "usual"),
        ("How did it feel?", "like flying", "feel"),
        ("And what is his name?", "Rufus", "other"),
    ],
)
def test_an_answer_is_known_by_the_question(asked, answer, kind):
    case = _case(asked, answer)
    assert asked_kind(case, read(answer)) == kind
    assert not intent(case)["against"]
    assert "stays as it is" not in compose(case, deck()).text


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (NO + "How do you feel about that?", "let me do the intervals"),
        (NO + "Could you be happy with that for now?", "no. its my only chance this year"),
        (NO + "How rested do you feel?", "fine, but the whole team is waiting for me tonight"),
        ("How do you feel?", "bit stiff. so do i cut it short or what"),
        ("How are you today?", "why is it so short?"),
        ("It is an easy run today.", "ok"),  # nothing was asked
    ],
)
def test_a_wish_or_a_question_is_no_answer(asked, answer):
    assert asked_kind(_case(asked, answer), read(answer)) == ""


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("How was your day?", "zone 2 is so slow my nan would beat me. going zone 4"),
        ("How was your day?", "parkrun pb attempt. now or never. 9am"),
        ("How was your day?", "light weights lol. im 23 not 93. going for my max bench thurs"),
        ("Which sport do you like best?", "doing my long run 2h"),
        ("How rested do you feel?", "just off a flight and BUZZING. 10k on the treadmill, go on"),
    ],
)
def test_more_than_the_plan_has_is_no_answer(asked, answer):
    case = _case(asked, answer)
    assert asked_kind(case, read(answer)) == "" and intent(case)["against"]
    assert "stays as it is" in compose(case, deck()).text


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("How far do you usually run?", "about 15 km"),
        ("How was your day?", "first 100k done last sunday!! bum and knee not happy"),
        ("How was your day?", "gym is 10 min longer now"),
    ],
)
def test_a_figure_that_asks_for_nothing_is_an_answer(asked, answer):
    assert asked_kind(_case(asked, answer), read(answer))


def test_after_a_goal_far_too_much_nothing_is_taken_for_an_answer() -> None:
    case = _case(
        "What do you like about running?",
        "stop being a killjoy, i know that i can",
        None,
        "sub 3 marathon in 2 weeks, my best is 4:50",
    )
    assert asked_kind(case, read(case["message"])) == ""
    assert "hold on to" not in compose(case, deck()).text


def test_the_session_is_not_told_twice_in_a_row():
    told = f"{plan_sentence(PLAN)} What worries you most about it?"
    case = _case(told, "that i blow up after 10 minutes")
    assert plan_sentence(PLAN) not in compose(case, deck()).text
    assert plan_sentence(PLAN)[:-1] in compose(_case("What worries you?", "blowing up")).text


def test_what_was_asked_about_before_still_counts():
    case = _case("How long has it been like that?", "two months", None, "legs empty again, always")
    said = compose(case, deck())
    assert said.card and "tired" in said.text
