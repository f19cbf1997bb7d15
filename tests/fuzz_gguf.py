"""Hostile GGUF files by the thousand: refused in one line or read; never a crash, a wait, memory.

    python tests/fuzz_gguf.py [--small 20000] [--models 300] [--seed 1] [--json F]

Two rounds. *Small*: a header of a few hundred bytes, damaged anywhere, through ``read_header``.
*Models*: a tiny model's header (its vocabulary is SmolLM2's) damaged among keys and tensors; what
the reader lets through is loaded by llama.cpp in a process of its own and asked for logits, as a
native reader that crashes is what the check in front is for.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import write_json
from josi_utils.gguf_header import read_header

#: Lengths and counts that lie: none, a little, past every file, and past 64 bits' sign.
LIES = (0, 1, 2, 255, 2**16, 2**31, 2**32 - 1, 2**40, 2**63, 2**64 - 1)
#: A file that takes longer than this to refuse, or more memory than its own size beyond this, fails.
SECONDS, MEGABYTES = 1.0, 64


def damaged(data: bytes, dice: random.Random, places: Sequence[int], edits: int) -> bytes:
    """Return a copy with a few bytes changed, lengths that lie, or its end cut off."""
    spoilt = bytearray(data)
    for _ in range(dice.randint(1, edits)):
        at = dice.choice(places)
        kind = dice.randrange(4)
        if kind == 0:
            spoilt[at] = dice.randrange(256)
        elif kind == 1:
            spoilt[at] ^= 1 << dice.randrange(8)
        elif kind == 2:
            spoilt[at : at + 8] = struct.pack("<Q", dice.choice(LIES))
        else:
            spoilt[at : at + 4] = struct.pack("<I", dice.choice(LIES) & 0xFFFFFFFF)
    return bytes(spoilt[: dice.choice(places)] if dice.random() < 0.1 else spoilt)


def attempt(path: Path) -> tuple[str, float]:
    """Return what came of reading a file, and the seconds."""
    began = time.perf_counter()
    try:
        read_header(path)
        outcome = "read"
    except JosiError as error:
        outcome = "refused" if "\n" not in str(error) else "refused in several lines"
    except Exception as error:
        outcome = f"raised {type(error).__name__}"
    return outcome, time.perf_counter() - began


def load(path: str) -> None:
    """Load a file natively and ask for logits; the exit status tells what happened."""
    from josi_utils.llama_probe import logits_at
    from josi_utils.llama_runtime import open_model

    try:
        with open_model(path, n_ctx=64) as model:
            logits_at(model, [1, 9531, 198], [2])
    except JosiError:
        sys.exit(3)


def loaded(path: Path) -> str:
    """Return what came of loading a file in a process of its own."""
    process = multiprocessing.get_context("fork").Process(target=load, args=(str(path),))
    process.start()
    process.join(60)
    if process.is_alive():
        process.kill()
        return "hangs"
    if process.exitcode < 0:
        return f"crashes (signal {-process.exitcode})"
    return {0: "runs", 3: "refused by llama.cpp"}.get(process.exitcode, "raises")


def small_file(path: Path) -> bytes:
    """Write a header with every kind of value and two tensors."""
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint32("a.number", 7)
    writer.add_float32("a.float", 0.5)
    writer.add_bool("a.bool", True)
    writer.add_string("a.text", "grüße")
    writer.add_array("a.list", ["x", "yy", ""])
    writer.add_array("a.numbers", [1, 2, 3])
    writer.add_tensor("w.weight", np.arange(64, dtype=np.float32).reshape(2, 32))
    writer.add_tensor("v", np.arange(8, dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


def rounds(
    data: bytes, places: Sequence[int], count: int, seed: int, native: bool
) -> dict[str, Any]:
    """Damage a file ``count`` times; return outcomes, the slowest read and the memory taken."""
    dice, outcomes, slowest = random.Random(seed), Counter(), 0.0
    native_outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.gguf"
        path.write_bytes(data)
        attempt(path)  # whatever reading a sound file needs is there now
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(count):
            path.write_bytes(damaged(data, dice, places, 1 if native else 4))
            outcome, seconds = attempt(path)
            outcomes[outcome] += 1
            slowest = max(slowest, seconds)
            if native and outcome == "read":
                said = loaded(path)
                native_outcomes[said] += 1
                if said.startswith(("crash", "hang")):
                    print(f"seed {seed}, file {number}: {said}", file=sys.stderr)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "files": count,
        "bytes": len(data),
        "outcomes": dict(outcomes),
        "slowest_seconds": round(slowest, 4),
        "memory_mb": round((after - before) / 1024, 1),
        "native": dict(native_outcomes),
    }


def main() -> int:
    """Run both rounds, print and write the figures; exit 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", type=int, default=20_000)
    parser.add_argument("--models", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    from gguf_models import tiny_quantised

    report: dict[str, Any] = {"seed": options.seed}
    with tempfile.TemporaryDirectory() as folder:
        data = small_file(Path(folder) / "small.gguf")
    report["small"] = rounds(data, range(4, len(data)), options.small, options.seed, False)
    model = tiny_quantised()
    header, data = read_header(model), model.read_bytes()
    keys = data.index(b"tokenizer.ggml.tokens")
    tensors = data.rindex(b"token_embd.weight", 0, header.data_offset)
    places = [*range(4, keys + 40), *range(tensors - 8, header.data_offset)]
    report["models"] = rounds(data, places, options.models, options.seed, True)
    bad = [
        outcome
        for part in ("small", "models")
        for outcome in (*report[part]["outcomes"], *report[part]["native"])
        if outcome not in ("read", "refused", "runs", "refused by llama.cpp")
    ]
    slow = max(report[part]["slowest_seconds"] for part in ("small", "models"))
    memory = max(report[part]["memory_mb"] for part in ("small", "models"))
    report["passed"] = not bad and slow < SECONDS and memory < MEGABYTES
    print(json.dumps(report, indent=2))
    if options.json:
        write_json(options.json, report)
    return 0 if report["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
