"""A question beside a plan: which of the answers takes it up, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from josi_utils.guard.composition import Composition, Words
from josi_utils.guard.dialogue_state import DialogueState
from josi_utils.guard.intent import intent
from josi_utils.guard.question_answers import (
    about_plan,
    apart_from_sport,
    by_card,
    open_question,
    unknowable,
)
from josi_utils.guard.situations import read
from josi_utils.prompt import deck

DECK = deck()
EASY = {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}
ANSWERS = (unknowable, about_plan, by_card, apart_from_sport, open_question)
Answer = Callable[[DialogueState], Composition | None]


def state(message: str, **more: Any) -> DialogueState:
    history = more.pop("history", None)
    decision = {"day": "today", "session": EASY, **more}
    case = {"message": message, "decision": decision, "history": history}
    return DialogueState(case, DECK, read(message), intent(case), Words(message))


@pytest.mark.parametrize(
    ("message", "answer", "words"),
    [
        ("how do you know my sleep?", unknowable, "I only tell you what the plan has"),
        ("how far is that?", unknowable, "gives the time and no distance"),
        ("hi, why easy?", about_plan, "Easy days build your endurance"),
        ("not sure this makes sense", about_plan, "no reason for it"),
        ("would you have let me do the hills?", unknowable, "What would have been"),
        ("does the warm up count in the 40? is it included", unknowable, "no more about it"),
        ("is that dangerous for someone with asthma?", unknowable, "a question for your doctor"),
        ("should i stretch before a run?", by_card, "It does not take away sore muscles."),
        ("what is the capital of france?", apart_from_sport, "My part is your training"),
        ("write me a poem", apart_from_sport, "My part is your training"),
        ("will i ever be fast?", open_question, "I have no clear answer to that"),
    ],
)
def test_the_first_answer_that_holds_takes_the_question_up(
    message: str, answer: Answer, words: str
) -> None:
    asked = state(message)
    first = next(one for one in ANSWERS if one(asked))
    said = first(asked)
    assert first is answer and said and words in said.text
    assert "easy run of 40 minutes" in said.text


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("message", ["my dog ate my shoe", "ran 10k yesterday, so proud"])
def test_what_asks_nothing_is_no_question(message: str, answer: Answer) -> None:
    assert answer(state(message)) is None


def test_a_session_in_kilometres_is_not_said_to_have_no_distance() -> None:
    session = {"kind": "long", "sport": "run", "distance_km": 12, "zone": 2}
    assert unknowable(state("how far is that?", session=session)) is None


def test_both_reasons_are_told_only_where_the_plan_has_both() -> None:
    message = "is it the sleep or the stress?"
    both = about_plan(state(message, reasons=["poor_sleep", "high_stress"]))
    assert both and "It is both together" in both.text
    for codes in (["poor_sleep"], ["poor_sleep", "poor_sleep"]):
        one = about_plan(state(message, reasons=codes))
        assert one and "both" not in one.text


def test_in_a_talk_a_question_may_be_about_what_was_said_before() -> None:
    said = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hi. How are you?"}]
    assert apart_from_sport(state("what about the other thing?"))
    assert apart_from_sport(state("what about the other thing?", history=said)) is None
