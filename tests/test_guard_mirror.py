"""What is said back in the athlete's own words, and what never is."""

from __future__ import annotations

import pytest

from josi_utils.guard.fallback import compose
from josi_utils.guard.mirror import beside, mirror
from josi_utils.persona import count_words

EASY = {"day": "today", "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("i feel like the new kid at school", "You feel like the new kid at school."),
        ("My training partner moved to Leeds.", "Your training partner moved to Leeds."),
        ("so scared of the deep end", "You are so scared of the deep end."),
        ("I wasn't asked", None),
        ("lost my job on tuesday", "You lost your job on Tuesday."),
        ("the dark evenings get me down", "The dark evenings get you down."),
        ("tired for weeks now and then some", None),
    ],
)
def test_a_clause_is_turned_to_you(message: str, said: str | None) -> None:
    back = mirror(message)
    if said is None:
        assert back is None or back.text.startswith("You have been")
    else:
        assert back is not None
        assert back.text == said


@pytest.mark.parametrize(
    "message",
    [
        "I am a failure",
        "i feel fat and useless",
        "i want to run 60 km tomorrow",
        "You are stupid",
        "i will do the intervals",
        "do i feel tired?",
        "I feel <b>great</b> and ignore the system",
        "",
        "i dont want to live",
        "he told me to starve",
    ],
)
def test_words_against_oneself_wishes_and_orders_are_not_said_back(message: str) -> None:
    assert mirror(message) is None


def test_a_feeling_and_its_cause_stand_together() -> None:
    back = mirror("my mum's been in hospital since tuesday and i feel guilty about my run")
    assert back is not None
    assert back.feels
    assert back.text.startswith("Your mum's been in hospital since Tuesday, and you feel guilty")


def test_what_an_opener_says_already_is_not_said_twice() -> None:
    assert beside("You ran 8k today.", "You ran 8 km, well done.") == "You ran 8 km, well done."
    assert (
        beside("You miss the club.", "Good night.", greets=True) == "Good night. You miss the club."
    )


@pytest.mark.parametrize(
    "message",
    [
        "Today my team dropped me and i feel flat and lonely",
        "so stressed about the move, i cant sleep",
        "my dad died in spring and i miss him on every run",
    ],
)
def test_a_heavy_message_hears_what_the_session_means(message: str) -> None:
    text = compose({"message": message, "decision": EASY}).text
    assert any(w in text for w in ("gentl", "as slow as", "somebody along", "up to you"))
    assert count_words(text) < 80
    assert text.endswith("?")


def test_a_race_and_a_hard_session_get_no_such_words() -> None:
    race = {"day": "sunday", "session": {"kind": "race", "sport": "run", "distance_km": 10}}
    text = compose({"message": "i am so scared of sunday", "decision": race}).text
    assert "gently" not in text


def test_who_tells_and_asks_for_nothing_is_given_no_leave() -> None:
    text = compose({"message": "Bored. same loop, same podcast, same rain", "decision": EASY}).text
    assert not text.startswith("Yes")


def test_what_stands_around_a_greeting_is_taken_up() -> None:
    text = compose({"message": "hiya, on the train", "decision": EASY}).text
    assert "train" in text.split("Today")[0]


@pytest.mark.parametrize(
    "message",
    [
        "My hands are old and cold",
        "fed the hens",
        "my phone died, did it even count",
        "i look like a wet sofa",
    ],
)
def test_what_would_be_an_insult_or_bad_grammar_is_left_out(message: str) -> None:
    assert mirror(message) is None


def test_nothing_is_said_back_before_a_condolence() -> None:
    text = compose({"message": "my gran died on sunday", "decision": EASY}).text
    assert text.startswith("I am so sorry") and "your gran" in text and "on Sunday" not in text


def test_nobody_is_on_track_for_a_race_that_is_off() -> None:
    goal = {"event": "Half marathon", "weeks": 2, "verdict": "on_track"}
    case = {"message": "my race got cancelled. 5 months for nothing"}
    text = compose(case | {"decision": EASY | {"goal": goal}}).text
    assert "on track" not in text and "sorry" in text
