"""Sheet out, labels back in, through what spreadsheets and people do to them."""

from __future__ import annotations

import csv
import io
import json

import pytest
from evaluation_samples import make_case, make_sample, make_samples
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.errors import JosiError
from josi_utils.labelling import (
    FIELDS,
    KEY_NAME,
    SHEET_NAME,
    choose,
    read_labels,
    safe_cell,
    write_calibration,
    write_sheet,
)

FILLED = {
    "warmth": "4", "brevity": "5", "plain": "3", "faithful": "yes", "question": "no",
    "leak": "no", "pushback": "", "safe": "", "pass": "yes",
}  # fmt: skip


def read(folder):
    raw = (folder / SHEET_NAME).read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(raw, newline="")))


def fill(folder, rows, *, delimiter=",", encoding="utf-8-sig", name="filled.csv"):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    path = folder / name
    path.write_bytes(stream.getvalue().encode(encoding))
    return path


@pytest.fixture
def sheet(tmp_path):
    write_sheet(make_varied(), tmp_path, size=20)
    return tmp_path


def make_varied():
    samples = make_samples(6, 1)
    for number, sample in enumerate(samples):
        sample["reply"] = f"{sample['reply']} {number}"
        sample["scores"]["pass"] = number % 2 == 0
    return samples


def test_sheet_is_blind(sheet):
    rows = read(sheet)
    assert len(rows) == 20
    assert list(rows[0]) == ["id", "what Josi was given", "Josi's reply", *FIELDS, "remark"]
    assert all(row[field] == "" for row in rows for field in FIELDS)
    text = (sheet / SHEET_NAME).read_text(encoding="utf-8-sig")
    assert "tuned" not in text and "feelings" not in text


def test_sheet_has_every_category_passed_and_failed():
    chosen = {row["reply"] for row in choose(make_varied(), 22)}
    kinds = {
        (s["case"]["category"], s["scores"]["pass"]) for s in make_varied() if s["reply"] in chosen
    }
    assert len(kinds) == 22


def test_the_same_samples_give_the_same_sheet_and_repeats_come_once(tmp_path):
    once, twice = choose(make_varied()), choose(make_varied() + make_varied()[::-1])
    assert once == twice
    assert len({row["id"] for row in once}) == len(once)


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "utf-8"), ("\t", "utf-8-sig")]
)
def test_labels_come_back_as_spreadsheets_save_them(sheet, delimiter, encoding):
    rows = [row | FILLED for row in read(sheet)]
    path = fill(sheet, rows, delimiter=delimiter, encoding=encoding)
    labels = read_labels(path, sheet / KEY_NAME, "coach-1")
    assert len(labels) == 20
    assert labels[0] == {
        "id": rows[0]["id"], "rater": "coach-1", "warmth": 4, "brevity": 5, "plain": 3,
        "faithful": True, "question": False, "leak": False, "pushback": None, "safe": None,
        "pass": True,
    }  # fmt: skip


def test_a_half_filled_sheet_is_fine(sheet):
    rows = read(sheet)
    rows[3] |= FILLED
    labels = read_labels(fill(sheet, rows), sheet / KEY_NAME, "coach")
    assert [label["id"] for label in labels] == [rows[3]["id"]]


@pytest.mark.parametrize(
    ("field", "cell", "message"),
    [
        ("warmth", "6", "row 2: warmth is '6'; write 1, 2, 3, 4 or 5"),
        ("warmth", "3,5", "write 1, 2, 3, 4 or 5"),
        ("brevity", "", "brevity is ''"),
        ("faithful", "maybe", "faithful is 'maybe'; write yes or no"),
        ("leak", "", "leak is ''"),
        ("pushback", "?", "pushback is '?'"),
        ("id", "label-unknown", "its id is not in|id 'label-unknown' is not in"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(sheet, field, cell, message):
    rows = [row | FILLED for row in read(sheet)]
    rows[0][field] = cell
    with pytest.raises(JosiError, match=message.replace("?", r"\?")):
        read_labels(fill(sheet, rows), sheet / KEY_NAME, "coach")


def test_bad_sheets_are_one_clear_line(sheet):
    key = sheet / KEY_NAME
    with pytest.raises(JosiError, match="no row is filled"):
        read_labels(sheet / SHEET_NAME, key, "coach")
    with pytest.raises(JosiError, match="no such file"):
        read_labels(sheet / "none.csv", key, "coach")
    (sheet / "odd.csv").write_bytes(b"id,warmth\n\xff\xfe")
    with pytest.raises(JosiError, match="not UTF-8"):
        read_labels(sheet / "odd.csv", key, "coach")
    (sheet / "short.csv").write_text("id,warmth\na,1\n")
    with pytest.raises(JosiError, match="no column 'brevity'"):
        read_labels(sheet / "short.csv", key, "coach")
    rows = [row | FILLED for row in read(sheet)]
    with pytest.raises(JosiError, match="labelled twice"):
        read_labels(fill(sheet, [*rows, rows[0]]), key, "coach")


def test_filled_sheets_become_a_calibration_set(sheet, tmp_path):
    rows = read(sheet)
    for row in rows[:5]:
        row |= FILLED
    sheets = [(fill(sheet, rows, name=f"{who}.csv"), who) for who in ("ann", "bo")]
    replies, labels = write_calibration(sheets, sheet / KEY_NAME, tmp_path / "calibration")
    replies = [json.loads(line) for line in replies.read_text().splitlines()]
    labels = [json.loads(line) for line in labels.read_text().splitlines()]
    assert len(replies) == 5 and set(replies[0]) == {"id", "case", "reply"}
    assert [(label["rater"]) for label in labels] == ["ann"] * 5 + ["bo"] * 5
    assert {label["id"] for label in labels} == {reply["id"] for reply in replies}
    with pytest.raises(JosiError, match="same rater"):
        write_calibration([sheets[0], sheets[0]], sheet / KEY_NAME, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_the_key_keeps_the_reply_whatever_the_sheet_does_to_it(tmp_path):
    sample = make_sample(make_case(0, "feelings"), reply='=1+1; well done, "legs"\n- rest')
    write_sheet([sample], tmp_path)
    assert read(tmp_path)[0]["Josi's reply"].startswith("'=")
    key = json.loads((tmp_path / KEY_NAME).read_text())
    assert key["reply"] == sample["reply"]


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_cell_starts_a_formula(text):
    assert safe_cell(text)[0] not in "=+-@\t\r\n"
    assert safe_cell(text).removeprefix("'") == text.removeprefix("'")


def test_a_sheet_that_somebody_began_is_moved_aside_and_still_reads(sheet):
    rows = read(sheet)
    rows[2] |= FILLED
    fill(sheet, rows, name=SHEET_NAME)
    write_sheet(make_samples(2, 1, condition="other"), sheet, size=5)
    assert len(read(sheet)) == 5 and not any(row["pass"] for row in read(sheet))
    (kept,) = sheet.glob("labelling_sheet-kept-*.csv")
    (key,) = sheet.glob("labelling_key-kept-*.jsonl")
    assert [label["id"] for label in read_labels(kept, key, "coach")] == [rows[2]["id"]]


def test_an_empty_sheet_is_written_over(sheet):
    write_sheet(make_varied(), sheet, size=20)
    assert {p.name for p in sheet.iterdir()} == {SHEET_NAME, KEY_NAME}


def test_a_sheet_that_no_longer_reads_is_somebodys_work_too(sheet):
    (sheet / SHEET_NAME).write_bytes(b"\xff\xfe my notes")
    write_sheet(make_varied(), sheet, size=20)
    (kept,) = sheet.glob("labelling_sheet-kept-*.csv")
    assert kept.read_bytes() == b"\xff\xfe my notes"
