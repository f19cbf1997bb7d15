"""A second stage of DPO on preference pairs: does it pay over the fine-tuned model?

    python benchmarks/preference.py [--run outputs/default] [--pairs 64] [--json F] [--quick]

Takes a finished run. Its file draws replies to training prompts at 0.7; a draw that departs from
the gold reply is the rejected half of a pair, the gold reply the chosen one. TRL's ``DPOTrainer``
trains a second LoRA over the merged model. Before and after, on the validation cases: loss of the
gold replies, first draws that the guard accepts, replies that the scorers pass. The evaluation
cases are not touched. ``--quick`` takes four pairs and four cases.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import closing
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))

from validation import measure  # noqa: E402

#: A draw nearer to the gold reply than this teaches nothing.
SAME = 0.95


def pairs_of(gguf: Path, rows: list[dict[str, Any]], wanted: int) -> list[dict[str, str]]:
    """Return the pairs whose rejected draw is furthest from the gold reply."""
    from josi_utils.generate import LlamaBackend, Request, answer
    from josi_utils.persona import IM_END, SAMPLING

    with closing(LlamaBackend(gguf)) as backend:
        asked = [Request(tuple(row["messages"][:-1]), seed) for row in rows for seed in (0, 1)]
        replies = answer(backend, asked, SAMPLING)
    found = {}
    for number, (request, reply) in enumerate(zip(asked, replies, strict=True)):
        gold = rows[number // 2]["messages"][-1]["content"]
        near = SequenceMatcher(None, gold, reply.text, autojunk=False).ratio()
        if near < SAME and near < found.get(request.prompt, (1.0,))[0]:
            found[request.prompt] = near, gold, reply.text
    worst = sorted(found.items(), key=lambda item: item[1][0])[:wanted]
    print(f"{len(rows)} prompts, two draws each: {len(found)} with a draw that departs from gold")
    return [
        {
            "prompt": prompt,
            "chosen": gold + IM_END,
            "rejected": drawn + IM_END,
        }
        for prompt, (_, gold, drawn) in worst
    ]


def prefer(merged: Path, pairs: list[dict[str, str]], room: Path, options: Any) -> Path:
    """Train the second stage; return the merged folder of the result."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM
    from trl import DPOConfig, DPOTrainer

    from josi_utils.merge import merge
    from josi_utils.training_rows import load_tokenizer

    arguments = DPOConfig(
        output_dir=str(room / "checkpoints"), beta=options.beta, seed=7, use_cpu=True,
        learning_rate=options.learning_rate, num_train_epochs=1, per_device_train_batch_size=4,
        gradient_accumulation_steps=2, lr_scheduler_type="cosine",
        logging_steps=5, save_strategy="no", report_to=[], bf16=False, max_length=None,
    )  # fmt: skip
    trainer = DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(merged, dtype="float32"), args=arguments,
        train_dataset=Dataset.from_list(pairs), processing_class=load_tokenizer(merged),
        peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear"),
    )  # fmt: skip
    trainer.train()
    trainer.model.save_pretrained(room / "adapter")
    merge(merged, room / "adapter", room / "merged", [pairs[0]["prompt"]])
    return room / "merged"


def main() -> None:
    """Draw, pair, train, measure before and after."""
    from josi_utils.files import read_jsonl

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=ROOT / "outputs/default", help="a finished run")
    parser.add_argument("--pairs", type=int, default=64)
    parser.add_argument("--beta", type=float, default=0.1)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--quick", action="store_true", help="four pairs, four cases")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    merged, data = options.run / "merged", options.run / "dataset"
    gguf = options.run / "gguf/josi-q4_k_m.gguf"
    for needed in (merged, data / "train.jsonl", gguf):
        if not needed.exists():
            raise SystemExit(f"error: {needed}: not found; run make run first")
    some = 4 if options.quick else None
    rows = [row for _, row in read_jsonl(data / "train.jsonl")]
    rows = rows[: 8 if options.quick else 3 * options.pairs]
    cases = [case for _, case in read_jsonl(data / "valid_cases.jsonl")][:some]
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        found = {"before": measure(merged, data / "valid.jsonl", cases, room)}
        print("before", found["before"], flush=True)
        pairs = pairs_of(gguf, rows, some or options.pairs)
        if not pairs:
            raise SystemExit("error: no draw departs from its gold reply; nothing to prefer")
        began = time.monotonic()
        after = prefer(merged, pairs, room, options)
        found["seconds"] = round(time.monotonic() - began, 1)
        found["pairs"] = len(pairs)
        found["after"] = measure(after, data / "valid.jsonl", cases, room)
        print("after", found["after"], f"{found['seconds']} s of training", flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
