"""Packed rows give TRL's own loss and gradients; the prefix is shared, nothing else."""

from __future__ import annotations

import pytest
import torch
from tiny import random_rows, tiny_llama

from josi_utils.fused_model import fuse
from josi_utils.shared_prefix import IGNORED, pack, packed_loss, shared_prefix_length

CASES = {
    "random rows": random_rows(5),
    "one row": random_rows(1),
    "very different lengths": random_rows(3, own=(2, 5)) + random_rows(2, own=(60, 90), seed=1),
    "several turns": random_rows(4, turns=3),
    "no shared prefix": [r for s in range(4) for r in random_rows(1, prefix=8, seed=s)],
}


def lora(model, *, fused=False, **options):
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(1)
    options = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", **options}
    model = get_peft_model(model, LoraConfig(**options))
    for name, weight in model.named_parameters():
        if "lora_B" in name:  # zero at the start: then half of the gradients would be zero too
            torch.nn.init.normal_(weight, std=0.1)
    return fuse(model) if fused else model


def gradients(model):
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def stock(rows, tmp_path):
    """Loss and LoRA gradients of TRL's SFTTrainer with its own collator, untouched."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    model = lora(tiny_llama())
    model.config._attn_implementation = "sdpa"
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel({"a": 0, "e": 1}, unk_token="a")),
        eos_token="e", pad_token="e",
    )  # fmt: skip
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(tmp_path), use_cpu=True, report_to="none", max_length=None,
            dataset_kwargs={"skip_prepare_dataset": True}, gradient_checkpointing=False,
            per_device_train_batch_size=len(rows), remove_unused_columns=False, bf16=False,
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )  # fmt: skip
    batch = trainer.data_collator([dict(row) for row in rows])
    model.train()
    loss = trainer.compute_loss(model, batch)
    loss.backward()
    return loss.item(), gradients(model)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("fused", [True, False])
def test_loss_and_every_gradient_equal_trl(name, share, fused, tmp_path):
    rows = CASES[name]
    model = lora(tiny_llama(), fused=fused)
    total, count = packed_loss(model, pack(rows, share=share))
    (total / count).backward()
    expected_loss, expected = stock(rows, tmp_path)
    assert total.item() / count == pytest.approx(expected_loss, rel=1e-5)
    found = gradients(model)
    assert found.keys() == expected.keys()
    for key in found:
        error = (found[key] - expected[key]).norm() / expected[key].norm().clamp(min=1e-12)
        assert error < 1e-5, f"{key}: {error:.1e}"


def test_the_prefix_is_encoded_once():
    rows = CASES["random rows"]
    batch = pack(rows)
    assert batch["layout"][0] == 20
    assert batch["input_ids"].shape[1] == 20 + sum(len(r["input_ids"]) - 20 for r in rows)
    assert pack(rows, share=False)["input_ids"].shape[1] == sum(len(r["input_ids"]) for r in rows)


def test_a_label_is_never_part_of_the_prefix():
    rows = [{"input_ids": [1, 2, 3, 4], "labels": [IGNORED, 2, 3, 4]} for _ in range(2)]
    assert shared_prefix_length(rows) == 1


def test_a_row_cannot_see_its_neighbour():
    """Changing one row changes nothing in another's loss."""
    model = tiny_llama()
    first, second, third = random_rows(3)
    with torch.no_grad():
        both = packed_loss(model, pack([first, second]))[0]
        other = packed_loss(model, pack([first, third]))[0]
        alone = [packed_loss(model, pack([row]))[0] for row in (first, second, third)]
    assert both.item() == pytest.approx((alone[0] + alone[1]).item(), rel=1e-5)
    assert other.item() == pytest.approx((alone[0] + alone[2]).item(), rel=1e-5)
