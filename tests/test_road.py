"""The road's command line: what runs, with which values, and what is refused before anything."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

import run_all
from josi_utils import road, stage
from josi_utils.errors import JosiError
from josi_utils.notebook import PROGRESS_MARK
from josi_utils.paths import STAGES, RunPaths, repository_root
from josi_utils.profiles import (
    PROFILES,
    known_parameters,
    parse_assignments,
    parse_value,
    resolve_parameters,
)

NAMES = list(STAGES)


@pytest.mark.parametrize(
    ("only", "first", "last", "chosen"),
    [
        (None, None, None, NAMES),
        ("05", None, None, ["05_evaluate"]),
        ("evaluate", None, None, ["05_evaluate"]),
        ("05_evaluate", None, None, ["05_evaluate"]),
        (None, "04", None, NAMES[3:]),
        (None, None, "merge", NAMES[:3]),
        (None, "02", "04_export", NAMES[1:4]),
        (None, "06", "06", ["06_share"]),
    ],
)
def test_stages_are_chosen_by_any_of_their_names(only, first, last, chosen):
    assert road.select(only, first, last) == chosen


@pytest.mark.parametrize(
    ("only", "first", "last", "line"),
    [
        ("07", None, None, "stage '07': there are 01_prepare"),
        ("eval", None, None, "stage 'eval'"),
        (None, None, "0", "stage '0'"),
        ("05", "04", None, "--only stands alone"),
        (None, "05", "02", "--from 05 comes after --to 02"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(only, first, last, line):
    with pytest.raises(JosiError, match=line):
        road.select(only, first, last)


def test_default_is_the_notebooks_own():
    resolved = resolve_parameters("mine", "default", {})
    for name in NAMES:
        assert resolved[name] == stage.parameters_of(name) | {"run": "mine"}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_changes_known_parameters_to_values_of_their_type(profile):
    known = known_parameters()
    assert set(PROFILES[profile]) <= set(known)
    assert all(type(v) is type(known[k]) for k, v in PROFILES[profile].items())
    assert list(resolve_parameters("r", profile, {})) == NAMES


def test_an_assignment_wins_over_the_profile_and_reaches_its_stage_alone():
    chosen = parse_assignments(["seeds=5", "max_steps=3"])
    resolved = resolve_parameters("r", "smoke", chosen)
    assert resolved["05_evaluate"]["seeds"] == 5
    assert resolved["02_finetune"]["max_steps"] == 3
    assert resolved["02_finetune"]["batch_size"] == PROFILES["smoke"]["batch_size"]
    assert all("seeds" not in resolved[n] for n in NAMES if n != "05_evaluate")


def test_an_unknown_profile_is_refused():
    with pytest.raises(JosiError, match=r"--profile huge: there are default, smoke, 360m, 1\.7b"):
        resolve_parameters("r", "huge", {})


@pytest.mark.parametrize(
    ("text", "default", "value"),
    [
        ("5", 3, 5), ("-1", 0, -1), ("1e-4", 0.1, 1e-4), ("2", 0.5, 2.0), ("q8_0", "q4_k_m", "q8_0"),
        ("true", False, True), ("False", True, False), ("0", True, False), ("", "x", ""),
    ],
)  # fmt: skip
def test_a_value_takes_the_type_of_the_default(text, default, value):
    got = parse_value("p", text, default)
    assert got == value and type(got) is type(default)


@pytest.mark.parametrize(
    ("text", "default"), [("many", 3), ("1.5", 3), ("", 3), ("fast", 0.1), ("yes", True)]
)
def test_a_bad_value_is_named_with_what_it_takes(text, default):
    with pytest.raises(JosiError, match=rf"-p p={text}: p takes {type(default).__name__}, like"):
        parse_value("p", text, default)


def test_a_value_may_hold_an_equals_sign():
    assert parse_assignments(["base_model=/a=b"]) == {"base_model": "/a=b"}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["-p", "epoch=3"],
            "unknown parameter 'epoch'; there are accelerate_config, against, alpha",
        ),
        (["-p", "run=x"], "unknown parameter 'run'"),
        (["-p", "seeds"], "-p seeds: write NAME=VALUE"),
        (["-p", "seeds=many"], "seeds takes int, like 3"),
        (["--profile", "huge", "--run", "r"], "--profile huge: there are"),
        (["--only", "7"], "stage '7'"),
        (["--from", "3", "--run", "r"], "stage '3'"),
        (["--run", "../x"], "run name '../x'"),
    ],
)
def test_refused_before_anything_runs(arguments, line, tmp_path, monkeypatch, capsys):
    ran = []
    monkeypatch.setattr(road, "_execute", lambda *a: ran.append(a))
    # Notebooks of the checkout, outputs elsewhere: nothing may appear there.
    (tmp_path / "notebooks").symlink_to(repository_root() / "notebooks")
    monkeypatch.setenv("JOSI_ROOT", str(tmp_path))
    assert run_all.main(arguments) != 0
    told = capsys.readouterr()
    assert told.err.startswith("error: ") and line in told.err and told.err.count("\n") == 1
    assert told.out == "" and ran == [] and not (tmp_path / "outputs").exists()


def test_list_shows_what_would_run_and_stops(tmp_path):
    (tmp_path / "notebooks").symlink_to(repository_root() / "notebooks")
    done = subprocess.run(
        [sys.executable, repository_root() / "run_all.py", "--list", "--to", "02"],
        capture_output=True, text=True, check=True,
        env={"JOSI_ROOT": str(tmp_path), "PATH": "/usr/bin:/bin"}, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout == "01_prepare: not done yet\n02_finetune: not done yet\n"
    assert not (tmp_path / "outputs").exists()


def test_only_progress_lines_pass_whole_and_in_order():
    out = io.StringIO()
    lines = road.ProgressLines(out)
    for piece in ("noise\n", PROGRESS_MARK + "12", "/64, 3 s left\nmore noise", "\n",
                  f"{PROGRESS_MARK}a\n{PROGRESS_MARK}b\nx {PROGRESS_MARK}c\n"):  # fmt: skip
        assert lines.write(piece) == len(piece)
    lines.flush()
    mark = PROGRESS_MARK
    assert out.getvalue() == f"    {mark}12/64, 3 s left\n    {mark}a\n    {mark}b\n"


# --- a road of one small notebook, run for real --------------------------------------------------


def cell(kind, source, *tags):
    extra = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": f"c{abs(hash(source)) % 10**8}", "source": source,
            "metadata": {"tags": list(tags)}, **extra}  # fmt: skip


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Return a repository whose 01 writes one file, or fails where ``rows`` is 0."""
    source = (
        "from josi_utils import notebook, stage\n"
        "from josi_utils.errors import JosiError\n"
        "work = stage.begin('01_prepare', globals())\n"
        "notebook.say(f'{rows} rows')\n"
        "if rows == 0:\n    raise JosiError('gold.jsonl:3: no reply')\n"
        "(work.room / 'train.jsonl').write_text('x' * rows)\n"
        "record = work.finish(rows_kept=rows, note='<b>')"
    )
    cells = [cell("markdown", "# one"), cell("code", 'run: str = "d"\nrows: int = 2', "parameters"),
             cell("code", source)]  # fmt: skip
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_prepare.ipynb").write_text(json.dumps(book))
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("JOSI_ROOT", str(tmp_path))
    stage.parameters_of.cache_clear()
    yield tmp_path
    stage.parameters_of.cache_clear()


def test_a_stage_runs_is_skipped_is_forced_and_fails_with_its_path(small):
    pytest.importorskip("ipykernel")
    paths = RunPaths("d")

    def run(rows=2, force=False):
        out = io.StringIO()
        given = {"01_prepare": {"run": "d", "rows": rows}}
        done = road.run_stages("d", ["01_prepare"], given, force=force, out=out)
        return done[0], out.getvalue()

    first, told = run()
    assert not first["skipped"] and first["figure"] == "rows kept 2"
    assert "01_prepare: running (not done yet)" in told and f"    {PROGRESS_MARK}2 rows\n" in told
    assert (paths.notebooks / "01_prepare.html").is_file()
    second, told = run()
    assert second["skipped"] and told == "01_prepare: up to date, skipped\n"
    third, told = run(force=True)
    assert not third["skipped"] and "running (forced)" in told

    with pytest.raises(JosiError) as caught:
        run(rows=0)
    executed = paths.notebooks / "01_prepare.ipynb"
    assert str(caught.value) == (f"01_prepare: gold.jsonl:3: no reply\n  as executed: {executed}")
    outputs = [o for c in json.loads(executed.read_text())["cells"] for o in c.get("outputs", [])]
    assert any(o["output_type"] == "error" for o in outputs)
    assert not (paths.dataset / stage.RECORD).exists()


def test_the_index_shows_records_gates_and_links_escaped(small):
    paths = RunPaths("d")
    body = road.write_index(paths).read_text(encoding="utf-8")
    assert body.count("not done") == len(NAMES) and "eval/report.html" not in body
    assert "http" not in body  # nothing is fetched from anywhere
    work = stage.begin("01_prepare", {"run": "d", "rows": 2})
    work.finish(rows_kept=2, note="<script>")
    paths.notebooks.mkdir(parents=True)
    (paths.notebooks / "01_prepare.html").write_text("x")
    paths.eval.mkdir(parents=True)
    (paths.eval / "report.html").write_text("x")
    gate = {"status": "RED", "condition": "tuned", "name": "warm & kind", "shown": "3 <4"}
    (paths.eval / "gates.json").write_text(json.dumps({"gates": [gate]}))
    assert road.gate_lines(paths) == []  # 05 has not finished: its gates are not told
    (paths.eval / stage.RECORD).write_text(json.dumps({"seconds": 1, "figures": {}}))
    body = road.write_index(paths).read_text(encoding="utf-8")
    assert '<a href="notebooks/01_prepare.html">' in body and '<a href="eval/report.html">' in body
    assert "rows kept 2" in body and "&lt;script&gt;" in body and "<script>" not in body
    assert "<b>RED</b> tuned: warm &amp; kind 3 &lt;4" in body
    assert body.count("not done") == len(NAMES) - 2


def test_a_page_keeps_the_ends_of_a_long_run_of_progress():
    moving = "".join(f"{PROGRESS_MARK}step {n}\n" for n in range(1, 61))
    text = f"begins\n{moving}done\n{PROGRESS_MARK}one\n{PROGRESS_MARK}two\n"
    kept = road.without_most_progress(text).splitlines()
    assert kept[:3] == ["begins", f"{PROGRESS_MARK}step 1", f"{PROGRESS_MARK}step 2"]
    assert kept[3] == f"{PROGRESS_MARK}… 56 lines more …"
    assert kept[-3:] == ["done", f"{PROGRESS_MARK}one", f"{PROGRESS_MARK}two"]
    assert len(kept) == 9
