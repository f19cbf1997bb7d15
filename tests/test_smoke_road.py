"""The whole road on little, as a new user would run it; then again, skipping every stage."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from josi_utils import cli
from josi_utils.decision import read_cases
from josi_utils.download import Store
from josi_utils.files import sha256_file
from josi_utils.generate import LlamaBackend, Request, answer
from josi_utils.guard import guarded_reply
from josi_utils.guard.data import load
from josi_utils.paths import STAGES, RunPaths, data_dir, repository_root
from josi_utils.persona import CHAT_TEMPLATE, WORD_LIMIT, Sampling, count_words
from josi_utils.prompt import case_messages, deck
from josi_utils.serve import serve

pytestmark = pytest.mark.real
ROOT = repository_root()


def run_all(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "run_all.py"), "--profile", "smoke", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=1500)


@pytest.fixture(scope="module")
def road() -> tuple[RunPaths, str]:
    done = run_all()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return RunPaths("smoke"), done.stdout


def test_every_room_has_its_record_and_page(road):
    paths, summary = road
    for name in STAGES:
        assert (paths.room(name) / "stage.json").is_file()
        assert (paths.notebooks / f"{name}.html").is_file()
        assert name in summary
    assert str(paths.index) in summary


def test_a_second_run_skips_everything_within_ten_seconds(road):
    began = time.monotonic()
    done = run_all()
    assert done.returncode == 0
    assert done.stdout.count("up to date, skipped") == len(STAGES)
    assert time.monotonic() - began < 10


def test_no_page_asks_another_host(road):
    paths, _ = road
    pages = [*paths.notebooks.glob("*.html"), paths.index, paths.eval / "report.html"]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|iframe)[^>]*\bsrc=[\"'](?:https?:)?//[^\"']+", text)
        fetched += re.findall(r"<link[^>]*\bhref=[\"'](?:https?:)?//[^\"']+", text)
        fetched += re.findall(r"(?:@import|url\()\s*[\"']?https?://[^)\"']+", text)
        fetched += re.findall(r"\bimport\b[^;\n]*[\"']https?://[^\"']+", text)
        assert not fetched, f"{page.name}: {fetched[:3]}"


def test_figures_are_shown_not_named(road):
    paths, _ = road
    for name in ("01_prepare", "02_finetune", "04_export", "05_evaluate", "06_share"):
        text = (paths.notebooks / f"{name}.html").read_text(encoding="utf-8")
        assert "<img" in text and "Figure size" not in text, name


def test_the_coaches_page_shows_no_code(road):
    paths, _ = road
    text = (paths.eval / "report.html").read_text(encoding="utf-8")
    assert "import josi" not in text and "josi_utils" not in text and "Traceback" not in text


def test_the_bundle_holds_together(road):
    paths, _ = road
    bundle = paths.release / "bundle"
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=bundle, capture_output=True
    )
    assert checked.returncode == 0, checked.stderr
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    names = {entry["name"] for entry in manifest["files"]}
    assert {"josi-q4_k_m.gguf", "golden.json", "guard_rules.json", "prompt.json"} <= names


def test_published_fetched_loaded_and_answering(road, tmp_path, capsys):
    """The hand-over whole: a folder, loopback HTTP, an empty phone, llama.cpp, a guarded reply."""
    paths, _ = road
    key = paths.release / "throw-away-key.pem.pub"
    assert cli.main(["publish", "smoke", f"file://{tmp_path}/site"]) == 0
    with serve(tmp_path / "site") as share:
        channel = f"{share.url}channels/stable.json"
        fetch = ["fetch", channel, "--to", str(tmp_path / "phone"), "--key", str(key)]
        assert cli.main(fetch) == 0
        assert cli.main(fetch) == 0  # and nothing is fetched again
    told = capsys.readouterr().out
    assert "installed: version 0.1.0" in told and "current: version 0.1.0" in told
    phone = Store(tmp_path / "phone")
    model, manifest = phone.file(), phone.manifest()
    assert sha256_file(model) == sha256_file(paths.gguf / model.name)
    # The app asks and guards with what it fetched, and that is what was measured.
    here = {entry["name"]: phone.path(entry) for entry in manifest["files"]}
    assert here["chat_template.jinja"].read_text(encoding="utf-8") == CHAT_TEMPLATE
    assert json.loads(here["guard_rules.json"].read_text(encoding="utf-8"))["triage"] == load(
        "triage"
    )
    assert json.loads(here["cards.json"].read_text(encoding="utf-8")) == list(deck())
    sampling = Sampling(**manifest["runtime"]["sampling"])
    case = read_cases(data_dir() / "eval" / "cases.jsonl")[0]
    with closing(LlamaBackend(model, slots=1)) as backend:
        request = Request(tuple(case_messages(case)), 1)
        drawn = answer(backend, [request], sampling)[0]
    assert drawn.text and drawn.tokens <= sampling.max_new_tokens
    shown = guarded_reply(case, [(drawn.text, drawn.finished)], deck=deck())
    assert shown.source in ("draw", "fallback") and shown.draws_used == 1
    assert count_words(shown.text) < WORD_LIMIT and "?" in shown.text


def test_a_failing_notebook_is_kept_and_named(tmp_path):
    done = run_all("--run", "smoke-broken", "--only", "03")
    assert done.returncode == 1
    assert "02_finetune first" in done.stderr or "01_prepare first" in done.stderr
    kept = re.search(r"as executed: (\S+)", done.stderr)
    assert kept and Path(kept[1]).is_file()


def test_an_unknown_parameter_stops_before_anything_runs():
    done = run_all("--run", "smoke-none", "-p", "lerning_rate=1")
    assert done.returncode == 1 and "unknown parameter 'lerning_rate'" in done.stderr
    assert not RunPaths("smoke-none").root.exists()
