"""Goals by what a message means: told or not, in words that no rule knows."""

from __future__ import annotations

import pytest

from josi_utils.guard import meant
from josi_utils.guard.encoder import GOALS, NO_GOAL
from josi_utils.guard.fallback import compose
from josi_utils.guard.fit import MOST_AIMS
from josi_utils.guard.fit_messages import encoder_goals, goal_of, learning_rows
from josi_utils.guard.goals import has_goal
from josi_utils.guard.learnt import model
from josi_utils.guard.meant import goal_meant, goal_of_case
from josi_utils.guard.situations import read
from josi_utils.guard.wished import noun_goal
from josi_utils.scoring import score

TOLD = [
    "two easy swims a week until spring is all I am after",
    "12 chin ups by the summer holidays, nine at present",
]
NOT_TOLD = [
    "the marathon on telly made me cry, those people are something else",
    "why is my long run on sunday and not on saturday",
    "how long do people train for an ironman",
]


@pytest.mark.parametrize("message", TOLD)
def test_a_goal_that_no_rule_knows_is_liked(message):
    assert not has_goal(read(message))
    assert goal_meant(message)
    case = {"category": "realistic_goal", "message": message, "decision": None, "card": None}
    found = score(case, compose(case).text)
    assert found["pushback"] is False and found["pass"]


@pytest.mark.parametrize("message", NOT_TOLD)
def test_talk_of_feats_is_no_goal(message):
    assert not goal_meant(message)


def test_engine_and_card_know_better():
    session = {"kind": "easy", "sport": "run", "minutes": 30, "zone": 2}
    goal = {"event": "Race", "weeks": 20, "verdict": "on_track"}
    planned = {"day": "today", "session": session, "goal": goal}
    assert goal_of_case({"message": TOLD[0]})
    assert not goal_of_case({"message": TOLD[0], "decision": planned})
    assert not goal_of_case({"message": TOLD[0], "card": {"id": "x", "title": "x", "text": "x"}})


def test_the_encoder_is_asked_only_where_a_goal_may_be_told(monkeypatch):
    def refuse(text):
        raise AssertionError(text)

    monkeypatch.setattr(meant, "meaning", refuse)
    for message in ("good morning!", "ok thanks", "why is it rest today", ""):
        assert not goal_meant(message)


def test_the_limit_keeps_to_its_share():
    """By models that never saw a message; the limit in the file is that of these messages."""
    rows = learning_rows()
    found, least = encoder_goals(rows), model("learnt_goal").least["aims"]
    none = [found[at] for at in found if goal_of(rows[at]) == NO_GOAL]
    goals = [found[at] for at in found if goal_of(rows[at]) != NO_GOAL]
    assert sum(value >= least for value in none) <= MOST_AIMS * len(none)
    assert sum(value >= least for value in goals) >= 0.75 * len(goals)
    assert {goal_of(rows[at]) for at in found} == set(GOALS)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "Sub 22 5k by next summer, 22:50 at the moment",
            "Your goal is sub 22 5 km by next summer",
        ),
        ("a full squat before Easter please", "Your goal is a full squat before Easter"),
        ("sub 1:45 half marathon by spring", "Your goal is sub 1:45 half marathon by spring"),
        ("I ran 10k by the sea in June", None),
        ("a mate won gold in June", None),
        ("a stress fracture in spring", None),
        ("a run with folks i can't stand by June", None),
        ("1,500 m swim by June", None),
        ("Ninety lengths", None),
    ],
)
def test_a_goal_without_a_verb_is_said_back(message, said):
    assert noun_goal(message) == said
