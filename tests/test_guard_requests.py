"""What a message asks of the session: granted, refused, unclear, or nothing."""

from __future__ import annotations

import pytest

from josi_utils.guard import fallback
from josi_utils.guard.card_learning import gold_rows
from josi_utils.guard.intent import intent
from josi_utils.guard.requests import request
from josi_utils.guard.situations import read
from josi_utils.prompt import deck

DECK = deck()
EASY = {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}


def asked(message: str, day: str = "today", session: dict = EASY) -> str:
    case = {"message": message, "decision": {"day": day, "session": session, "reasons": []}}
    return request(case, read(message), intent(case)).stand


@pytest.mark.parametrize(
    "message",
    [
        "can i go at 7 in the evening",
        "ok if i take the dog",
        "may i listen to music",
        "could i do it on the treadmill",
        "can i stop after 20 minutes",
        "can my sister come with me",
    ],
)
def test_hour_company_place_gear_and_less_are_granted(message: str) -> None:
    assert asked(message) == "fine"


@pytest.mark.parametrize(
    "message",
    [
        "can i run 90 minutes in the evening",
        "can i go at 7 on thursday",
        "can i take the bike with my sister",
        "gonna do 12 km at lunch",
        "swap it for something in the park please",
    ],
)
def test_what_may_be_beyond_the_plan_is_not_granted(message: str) -> None:
    assert asked(message) in ("unsure", "against")


@pytest.mark.parametrize(
    "message",
    [
        "why is it easy today",
        "the park was lovely this morning",
        "my dog ate my shoe",
        "i ran with my sister yesterday",
        "how hard is zone 2",
    ],
)
def test_who_asks_for_nothing_is_told_neither_yes_nor_no(message: str) -> None:
    assert asked(message) == ""


def test_rest_is_granted_as_it_is_and_a_run_on_it_is_not() -> None:
    rest = {"kind": "rest"}
    assert asked("can i walk the dog", session=rest) == "fine"
    assert asked("can i do a little run in the park", session=rest) in ("unsure", "against")


def test_without_a_decision_nothing_can_be_asked_of_it() -> None:
    case = {"message": "can i go at 7"}
    assert request(case, read("can i go at 7"), {"against": True}).stand == ""


def test_no_gold_request_against_the_plan_is_granted() -> None:
    """Gold marks its change requests as against the decision or within it in the note."""
    rows = [r for r in gold_rows() if r["category"] == "change_request" and r.get("decision")]
    stands = {"against": [], "fine": []}
    for row in rows:
        one = request(row, read(row["message"]), intent(row))
        kind = "fine" if "fine" in row.get("note", "") else "against"
        stands[kind].append(one.stand)
    assert stands["against"].count("fine") <= 0.02 * len(stands["against"])
    assert stands["fine"].count("fine") >= 0.6 * len(stands["fine"])
    assert stands["fine"].count("against") <= 0.05 * len(stands["fine"])


def test_another_sport_or_day_is_not_granted_as_an_hour() -> None:
    assert asked("may i play padel tonight in place of the run") != "fine"
    assert asked("would a brisk walk with the pram count instead") == "fine"
    assert asked("cba today, can you make it short") == "fine"


def test_more_than_the_session_without_its_unit_is_never_granted() -> None:
    assert asked("can i do 60 instead of the 30? feeling great") != "fine"
    assert asked("lets do 5 days instead of 3") != "fine"


def test_an_entry_told_is_no_wish_for_more_today() -> None:
    decision = {
        "day": "today",
        "session": {"kind": "easy", "sport": "run", "minutes": 35, "zone": 2},
        "reasons": ["steady_progress"],
    }
    for message in (
        "Signed up for my first sprint tri!! 14 weeks",
        "booked my first 10k, 14 weeks!",
    ):
        text = fallback({"message": message, "decision": decision}, DECK)
        assert "put your name down" in text, text
        assert "not in the plan" not in text
    more = {"message": "signed up for parkrun today, doing it all out", "decision": decision}
    assert "not in the plan" in fallback(more, DECK)
