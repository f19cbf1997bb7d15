"""Training that can be killed, resumed and repeated, on a tiny llama with the real tokenizer."""

from __future__ import annotations

import json
import os
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
