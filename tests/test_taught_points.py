"""What a gold row teaches with: its own sentences, never the plan's, nothing made up."""

from __future__ import annotations

from collections import Counter

import pytest

from josi_utils.dataset import read_gold
from josi_utils.paths import data_dir
from josi_utils.persona import split_sentences
from josi_utils.taught_points import SHORTER, WHOLE, taught, tells_plan

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
    assert 0.8 * SHORTER < shorter / len(gold) < 1.2 * SHORTER


def test_the_same_row_the_same_points(gold):
    assert [taught(row) for row in gold] == [taught(dict(row)) for row in gold]
