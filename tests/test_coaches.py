"""Filled sheets become the page's table of trust, under the coaches' names."""

from __future__ import annotations

import pytest
from evaluation_samples import make_samples
from hypothesis import given
from hypothesis import strategies as st
from test_labelling import FILLED, fill, read

from josi_utils import coaches
from josi_utils.errors import JosiError
from josi_utils.labelling import write_sheet
from josi_utils.report_trust import calibration_tables


@pytest.fixture
def sheets(tmp_path, monkeypatch):
    """Return two filled sheets in a repository of their own; bo is stricter on one reply."""
    monkeypatch.setattr(coaches, "repository_root", lambda: tmp_path)
    samples = make_samples(3, 1)
    for number, sample in enumerate(samples):
        sample["reply"] += " " * number + f"It is fine {number}."
    write_sheet(samples, tmp_path, size=8)
    rows = [row | FILLED for row in read(tmp_path)]
    rows[0] |= {"warmth": "2"}
    fill(tmp_path, rows, name="ann.csv")
    rows[1] |= {"pass": "no", "warmth": "1"}
    fill(tmp_path, rows, name="bo.csv")
    return tmp_path


def test_two_coaches_are_named_counted_and_held_against_each_other(sheets):
    page = coaches.for_page("ann.csv=ann; bo.csv=bo")
    assert page["raters"] == "ann and bo (8 replies)"
    scores, each_other = page["tables"]
    assert scores["rows"][0][:2] == ["pass", "balanced accuracy"] and scores["rows"][0][3] == "8"
    assert each_other["rows"][0][0] == "8 rated twice"
    alpha = dict(zip(each_other["columns"], each_other["rows"][0], strict=True))
    assert float(alpha["warmth"]) < 1 and alpha["brevity"] == "1.00"
    shown = calibration_tables(page)
    assert shown["raters"] == page["raters"] and shown["tables"][0]["columns"][0] == "Score"


def test_one_coach_is_enough(sheets):
    page = coaches.for_page("ann.csv=ann")
    assert page["raters"] == "ann (8 replies)" and len(page["tables"]) == 1
    # Nobody was rejected, and pushback never applied: a dash, not a number made of nothing.
    assert {row[2] for row in page["tables"][0]["rows"] if row[0] == "pushback"} == {"–"}


def test_a_sheet_of_an_earlier_run_still_has_its_key(sheets):
    (sheets / "labelling_sheet.csv").write_bytes((sheets / "ann.csv").read_bytes())
    write_sheet(make_samples(1, 1, condition="other"), sheets, size=3)
    (kept,) = sheets.glob("labelling_sheet-kept-*.csv")
    assert coaches.for_page(f"{kept.name}=ann")["raters"] == "ann (8 replies)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no sheet given"),
        ("ann.csv", "not path=rater"),
        ("ann.csv=", "not path=rater"),
        ("=ann", "not path=rater"),
        ("ann.csv=ann; bo.csv=ann", "same rater"),
        ("none.csv=ann", "no such file"),
        ("elsewhere/ann.csv=ann", "keep it beside the sheet"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(sheets, text, message):
    with pytest.raises(JosiError, match=message):
        coaches.for_page(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        pairs = coaches.parse_sheets(text)
    except JosiError:
        return
    assert all(rater and "=" not in rater and ";" not in str(rater) for _, rater in pairs)
