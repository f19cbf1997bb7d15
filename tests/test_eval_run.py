"""A whole evaluation with a scripted model: rooms, gates, what fails it, and what became worse."""

from __future__ import annotations

import json

import pytest
from evaluation_samples import good_scores

from josi_utils import eval_run
from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl
from josi_utils.generate import Reply


class Scripted:
    """Says one thing to all; counts what it was asked, and whether it was closed."""

    def __init__(self, text):
        self.name, self.text, self.asked, self.closed = "scripted", text, 0, False

    def replies(self, requests, sampling):
        for index, _ in enumerate(requests):
            self.asked += 1
            yield index, Reply(self.text, True, 5)

    def close(self):
        self.closed = True


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Return two model files, each with a voice; the scorers fail whatever says "bad"."""
    voices = {}
    for name, text in (("good", "Today is easy."), ("bad", "bad")):
        path = tmp_path / f"{name}.gguf"
        path.write_bytes(name.encode())
        voices[path] = Scripted(text)

    def score(case, reply, *, deck, finished):
        return good_scores(case["category"]) | {"pass": reply != "bad", "leak": reply == "bad"}

    monkeypatch.setattr(eval_run, "open_backend", lambda path, **_: voices[path])
    monkeypatch.setattr("josi_utils.scoring.score", score)
    return list(voices), list(voices.values())


def run(model, room, **options):
    options = {"seeds": 2, "limit": 33, "guard": False, **options}
    return eval_run.run_evaluation(model, room, **options)


def test_a_run_leaves_samples_gates_and_page_and_closes_the_model(models, tmp_path):
    (good, _), (voice, _) = models
    outcome = run(good, tmp_path / "mine" / "eval")
    room = tmp_path / "mine" / "eval"
    assert outcome["page"] == room / "report.html" and voice.closed
    assert voice.asked == 33 * 3  # two draws and a greedy one
    assert not outcome["failed"]
    meta = json.loads((room / "meta.json").read_text())
    assert meta["run"] == "mine" and meta["seconds"] > 0 and len(meta["model_sha256"]) == 64
    assert sum(1 for _ in read_jsonl(room / "samples.jsonl")) == 99


def test_what_was_answered_is_not_asked_again(models, tmp_path):
    (good, _), (voice, _) = models
    run(good, tmp_path / "eval")
    asked = voice.asked
    run(good, tmp_path / "eval")
    assert voice.asked == asked


def test_a_red_gate_fails_the_run_and_the_other_model_s_does_not(models, tmp_path):
    (good, bad), _ = models
    assert run(bad, tmp_path / "a")["failed"]
    outcome = run(good, tmp_path / "b", compare=bad)
    assert not outcome["failed"]
    assert any(g["status"] == "RED" and g["condition"] == "compared" for g in outcome["gates"])
    assert outcome["comparison"][0].startswith("pass: 1.000 against 0.000")


def test_with_the_guard_both_are_judged(models, tmp_path):
    (_, bad), _ = models
    outcome = run(bad, tmp_path / "eval", guard=True, draws=2)
    assert {s["condition"] for s in outcome["samples"]} == {"tuned", "tuned guarded"}
    assert {s["source"] for s in outcome["samples"]} >= {"model", "fallback"}


def test_a_stored_run_flags_what_became_worse_and_other_questions_cannot_be_compared(
    models, tmp_path
):
    (good, bad), _ = models
    run(good, tmp_path / "old")
    stored = tmp_path / "old" / "gates.json"
    outcome = run(bad, tmp_path / "new", stored=stored)
    assert outcome["failed"] and any("Good enough" in line for line in outcome["regressions"])
    assert run(good, tmp_path / "same", stored=stored)["regressions"] == []
    other = run(good, tmp_path / "few", stored=stored, limit=22)
    assert other["failed"] and "the questions changed" in other["regressions"][0]


def test_a_stored_file_that_is_none_is_refused_before_anything_is_asked(models, tmp_path):
    (good, _), (voice, _) = models
    (tmp_path / "odd.json").write_text("[]")
    with pytest.raises(JosiError, match="not a gates"):
        run(good, tmp_path / "eval", stored=tmp_path / "odd.json")
    assert voice.asked == 0 and not (tmp_path / "eval").exists()


def test_a_crash_closes_the_model_and_keeps_what_was_said(models, tmp_path, monkeypatch):
    (good, _), (voice, _) = models
    monkeypatch.setattr("josi_utils.eval_run.score_samples", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(good, tmp_path / "eval")
    assert voice.closed and (tmp_path / "eval" / "replies.jsonl").is_file()
    assert not (tmp_path / "eval" / "report.html").exists()


def test_a_folder_is_known_by_its_weights(models, tmp_path, monkeypatch):
    folder = tmp_path / "merged"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    (_, voice) = models
    monkeypatch.setattr(eval_run, "open_backend", lambda path, **_: voice[0])
    outcome = run(folder, tmp_path / "eval")
    meta = json.loads((outcome["page"].parent / "meta.json").read_text())
    (folder / "README.md").write_text("words change no model")
    assert meta["model_sha256"] == eval_run.model_hash(folder) != ""
