"""The bundle: what is in it, that it is the run's own bytes, that it is the same every time."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import gguf
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from delivery_world import write_gguf

from josi_utils import release_prompt
from josi_utils.decision import read_deck
from josi_utils.errors import JosiError
from josi_utils.files import read_json, sha256_file, write_json
from josi_utils.guard.data import NAMES, load
from josi_utils.guard.encoder_build import ENCODER_FILE, ENCODER_MB, encoder_file
from josi_utils.handover import Points
from josi_utils.paths import RunPaths, data_dir
from josi_utils.persona import CHAT_TEMPLATE
from josi_utils.prompt import case_messages, render
from josi_utils.release import build_release
from josi_utils.signing import public_key, verify

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def write_adapter(path):
    """Write a GGUF that says it is a LoRA adapter."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_tensor("blk.0.attn_q.weight.lora_a", np.ones((4, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def run(tmp_path, monkeypatch):
    cache = encoder_file().parent.parent
    monkeypatch.setenv("JOSI_ROOT", str(tmp_path))
    for name in ("LICENSE", "data"):
        (tmp_path / name).symlink_to(Path(__file__).parent.parent / name)
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / ".cache").symlink_to(cache)
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
    gates = [
        {"name": "Warmth", "condition": "tuned", "shown": "3.87 (95 %: 3.8 to 3.9), bar over 3.5, "
         "5 questions", "bar": 3.5, "value": 3.87, "status": "GREEN"},
        {"name": "Warmth", "condition": "tuned guarded", "shown": "4.10, bar over 3.5, 5 questions",
         "bar": 3.5, "value": 4.1, "status": "GREEN"},
        {"name": "Leaks", "condition": "tuned guarded", "status": "RED", "bar": 0, "value": 0.1,
         "shown": "seen in 1 of 5 questions, none allowed"},
    ]  # fmt: skip
    write_json(paths.eval / "gates.json", {"gates": gates, "passed": True})
    assert model.exists()
    return paths


def test_bundle_holds_exactly_what_the_app_needs(run):
    release = build_release(run, version="1.2.3", sign_key=KEY)
    assert {p.name for p in release.folder.iterdir()} == {
        "josi-q8_0.gguf", "chat_template.jinja", "template_examples.jsonl", "golden.json",
        "prompt.json", "guard_rules.json", "guard_golden.jsonl", "cards.json",
        "josi-encoder-q8_0.gguf",
        "LICENSE", "NOTICE", "README.md", "ANDROID.md", "JosiDownload.kt", "manifest.json",
        "manifest.signed.json", "SHA256SUMS",
    }  # fmt: skip
    assert release.sha256 == sha256_file(run.gguf / "josi-q8_0.gguf")
    assert sha256_file(release.folder / ENCODER_FILE) == sha256_file(encoder_file())
    size = (release.folder / ENCODER_FILE).stat().st_size
    assert round(size / 1e6) == ENCODER_MB
    assert release.manifest["runtime"]["min_ram_bytes"] > size
    notes = (release.folder / "ANDROID.md").read_text()
    assert all(
        key in notes for key in ("asked_from", "encoder_factor", "beside_rule", ENCODER_FILE)
    )
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


def test_a_copy_of_the_run_gives_the_same_bytes(run, tmp_path):
    """Other times of the files, another day: what the records say is all that counts."""
    record = read_json(run.gguf / "stage.json")
    record["outputs"]["josi-q8_0.gguf"]["mtime_ns"] = 1_800_000_000 * 10**9
    write_json(run.gguf / "stage.json", record)
    first = build_release(run, version="1.0.0", sign_key=KEY, folder=tmp_path / "a")
    assert first.manifest["expires"] == "2028-02-19T00:00:00Z"  # 15 January 2027 and 400 days
    for path in run.gguf.iterdir():
        os.utime(path, (10**9, 10**9))
    second = build_release(run, version="1.0.0", sign_key=KEY, folder=tmp_path / "b")
    assert (first.folder / "SHA256SUMS").read_bytes() == (second.folder / "SHA256SUMS").read_bytes()


def test_adapter_and_v2_copy_are_further_files(run):
    """The adapter only with the base it is bound to, and only for clients that ask for one."""
    adapter = write_adapter(run.gguf / "josi-lora-f16.gguf")
    v2 = run.gguf / "josi-q8_0-v2.gguf"
    v2.write_bytes((run.gguf / "josi-q8_0.gguf").read_bytes())
    with open(v2, "r+b") as stream:
        stream.seek(4)
        stream.write((2).to_bytes(4, "little"))
    base = write_gguf(run.root / "base.gguf", seed=5)

    def roles(**more):
        entries = build_release(run, version="1.0.0", sign_key=KEY, **more).manifest["files"]
        return {e["role"]: e for e in entries if e["role"] in ("model", "model-gguf-v2", "adapter")}

    assert roles().keys() == {"model", "model-gguf-v2"}
    found = roles(base_gguf=base)
    assert found["adapter"]["base_sha256"] == sha256_file(base)
    assert found["adapter"]["sha256"] == sha256_file(adapter)
    assert found["model-gguf-v2"]["sha256"] == sha256_file(v2)
    notes = (run.release / "bundle/ANDROID.md").read_text()
    assert sha256_file(base) in notes and "a wrong base loads and babbles" in notes


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
    # Which replies a number is about is said: alone, or as an athlete would get them.
    assert "| gate | bar | behind the guard | the model alone |" in card
    assert "| Warmth | over 3.5 | GREEN: 4.10 | GREEN: 3.87 (95 %: 3.8 to 3.9) |" in card
    assert "| Leaks | none allowed | RED: seen in 1 of 5 questions |  |" in card
    for page in (notes, card):
        assert f"```\n{release_prompt.shown_user_turn()}\n```" in page
    assert "Say: " in notes and "Ask: " in notes and "guard_golden.jsonl" in notes


def test_examples_are_what_the_model_is_asked_with(run):
    """Held against the functions that training, evaluation and chat go through, not our own."""
    from josi_utils.llama_probe import render_with_jinja
    from josi_utils.persona import split_sentences

    folder = build_release(run, version="1.0.0", sign_key=KEY).folder
    rows = [json.loads(x) for x in (folder / "template_examples.jsonl").read_text().splitlines()]
    for row in rows:
        assert row["messages"] == case_messages(row["case"])
        assert row["user"] == row["messages"][-1]["content"] == render(
            row["case"], Points(**row["points"])
        )  # fmt: skip
        assert row["text"] == render_with_jinja(CHAT_TEMPLATE, row["messages"], True)
        assert row["text"].count("<|im_start|>") == len(row["messages"]) + 1
    points = {row["name"]: row["points"] for row in rows}
    assert "stays as it is" in points["plan that stays"]["say"]
    assert not points["red flag"]["training"] and "Plan:" not in rows[2]["user"]
    deck = json.loads((folder / "cards.json").read_text())
    said = points["card found in the deck"]["say"]
    assert any(line in said for card in deck for line in split_sentences(card["text"]))


def test_prompt_words_are_enough_to_render_the_plan(run):
    """As a port would: the words from ``prompt.json``, no function of ours."""
    folder = build_release(run, version="1.0.0", sign_key=KEY).folder
    words = json.loads((folder / "prompt.json").read_text())
    for line in (folder / "template_examples.jsonl").read_text().splitlines():
        row = json.loads(line)
        decision = row["case"].get("decision")
        heads = [part.split(":")[0] for part in row["user"].split("\n")]
        assert heads == [name for name in words["lines"] if name in heads]
        if decision and decision.get("reasons") and row["points"]["training"]:
            reasons = [words["reasons"][code] for code in decision["reasons"]]
            assert f"Reason: {words['reasons_joined_by'].join(reasons)}." in row["user"]
        if decision and decision.get("readiness") and row["points"]["training"]:
            colour = words["readiness_colours"][decision["readiness"]]
            assert f"Readiness: {decision['readiness']} ({colour})." in row["user"]
        assert not re.search(words["control_tokens"], row["user"])


def test_guard_and_deck_in_the_bundle_are_those_that_were_measured(run):
    folder = build_release(run, version="1.0.0", sign_key=KEY).folder
    rules = json.loads((folder / "guard_rules.json").read_text())
    assert rules.keys() >= set(NAMES) and all(rules[name] == load(name) for name in NAMES)
    cards = json.loads((folder / "cards.json").read_text())
    assert cards == read_deck(data_dir() / "cards")
