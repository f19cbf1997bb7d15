"""Logs as Inspect AI reads them; the oracle is ``inspect-ai`` itself where it is installed.

It needs an older fsspec than this project pins, so it lives in an environment of its own:
``JOSI_INSPECT_PYTHON`` names that environment's Python.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest
from evaluation_samples import META, failing, make_case, make_sample, make_samples

from josi_utils.errors import JosiError
from josi_utils.inspect_log import inspect_log, write_logs

READER = """
import json, sys
from inspect_ai.log import list_eval_logs, read_eval_log
out = []
for info in list_eval_logs(sys.argv[1], recursive=False):
    log = read_eval_log(info)
    out.append({
        "version": log.version, "status": log.status, "task": log.eval.task,
        "model": log.eval.model, "epochs": log.eval.config.epochs,
        "samples": [[s.id, s.epoch, s.output.completion, s.output.stop_reason,
                     {k: v.value for k, v in s.scores.items()}] for s in log.samples],
        "results": {s.name: s.metrics["value"].value for s in log.results.scores if s.metrics},
        "explanation": log.samples[0].scores["warmth"].explanation,
        "roles": [m.role for m in log.samples[0].messages],
    })
print(json.dumps(out))
"""


def samples():
    raw = make_samples(2, 2)
    raw[0]["scores"] |= failing()
    raw[1]["finished"] = False
    greedy = [{**s, "greedy": True} for s in make_samples(2, 1)]
    guarded = make_samples(2, 1, condition="tuned guarded")
    return raw + greedy + guarded


def inspect_python():
    named = os.environ.get("JOSI_INSPECT_PYTHON")
    if named:
        return named
    if importlib.util.find_spec("inspect_ai"):
        return sys.executable
    pytest.skip("inspect-ai is not installed; set JOSI_INSPECT_PYTHON to a Python that has it")


def test_inspect_opens_the_logs(tmp_path):
    python = inspect_python()
    write_logs(samples(), META, tmp_path)
    done = subprocess.run(
        [python, "-c", READER, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    logs = {log["task"]: log for log in json.loads(done.stdout)}
    assert set(logs) == {"josi: tuned", "josi: tuned greedy", "josi: tuned guarded"}
    tuned = logs["josi: tuned"]
    assert (tuned["version"], tuned["status"], tuned["epochs"]) == (2, "success", 2)
    assert tuned["model"] == "josi/josi-q4_k_m.gguf"
    by_id = {(row[0], row[1]): row for row in tuned["samples"]}
    assert len(by_id) == 44
    first = by_id["explain-decision-0", 1]
    assert first[4]["pass"] is False and first[4]["warmth"] == 1.5 and "safe" not in first[4]
    assert by_id["explain-decision-0", 2][3] == "max_tokens"
    assert first[2].startswith("Your legs are sore")
    assert tuned["results"]["pass"] == pytest.approx(42 / 44, abs=1e-4)
    assert tuned["roles"] == ["system", "user", "assistant"]


def test_one_log_a_condition_each_with_unique_samples(tmp_path):
    paths = write_logs(samples(), META, tmp_path)
    assert len(paths) == 3 == len(list(tmp_path.iterdir()))
    for path in paths:
        log = json.loads(path.read_text(encoding="utf-8"))
        assert set(log) == {"version", "status", "eval", "plan", "results", "stats", "samples"}
        keys = [(s["id"], s["epoch"]) for s in log["samples"]]
        assert len(keys) == len(set(keys)) and min(epoch for _, epoch in keys) == 1


def test_the_same_run_writes_the_same_files(tmp_path):
    first = [(p.name, p.read_bytes()) for p in write_logs(samples(), META, tmp_path / "a")]
    second = [(p.name, p.read_bytes()) for p in write_logs(samples(), META, tmp_path / "b")]
    assert first == second


def test_reasons_and_spans_travel_with_the_score():
    log = inspect_log([make_sample(make_case(0, "feelings"), scores=failing())], META, "tuned")
    warmth = log["samples"][0]["scores"]["warmth"]
    assert warmth["explanation"] == "orders, blames or shames: “legs”"
    assert warmth["metadata"]["spans"] == [[5, 9]]


def test_an_error_is_an_error_in_the_log():
    broken = make_sample(make_case(0, "feelings")) | {"error": "out of memory", "scores": None}
    sample = inspect_log([broken], META, "tuned")["samples"][0]
    assert sample["error"]["message"] == "out of memory" and sample["scores"] == {}


def test_greedy_logs_say_temperature_zero():
    one = [make_sample(make_case(0, "feelings"), greedy=True)]
    config = inspect_log(one, META, "tuned greedy")["eval"]["model_generate_config"]
    assert config["temperature"] == 0.0 and config["max_tokens"] == 120


def test_the_base_model_is_named_as_itself_and_the_question_is_the_input():
    log = inspect_log([make_sample(make_case(0, "feelings"), condition="base")], META, "base")
    assert log["eval"]["model"] == "josi/135m-embedded"
    assert [m["role"] for m in log["samples"][0]["input"]] == ["user"]


def test_bad_input_is_one_clear_line(tmp_path):
    with pytest.raises(JosiError, match="no reply to log"):
        write_logs([], META, tmp_path)
    with pytest.raises(JosiError, match="date is 'soon'"):
        write_logs(samples(), META | {"date": "soon"}, tmp_path)
    assert list(tmp_path.iterdir()) == []
