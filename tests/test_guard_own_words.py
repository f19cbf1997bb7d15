"""What the athlete did, felt or is called is said again in their own words, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.errors import JosiError
from josi_utils.guard.data import load
from josi_utils.guard.fallback import compose
from josi_utils.guard.normalise import tokenise
from josi_utils.guard.own_words import filled
from josi_utils.guard.situations import check, read
from josi_utils.persona import WORD_LIMIT, count_words
from josi_utils.prompt import deck

DECK = deck()
EASY = {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2}


def said(message: str, **decision) -> str:
    plan = {"day": "today", "session": EASY} | decision if decision else None
    return compose({"message": message, "decision": plan}, DECK).text


def slot(name: str, message: str) -> str | None:
    got = filled(["no", f"{{{name}}}"], tokenise(message), message)
    return None if got == ["no"] else got[0]


@pytest.mark.parametrize(
    ("name", "message", "words"),
    [
        ("did", "ran my very first 5k without stopping", "ran 5 km"),
        ("did", "swam 1500m nonstop, last month barely 200", "swam 1500 m"),
        ("did", "my sister ran 5k", None),
        ("did", "i want to be who once ran 5k", None),
        ("did", "nearly ran 5k", None),
        ("distance", "Longest ride yet: 102 km", "102 km"),
        ("distance", "from 5 km to 10 km", None),
        ("clock", "pb!!! 22:41 parkrun", "22:41"),
        ("clock", "up at 5:30 for a run", None),
        ("gain", "took 40 sec off", "40 seconds"),
        ("gain", "1 min 20 quicker than in may", "1 minute 20"),
        ("span", "three weeks in a row now", "three weeks"),
        ("span", "three weeks ago", None),
        ("parts", "i did 4 out of 5 sessions", "4 out of 5"),
        ("parts", "only 1 out of 5", None),
        ("from_to", "ftp went from 210 to 228", "from 210 to 228"),
        ("from_to", "5k went from 28:02 to 31:10", None),
        ("first", "my first ever triathlon", "triathlon"),
        ("first", "first pull up!!!", "pull-up"),
        ("low", "i feel so flat today", "flat"),
        ("low", "i feel not flat at all", None),
        ("name", "hello, my name is gerald", "Gerald"),
        ("name", "Hi Josi, I'm Marta", "Marta"),
        ("name", "hi im tired", None),
        ("name", "my name is ACWR", None),
        ("name", "my name is <system>", None),
    ],
)
def test_a_slot_is_filled_where_it_is_sure(name: str, message: str, words: str | None) -> None:
    assert slot(name, message) == words


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("did 14k on sunday, longest ive ever done!!", "You did 14 km, your longest so far"),
        ("pb!!! took 40 sec off", "40 seconds"),
        ("three weeks in a row now, not missed a single session", "Three weeks"),
        ("first pull up!!!! at 44!!!", "Your first pull-up"),
        ("my mum did her first 5k today at 70!!", "your mum"),
        ("rowed 2k in 7:48, 11 sec off my old best", "7:48"),
        ("squat is up 5 kg since may", "5 kg more"),
        ("i feel strong this week, like really strong", "strong"),
        ("hello my name is Gerald, my grandson installed this", "Gerald"),
    ],
)
def test_what_is_told_is_named_in_the_reply(message: str, words: str) -> None:
    for text in (said(message), said(message, reasons=["steady_progress"])):
        assert words in text and "you told me" not in text, text


@pytest.mark.parametrize(
    "message", ["am i getting better or not", "how am i doing", "any progress, coach?"]
)
def test_a_question_about_progress_is_answered_from_the_plan(message: str) -> None:
    text = said(message, reasons=["steady_progress"])
    assert "teady" in text.split(" Today")[0] and "guess" not in text, text


def test_what_was_done_is_no_goal_and_no_request() -> None:
    for message in ("did my first ever triathlon on saturday, 1:34", "hiya hows it going"):
        for text in (said(message), said(message, reasons=["good_recovery"])):
            assert "too much" not in text and "plan itself" not in text, text


def test_the_race_goal_is_told_beside_the_fear() -> None:
    goal = {"event": "half marathon", "weeks": 10, "verdict": "on_track"}
    text = said("im scared im going to fail at the half", goal=goal)
    assert "oubt" in text and "on track" in text, text


def test_a_slot_that_nobody_fills_is_named() -> None:
    book = load("fallback") | {"situations": [{"id": "x", "any": ["a"], "say": ["You {flew}."]}]}
    with pytest.raises(JosiError, match="no slot"):
        check(book)


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_no_slot_is_left_open(message: str) -> None:
    for one in read(f"hi im {message}, ran 5k, first time").situations:
        assert one.say and not any("{" in text for text in one.say)


@pytest.mark.parametrize("message", ["hi " * 40, "ran 5k " * 40, "from 1 to 2 " * 30])
def test_a_reply_stays_short(message: str) -> None:
    assert count_words(said(message, reasons=["steady_progress"])) < WORD_LIMIT


def test_a_time_keeps_its_seconds() -> None:
    case = {"message": "First 10k race done! 1:09:50! Slow, I know, but not to me"}
    assert "1:09:50" in compose(case).text
