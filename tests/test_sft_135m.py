"""Once on the embedded 135M itself: gradients against float64 and stock TRL; a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from josi_utils import sft, sft_trainer
from josi_utils.basemodel import resolve
from josi_utils.files import read_jsonl, write_jsonl
from josi_utils.fused_model import fuse
from josi_utils.paths import data_dir
from josi_utils.shared_prefix import pack, packed_loss
from josi_utils.training_rows import load_tokenizer, tokenise_row

pytestmark = [pytest.mark.slow, pytest.mark.real]


def real_rows(count):
    found = [row for _, row in read_jsonl(data_dir() / "smollm2_train.jsonl")]
    return found[:: len(found) // count][:count]


def tuned_model():
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    model = get_peft_model(
        sft_trainer.load_model(resolve("135m-embedded")[0]),
        LoraConfig(r=16, target_modules="all-linear"),
    )
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.02)
    return model.train()


def gradients(model):
    found = {n: p.grad.double() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return found


def apart(found, expected):
    assert found.keys() == expected.keys()
    square = lambda x: sum(v.square().sum().item() for v in x)  # noqa: E731
    return (square(found[k] - expected[k] for k in found) / square(expected.values())) ** 0.5


def test_gradients_on_real_rows_are_as_near_to_float64_as_stock_trls(tmp_path):
    """The 135M has activations of 24,000, so float32 itself is off by some 5e-6."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    tokenizer = load_tokenizer(resolve("135m-embedded")[0])
    rows = [tokenise_row(tokenizer, row["messages"]) for row in real_rows(4)]
    model = tuned_model().double()
    loss, count = packed_loss(model, pack(rows))
    (loss / count).backward()
    exact, exact_loss = gradients(model), (loss / count).item()

    model = fuse(tuned_model())
    loss, count = packed_loss(model, pack(rows))
    (loss / count).backward()
    ours, our_loss = gradients(model), (loss / count).item()

    model = tuned_model()
    model.base_model.model.config._attn_implementation = "sdpa"
    trainer = SFTTrainer(
        model=model, processing_class=tokenizer, train_dataset=Dataset.from_list(rows),
        args=SFTConfig(
            output_dir=str(tmp_path), use_cpu=True, report_to="none", max_length=None, bf16=False,
            dataset_kwargs={"skip_prepare_dataset": True}, gradient_checkpointing=False,
            remove_unused_columns=False,
        ),
    )  # fmt: skip
    loss = trainer.compute_loss(model.train(), trainer.data_collator([dict(r) for r in rows]))
    loss.backward()
    stock = gradients(model)
    print(f"ours {apart(ours, exact):.1e}, stock {apart(stock, exact):.1e} from float64; "
          f"ours from stock {apart(ours, stock):.1e}")  # fmt: skip
    assert our_loss == pytest.approx(exact_loss, rel=1e-6)
    assert loss.item() == pytest.approx(our_loss, rel=1e-5)
    assert apart(ours, exact) < max(1e-5, 1.5 * apart(stock, exact))


def test_killed_and_started_again_the_135m_ends_with_the_identical_adapter(tmp_path):
    parameters = sft.SFTParameters(batch_size=4, max_steps=4, evaluations=4)
    rows = real_rows(10)
    write_jsonl(tmp_path / "train.jsonl", rows[:8])
    write_jsonl(tmp_path / "valid.jsonl", rows[8:])
    base = resolve("135m-embedded")[0]
    code = (
        "import json, sys; from pathlib import Path; from josi_utils import sft;"
        "w, room = Path(sys.argv[1]), sys.argv[2];"
        "sft.train(Path(sys.argv[3]), w / 'train.jsonl', w / 'valid.jsonl', w / room,"
        " sft.SFTParameters(**json.loads(sys.argv[4])))"
    )

    def start(room):
        return subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), room, str(base),
             json.dumps(parameters.__dict__)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    assert start("whole").wait() == 0
    process, room = start("killed"), tmp_path / "killed"
    deadline = time.monotonic() + 1800
    while not list((room / "checkpoints").glob("checkpoint-*/whole.json")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)  # into the next step
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (room / "lora_weights").exists()
    assert start("killed").wait() == 0
    whole, killed = (
        json.loads(Path(tmp_path / name / "training.json").read_text())
        for name in ("whole", "killed")
    )
    assert killed["resumed_from"] is not None
    assert killed["adapter_sha256"] == whole["adapter_sha256"]
