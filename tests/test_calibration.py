"""Calibration: measures against oracles, weights reproducible, bars met."""

import json
import math

import pytest

from josi_utils import calibration
from josi_utils.decision import read_deck
from josi_utils.errors import JosiError
from josi_utils.paths import data_dir
from josi_utils.scoring import sense, warmth

#: Krippendorff 2011, section "nominal/ordinal data, any number of observers, missing data".
PUBLISHED = [
    (1, 1, None, 1),
    (2, 2, 3, 2),
    (3, 3, 3, 3),
    (3, 3, 3, 3),
    (2, 2, 2, 2),
    (1, 2, 3, 4),
    (4, 4, 4, 4),
    (1, 1, 2, 1),
    (2, 2, 2, 2),
    (None, 5, 5, 5),
    (None, None, 1, 1),
    (None, 3, None, None),
]


@pytest.fixture(scope="module")
def deck():
    return read_deck(data_dir() / "cards")


@pytest.fixture(scope="module")
def report(deck):
    return calibration.calibrate(deck=deck)


@pytest.mark.parametrize(("level", "value"), [("nominal", 0.743), ("ordinal", 0.815)])
def test_alpha_equals_the_published_example(level, value):
    assert calibration.krippendorff_alpha(PUBLISHED, level) == pytest.approx(value, abs=5e-4)


def test_alpha_refuses_an_unknown_level():
    with pytest.raises(JosiError, match="nominal or ordinal"):
        calibration.krippendorff_alpha(PUBLISHED, "ratio")


def test_flag_agreement_by_hand():
    got = calibration.flag_agreement(
        [True, True, False, False, True], [True, False, False, True, True]
    )
    assert got["precision"] == pytest.approx(2 / 3) and got["recall"] == pytest.approx(2 / 3)
    assert (
        got["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2) and got["let_through"] == 0.5
    )


def test_a_measure_with_nothing_to_count_is_nan_not_perfect():
    assert math.isnan(calibration.flag_agreement([False], [False])["precision"])


def test_the_sets_are_whole():
    items = calibration.read_set("calibration")
    assert len(items) == 120 and all(len(i.labels) == 3 for i in items)
    assert len(calibration.read_set("model")) == 104


def test_raters_agree_as_published(report):
    alpha = report["raters"]["calibration"]
    for field, value in {
        "warmth": 0.94,
        "brevity": 0.84,
        "plain": 0.91,
        "faithful": 0.97,
        "question": 0.98,
        "pass": 0.99,
    }.items():
        assert alpha[field] == pytest.approx(value, abs=0.006)


@pytest.mark.parametrize("bar", list(calibration.BARS), ids=lambda b: "-".join(b))
def test_bars_are_met_leaving_one_case_out(report, bar):
    line = next(b for b in report["bars"] if (b["set"], b["field"], b["measure"]) == bar)
    assert line["met"], line


def test_a_scorer_that_says_yes_to_all_meets_few_bars():
    yes = dict.fromkeys(calibration.FLAGS, True) | dict.fromkeys(calibration.SCALES, 5.0)
    yes["leak"] = False
    items = calibration.read_set("model")
    table = calibration.agreement(
        items,
        [
            dict(yes, warmth=5.0 - n % 2, brevity=5.0 - n % 3, plain=4.0 + n % 2)
            for n, _ in enumerate(items)
        ],
    )
    assert table["pass"]["let_through"] == 1.0 and table["pass"]["balanced_accuracy"] == 0.5


def test_stored_weights_are_what_fit_gives(deck):
    fitted = calibration.fit(deck=deck)
    for name, path in (("sense", sense.WEIGHTS_FILE), ("warmth", warmth.WEIGHTS_FILE)):
        stored = json.loads(path.read_text(encoding="utf-8"))
        assert stored["fitted"]["files"] == fitted[name]["fitted"]["files"]
        # The deck may grow; a card more moves a weight a little, never much.
        for key, value in fitted[name]["weights"].items():
            assert stored["weights"][key] == pytest.approx(value, abs=0.1)


def test_a_missing_label_is_one_clear_line(tmp_path):
    (tmp_path / "x_replies.jsonl").write_text('{"id": "a", "case": {}, "reply": "hi"}\n')
    (tmp_path / "x_labels.jsonl").write_text("")
    with pytest.raises(JosiError, match=r"x_replies.jsonl:1: no label for 'a'"):
        calibration.read_set("x", tmp_path)
