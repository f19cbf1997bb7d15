"""What a gold row teaches with: its own sentences, never the plan's, nothing made up."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from josi_utils.dataset import read_gold
from josi_utils.paths import data_dir
from josi_utils.persona import split_sentences
from josi_utils.taught_points import WHOLE, _spared, taught, tells_plan

DECISION = {
    "day": "today",
    "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2},
    "reasons": ["short_sleep"],
}


@pytest.fixture(scope="module")
def gold():
    return [row for _, _, row in read_gold(data_dir())]


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("Today is an easy 40 minute run.", True),
        ("You've slept too little, so it stays easy.", True),
        ("I know that you want more.", False),
        ("400 minutes a week is a lot.", False),
    ],
)
def test_a_sentence_that_tells_the_plan_is_known(sentence, told):
    assert tells_plan(sentence, DECISION) is told


def test_every_point_is_the_gold_reply_s_own(gold):
    for row in gold:
        points, reply = taught(row)
        own = split_sentences(row["reply"])
        assert set(split_sentences(reply)) <= set(own)
        assert set(split_sentences(points.say)) <= set(own)
        assert not points.ask or row["reply"].endswith(points.ask)
        assert points.training is not bool(row.get("red_flag"))


def test_nothing_is_handed_over_that_the_reply_does_not_say(gold):
    for row in gold:
        points, reply = taught(row)
        assert set(split_sentences(points.say)) <= set(split_sentences(reply))
        assert points.ask in reply


def test_someone_in_need_gets_the_whole_reply(gold):
    assert all(taught(row)[1] == row["reply"] for row in gold if row.get("red_flag"))


def test_rows_hand_over_much_little_and_nothing(gold):
    said = Counter(bool(taught(row)[0].say) for row in gold)
    asked = Counter(bool(taught(row)[0].ask) for row in gold)
    shorter = sum(taught(row)[1] != row["reply"] for row in gold)
    assert said[True] / len(gold) > WHOLE
    assert said[False] > 100
    assert asked[False] > 100
    assert 0.15 < shorter / len(gold) < 0.25


def _shortened(reply, message="Can I?", **row):
    """Return what is left of a reply when every sentence that can go is taken."""
    *body, last = split_sentences(reply)
    return " ".join(
        _spared(body, last, {"category": "change_request", "message": message, **row}, len(body))
    )


@pytest.mark.parametrize(
    ("reply", "message", "left"),
    [
        # The no of a goal that is too much, of a wish, of a plan that stays.
        (
            "A swim like that is a big dream. The Channel next month is too much. We build up slowly. "
            "Which pool is near?",
            "Channel next month",
            "A swim like that is a big dream. The Channel next month is too much.",
        ),
        (
            "You like to work. But the hard set waits. Easy it is. What helps?",
            "hard set",
            "You like to work. But the hard set waits.",
        ),
        # What the next sentence leans on.
        (
            "Good to hear. One night says little. It replaces nothing at all. How are you?",
            "a bad night",
            "Good to hear. One night says little. It replaces nothing at all.",
        ),
        # The answer to what was asked.
        (
            "Good question. You are on track. Keep the rhythm. What comes next?",
            "am i on track for leeds",
            "Good question. You are on track.",
        ),
    ],
)
def test_only_what_nothing_rests_on_is_spared(reply, message, left):
    assert _shortened(reply, message) == left


def test_no_shortened_reply_loses_its_no(gold):
    plain_no = r"n't\b|\b(?:no|not|never|cannot)\b"
    for row in gold:
        wish = row["category"] in ("change_request", "unrealistic_goal")
        no = re.compile(plain_no + (r"|\btoo\b" if wish else ""), re.IGNORECASE)
        lost = set(split_sentences(row["reply"])) - set(split_sentences(taught(row)[1]))
        assert not any(no.search(sentence) for sentence in lost)


def test_the_same_row_the_same_points(gold):
    assert [taught(row) for row in gold] == [taught(dict(row)) for row in gold]
