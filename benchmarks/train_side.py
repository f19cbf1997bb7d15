"""One side of the training benchmark: a process that takes the steps it is asked for.

    python benchmarks/train_side.py SIDE MODEL [--quick]

It reads a line of JSON (which rows), does a step, and writes a line of JSON (seconds, memory).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

#: Configuration of SmolLM2-1.7B, for its speed without its weights.
SHAPE_1_7B = {
    "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24,
    "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 49152,
    "tie_word_embeddings": True, "rope_theta": 130_000.0, "max_position_embeddings": 8192,
    "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2,
}  # fmt: skip


def load_rows(quick: bool) -> list[dict[str, list[int]]]:
    """Return token ids and labels: the real training rows in a fixed random order, or tiny ones."""
    if quick:
        from tiny import random_rows

        return random_rows(64)
    from josi_utils.basemodel import resolve
    from josi_utils.files import read_jsonl
    from josi_utils.paths import data_dir
    from josi_utils.training_rows import load_tokenizer, tokenise_row

    tokenizer = load_tokenizer(resolve("135m-embedded")[0])
    rows = [row["messages"] for _, row in read_jsonl(data_dir() / "smollm2_train.jsonl")]
    random.Random(0).shuffle(rows)
    return [tokenise_row(tokenizer, messages) for messages in rows[:320]]


def load_model(name: str) -> Any:
    """Return the model that a side trains: tiny, the 1.7B's shape, or a known name or folder."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from josi_utils import basemodel
    from josi_utils.sft_trainer import load_model as load
    from josi_utils.sft_trainer import training_dtype
    from josi_utils.shared_prefix import register_attention

    dtype = training_dtype()
    if name == "tiny":
        from tiny import tiny_llama

        return tiny_llama()
    if name == "1.7b-shape":
        with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
            torch.set_default_dtype(getattr(torch, dtype))
            model = LlamaForCausalLM(
                LlamaConfig(**SHAPE_1_7B, attn_implementation=register_attention())
            )
            torch.set_default_dtype(torch.float32)
        return model
    return load(basemodel.resolve(name)[0], dtype)


def tokenizer_for(name: str) -> Any:
    """Return a tokenizer; stock TRL wants one, though rows are token ids already."""
    if name == "tiny":
        from tokenizers import Tokenizer, models
        from transformers import PreTrainedTokenizerFast

        words = Tokenizer(models.WordLevel({"a": 0, "e": 1}, unk_token="a"))
        return PreTrainedTokenizerFast(tokenizer_object=words, eos_token="e", pad_token="e")
    from josi_utils.basemodel import resolve
    from josi_utils.training_rows import load_tokenizer

    return load_tokenizer(resolve("135m-embedded")[0])


def build(side: str, name: str, rows: list[dict[str, list[int]]], folder: str) -> Any:
    """Return a side's trainer with its LoRA model; the same adapters on every side."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    from josi_utils.fused_model import fuse
    from josi_utils.sft_trainer import keep_freed_memory, trainer_class, training_dtype
    from josi_utils.shared_prefix import pack

    model = load_model(name)
    if side == "ours":
        keep_freed_memory()
    else:
        model.config._attn_implementation = "sdpa"
    dtype = training_dtype()
    torch.manual_seed(0)
    kind = trainer_class() if side == "ours" else SFTTrainer
    trainer = kind(
        model=model,
        args=SFTConfig(
            output_dir=folder, use_cpu=dtype == "float32", bf16=dtype == "bfloat16",
            report_to="none", max_length=None, per_device_train_batch_size=16,
            dataset_kwargs={"skip_prepare_dataset": True}, gradient_checkpointing=False,
            remove_unused_columns=False, padding_free=side == "padding_free",
        ),
        data_collator=pack if side == "ours" else None,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer_for(name),
        peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear",
                               task_type="CAUSAL_LM"),
    )  # fmt: skip
    torch.manual_seed(1)
    for key, weight in trainer.model.named_parameters():
        if "lora_B" in key:  # zero at the start: then half of the gradients would be zero too
            torch.nn.init.normal_(weight, std=0.02)
    if side == "ours":
        fuse(trainer.model)
    return trainer.model.train() and trainer


def serve(side: str, name: str, quick: bool) -> None:
    """Be one side: a line of JSON in (which rows), a step, a line of JSON out."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not come between
    import torch

    rows = load_rows(quick)
    with tempfile.TemporaryDirectory() as folder:
        trainer = build(side, name, rows, folder)
        model, gpu = trainer.model, torch.cuda.is_available()
        tuned = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(tuned, lr=1e-4, fused=gpu)
        print(json.dumps({"ready": True}), file=out, flush=True)
        for line in sys.stdin:
            order = json.loads(line)
            chosen = [dict(rows[i % len(rows)]) for i in order["rows"]]
            began, processor = time.perf_counter(), time.process_time()
            batch = trainer._prepare_inputs(trainer.data_collator(chosen))
            with trainer.compute_loss_context_manager():
                loss = trainer.compute_loss(model, batch)
            loss.backward()
            if order.get("gradients"):
                found = {k: p.grad.float().cpu() for k, p in model.named_parameters()
                         if p.grad is not None}  # fmt: skip
                torch.save(found, order["gradients"])
            else:
                torch.nn.utils.clip_grad_norm_(tuned, 1.0)
                optimizer.step()
            optimizer.zero_grad()
            if gpu:
                torch.cuda.synchronize()
            peak = torch.cuda.max_memory_allocated() if gpu else 0
            answer = {
                "seconds": time.perf_counter() - began,
                "processor_seconds": time.process_time() - processor,
                "loss": loss.item(),
                "tokens": int(batch["input_ids"].numel()),
                "labels": int((batch["labels"] != -100).sum()),
                "peak_mb": (peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
                / 1e6,
            }
            print(json.dumps(answer), file=out, flush=True)


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("side")
    parser.add_argument("model")
    parser.add_argument("--quick", action="store_true", help="tiny random rows")
    arguments = parser.parse_args()
    serve(arguments.side, arguments.model, arguments.quick)


if __name__ == "__main__":
    main()
