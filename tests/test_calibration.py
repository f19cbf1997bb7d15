"""Calibration: measures against oracles, weights reproducible, bars met."""

import json
import math

import pytest

from josi_utils import agreement, calibration, calibration_fit, calibration_plain, calibration_sets
from josi_utils.decision import read_deck
from josi_utils.errors import JosiError
from josi_utils.files import sha256_file
from josi_utils.paths import data_dir
from josi_utils.scoring import register, sense, warmth

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
    assert agreement.krippendorff_alpha(PUBLISHED, level) == pytest.approx(value, abs=5e-4)


def test_alpha_refuses_an_unknown_level():
    with pytest.raises(JosiError, match="nominal or ordinal"):
        agreement.krippendorff_alpha(PUBLISHED, "ratio")


def test_flag_agreement_by_hand():
    got = agreement.flag_agreement(
        [True, True, False, False, True], [True, False, False, True, True]
    )
    assert got["precision"] == pytest.approx(2 / 3) and got["recall"] == pytest.approx(2 / 3)
    assert (
        got["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2) and got["let_through"] == 0.5
    )


def test_a_measure_with_nothing_to_count_is_nan_not_perfect():
    assert math.isnan(agreement.flag_agreement([False], [False])["precision"])


def test_the_sets_are_whole():
    items = calibration.read_set("calibration")
    assert len(items) == 120 and all(len(i.labels) == 3 for i in items)
    assert len(calibration.read_set("model")) == 104
    tuned = calibration.read_set("tuned")
    assert len(tuned) == 420 and sum(len(i.labels) for i in tuned) == 510


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
def test_bars_are_met_on_replies_held_out(report, bar):
    line = next(b for b in report["bars"] if (b["set"], b["field"], b["measure"]) == bar)
    floor = calibration.FLOORS.get(bar)
    # A bar that is not reached yet is shown as missed, and may not slip further.
    assert line["met"] if floor is None else line["value"] <= floor, line


def test_a_bar_with_a_floor_is_one_that_is_missed(report):
    missed = {(b["set"], b["field"], b["measure"]) for b in report["bars"] if not b["met"]}
    assert missed == set(calibration.FLOORS)


def test_the_scorers_that_were_blind_to_nonsense_are_not(report):
    # Before the plain register they let 64 % of what raters reject through.
    tuned = report["sets"]["tuned"]["pass"]
    assert tuned["let_through"] < 0.1 and tuned["recall"] > 0.75


def test_gold_replies_pass_though_unseen_and_mismatched_ones_do_not(report):
    gold = report["held_out"]["gold"].values()
    count = sum(g["n"] for g in gold)
    assert sum(g["passed_by_row"] for g in gold) / count >= 0.82
    assert sum(g["passed"] for g in gold) / count >= 0.8
    pairs = report["held_out"]["mismatched"]
    assert pairs["n"] == calibration_fit.MISMATCHED and pairs["passed"] / pairs["n"] <= 0.1


def test_every_voice_of_the_tuned_set_is_told_apart(report):
    assert set(report["voices"]) == {"untuned", "tuned", "accepted draw", "composed"}
    assert sum(v["n"] for v in report["voices"].values()) == 420


def test_the_page_shows_bars_passing_and_ceiling(report):
    tables = calibration.for_page(report)["tables"]
    assert tables[0]["title"] == "Scores against raters"
    assert all(len(row) == len(t["columns"]) for t in tables for row in t["rows"])
    assert "nan" not in str(tables)


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


def test_stored_weights_are_of_these_scorers_and_these_sets():
    for path in (register.weights_path(), sense.WEIGHTS_FILE, warmth.WEIGHTS_FILE):
        record = json.loads(path.read_text(encoding="utf-8"))["fitted"]
        folder = data_dir() / "calibration"
        assert record["files"] == {name: sha256_file(folder / name) for name in record["files"]}
    record = json.loads(register.weights_path().read_text(encoding="utf-8"))["fitted"]
    # After a change to the scorers: python -m josi_utils.calibration_fit
    assert record["scorers"] == calibration_fit.scorer_code_hash()


@pytest.mark.slow
def test_stored_weights_are_what_fit_gives_to_the_byte(deck, tmp_path, monkeypatch):
    files = {"plain": register.weights_path(), "sense": sense.WEIGHTS_FILE,
             "warmth": warmth.WEIGHTS_FILE}  # fmt: skip
    before = {name: path.read_bytes() for name, path in files.items()}
    monkeypatch.setattr(calibration_fit, "weights_path", lambda: tmp_path / "plain.json")
    monkeypatch.setattr(sense, "WEIGHTS_FILE", tmp_path / "sense.json")
    monkeypatch.setattr(warmth, "WEIGHTS_FILE", tmp_path / "warmth.json")
    calibration_fit.store(calibration_fit.fit(deck=deck))
    after = {name: (tmp_path / f"{name}.json").read_bytes() for name in files}
    assert before == after


def test_a_fold_never_judges_what_it_saw(deck):
    gold = calibration_sets.read_gold()[::40]
    tuned = calibration_sets.read_set("tuned")[:60]
    examples = [calibration_plain.read_example(one, deck) for one in (*tuned, *gold)]
    by_id = {one.id: one for one in examples}
    folds = [
        [one for one in examples if one.fold(True) == fold]
        for fold in range(calibration_plain.FOLDS)
    ]
    assert sum(map(len, folds)) == len(by_id)
    for fold in folds:
        rest = {one.group for one in examples if one not in fold}
        assert not rest & {one.group for one in fold}


def test_mismatched_pairs_share_no_word_of_subject_and_are_seeded():
    gold = calibration_sets.read_gold()
    pairs = calibration_fit.mismatched_pairs(gold)
    assert pairs == calibration_fit.mismatched_pairs(gold)
    own = {(g.case["id"], g.reply) for g in gold}
    assert not {(case["id"], reply) for case, reply in pairs} & own


def test_a_reply_without_held_out_scores_is_one_clear_line():
    item = calibration.Item("new", {"id": "c"}, "hi", ({"pass": True},), "tuned")
    with pytest.raises(JosiError, match="no held-out scores of new: run python -m"):
        calibration.held_out_scores([item])


def test_a_missing_label_is_one_clear_line(tmp_path):
    (tmp_path / "x_replies.jsonl").write_text('{"id": "a", "case": {}, "reply": "hi"}\n')
    (tmp_path / "x_labels.jsonl").write_text("")
    with pytest.raises(JosiError, match=r"x_replies.jsonl:1: no label for 'a'"):
        calibration.read_set("x", tmp_path)


@pytest.mark.parametrize("true", [0.0, 0.2, 0.8, 1.0])
def test_a_corrected_rate_undoes_the_scorers_errors(true):
    seen = true * 0.83 + (1 - true) * 0.08
    assert agreement.corrected_rate(seen, 0.83, 0.08) == pytest.approx(true)


def test_a_corrected_rate_stays_a_share_and_needs_a_scorer_that_sees():
    assert agreement.corrected_rate(0.01, 0.83, 0.08) == 0.0
    assert agreement.corrected_rate(0.99, 0.83, 0.08) == 1.0
    assert math.isnan(agreement.corrected_rate(0.5, 0.5, 0.5))
