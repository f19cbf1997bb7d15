"""What a reply beside a plan depends on is read off the case, once, and only where it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from josi_utils.guard import dialogue_state as module
from josi_utils.guard.composition import Words
from josi_utils.guard.dialogue_state import DialogueState
from josi_utils.guard.intent import intent
from josi_utils.guard.situations import read
from josi_utils.prompt import deck

DECK = deck()
CARDS = {card["id"]: card for card in DECK}
EASY = {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}
TEMPO = EASY | {"kind": "tempo", "zone": 4}
GOAL = {"event": "Berlin Half Marathon", "weeks": 6, "verdict": "on_track"}


def state(
    message: str, session: dict = EASY, card: str | None = None, **more: Any
) -> DialogueState:
    decision = {"day": "today", "session": session, **more}
    case = {"message": message, "decision": decision, "card": CARDS[card] if card else None}
    return DialogueState(case, DECK, read(message), intent(case), Words(message))


def test_what_is_read_once_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def found_card(case: dict, *_: Any) -> tuple[None, list[str]]:
        calls.append(case["message"])
        return None, []

    monkeypatch.setattr(module, "found_card", found_card)
    one = state("should i stretch before a run?")
    assert one.inquires and not calls
    assert one.found == one.found == (None, []) and len(calls) == 1


def test_a_deed_that_is_told_asks_nothing_of_the_session() -> None:
    told, asked = state("finished my first 5k!!"), state("can i go at 7")
    assert told.done and not told.asked.stand
    assert not asked.done and (asked.asked.stand, asked.asked.kind) == ("fine", "time")


@pytest.mark.parametrize(
    ("message", "stand"),
    [
        ("am i getting better?", ""),
        ("am i getting better? can i go at 7", "fine"),
        ("am i getting better? can i do intervals today instead?", "against"),
    ],
)
def test_progress_is_asked_about_where_nothing_is_surely_asked_of_the_session(
    message: str, stand: str
) -> None:
    assert state(message).asked.stand == stand
    assert state(message).asks_progress is (stand == "")


def test_a_request_that_is_unclear_beside_progress_is_none() -> None:
    one = state("am i getting better? let me run 90 minutes today")
    assert one.requested.stand == "unsure" and not one.asked.stand and one.asks_progress


def test_a_greeting_is_no_question_unless_it_asks_why() -> None:
    assert state("how are you?").greets and not state("how are you?").inquires
    assert state("hi, why easy?").inquires


def test_a_goal_is_told_where_the_message_has_a_word_of_it() -> None:
    assert "on track" in state("is my half still on?", goal=GOAL).goal_lines[0]
    assert state("my dog ate my shoe", goal=GOAL).goal_lines == []
    assert state("is my half still on?").goal_lines == []


def test_how_hard_is_answered_by_the_zone_of_the_session_or_the_one_that_is_named() -> None:
    for message, session, card in (
        ("how hard should it be?", EASY, "zones-03"),
        ("how hard should it be?", TEMPO, "zones-05"),
        ("how hard is zone 2?", TEMPO, "zones-03"),
    ):
        assert state(message, session).found[0] == CARDS[card], message


def test_no_card_speaks_against_the_reason_of_the_plan() -> None:
    message = "is it good when the resting pulse goes down?"
    assert state(message).found[0] == CARDS["pulse-01"]
    assert state(message, reasons=["high_resting_pulse"]).found == (None, [])


def test_a_card_answers_where_it_fits_and_the_day_is_not_asked_about() -> None:
    assert state("how hard is zone 2?", card="zones-03").card_answers
    assert not state("how hard is zone 2 today?", card="zones-03").card_answers
    assert not state("is it the sleep or the stress?", card="zones-03").card_answers
