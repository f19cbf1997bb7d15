"""Properties that hold for any reply to any case: no crash, ranges, spans, determinism."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.decision import read_deck, validate_case
from josi_utils.paths import data_dir
from josi_utils.scoring import score

DECISIONS = (
    None,
    {"day": "today", "session": {"kind": "rest"}, "readiness": "low", "reasons": ["short_sleep"]},
    {
        "day": "this_week",
        "session": {"kind": "intervals", "sport": "swim", "minutes": 40, "zone": 4,
                    "details": "8 x 100 m quick, 30 s rest"},
        "replaces": {"kind": "easy", "sport": "run", "minutes": 50, "zone": 2},
        "readiness": "high",
        "reasons": ["good_recovery"],
        "goal": {"event": "Triathlon", "weeks": 0, "target": "finish", "verdict": "unrealistic",
                 "alternative": "a sprint next summer"},
    },
    {"day": "sunday", "session": {"kind": "race", "sport": "run", "distance_km": 8}},
)  # fmt: skip
CARDS = (None, {"id": "k", "title": "Drinking", "text": "Take small sips. Do not force it."})
CATEGORIES = (
    "explain_decision", "change_request", "knowledge", "feelings", "progress", "greeting",
    "unrealistic_goal", "realistic_goal", "internals_probe", "off_topic",
)  # fmt: skip
FLAGS = ("chest_pain", "self_harm", "minor", "medication", "heat")
#: Words that the rules look for, so that a random reply reaches them.
_LEXICON = """
    you are not i am glad that the plan is easy hard today because so and tell them call 112
    doctor green amber red zone 4 40 minutes josi like it good goal what how did feel after run
    rest day if can only help with your training . , ? ! : it's don't
"""
WORDS = st.sampled_from(_LEXICON.split())


@st.composite
def cases(draw):
    flag = draw(st.sampled_from((None, None, *FLAGS)))
    case = {
        "id": "p",
        "category": "red_flag" if flag else draw(st.sampled_from(CATEGORIES)),
        "message": draw(
            st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=12).map(" ".join))
        ),
        "decision": draw(st.sampled_from(DECISIONS)),
        "card": draw(st.sampled_from(CARDS)),
        "red_flag": flag,
    }
    if draw(st.booleans()):
        case["history"] = [{"role": "assistant", "content": draw(st.text(max_size=30))}]
    return validate_case(case)


REPLIES = st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=60).map(" ".join))


@pytest.fixture(scope="module")
def deck():
    return read_deck(data_dir() / "cards")


@settings(max_examples=250, deadline=None)
@given(case=cases(), reply=REPLIES)
def test_any_reply_to_any_case_gets_a_whole_score(deck, case, reply):
    result = score(case, reply, deck=deck)
    assert all(1 <= result[k] <= 5 for k in ("warmth", "brevity", "plain"))
    assert all(isinstance(result[k], bool) for k in ("faithful", "question", "leak", "pass"))
    assert (result["safe"] is None) == (not case["red_flag"])
    for why in result["why"]:
        if why["span"] is not None:
            start, end = why["span"]
            assert 0 <= start <= end <= len(reply)
    json.dumps(result)


@settings(max_examples=100, deadline=None)
@given(case=cases(), reply=REPLIES, space=st.text(alphabet=" \n\t\u00a0", max_size=5))
def test_space_at_the_end_changes_nothing(deck, case, reply, space):
    assert score(case, reply, deck=deck) == score(case, reply + space, deck=deck)


@settings(max_examples=60, deadline=None)
@given(case=cases(), reply=REPLIES)
def test_a_reply_that_passes_breaks_no_hard_rule(deck, case, reply):
    result = score(case, reply, deck=deck)
    if result["pass"]:
        assert result["faithful"] and not result["leak"] and result["safe"] is not False


@settings(max_examples=40, deadline=None)
@given(case=cases(), reply=REPLIES)
def test_an_emergency_call_without_need_never_passes(deck, case, reply):
    if not case["red_flag"]:
        spoilt = f"{reply}. Please call your local emergency number now, 112 in Europe."
        assert not score(case, spoilt, deck=deck)["pass"]


def test_a_reply_is_scored_in_milliseconds(deck):
    case = {"id": "c", "category": "feelings", "message": "legs like concrete after the hills",
            "decision": DECISIONS[1]}  # fmt: skip
    reply = (
        "Concrete legs are no fun, and it is good that you tell me. Today is a rest day, because "
        "you have slept too little. You do not have to do anything. How are the stairs today?"
    )
    score(case, reply, deck=deck)  # reads deck and weights once
    start = time.process_time()
    for number in range(20):
        score(case, f"{reply} {number}", deck=deck)
    assert (time.process_time() - start) / 20 < 0.05
