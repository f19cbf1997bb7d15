"""Short trainings that differ in one hyper-parameter: validation loss and time of each.

    python benchmarks/hyperparameters.py [--dataset outputs/default/dataset] [--steps 40]
        [--trial learning_rate=5e-4] [--trial rank=8,alpha=16] … [--json F] [--quick]

Every trial starts from the same base, sees as many rows in the same order (``--steps`` times 16),
and ends its own cosine schedule there; so what differs is the parameter. A short training prefers higher rates than
a long one: what wins here is tried at full length before it becomes the default (docs/log.md).
``--quick`` takes five steps on 32 rows.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

#: The default against these, one change each.
TRIALS = (
    "", "learning_rate=5e-4", "learning_rate=2e-3", "learning_rate=3e-3", "rank=8,alpha=16",
    "rank=32,alpha=64", "rank=32,alpha=32,use_rslora=true", "use_dora=true", "batch_size=8",
    "dropout=0.05", "neftune_noise_alpha=5", "frozen_layers=10", "frozen_layers=20",
)  # fmt: skip


def read_trial(text: str, default: Any) -> Any:
    """Return the parameters of a trial such as ``rank=8,alpha=16``."""
    changes: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        if not hasattr(default, name):
            raise SystemExit(f"error: trial {text!r}: no parameter {name!r}")
        kind = type(getattr(default, name))
        changes[name] = value.lower() == "true" if kind is bool else kind(value)
    return replace(default, **changes)


def head(source: Path, target: Path, rows: int) -> Path:
    """Write the first rows of a file and return where."""
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    target.write_text("".join(lines[:rows]), encoding="utf-8")
    return target


def main() -> None:
    """Run the trials one after the other; print a table as it grows."""
    from josi_utils.basemodel import resolve
    from josi_utils.sft import SFTParameters, train

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", type=Path, default=ROOT / "outputs/default/dataset",
                        help="room of 01_prepare: train.jsonl and valid.jsonl")  # fmt: skip
    parser.add_argument("--base", default="135m-embedded")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--trial", action="append", help="name=value[,name=value]; may come again")
    parser.add_argument("--quick", action="store_true", help="five steps on 32 rows, two trials")
    parser.add_argument("--json", type=Path, help="write the figures here after each trial")
    options = parser.parse_args()
    for name in ("train.jsonl", "valid.jsonl"):
        if not (options.dataset / name).exists():
            raise SystemExit(f"error: {options.dataset / name}: not found; run josi prepare")
    base = resolve(options.base)[0]
    trials = options.trial or (TRIALS[:2] if options.quick else TRIALS)
    steps = 5 if options.quick else options.steps
    default = replace(SFTParameters(), max_steps=steps, evaluations=1)
    results: list[dict[str, Any]] = []
    print(f"{steps} steps each\n{'trial':<36} {'val. loss':>9} {'seconds':>8}", flush=True)
    for trial in trials:
        with tempfile.TemporaryDirectory() as folder:
            room = Path(folder)
            rows = {
                name: head(options.dataset / name, room / name, 32 if options.quick else 10**9)
                for name in ("train.jsonl", "valid.jsonl")
            }
            began = time.monotonic()
            summary = train(base, rows["train.jsonl"], rows["valid.jsonl"], room / "adapter",
                            read_trial(trial, default))  # fmt: skip
        results.append({
            "trial": trial or "default",
            "validation_loss": round(summary["validation_loss_best"], 4),
            "seconds": round(summary["seconds"], 1),
            "whole_seconds": round(time.monotonic() - began, 1),
        })  # fmt: skip
        last = results[-1]
        print(f"{last['trial']:<36} {last['validation_loss']:9.4f} {last['seconds']:8.0f}",
              flush=True)  # fmt: skip
        if options.json:
            options.json.write_text(json.dumps({"steps": steps, "trials": results}, indent=1))


if __name__ == "__main__":
    main()
