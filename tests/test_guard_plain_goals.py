"""Goals without a date are goals: habits, small wishes, and a goal after missed sessions."""

from __future__ import annotations

from typing import Any

import pytest

from josi_utils.guard.fallback import compose
from josi_utils.guard.wished import told_goal, told_habit
from josi_utils.prompt import deck


def _reply(message: str, goal: dict[str, Any] | None = None) -> str:
    session = {"kind": "easy", "sport": "run", "minutes": 35, "zone": 2}
    decision = {"day": "today", "session": session, "goal": goal} if goal else None
    case = {"id": "t", "category": "realistic_goal", "message": message, "decision": decision,
            "card": None, "history": []}  # fmt: skip
    return compose(case, deck()).text


_TEN = {"event": "10 km", "weeks": 6, "verdict": "on_track"}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("30 min walk a day. boring goal i know", "a 30 minute walk a day"),
        ("goal: 2 swims a week", "2 swims a week"),
        ("20 mins yoga every evening", "20 minutes of yoga every evening"),
        ("short walk a day. boring goal i know", "a short walk a day"),
        ("easy run daily", "an easy run daily"),
        ("goal: 20 min yoga class every week", "a 20 minute yoga class every week"),
        ("8 min run daily", "an 8 minute run daily"),
        ("thirty minute walk a day", "a thirty minute walk a day"),
        ("twenty five minute walk a day", None),
        ("30 walk a day", None),
        ("did a walk", None),
        ("3 x 10 runs a day and 2 rides a week", None),
    ],
)
def test_a_habit_is_said_back(message: str, said: str | None) -> None:
    assert told_habit(message) == said


def test_a_habit_that_is_called_small_is_a_goal_worth_having() -> None:
    reply = _reply("30 min walk a day. boring goal i know")
    assert "does not have to be big" in reply and "30 minute walk a day" in reply


def test_a_wish_for_sport_needs_no_date() -> None:
    told = "want to climb the 5 floors at work without needing a break"
    assert told_goal(told) in _reply(told)
    assert "aiming for" in _reply("i want to run for the bus and not be wrecked")
    for wish in ("i want to play football with my kids", "i want to get up off the floor"):
        assert any(line in _reply(wish) for line in ("regular week", "in small steps"))
    assert "is an easy run daily" in _reply("goal: easy run daily")


@pytest.mark.parametrize(
    "message",
    [
        "i want to run away from all of it",
        "i want to play the piano",
        "i want to cry",
        "i want to play dead",
        "i want to stand up to him",
        "i want to hill",
    ],
)
def test_no_other_wish_is_taken_for_a_goal(message: str) -> None:
    reply = _reply(message)
    assert "aiming for" not in reply and "regular week" not in reply and "small steps" not in reply


def test_a_few_missed_sessions_do_not_end_a_goal() -> None:
    assert "do not take a goal away" in _reply("missed 2 walks. is the goal gone")
    beside = _reply("skipped monday and tuesday bc of exams, is my 10k done for", _TEN)
    assert "do not take a goal away" in beside and "on track" in beside


def test_a_word_on_the_goal_is_no_request_for_more() -> None:
    reply = _reply("i know a 10k is nothing special but im proud to try", _TEN)
    assert "on track" in reply and "stays as it is" not in reply
    assert "does not decide a goal" in _reply("am i on course? the long run felt awful", _TEN)
