"""Training that can be killed, resumed and repeated, on a tiny llama with the real tokenizer."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from josi_utils import sft, training_log, training_rows
from josi_utils.basemodel import resolve
from josi_utils.errors import JosiError
from josi_utils.files import write_jsonl
from josi_utils.persona import IM_END, chat

pytestmark = pytest.mark.real
PARAMETERS = sft.SFTParameters(
    rank=2, alpha=4, batch_size=4, max_steps=12, evaluations=6, learning_rate=1e-2
)


def rows(count: int, start: int = 0) -> list[dict]:
    return [
        {"id": f"r{i}", "category": "greeting",
         "messages": [*chat(f"hello number {i}"), {"role": "assistant", "content": f"Hi {i}. How are you?"}]}
        for i in range(start, start + count)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """A folder with a tiny base model (49,152 words, two layers) and rows."""
    from transformers import LlamaConfig, LlamaForCausalLM, set_seed

    folder = tmp_path_factory.mktemp("sft")
    tokenizer = training_rows.load_tokenizer(resolve("135m-embedded")[0])
    set_seed(0)
    LlamaForCausalLM(
        LlamaConfig(
            vocab_size=49152, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True,
            bos_token_id=1, eos_token_id=2, pad_token_id=2,
        )
    ).save_pretrained(folder / "base")  # fmt: skip
    tokenizer.save_pretrained(folder / "base")
    write_jsonl(folder / "train.jsonl", rows(24))
    write_jsonl(folder / "valid.jsonl", rows(6, 100))
    return folder


def train(world: Path, room: str, **changes):
    return sft.train(
        world / "base", world / "train.jsonl", world / "valid.jsonl", world / room,
        sft.SFTParameters(**{**PARAMETERS.__dict__, **changes}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(world) -> dict:
    return train(world, "whole")


SHORT = {"max_steps": 4, "evaluations": 1}


@pytest.fixture(scope="module")
def short(world) -> dict:
    return train(world, "short", **SHORT)


def test_it_learns_and_logs(world, whole):
    assert whole["validation_loss_best"] < whole["validation_loss_before"]
    training, validation = training_log.read_log(world / "whole" / "log.jsonl")
    assert training and {"loss", "learning_rate", "grad_norm"} <= training[0].keys()
    assert validation[0]["step"] == 0 and validation[-1]["step"] == 12


def test_the_same_seed_gives_the_same_adapter_and_another_seed_another(world, whole):
    assert train(world, "again")["adapter_sha256"] == whole["adapter_sha256"]
    assert train(world, "other", seed=8)["adapter_sha256"] != whole["adapter_sha256"]


def test_killed_and_started_again_it_ends_with_the_identical_adapter(world, whole):
    room = world / "killed"
    code = (
        "import sys; from pathlib import Path; from josi_utils import sft;"
        "w = Path(sys.argv[1]); import json;"
        "sft.train(w / 'base', w / 'train.jsonl', w / 'valid.jsonl', w / 'killed',"
        " sft.SFTParameters(**json.loads(sys.argv[2])))"
    )
    command = [sys.executable, "-c", code, str(world), json.dumps(PARAMETERS.__dict__)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not list((room / "checkpoints").glob("checkpoint-*/whole.json")):
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (room / "lora_weights").exists()
    summary = train(world, "killed")
    assert summary["resumed_from"] is not None
    assert summary["adapter_sha256"] == whole["adapter_sha256"]
    training, _ = training_log.read_log(room / "log.jsonl")
    assert [entry["step"] for entry in training] == list(range(1, 13))  # no step twice


def test_a_torn_checkpoint_is_passed_over(world, whole):
    """As a kill in the middle of saving leaves it."""
    train(world, "torn")
    newest = world / "torn" / "checkpoints" / "checkpoint-12"
    (newest / "whole.json").unlink()
    (newest / "trainer_state.json").write_text('{"half')
    summary = train(world, "torn")
    assert summary["resumed_from"] not in (None, "checkpoint-12")
    assert summary["adapter_sha256"] == whole["adapter_sha256"]


def test_a_nan_loss_stops_with_a_clear_word(world):
    with pytest.raises(JosiError, match=r"loss is (nan|inf).*learning-rate"):
        train(world, "nan", learning_rate=1e38, evaluations=1)


def small_disk(path: Path, size: str) -> bool:
    """Mount a file system of that size; False where this user may not."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_full_disk_stops_with_one_line_and_keeps_the_last_good_checkpoint(world, whole):
    """On a real file system that is too small; the room then gets space and training goes on."""
    disk = world / "disk"
    if not small_disk(disk, "64m"):
        pytest.skip("mounting a small file system needs root")
    try:
        once = train(world, "disk/measure", max_steps=2, evaluations=1)
        assert once["steps"] == 2
        first = disk / "measure" / "checkpoints" / "checkpoint-2"
        taken = sum(f.stat().st_size for f in first.rglob("*") if f.is_file())
        shutil.rmtree(disk / "measure")
        # Room for one checkpoint and half of the next.
        filler = disk / "filler"
        filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - int(1.5 * taken)))
        with pytest.raises(JosiError, match=r"disk is full.*checkpoint-\d+ is kept") as caught:
            train(world, "disk/full")
        assert len(str(caught.value).splitlines()) == 1
        filler.unlink()
        summary = train(world, "disk/full")
        assert summary["resumed_from"] is not None
        assert summary["adapter_sha256"] == whole["adapter_sha256"]
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def test_a_full_disk_while_saving_keeps_the_last_good_checkpoint(world, whole, monkeypatch):
    """As PyTorch says it, which raises no OSError; where no file system can be mounted too."""
    import torch

    save, calls = torch.save, []

    def full(value, target, *args, **kwargs):
        calls.append(target)
        if len(calls) > 9:
            Path(target).write_bytes(b"half")
            raise RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0")
        return save(value, target, *args, **kwargs)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(JosiError, match=r"disk is full.*checkpoint-\d+ is kept"):
        train(world, "full")
    monkeypatch.undo()
    assert all((p / "whole.json").is_file() for p in world.glob("full/checkpoints/checkpoint-*"))
    assert not (world / "full" / "lora_weights").exists()
    summary = train(world, "full")
    assert summary["resumed_from"] is not None
    assert summary["adapter_sha256"] == whole["adapter_sha256"]


def test_a_log_goes_on_where_training_does(tmp_path):
    """What was logged after the checkpoint, and a line that a kill left half, are dropped."""
    from transformers import TrainerState

    log = tmp_path / "log.jsonl"
    log.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"ste')
    callback = training_log.log_callback(log, None, None, None, resumed=2)
    callback.on_train_begin(None, TrainerState(is_world_process_zero=True), None)
    assert log.read_text() == '{"step": 1}\n{"step": 2}\n'


def test_the_log_tells_speed_and_time_left(world, whole):
    training, _ = training_log.read_log(world / "whole" / "log.jsonl")
    assert all(entry["tokens_per_second"] > 0 and entry["seconds_left"] >= 0 for entry in training)
    assert training[-1]["seconds_left"] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"use_rslora": True},
        {"use_dora": True},
        {"neftune_noise_alpha": 5.0},
        {"frozen_layers": 1},
        {"dropout": 0.1},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_each_variant_learns_something_else(changes, world, short):
    summary = train(world, f"variant-{next(iter(changes))}", **SHORT, **changes)
    assert summary["validation_loss_best"] < summary["validation_loss_before"]
    assert summary["adapter_sha256"] != short["adapter_sha256"]


@pytest.mark.parametrize("name", ["fused", "shared_prefix"])
def test_the_lean_way_and_the_shared_prefix_can_be_switched_off(name, world, short):
    """Another order of sums, the same training."""
    summary = train(world, f"without-{name}", **SHORT, **{name: False})
    assert summary["validation_loss_best"] == pytest.approx(short["validation_loss_best"], rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "world_size", "said"),
    [
        ({"frozen_layers": 2}, 1, "0 to 1 can stay frozen"),
        ({"frozen_layers": -1}, 1, "0 to 1 can stay frozen"),
        ({"frozen_layers": 1, "fused": False}, 1, "needs fused"),
        ({"neftune_noise_alpha": 5.0, "fused": False}, 1, "needs fused"),
        ({"frozen_layers": 1, "neftune_noise_alpha": 5.0}, 1, "choose one"),
        ({"batch_size": 15}, 2, "a multiple of 2"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(changes, world_size, said):
    with pytest.raises(JosiError, match=said):
        sft.check_parameters(sft.SFTParameters(**changes), 2, world_size)


def test_the_mask_covers_josis_words_and_the_end_token_alone(world):
    tokenizer = training_rows.load_tokenizer(world / "base")
    runs = training_rows.mask_table(
        tokenizer, training_rows.tokenise_row(tokenizer, rows(1)[0]["messages"])
    )
    assert [text for text, counted in runs if counted] == ["Hi 0. How are you?" + IM_END]


@pytest.mark.parametrize("spoil", ["no system", "no answer"])
def test_a_row_of_another_shape_is_named(world, tmp_path, spoil):
    row = rows(1)[0]
    row["messages"] = row["messages"][1:] if spoil == "no system" else row["messages"][:-1]
    write_jsonl(tmp_path / "bad.jsonl", [row])
    with pytest.raises(JosiError, match=r"bad\.jsonl:1"):
        training_rows.load_rows(
            tmp_path / "bad.jsonl", training_rows.load_tokenizer(world / "base")
        )
