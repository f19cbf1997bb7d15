"""Download speed and memory, ours against curl: one file from nginx on loopback.

    python benchmarks/download.py [--megabytes 1000] [--repeats 5] [--quick] [--json F]

Ours hashes every byte, writes through ``.part``, syncs and renames; curl only writes. Both write to
memory (``/dev/shm``) where there is one, so that the disk is not what is measured, and take turns,
so that other work on the machine hits both. ``ratio`` is our rate over curl's, of the medians.
Ours uses two cores, one to read and write, one to hash; where other work leaves it less, it falls
behind by its processor time (``cpu_seconds``), and ``ratio_of_fastest`` says more than ``ratio``.
``curl_then_sha256sum`` is what a shell script would need for the same promise.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

#: Runs in a process of its own, so that its peak memory is its own; seconds are of the call.
OURS = """
import json, resource, sys, time
from josi_utils.download import download


def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


before = peak()
used = resource.getrusage(resource.RUSAGE_SELF)
began = time.monotonic()
download(sys.argv[1], sys.argv[2], sha256=sys.argv[3], size=int(sys.argv[4]),
         chunk_size=int(sys.argv[5]), chunk_sha256=json.load(open(sys.argv[6])))
seconds = time.monotonic() - began
now = resource.getrusage(resource.RUSAGE_SELF)
cpu = now.ru_utime - used.ru_utime + now.ru_stime - used.ru_stime
print(json.dumps([seconds, cpu, (peak() - before) * 1024 / 1e6]))
"""


def make_file(path: Path, megabytes: int) -> None:
    """Write random bytes, a block at a time."""
    rng = random.Random(1)
    with open(path, "wb") as stream:
        for _ in range(megabytes):
            stream.write(rng.randbytes(10**6))


def timed(command: list[str]) -> tuple[float, float]:
    """Return the seconds that a command takes, and its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(megabytes: int, repeats: int) -> dict[str, Any]:
    """Run both sides in turn and return their figures."""
    import real_servers

    from josi_utils.manifest import hash_chunks

    memory = Path("/dev/shm")
    room = os.access(memory, os.W_OK) and os.statvfs(memory).f_bavail * 4096 > 2.5e6 * megabytes
    with tempfile.TemporaryDirectory(dir=memory if room else None) as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        (folder / "models").mkdir()
        source = folder / "models/model.gguf"
        make_file(source, megabytes)
        hashes = hash_chunks(source)
        (folder / "chunks.json").write_text(json.dumps(hashes.chunk_sha256))
        size = source.stat().st_size
        ours, curls, sums, grown, our_cpu, curl_cpu = [], [], [], [], [], []
        with real_servers.nginx(folder, folder / "nginx") as server:
            url = f"{server}/models/model.gguf"
            for _ in range(repeats + 1):
                got = folder / "curl"
                seconds, cpu = timed(["curl", "-sS", "--fail", "-o", str(got), url])
                curls.append(seconds)
                curl_cpu.append(cpu)
                sums.append(timed(["sha256sum", str(got)])[0])
                got.unlink()
                got = folder / "ours"
                command = [sys.executable, "-c", OURS, url, str(got), hashes.sha256, str(size),
                           str(hashes.chunk_size), str(folder / "chunks.json")]  # fmt: skip
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                seconds, cpu, megabytes_grown = json.loads(done.stdout)
                ours.append(seconds)
                our_cpu.append(cpu)
                grown.append(megabytes_grown)
                got.unlink()
        # The first turn warms caches and is not counted.
        mine, curl, both = (
            statistics.median(values[1:])
            for values in (ours, curls, [a + b for a, b in zip(curls, sums, strict=True)])
        )
    digest = hashlib.sha256()
    began = time.monotonic()
    for _ in range(200):
        digest.update(bytes(10**6))
    hash_rate = 200 / (time.monotonic() - began)
    return {
        "ratio": round(curl / mine, 3),
        "ratio_of_fastest": round(min(curls[1:]) / min(ours[1:]), 3),
        "ratio_to_curl_then_sha256sum": round(both / mine, 3),
        "megabytes": megabytes,
        "ours": {"seconds": ours[1:], "mb_per_second": round(megabytes / mine, 1),
                 "cpu_seconds": round(statistics.median(our_cpu[1:]), 2),
                 "peak_memory_growth_mb": round(max(grown), 1)},
        "curl": {"seconds": curls[1:], "mb_per_second": round(megabytes / curl, 1),
                 "cpu_seconds": round(statistics.median(curl_cpu[1:]), 2)},
        "curl_then_sha256sum": {"mb_per_second": round(megabytes / both, 1)},
        "sha256_mb_per_second": round(hash_rate, 1),
        "written_to": "memory" if room else "disk",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "versions": {
            "python": platform.python_version(),
            "curl": subprocess.run(["curl", "-V"], capture_output=True, text=True).stdout.split()[1],
        },
    }  # fmt: skip


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="100 MB, 2 repeats")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result = measure(*((100, 2) if args.quick else (args.megabytes, args.repeats)))
    text = json.dumps(result, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
