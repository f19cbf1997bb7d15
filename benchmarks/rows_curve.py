"""How many rows the model needs: validation loss, accepted draws and pass rate by rows seen.

    python benchmarks/rows_curve.py [--dataset outputs/default/dataset] [--steps 15,30,60]
        [--merged outputs/default/merged] [--figure docs/rows_curve.svg] [--json F] [--quick]

Each point is a training of its own on so many rows (16 a step), seen once, with its own schedule;
``--merged`` adds the finished default run as the last point. The line to compare with is the words
that the rules hand over, scored alone: a model that says on what it is handed cannot do better.
Validation cases only. ``--quick`` trains two steps and asks four cases.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))

from validation import measure  # noqa: E402


def handed_over(cases: list[dict[str, Any]]) -> float:
    """Return the share of cases of which the words handed over, as they are, pass the scorers.

    Where triage speaks the words handed over are the vetted text; the fallback knows no red flag.
    """
    from josi_utils.guard.fallback import fallback
    from josi_utils.guard.points import talking_points
    from josi_utils.prompt import deck
    from josi_utils.scoring import score

    passed = []
    for case in cases:
        points = talking_points(case, deck())
        plain = " ".join(part for part in (points.say, points.ask) if part)
        text = fallback(case, deck()) if points.training else plain
        passed.append(score(case, text, deck=deck())["pass"])
    return round(sum(passed) / len(passed), 4)


def draw(points: list[dict[str, Any]], ceiling: float, path: Path) -> None:
    """Write the figure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    rows = [point["rows"] for point in points]
    for key, label, mark in (
        ("accepted", "first draws the guard accepts", "s--"),
        ("passed", "replies the scorers pass", "o-"),
    ):
        axes.plot(rows, [100 * point[key] for point in points], mark, label=label)
    axes.axhline(100 * ceiling, color="grey", linestyle=":", label="the words handed over, alone")
    axes.set_xlabel("training rows seen, once each")
    axes.set_ylabel("% of validation replies")
    axes.set_ylim(0, 100)
    axes.legend(loc="lower right")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> None:
    """Train each point, measure, print a table as it grows."""
    from josi_utils.basemodel import resolve
    from josi_utils.files import read_jsonl
    from josi_utils.merge import merge
    from josi_utils.persona import render_chatml
    from josi_utils.prompt import case_messages
    from josi_utils.sft import SFTParameters, train

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", type=Path, default=ROOT / "outputs/default/dataset")
    parser.add_argument("--base", default="135m-embedded")
    parser.add_argument("--steps", default="15,30,60")
    parser.add_argument("--merged", type=Path, help="the finished run's merged folder")
    parser.add_argument("--quick", action="store_true", help="two steps, four cases")
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    for name in ("train.jsonl", "valid.jsonl", "valid_cases.jsonl"):
        if not (options.dataset / name).exists():
            raise SystemExit(f"error: {options.dataset / name}: not found; run josi prepare")
    base = resolve(options.base)[0]
    cases = [case for _, case in read_jsonl(options.dataset / "valid_cases.jsonl")]
    cases = cases[: 4 if options.quick else None]
    default = SFTParameters(evaluations=1)
    ceiling = handed_over(cases)
    print(f"the words handed over, alone: {100 * ceiling:.1f} % pass", flush=True)
    points: list[dict[str, Any]] = []

    def add(rows: int, merged: Path, room: Path) -> None:
        points.append(
            {"rows": rows, **measure(merged, options.dataset / "valid.jsonl", cases, room)}
        )
        print(json.dumps(points[-1]), flush=True)
        if options.json:
            found = {"handed_over_passed": ceiling, "points": points}
            options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

    for steps in (2,) if options.quick else map(int, options.steps.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            room = Path(folder)
            train(base, options.dataset / "train.jsonl", options.dataset / "valid.jsonl",
                  room / "adapter", replace(default, max_steps=steps))  # fmt: skip
            prompt = render_chatml(case_messages(cases[0]), generation=True)
            merge(base, room / "adapter/lora_weights", room / "merged", [prompt])
            add(steps * default.batch_size, room / "merged", room)
    if options.merged:
        with tempfile.TemporaryDirectory() as folder:
            every = sum(1 for _ in read_jsonl(options.dataset / "train.jsonl"))
            add(every, options.merged, Path(folder))
    if options.figure:
        draw(points, ceiling, options.figure)


if __name__ == "__main__":
    main()
