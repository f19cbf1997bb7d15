"""What a gold row teaches with: its own sentences, never the plan's, nothing made up."""

from __future__ import annotations

from collections import Counter

import pytest

from josi_utils.dataset import read_gold
from josi_utils.paths import data_dir
from josi_utils.persona import split_sentences
from josi_utils.taught_points import WHOLE, taught_points, tells_plan

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
def test_what_tells_the_plan(sentence, told):
    assert tells_plan(sentence, DECISION) is told


def test_every_point_is_the_gold_reply_s_own(gold):
    for row in gold:
        points = taught_points(row)
        assert not points.ask or row["reply"].endswith(points.ask)
        rest = row["reply"]
        for sentence in points.say.split(". "):
            assert sentence.rstrip(".") in rest
        assert points.training is not bool(row.get("red_flag"))


def whole(row):
    return " ".join(s for s in split_sentences(row["reply"]) if not s.endswith("?"))


def test_rows_hand_over_much_little_and_nothing(gold):
    said = Counter(bool(taught_points(row).say) for row in gold)
    asked = Counter(bool(taught_points(row).ask) for row in gold)
    assert said[True] / len(gold) > WHOLE
    assert sum(taught_points(row).say == whole(row) for row in gold) / len(gold) > WHOLE
    assert said[False] > 100
    assert asked[False] > 100


def test_the_same_row_the_same_points(gold):
    assert [taught_points(row) for row in gold] == [taught_points(dict(row)) for row in gold]
