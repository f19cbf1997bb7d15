"""What 06 shows: the hand-over with its update and the way back, and the tables in words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from delivery_world import random_file
from gguf_models import tiny_quantised

from josi_utils import release_demo, release_tables
from josi_utils.errors import JosiError
from josi_utils.gguf_header import read_header
from josi_utils.paths import RunPaths
from josi_utils.persona import WORD_LIMIT, count_words
from josi_utils.release import build_release
from josi_utils.release_demo import HandOver, later_release, later_version
from josi_utils.release_keys import signing_keys

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return a signed bundle of a tiny model that llama.cpp can load, and its keys."""
    model, root = tiny_quantised(), tmp_path_factory.mktemp("root")
    for name in ("LICENSE", "data"):
        (root / name).symlink_to(ROOT / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JOSI_ROOT", str(root))
        paths = RunPaths("tiny")
        paths.gguf.mkdir(parents=True)
        shutil.copy(model, paths.gguf / "josi-q8_0.gguf")
        keys, _ = signing_keys("", paths.release)
        return build_release(paths, version="0.1.0", sign_key=keys), keys


def test_update_rollback_and_the_publishers_retreat(built, tmp_path):
    release, keys = built
    said = []
    with HandOver(keys, tmp_path / "room", say=said.append) as demo:
        demo.publish(release)
        assert demo.fetch("first launch").status == "installed"
        demo.confirm("it has answered")
        newer = demo.later(release, version="0.1.1")
        demo.publish(newer)
        update = demo.fetch("next look")
        assert (update.status, update.version) == ("installed", "0.1.1")
        # The model and nothing else came over the line.
        assert update.bytes == newer.model.stat().st_size
        demo.rollback("it answers badly")
        assert demo.fetch("next look").status == "declined"
        demo.publish(demo.later(release, sequence=newer.manifest["sequence"] + 1))
        back = demo.fetch("next look")
        assert (back.status, back.version, back.bytes) == ("installed", "0.1.0", 0)
    assert not any(path.is_dir() for path in (tmp_path / "room").iterdir())
    assert [row["current on the phone"].split()[0] for row in demo.rows] == [
        "nothing", "0.1.0", "0.1.0", "0.1.0", "0.1.1", "0.1.0", "0.1.0", "0.1.0", "0.1.0",
    ]  # fmt: skip
    assert len(said) == len(demo.rows)


def test_a_release_that_does_not_load_leaves_the_phone_as_it_was(built, tmp_path, monkeypatch):
    release, keys = built

    def broken(source, target, version):
        data = bytearray(source.read_bytes())
        data[:4] = b"GGUX"
        target.write_bytes(data)

    with HandOver(keys, tmp_path / "room") as demo:
        demo.publish(release)
        demo.fetch("first launch")
        monkeypatch.setattr(release_demo, "_stamp", broken)
        demo.publish(demo.later(release, version="0.1.1"))
        with pytest.raises(JosiError, match="does not load"):
            demo.fetch("next look")
        monkeypatch.undo()
        assert demo.rows[-2]["current on the phone"].startswith("0.1.0")


def test_later_release_is_another_file_with_the_same_weights(built, tmp_path):
    release, keys = built
    newer = later_release(release, keys, tmp_path / "newer", version="0.1.1")
    assert newer.sha256 != release.sha256 and newer.manifest["sequence"] == 1001
    old, new = read_header(release.model), read_header(newer.model)
    assert new.metadata == {**old.metadata, "general.version": "0.1.1"}
    weights = 10**6  # the end of the file, behind the header
    assert newer.model.read_bytes()[-weights:] == release.model.read_bytes()[-weights:]
    names = {entry["name"] for entry in newer.manifest["files"]}
    assert names == {p.name for p in newer.folder.iterdir()} - {
        "manifest.json", "manifest.signed.json", "SHA256SUMS",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("version", "later"), [("0.1.0", "0.1.1"), ("1.9.9", "1.9.10"), ("2.0.0-rc1", "2.0.1")]
)
def test_the_last_number_of_a_version_counts_up(version, later):
    assert later_version(version) == later


def test_interrupted_download_resumes_and_says_so(tmp_path):
    model = random_file(tmp_path / "m.gguf", 9 << 20, 3)
    said = []
    outcome = release_demo.interrupted_download(
        SimpleNamespace(model=model), tmp_path / "got", say=said.append
    )
    assert 0 < outcome["cut_after_bytes"] < outcome["size"] == 9 << 20
    assert outcome["fetched_after_the_cut"] == outcome["size"] - outcome["cut_after_bytes"]
    assert (tmp_path / "got/m.gguf").read_bytes() == model.read_bytes()
    cut = next(number for number, line in enumerate(said) if "not there yet" in line)
    # Shown live on both sides of the cut: bytes, rate, time left.
    for lines in (said[:cut], said[cut + 1 : -1]):
        assert lines and all("m.gguf: " in line and " MB/s" in line for line in lines)
    assert "SHA-256 equal" in said[-1]


def test_tables_are_for_people(built):
    release, _ = built
    manifest = {**release.manifest, "gates": {"passed": False, "gates": [
        {"name": "Warmth", "condition": "tuned", "status": "RED"},
        {"name": "Warmth", "condition": "tuned guarded", "status": "GREEN"},
    ]}}  # fmt: skip
    facts = release_tables.manifest_facts(manifest)
    assert not any(mark in text for text in facts.values() for mark in "{}[]'")
    assert facts["sampling"].startswith("temperature 0.7, max new tokens 120")
    assert facts["gates"] == "behind the guard: 1 GREEN"
    rows = release_tables.bundle_rows(manifest)
    assert {row["file"] for row in rows} == {entry["name"] for entry in manifest["files"]}
    assert all(len(row["SHA-256 begins"]) == 12 and row["for"] for row in rows)
    json.dumps([facts, rows])


def test_times_and_traffic_follow_from_the_size():
    assert release_tables.download_times(10**6)[0] == {"Mbit/s": 5, "seconds": 1.6}
    assert release_tables.traffic(10**8, (10_000,)) == [
        {"installs": "10,000", "traffic": "1,000 GB"}
    ]
    assert [release_tables.megabytes(n) for n in (0, 999, 1_500_000)] == [
        "0.0 kB",
        "1.0 kB",
        "1.5 MB",
    ]


def test_first_words_are_guarded():
    words = release_demo.first_words(tiny_quantised())
    assert (
        words["the app hands over"].startswith("Plan: ")
        and "\nAsk: " in words["the app hands over"]
    )
    # Random weights say nothing that passes, so the athlete reads the rules' own words.
    assert words["the guard"].startswith("refuses it: ")
    assert "(" not in words["the guard"] and words["the athlete reads"] != words["the model says"]
    assert count_words(words["the athlete reads"]) < WORD_LIMIT
