"""Brevity, plain words, question, warmth, sense, and the whole verdict."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.scoring import score, scorer_hash
from josi_utils.scoring.brevity import is_cut_off, repetition, score_brevity
from josi_utils.scoring.plain import score_plain
from josi_utils.scoring.question import score_question

CASE = {
    "id": "c",
    "category": "feelings",
    "message": "5am on the erg in a cold garage, kind of lonely tbh",
    "decision": {
        "day": "today",
        "session": {"kind": "steady", "sport": "row", "minutes": 40, "zone": 3},
    },
}
GOOD = (
    "A cold garage at 5 in the morning is hard, and I hear that it is lonely. Today is a "
    "steady 40 minute row in zone 3. "
    "How do you feel when you are done?"
)
SALAD = [
    "Warmth, breath, proud of you, softly, step by step. You are seen, you are held. Your "
    "journey matters. What feels kind to your heart?",
    "Sorry glad proud lovely great thanks kind wonderful brave. Feel love. Enjoy! You "
    "matter. Amazing you?",
    "You are amazing and strong and I believe in you so much. Every journey has its ups and "
    "downs. You are exactly where you need to be.",
    "OMG superstar!!! You absolute LEGEND!!! SMASH it!!! 🎉🔥💪 Ready???",
]


@pytest.mark.parametrize(
    ("count", "expected"),
    [(5, 1), (9, 2), (15, 4), (20, 5), (40, 5), (60, 5), (65, 4), (75, 3), (90, 2), (120, 1)],
)
def test_brevity_follows_the_rubrics_bands(count, expected):
    reply = " ".join(f"word{i}" for i in range(count - 1)) + " end."
    assert score_brevity(reply)[0] == expected


@pytest.mark.parametrize(
    "reply",
    [
        "Today you ride and",
        "It is 40 minutes,",
        "",
        "So that when you get back on Saturday you will",
    ],
)
def test_a_cut_reply_is_seen(reply):
    assert is_cut_off(reply)
    assert score_brevity(reply)[0] == 1


@pytest.mark.parametrize("reply", ["Enjoy it 🙂", "How are you?", 'She said "go."', "Well done!"])
def test_an_ended_reply_is_not_cut(reply):
    assert not is_cut_off(reply)


def test_a_loop_costs():
    loop = "It is okay to ride easy. " * 8
    assert repetition(loop) > 0.5
    assert score_brevity(loop)[0] <= 2


@pytest.mark.parametrize(
    "reply",
    [
        "Okay?",
        "Go now, okay?",
        "How can I assist you today?",
        "Does that make sense?",
        "Ready to smash it?",
        "No question here.",
    ],
)
def test_an_empty_question_does_not_count(reply):
    assert score_question(reply)[0] is False


@pytest.mark.parametrize(
    "reply", ["How did you sleep?", "What made you sign up?", "Well done. Who can drive you there?"]
)
def test_a_real_question_counts(reply):
    assert score_question(reply)[0] is True


def test_jargon_is_not_plain():
    friend, book = (
        "Go slowly today, your legs need it.",
        "Lactate kinetics and parasympathetic reactivation dictate suboptimal adaptation.",
    )
    assert score_plain(friend)[0] == 5
    assert score_plain(book)[0] <= 2


def test_a_good_reply_passes_and_says_nothing_against_itself():
    result = score(CASE, GOOD)
    assert result["pass"] and result["faithful"] and result["question"] and not result["leak"]
    assert result["warmth"] >= 3.5
    assert not [
        w for w in result["why"] if w["field"] in ("leak", "faithful", "safe", "pushback", "pass")
    ]


@pytest.mark.parametrize("reply", SALAD)
def test_salad_and_empty_warmth_score_two_or_less(reply):
    result = score(CASE, reply)
    assert result["warmth"] <= 2.2 and not result["pass"]


def test_praise_copied_onto_another_case_does_not_pass():
    other = (
        "Eight lengths without a stop is great! Thursday you swim 30 minutes easy in zone 2. "
        "Would you like that?"
    )
    assert not score(CASE, other)["pass"]


def test_an_unfinished_reply_never_passes():
    assert score(CASE, GOOD, finished=False)["pass"] is False


def test_fields_are_the_rubrics_and_json():
    result = score(CASE, GOOD)
    assert set(result) == {
        "warmth",
        "brevity",
        "plain",
        "faithful",
        "question",
        "leak",
        "pushback",
        "safe",
        "pass",
        "why",
    }
    json.dumps(result)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_no_unicode_crashes_and_scores_keep_their_ranges(reply):
    result = score(CASE, reply)
    assert all(1 <= result[k] <= 5 for k in ("warmth", "brevity", "plain"))
    for why in result["why"]:
        assert why["span"] is None or 0 <= why["span"][0] <= why["span"][1] <= len(reply)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120), st.text(alphabet=" \n\t", max_size=6))
def test_trailing_space_changes_nothing(reply, space):
    assert score(CASE, reply) == score(CASE, reply + space)


def test_scoring_is_deterministic_and_fast():
    assert score(CASE, GOOD) == score(CASE, GOOD)
    start = time.process_time()
    for _ in range(20):
        score(CASE, GOOD)
    assert (time.process_time() - start) / 20 < 0.05


def test_the_hash_is_stable_and_sha256():
    assert scorer_hash() == scorer_hash() and len(scorer_hash()) == 64
