"""Faithfulness: licensed slots pass, everything else is named."""

import pytest

from josi_utils.scoring.faithfulness import find_faults

CASE = {
    "id": "c",
    "category": "explain_decision",
    "message": "why so short?",
    "decision": {
        "day": "tomorrow",
        "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2},
        "replaces": {
            "kind": "intervals",
            "sport": "run",
            "minutes": 55,
            "zone": 5,
            "details": "6 x 2 min hard, 2 min easy between",
        },
        "reasons": ["short_sleep"],
    },
}
REST = {
    "id": "r",
    "category": "explain_decision",
    "message": "why am i resting?",
    "decision": {
        "day": "today",
        "session": {"kind": "rest"},
        "replaces": {"kind": "tempo", "sport": "bike", "minutes": 60, "zone": 3},
        "reasons": ["sore_muscles"],
    },
}
GOAL = {
    "id": "g",
    "category": "unrealistic_goal",
    "message": "marathon in 7 weeks, never run before",
    "decision": {
        "day": "today",
        "session": {"kind": "easy", "sport": "run", "minutes": 20, "zone": 2},
        "goal": {
            "event": "Marathon",
            "weeks": 7,
            "verdict": "unrealistic",
            "alternative": "a relaxed 10 km in 12 weeks",
        },
    },
}


@pytest.mark.parametrize(
    "reply",
    [
        "You slept too little, so tomorrow is an easy 40 minute run in zone 2 instead of the "
        "intervals.",
        "Tomorrow is two thirds shorter in spirit: 40 minutes in zone 2. The 55 minutes of "
        "intervals are out.",
        "Tomorrow is 15 minutes shorter than the intervals: 40 easy minutes in zone 2.",
        "How many hours did you sleep? Tomorrow it is 40 minutes.",
        "Call 112 if it gets worse.",
    ],
)
def test_licensed_words_are_not_flagged(reply):
    assert find_faults(CASE, reply) == []


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("Tomorrow is an easy 45 minute run in zone 2.", "unlicensed time"),
        ("Tomorrow is an easy 40 minute run in zone 3.", "unlicensed zone"),
        ("Tomorrow is an easy 40 km run in zone 2.", "unlicensed distance"),
        ("Saturday is an easy 40 minute run in zone 2.", "unlicensed day"),
        ("It is 40 easy minutes in zone 2 today.", "contradicted day"),
        ("Tomorrow is a 40 minute tempo run in zone 2.", "unlicensed session"),
        ("Tomorrow is an easy 40 minute swim in zone 2.", "unlicensed sport"),
        ("Tomorrow is 40 minutes in zone 5.", "contradicted zone"),
        ("Tomorrow is off. Enjoy!", "contradicted"),
        ("Tomorrow is a rest day.", "contradicted"),
        ("Tomorrow is not an easy run.", "contradicted"),
        ("Your muscles are sore, so tomorrow is easy.", "invented reason"),
        ("Tomorrow is easy. Push hard all the way!", "contradicted"),
        ("You should never add more than a little. Tomorrow is easy.", "invented rule"),
        ("Take some caffeine before the easy run.", "invented prescription"),
        ("It is probably tendinitis.", "invented diagnosis"),
        ("My legs were tired too when I ran.", "as if Josi were the athlete"),
    ],
)
def test_each_class_of_fault_is_named(reply, reason):
    faults = find_faults(CASE, reply)
    assert any(reason in f.reason for f in faults), [f.reason for f in faults]


@pytest.mark.parametrize(
    "reply",
    [
        "An easy half hour spin this evening is fine too.",
        "Ride 60 minutes on the bike in zone 3 today.",
    ],
)
def test_training_on_a_rest_day_is_a_contradiction(reply):
    assert find_faults(REST, reply)


@pytest.mark.parametrize(
    "reply", ["7 weeks is plenty, it is realistic.", "The 10 km in 12 weeks is too ambitious."]
)
def test_a_verdict_turned_round_is_a_contradiction(reply):
    assert any("contradicted" in f.reason for f in find_faults(GOAL, reply))


def test_changing_one_field_of_the_decision_changes_the_verdict_there():
    reply = "Tomorrow is an easy 40 minute run in zone 2, because you slept too little."
    assert find_faults(CASE, reply) == []
    for field, value, reason in (
        ("minutes", 30, "time"),
        ("zone", 1, "zone"),
        ("sport", "swim", "sport"),
    ):
        session = {**CASE["decision"]["session"], field: value}
        changed = {**CASE, "decision": {**CASE["decision"], "session": session, "replaces": None}}
        reasons = [f.reason for f in find_faults(changed, reply)]
        assert reasons and all(reason in r for r in reasons), (field, reasons)


def test_the_deck_licenses_knowledge_only_in_its_own_words_and_only_without_a_card():
    deck = [
        {
            "id": "s",
            "title": "Too little sleep",
            "text": "Most adults need at least seven hours of sleep a night.",
        }
    ]
    case = {
        "id": "k",
        "category": "knowledge",
        "message": "how much sleep do i need",
        "decision": None,
    }
    told = "Most adults need at least seven hours of sleep a night."
    assert find_faults(case, told, deck) == []
    assert find_faults(case, told)
    assert find_faults(case, "Run for seven hours.", deck)
    assert find_faults(
        {**case, "card": {"id": "x", "title": "Shoes", "text": "Wear what fits."}}, told, deck
    )
