"""The bundle: what is in it, that it is the run's own bytes, that it is the same every time."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from delivery_world import write_gguf

from josi_utils.errors import JosiError
from josi_utils.files import sha256_file, write_json
from josi_utils.paths import RunPaths
from josi_utils.persona import CHAT_TEMPLATE
from josi_utils.release import build_release
from josi_utils.signing import public_key, verify

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("JOSI_ROOT", str(tmp_path))
    shutil.copy(Path(__file__).parent.parent / "LICENSE", tmp_path / "LICENSE")
    paths = RunPaths("tiny")
    model = write_gguf(paths.gguf / "josi-q8_0.gguf")
    write_gguf(paths.gguf / "josi-f32.gguf", quantised=False)
    (paths.gguf / "golden.json").write_text('{"messages": [], "text": "", "ids": []}\n')
    outputs = {p.name: {"sha256": sha256_file(p), "size": p.stat().st_size}
               for p in paths.gguf.iterdir()}  # fmt: skip
    record = {"stage": "04_export", "parameters": {"quant": "q8_0"}, "outputs": outputs,
              "packages": {"gguf": "0.19.0"}, "seconds": 1.5}  # fmt: skip
    write_json(paths.gguf / "stage.json", record)
    write_json(paths.adapter / "stage.json", {"parameters": {"base_model": "135m"}})
    gates = [{"name": "Warmth", "metric": "warmth", "value": 4.1, "bar": 3.5, "status": "GREEN"}]
    write_json(paths.eval / "gates.json", {"gates": gates, "passed": True})
    assert model.exists()
    return paths


def test_bundle_holds_exactly_what_the_app_needs(run):
    release = build_release(run, version="1.2.3", sign_key=KEY)
    assert {p.name for p in release.folder.iterdir()} == {
        "josi-q8_0.gguf", "chat_template.jinja", "template_examples.jsonl", "golden.json",
        "LICENSE", "NOTICE", "README.md", "ANDROID.md", "JosiDownload.kt", "manifest.json",
        "manifest.signed.json", "SHA256SUMS",
    }  # fmt: skip
    assert release.sha256 == sha256_file(run.gguf / "josi-q8_0.gguf")
    assert (release.folder / "chat_template.jinja").read_text() == CHAT_TEMPLATE


def test_manifest_says_what_the_file_really_is(run):
    manifest = build_release(run, version="1.2.3", sign_key=KEY).manifest
    assert manifest["gguf"]["type_counts"] == {"Q8_0": 1}
    assert manifest["gguf"]["bits_per_weight"] == 8.5  # 32 bytes and a 2-byte scale for 32 weights
    assert manifest["gguf"]["vocabulary_size"] == 4
    assert manifest["gguf"]["end_of_generation_ids"] == [0, 2]
    assert manifest["gguf"]["kv_bytes_per_token"] == 2 * 2 * 2 * 16 * 2
    assert manifest["base_model"]["name"] == "135m"
    assert manifest["sequence"] == 1_002_003
    assert manifest["runtime"]["sampling"]["max_new_tokens"] == 120
    assert manifest["gates"]["passed"] is True


def test_signed_bytes_are_manifest_json(run):
    release = build_release(run, version="1.0.0", sign_key=KEY)
    envelope = (release.folder / "manifest.signed.json").read_bytes()
    payload = verify(envelope, [public_key(KEY)]).payload
    assert payload == (release.folder / "manifest.json").read_bytes()
    assert json.loads(payload) == release.manifest


def test_sha256sum_agrees(run):
    folder = build_release(run, version="1.0.0", sign_key=KEY).folder
    subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=folder, check=True,
                   capture_output=True)  # fmt: skip
    named = {line.split()[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert named == {p.name for p in folder.iterdir()} - {"SHA256SUMS"}


def test_same_run_same_bytes(run, tmp_path):
    first = build_release(run, version="1.0.0", sign_key=KEY, folder=tmp_path / "a").folder
    second = build_release(run, version="1.0.0", sign_key=KEY, folder=tmp_path / "b").folder
    assert (first / "SHA256SUMS").read_bytes() == (second / "SHA256SUMS").read_bytes()


def test_unsigned_bundle_warns(run):
    with pytest.warns(UserWarning, match="not signed"):
        assert not build_release(run, version="1.0.0").signed


def test_model_that_is_not_the_recorded_one_is_refused(run):
    path = run.gguf / "josi-q8_0.gguf"
    path.unlink()
    write_gguf(path, seed=1)
    with pytest.raises(JosiError, match="not the bytes that 04_export recorded"):
        build_release(run, version="1.0.0", sign_key=KEY)
    assert not run.release.exists() or not list(run.release.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"template": None}, "no chat template"),
        ({"add_bos": True}, "add_bos_token is true"),
    ],
)
def test_model_unfit_for_the_app_is_refused(run, change, message):
    (run.gguf / "stage.json").unlink()
    (run.gguf / "josi-q8_0.gguf").unlink()
    write_gguf(run.gguf / "josi-q8_0.gguf", **change)
    with pytest.raises(JosiError, match=message):
        build_release(run, version="1.0.0", sign_key=KEY)


def test_two_candidates_must_be_chosen_from(run):
    (run.gguf / "stage.json").unlink()
    write_gguf(run.gguf / "other-q8_0.gguf", seed=2)
    with pytest.raises(JosiError, match="several models"):
        build_release(run, version="1.0.0", sign_key=KEY)
    release = build_release(run, version="1.0.0", sign_key=KEY, model="other-q8_0.gguf")
    assert release.model.name == "other-q8_0.gguf"


def test_no_model_says_what_to_do(run):
    shutil.rmtree(run.gguf)
    with pytest.raises(JosiError, match="run 04_export first"):
        build_release(run, version="1.0.0", sign_key=KEY)


def test_failed_build_keeps_the_last_bundle(run):
    release = build_release(run, version="1.0.0", sign_key=KEY)
    before = (release.folder / "SHA256SUMS").read_bytes()
    with pytest.raises(JosiError, match="MAJOR"):
        build_release(run, version="one", sign_key=KEY)
    assert (release.folder / "SHA256SUMS").read_bytes() == before


def test_pages_carry_the_facts_an_android_developer_gets_wrong(run):
    folder = build_release(run, version="1.0.0", sign_key=KEY).folder
    notes = (folder / "ANDROID.md").read_text()
    for fact in ("**0.7**", "**1024**", "**120**", "without adding a BOS", "special tokens parsed"):
        assert fact in notes
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nlicense: apache-2.0\n")
    assert "| Warmth | 4.1 | 3.5 | GREEN |" in card
    examples = [
        json.loads(x) for x in (folder / "template_examples.jsonl").read_text().splitlines()
    ]
    for example in examples:
        assert example["text"].endswith("<|im_start|>assistant\n")
