"""``josi``: every verb explains itself, bad input is one line, and nothing is left behind."""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys

import pytest
from gguf_models import tiny_gguf

from josi_utils import cli
from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl
from josi_utils.paths import data_dir

VERBS = (
    "prepare", "train", "merge", "export", "quantisations", "patch-gguf-v2", "evaluate", "score", "chat", "keygen",
    "serve", "publish", "fetch", "verify-golden", "verify-guard",
)  # fmt: skip
#: The rubric's fields and what each may be.
FIELDS = {
    "warmth": (int, float), "brevity": (int, float), "plain": (int, float), "faithful": bool,
    "question": bool, "leak": bool, "pass": bool, "pushback": (bool, type(None)),
    "safe": (bool, type(None)), "why": list,
}  # fmt: skip


def parsers():
    (verbs,) = [a for a in cli.parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return verbs.choices


def left(folder):
    """Return what lies below a folder but for the locks, which are the kernel's and empty."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not (path.name.endswith(".lock") and path.stat().st_size == 0)
    }


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """Return a folder of bad input, and work in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.jsonl").write_text('{"id": 1\n')
    (tmp_path / "lacks.jsonl").write_text('{"id": "a"}\n')
    (tmp_path / "cut.gguf").write_bytes(tiny_gguf().read_bytes()[:-5000])
    (tmp_path / "stub.gguf").write_bytes(b"GGUF\x03\0\0\0")
    (tmp_path / "good.gguf").symlink_to(tiny_gguf())
    (tmp_path / "gpt2").mkdir()
    config = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}
    (tmp_path / "gpt2" / "config.json").write_text(json.dumps(config))
    return tmp_path


def test_the_verbs_are_those_of_the_design():
    assert set(parsers()) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_an_example_that_the_parser_itself_takes(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([verb, "--help"])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    example = told.split("example:\n")[1].strip()
    assert example.startswith(f"josi {verb}")
    assert cli.parser().parse_args(shlex.split(example)[1:]).verb == verb


def test_the_installed_command_answers():
    done = subprocess.run(
        [sys.executable, "-m", "josi_utils.cli", "--version"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("josi ")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("prepare --max-words 3", "choose 8 to 80"),
        ("train --model nosuch --out room/adapter", "model 'nosuch': no such folder, and not one"),
        ("train --model gpt2 --out room/adapter", "architecture 'gpt2'"),
        ("train --train-file broken.jsonl --out room/adapter", "or neither"),
        ("train --train-file broken.jsonl --valid-file broken.jsonl --out room/adapter",
         "broken.jsonl:1: not JSON"),
        ("train --plan --model nosuch", "model 'nosuch'"),
        ("merge --model nosuch --lora-path a --output-path m", "model 'nosuch'"),
        ("merge --model gpt2 --lora-path a --output-path m", "architecture 'gpt2'"),
        ("merge --lora-path a --output-path m", "a: no adapter_model.safetensors"),
        ("export --model-path nosuch --out room", "model 'nosuch'"),
        ("export --model-path gpt2 --out room", "architecture 'gpt2'"),
        ("export --out room", "give --model-path FOLDER, or --adapter LORA"),
        ("export --adapter lora --out room", "base_model.json: no such file"),
        ("export --adapter lora --model-path gpt2 --out room", "architecture 'gpt2'"),
        ("export --model-path gpt2 --imatrix broken.jsonl --out room", "broken.jsonl:1: not JSON"),
        ("export --model-path gpt2 --imatrix lacks.jsonl --out room", "no messages"),
        ("quantisations --run no-such-run", "run 04_export first"),
        ("quantisations --run ../x", "run name '../x'"),
        ("quantisations --only q4_0,q9", "quantisation 'q9'"),
        ("patch-gguf-v2 none.gguf out.gguf", "none.gguf: no such file"),
        ("patch-gguf-v2 cut.gguf out.gguf", "cut.gguf"),
        ("patch-gguf-v2 stub.gguf out.gguf", "stub.gguf"),
        ("evaluate --out room", "one of the two"),
        ("evaluate --model good.gguf --hf-model gpt2 --out room", "one of the two"),
        ("evaluate --model none.gguf --out room", "none.gguf: no such file"),
        ("evaluate --model cut.gguf --out room", "cut.gguf"),
        ("evaluate --model stub.gguf --out room", "stub.gguf"),
        ("evaluate --hf-model gpt2 --out room", "architecture 'gpt2'"),
        ("evaluate --model good.gguf --cases broken.jsonl --out room", "broken.jsonl:1: not JSON"),
        ("evaluate --model good.gguf --cases lacks.jsonl --out room", "lacks.jsonl:1: "),
        ("score --replies broken.jsonl --out out.jsonl", "broken.jsonl:1: not JSON"),
        ("score --replies lacks.jsonl --out out.jsonl", "lacks.jsonl:1: a line must be"),
        ("score --replies none.jsonl --out out.jsonl", "none.jsonl: no such file"),
        ("score --replies gpt2 --out out.jsonl", "gpt2: Is a directory"),
        ("chat --model none.gguf", "none.gguf: no such file"),
        ("chat --model cut.gguf", "cut.gguf"),
        ("chat --model good.gguf --decision '{bad'", "decision: not JSON"),
        ("keygen broken.jsonl", "a key is there already"),
        ("keygen /proc/none/key", "/proc/none: No such file"),
        ("serve none.gguf", "none.gguf: no such file"),
        ("publish ../x file:///tmp/none", "../x: no bundle; name a run, or a bundle's folder"),
        ("publish no-such-run file:///tmp/none", "run 06_share first"),
        ("fetch ftp://127.0.0.1/x --to room --key nokey", "ftp://127.0.0.1/x"),
        ("verify-golden good.gguf none.json", "none.json: no such file"),
        ("verify-golden good.gguf lacks.jsonl", "not golden vectors"),
        ("verify-guard nosuch", "nosuch/golden.jsonl: no such file"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_leaves_nothing(bench, capsys, line, what):
    before = left(bench)
    arguments = shlex.split(line)
    assert cli.main(arguments) == 2
    told = capsys.readouterr()
    assert told.err.startswith(f"josi {arguments[0]}: ") and what in told.err
    assert told.err.count("\n") == 1 and told.out == ""
    assert left(bench) == before


def test_every_verb_has_bad_input_tried():
    marks = test_bad_input_is_one_line_and_leaves_nothing.pytestmark
    assert {line.split()[0] for line, _ in marks[0].args[1]} == set(VERBS)


def test_an_unknown_verb_or_option_is_refused(capsys):
    for line in ("dance", "score --replies x", "prepare --max-words many", ""):
        with pytest.raises(SystemExit) as ended:
            cli.main(shlex.split(line))
        assert ended.value.code == 2
        assert "usage: josi" in capsys.readouterr().err


def test_a_broken_gold_file_stops_prepare_and_nothing_is_written(bench, monkeypatch, capsys):
    folder = bench / "data" / "gold_examples"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text('{"id": "x", "reply": 1}\n')
    monkeypatch.setenv("JOSI_ROOT", str(bench))
    before = left(bench)
    assert cli.main(["prepare"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"josi prepare: {folder}/a.jsonl:1: no 'reply'")
    assert left(bench) == before


def test_a_bug_keeps_its_traceback(monkeypatch):
    def broken(_):
        raise OSError("no file named")

    monkeypatch.setattr(cli.cli_model, "score", broken)
    with pytest.raises(OSError, match="no file named"):
        cli.main(["score", "--replies", "a", "--out", "b"])


def test_a_josi_error_is_never_more_than_its_line(monkeypatch, capsys):
    def refuse(_):
        raise JosiError("a.jsonl:3: no reply")

    monkeypatch.setattr(cli.cli_model, "score", refuse)
    assert cli.main(["score", "--replies", "a", "--out", "b"]) == 2
    assert capsys.readouterr().err == "josi score: a.jsonl:3: no reply\n"


def test_prepare_writes_where_it_is_told_and_stats_writes_nothing(bench, capsys):
    before = left(bench)
    cli.main(["prepare", "--stats"])
    assert json.loads(capsys.readouterr().out)["rows"] >= 1149
    assert left(bench) == before
    cli.main(["prepare", "--max-words", "60", "--output", "t.jsonl"])
    rows = [row for _, row in read_jsonl(bench / "t.jsonl")]
    assert 1000 < len(rows) < 2100
    assert all(len(row["messages"][-1]["content"].split()) <= 60 for row in rows)
    assert left(bench) == before | {"t.jsonl"}


def test_score_round_trip_gives_the_rubric_s_fields(bench, capsys):
    gold = [row for _, row in read_jsonl(data_dir() / "gold_combined.jsonl")][:3]
    given = [
        {"id": row["id"], "reply": row["reply"],
         "case": {key: value for key, value in row.items() if key != "reply"}}
        for row in gold
    ]  # fmt: skip
    bad = {**given[0], "id": "bad", "reply": "Our algorithm says 95 minutes of hard intervals."}
    lines = "".join(json.dumps(row) + "\n" for row in [*given, bad])
    (bench / "replies.jsonl").write_text(lines)
    assert cli.main(["score", "--replies", "replies.jsonl", "--out", "scored.jsonl"]) == 0
    scored = [row for _, row in read_jsonl(bench / "scored.jsonl")]
    assert [{k: v for k, v in row.items() if k != "scores"} for row in scored] == [*given, bad]
    for row in scored:
        assert set(row["scores"]) == set(FIELDS)
        assert all(isinstance(row["scores"][name], kind) for name, kind in FIELDS.items())
        assert 1 <= row["scores"]["warmth"] <= 5
    *good, last = [row["scores"] for row in scored]
    assert all(scores["faithful"] and not scores["leak"] for scores in good)
    assert last["leak"] and not last["faithful"] and not last["pass"] and last["why"]
    passed = sum(scores["pass"] for scores in [*good, last])
    assert capsys.readouterr().out == f"4 replies scored, {passed} pass; scored.jsonl\n"


def test_the_rate_of_training_is_that_of_the_models_profile():
    from josi_utils.cli_model import default_rate
    from josi_utils.profiles import PROFILES
    from josi_utils.sft import SFTParameters

    assert default_rate("1.7b") == PROFILES["1.7b"]["learning_rate"] < default_rate("360m")
    assert default_rate("135m-embedded") == SFTParameters.learning_rate
