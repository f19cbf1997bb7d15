"""One training step, ours against stock TRL: examples a second, peak memory, gradient difference.

    python benchmarks/train.py [--quick] [--json F] [--model NAME|DIR|1.7b-shape] [--steps N]

Each side is a process of its own with the model loaded once; they take the same rows in turn, so
that what else the machine does hits all alike, and its peak memory is its own. A step is forward,
backward, clipping and AdamW on 16 rows (stock takes 15 GB for that on the 135M), LoRA r=16 on all linear layers. Sides: ours; TRL's
``SFTTrainer`` padded (the anchor); TRL's own padding-free packing. ``--quick`` takes a tiny random
model. With a GPU everything is in bfloat16, and ``1.7b-shape`` (random weights) gives the time of
1,149 examples and 3 epochs.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SIDES = {
    "ours": "ours",
    "padded": "TRL SFTTrainer, padded",
    "padding_free": "TRL SFTTrainer, padding-free",
}
PACKAGES = ("torch", "transformers", "trl", "peft")


class Side:
    """One side's process, asked for a step at a time."""

    def __init__(self, side: str, name: str, quick: bool) -> None:
        command = [sys.executable, str(ROOT / "benchmarks" / "train_side.py"), side, name]
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the process
        self.process = subprocess.Popen(
            command + ["--quick"] * quick, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, text=True,
        )  # fmt: skip
        self.answers: list[dict[str, Any]] = []
        self._read()

    def _read(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        if self.process.wait() == -signal.SIGKILL:
            raise RuntimeError("killed, most likely for want of memory; try --batch 8")
        self.errors.seek(0)
        raise RuntimeError((self.errors.read().strip().splitlines() or ["ended"])[-1])

    def ask(self, **order: Any) -> dict[str, Any]:
        """Let the side do a step."""
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.errors.close()


def step_flops(name: str, tokens: int, labels: int) -> float:
    """Return the floating-point operations that a step needs: no gradient of a frozen weight.

    Linear layers 2 forward and 2 backward a weight and token, LoRA 2 and 4, logits 2 and 2 a
    label. Attention is left out: 3 to 8 % here, and what counts of it depends on the packing.
    """
    if name == "tiny":
        return 0.0
    if name == "1.7b-shape":
        from train_side import SHAPE_1_7B

        shape = SHAPE_1_7B
    else:
        from josi_utils.basemodel import resolve
        from josi_utils.files import read_json

        shape = read_json(resolve(name)[0] / "config.json")
    width, inner, heads = (
        shape[k] for k in ("hidden_size", "intermediate_size", "num_attention_heads")
    )
    narrow = width * shape["num_key_value_heads"] // heads
    layers = [(width, width), (width, narrow), (width, narrow), (width, width), (width, inner), (width, inner), (inner, width)]  # fmt: skip
    frozen = sum(a * b for a, b in layers) * shape["num_hidden_layers"]
    lora = sum(16 * (a + b) for a, b in layers) * shape["num_hidden_layers"]
    return tokens * (4 * frozen + 6 * lora) + 4 * labels * width * shape["vocab_size"]


def difference(first: str, second: str) -> float:
    """Return the relative difference of two sides' gradients, over all tensors together."""
    import torch

    a, b = torch.load(first), torch.load(second)
    if a.keys() != b.keys():
        raise SystemExit("the sides tune different weights")
    apart = sum((a[key] - b[key]).double().square().sum() for key in a)
    return float((apart / sum(value.double().square().sum() for value in b.values())).sqrt())


def measure(
    name: str, quick: bool, steps: int, batch: int, sides: Sequence[str] = tuple(SIDES)
) -> dict[str, Any]:
    """Return the report of one model: the sides in turn, ours and the padded one among them."""
    running: dict[str, Side] = {}
    refused: dict[str, str] = {}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for side in sides:
                try:  # a first step warms up, and shows whether the gradients are the same
                    running[side] = Side(side, name, quick)
                    running[side].ask(rows=list(range(batch)), gradients=f"{folder}/{side}")
                except RuntimeError as error:
                    refused[side] = str(error)
                    if side in running:
                        running.pop(side).close()
            for side in ("ours", "padded"):
                if side in refused:
                    raise SystemExit(f"{SIDES[side]}: {refused[side]}")
            errors = {s: difference(f"{folder}/{s}", f"{folder}/padded") for s in running}
        for step in range(steps):
            rows = list(range(batch * step, batch * step + batch))
            for process in running.values():
                process.answers.append(process.ask(rows=rows))
    finally:
        for process in running.values():
            process.close()
    return summary(name, steps, batch, running, errors, refused)


def summary(
    name: str, steps: int, batch: int, running: dict[str, Side], errors: dict[str, float],
    refused: dict[str, str],
) -> dict[str, Any]:  # fmt: skip
    """Return the figures of all sides, and ours against stock."""
    import torch

    report: dict[str, Any] = {}
    for side, process in running.items():
        seconds = sum(a["seconds"] for a in process.answers)
        report[side] = {
            "examples_per_second": round(batch * steps / seconds, 3),
            "seconds_a_step": round(statistics.median(a["seconds"] for a in process.answers), 3),
            "processor_seconds_a_step": round(
                statistics.median(a["processor_seconds"] for a in process.answers), 3),
            "peak_mb": round(max(a["peak_mb"] for a in process.answers), 1),
            "tokens_a_step": round(statistics.mean(a["tokens"] for a in process.answers)),
            "gradient_relative_difference": errors[side],
        }  # fmt: skip
    from josi_utils.training_plan import matrix_rate

    ours, answers = report["ours"], running["ours"].answers
    rate = matrix_rate(2.0)
    flops = statistics.mean(step_flops(name, a["tokens"], a["labels"]) for a in answers)
    return {
        "benchmark": "train",
        "model": name,
        "ratio": round(ours["examples_per_second"] / report["padded"]["examples_per_second"], 2),
        "memory_ratio": round(ours["peak_mb"] / report["padded"]["peak_mb"], 3),
        "gradient_relative_error": ours["gradient_relative_difference"],
        "sides": report,
        "refused": refused,
        "steps": steps,
        "batch": batch,
        "matrix_rate_tflops": round(rate / 1e12, 3),
        "utilisation": round(flops / ours["seconds_a_step"] / rate, 3),
        "seconds_1149_examples_3_epochs": round(3 * 1149 / ours["examples_per_second"], 1),
        "device": torch.cuda.get_device_name(0) if torch.cuda.is_available()
        else f"CPU, {torch.get_num_threads()} threads",
        "load_average": round(os.getloadavg()[0], 1),
        "versions": {package: importlib.metadata.version(package) for package in PACKAGES},
    }  # fmt: skip


def table(report: dict[str, Any]) -> str:
    """Return the report as a Markdown table."""
    lines = [
        f"{report['model']}, {report['device']}, {report['steps']} steps of {report['batch']} rows",
        "",
        "| | examples/s | s a step | processor s a step | peak MB | tokens a step | gradients against TRL padded |",
        "|---|---|---|---|---|---|---|",
    ]
    for side, found in report["sides"].items():
        apart = "–" if side == "padded" else f"{found['gradient_relative_difference']:.1e}"
        lines.append(
            f"| {SIDES[side]} | {found['examples_per_second']} | {found['seconds_a_step']} | "
            f"{found['processor_seconds_a_step']} | {found['peak_mb']:.0f} | "
            f"{found['tokens_a_step']} | {apart} |"
        )
    for side, why in report["refused"].items():
        lines.append(f"| {SIDES[side]} | does not run here: {why} | | | | | |")
    lines += [
        "",
        f"Ours is {report['ratio']} times stock; {report['utilisation']:.0%} of the matrix rate "
        f"measured beside it ({report['matrix_rate_tflops']} TFLOP/s).",
    ]
    return "\n".join(lines)


def main() -> None:
    """Parse the command line, run the sides in turn, print the table and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="", help="name or folder, or 1.7b-shape")
    parser.add_argument("--quick", action="store_true", help="a tiny random model")
    parser.add_argument("--steps", type=int, default=4, help="timed steps a side")
    parser.add_argument("--batch", type=int, default=16, help="rows a step")
    parser.add_argument(
        "--sides", default=",".join(SIDES),
        help="which; every stock side holds its own 15 GB at 16 rows of the 135M",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    import torch

    from josi_utils.files import write_json

    names = [arguments.model or ("tiny" if arguments.quick else "135m-embedded")]
    if not arguments.model and not arguments.quick and torch.cuda.is_available():
        names.append("1.7b-shape")
    sides = arguments.sides.split(",")
    if not {"ours", "padded"} <= set(sides) <= set(SIDES):
        raise SystemExit(
            f"error: --sides {arguments.sides}: ours and padded, of {', '.join(SIDES)}"
        )
    reports = [
        measure(name, arguments.quick, arguments.steps, arguments.batch, sides) for name in names
    ]
    for report in reports:
        print(table(report), flush=True)
    if arguments.json:
        more = {"more": reports[1:]} if len(reports) > 1 else {}
        write_json(arguments.json, {**reports[0], **more})


if __name__ == "__main__":
    main()
