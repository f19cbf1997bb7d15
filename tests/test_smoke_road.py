"""The whole road on little, as a new user would run it; then again, skipping every stage."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from josi_utils.paths import STAGES, RunPaths, repository_root

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
    assert {"josi-q4_k_m.gguf", "golden.json", "guard_rules.json"} <= names


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
