"""Export, ours against llama.cpp's own: seconds and peak memory from model folder to q4_k_m.

    python benchmarks/export.py [--model DIR|NAME] [--quick] [--json F]

Each side runs in a process of its own, so that its peak memory (resident, as the kernel counts it)
is its own. The anchor is ``convert_hf_to_gguf.py`` of the pinned llama.cpp, from the source archive
of the binding, followed by ``llama-quantize``, compiled from there against the binding's own
libraries (seconds). ``--quick`` takes a tiny random model.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

OURS = """
import sys
from josi_utils.gguf_export import export_gguf
export_gguf(sys.argv[1], sys.argv[2])
"""

QUANTISE = """
import sys
from josi_utils.gguf_quantise import quantise
quantise(sys.argv[1], sys.argv[2], "q4_k_m")
"""

#: A child's peak starts at its parent's size, so a small launcher stands between.
LAUNCHER = """
import json, os, subprocess, sys, time
started = time.monotonic()
null = subprocess.DEVNULL
process = subprocess.Popen(sys.argv[1:], stdout=null, stderr=null)
_, status, usage = os.wait4(process.pid, 0)
seconds = time.monotonic() - started
print(json.dumps([os.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss * 1024 / 1e6]))
"""


def timed(command: list[str], environment: dict[str, str] | None = None) -> tuple[float, float]:
    """Run a command to its end; return (seconds, peak resident memory in MB of 10⁶ bytes)."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCHER, *command],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=True,
    )
    code, seconds, peak = json.loads(done.stdout)
    if code:
        raise SystemExit(f"{' '.join(command[:4])} … failed with {code}")
    return seconds, peak


def summary(runs: list[dict[str, tuple[float, float]]]) -> dict[str, Any]:
    """Return medians over the runs of one side."""
    steps = runs[0]
    return {
        **{
            step: {
                "seconds": round(statistics.median(run[step][0] for run in runs), 3),
                "peak_mb": round(statistics.median(run[step][1] for run in runs), 1),
            }
            for step in steps
        },
        "seconds": round(
            statistics.median(sum(seconds for seconds, _ in run.values()) for run in runs), 3
        ),
        "peak_mb": round(
            statistics.median(max(peak for _, peak in run.values()) for run in runs), 1
        ),
        "all_seconds": [round(sum(s for s, _ in run.values()), 3) for run in runs],
    }


def main() -> None:
    """Parse the command line, run both sides in turn, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="135m-embedded", help="name or folder")
    parser.add_argument("--quick", action="store_true", help="a tiny random model, one run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()

    from gguf_models import tiny_folder
    from llama_source import llama_source, llama_tool

    from josi_utils.basemodel import resolve
    from josi_utils.files import write_json

    folder = tiny_folder() if arguments.quick else resolve(arguments.model)[0]
    llama = llama_source(download=True)
    quantiser = str(llama_tool("quantize", download=True))
    sides: dict[str, list[dict[str, tuple[float, float]]]] = {"ours": [], "anchor": []}
    python = sys.executable
    for _ in range(1 if arguments.quick else arguments.runs):
        with tempfile.TemporaryDirectory(dir=folder.parent) as room:
            f16, q4 = f"{room}/f16.gguf", f"{room}/q4.gguf"
            sides["ours"].append(
                {
                    "export": timed([python, "-c", OURS, str(folder), f16]),
                    "quantise": timed([python, "-c", QUANTISE, f16, q4]),
                }
            )
            Path(f16).unlink()
            Path(q4).unlink()
            convert = [python, str(llama / "convert_hf_to_gguf.py"), str(folder)]
            convert += ["--outtype", "f16", "--outfile", f16]
            sides["anchor"].append(
                {
                    "export": timed(convert, {"PYTHONPATH": str(llama / "gguf-py")}),
                    "quantise": timed([quantiser, f16, q4, "q4_k_m"]),
                }
            )
    ours, anchor = summary(sides["ours"]), summary(sides["anchor"])
    packages = ("gguf", "llama-cpp-python", "numpy", "torch", "transformers")
    report = {
        "benchmark": "export",
        "model": Path(folder).name,
        "runs": len(sides["ours"]),
        "ratio": round(ours["seconds"] / anchor["seconds"], 3),
        "memory_ratio": round(ours["peak_mb"] / anchor["peak_mb"], 3),
        "ours": ours,
        "anchor": anchor,
        "cores": len(os.sched_getaffinity(0)),
        "versions": {name: importlib.metadata.version(name) for name in packages},
    }
    print(json.dumps(report, indent=2))
    if arguments.json:
        write_json(arguments.json, report)


if __name__ == "__main__":
    main()
