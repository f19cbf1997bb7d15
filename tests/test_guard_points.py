"""Talking points: stand, plan and question by rule, as the fallback has them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.guard import fallback, vetted_reply
from josi_utils.guard.points import talking_points
from josi_utils.persona import split_sentences
from josi_utils.prompt import deck

DECK = deck()
DECISION = {
    "day": "today",
    "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2},
    "reasons": ["short_sleep"],
}


def test_the_points_are_the_fallback_s_own_words() -> None:
    for message in ("why so easy", "can i do 2 hours instead", "hi", "im so tired"):
        case = {"message": message, "decision": DECISION}
        points = talking_points(case, DECK)
        assert f"{points.say} {points.ask}" == fallback(case, DECK)


def test_a_request_beyond_the_plan_is_refused_in_the_points() -> None:
    case = {"message": "give me 2 hours of hill sprints instead", "decision": DECISION}
    say = talking_points(case, DECK).say
    assert "stays" in say or "does not change" in say


def test_the_verdict_and_the_better_goal_are_in_the_points() -> None:
    goal = {"event": "Marathon", "target": "under 3 hours", "weeks": 4, "verdict": "unrealistic",
            "alternative": "the 10 km"}  # fmt: skip
    case = {"message": "sub 3!", "decision": DECISION | {"goal": goal}}
    say = talking_points(case, DECK).say
    assert "too much in 4 weeks" in say and "the 10 km" in say


def test_a_red_flag_is_handed_over_whole_and_without_training() -> None:
    points = talking_points({"message": "crushing chest pain right now", "decision": DECISION})
    assert not points.training
    flag = vetted_reply("chest_pain", emergency=True)
    assert f"{points.say} {points.ask}" == " ".join(split_sentences(flag))


def test_a_card_that_answers_is_in_the_points() -> None:
    say = talking_points({"message": "can i drink coffee before training?"}, DECK).say
    assert "offee" in say and len(split_sentences(say)) >= 2


@given(st.text(max_size=200))
@settings(max_examples=40, deadline=None)
def test_any_message_has_something_to_say_and_to_ask(message: str) -> None:
    points = talking_points({"message": message, "decision": DECISION}, DECK)
    assert points.say.strip() and points.ask.endswith("?")
