"""Replies a second, ours against a loop, and decoding against llama.cpp's own benchmark.

    python benchmarks/evaluate.py [--model F.gguf] [--cases 64] [--seeds 1] [--slots 32]
                                  [--repeats 3] [--processor] [--quick] [--json F]

Three sides on one file, one set of cores, one sampling, taking turns so that other work on the
machine hits all of them:

- *ours*: the batched runner (:mod:`josi_utils.llama_batch`), prompts and all, from messages to text;
- *loop*: ``Llama.create_chat_completion``, one case after another, which itself keeps the part of
  a prompt that it shares with the one before;
- *bench*: ``llama-batched-bench`` at our batch, with our mean prompt and reply lengths, compiled
  from the source archive of the installed llama-cpp-python into ``outputs/.cache``. It draws no
  words: it feeds random tokens. Left out, with the reason, where it cannot be built.

``ratio`` is our replies a second over the loop's, of the medians (bar 2.2). ``decode_ratio`` is our
rate of drawn tokens, sampling included, over the time spent in steps with every place taken,
against the bench's rate (bar 0.8); the bench runs with flash attention as we do and as it would by
itself, and the faster of the two counts.

``--processor`` counts processor seconds of one thread instead of seconds by the clock, for a machine
that others use too: there a barrier between two threads waits for whoever was put aside.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

Now = Callable[[], float]
BARS = {"ratio": 2.2, "decode_ratio": 0.8}


class Clock:
    """Counts what the runner's steps draw, and how long those with a full house take."""

    def __init__(self, decoder: Any, slots: int, now: Now) -> None:
        self.tokens, self.seconds, self._step, self._slots = 0, 0.0, decoder._step, slots
        decoder._step, self._now = self, now

    def __call__(self, active: Sequence[Any]) -> None:
        """Stand in for the decoder's step."""
        began = self._now()
        self._step(active)
        if len(active) == self._slots:
            self.seconds += self._now() - began
            self.tokens += len(active)


def ours(model: Path, requests: Sequence[Any], slots: int, processor: bool) -> dict[str, float]:
    """Answer all requests with the batched runner; loading is not counted."""
    from josi_utils.generate import LlamaBackend, answer
    from josi_utils.persona import SAMPLING

    now = time.process_time if processor else time.perf_counter
    backend = LlamaBackend(model, slots=slots, threads=1 if processor else None)
    answer(backend, requests[:1], SAMPLING)  # pages the weights in
    clock = Clock(backend._decoder, slots, now)
    began = now()
    replies = answer(backend, requests, SAMPLING)
    seconds = now() - began
    backend.close()
    drawn = sum(reply.tokens for reply in replies)
    return {
        "replies_per_second": len(replies) / seconds,
        "tokens_per_second": drawn / seconds,
        "decode_tokens_per_second": clock.tokens / clock.seconds if clock.seconds else 0.0,
        "tokens_per_reply": drawn / len(replies),
    }


def loop(model: Path, requests: Sequence[Any], processor: bool) -> dict[str, float]:
    """Answer the requests one by one with the binding's own chat call."""
    from josi_utils.llama_runtime import open_model
    from josi_utils.persona import SAMPLING

    now = time.process_time if processor else time.perf_counter
    sampling = SAMPLING.to_dict()
    limit = sampling.pop("max_new_tokens")
    with open_model(model, n_ctx=1024, n_threads=1 if processor else None) as opened:
        ask = opened.create_chat_completion
        ask(list(requests[0].messages), max_tokens=1)
        began = now()
        drawn = 0
        for request in requests:
            answer = ask(list(request.messages), max_tokens=limit, seed=request.seed, **sampling)
            drawn += answer["usage"]["completion_tokens"]
        seconds = now() - began
    return {
        "replies_per_second": len(requests) / seconds,
        "tokens_per_second": drawn / seconds,
        "tokens_per_reply": drawn / len(requests),
    }


def bench(
    tool: Path, model: Path, slots: int, lengths: tuple[int, int], processor: bool
) -> dict[str, float]:
    """Return llama-batched-bench's decode rates, tokens a second, by flash attention."""
    import llama_cpp

    from josi_utils.llama_runtime import threads

    prompt, new = lengths
    cores = "1" if processor else str(threads())
    command = [str(tool), "-m", str(model), "-npp", str(prompt), "-npl", str(slots), "-pps"]
    command += ["-c", str(slots * 512), "-t", cores, "-tb", cores, "--output-format", "jsonl"]
    if b"AMX_INT8 = 1" in llama_cpp.llama_print_system_info():
        command.append("--no-repack")  # as llama_runtime.model_params does, and why
    rates = {}
    for flash in ("off", "auto"):
        if processor:  # the tool has no such clock: two runs that differ in the tokens alone
            few, many = (_run([*command, "-fa", flash], n)[0] for n in (1, 1 + new))
            rates[flash] = slots * new / (many - few)
        else:
            rates[flash] = _run([*command, "-fa", flash], new)[1]
    return rates


def _run(command: list[str], new: int) -> tuple[float, float]:
    """Return processor seconds of one run of the bench, and the decode rate that it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*command, "-ntg", str(new)], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    (line,) = [s for s in (done.stdout + done.stderr).splitlines() if s.startswith('{"n_kv')]
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, json.loads(line)["speed_tg"]


def tool_or_why() -> tuple[Path | None, str]:
    """Return llama-batched-bench, found or built, or why it is not there."""
    import pytest
    from llama_source import llama_tool

    try:
        return llama_tool("batched-bench", download=True), ""
    except pytest.skip.Exception as reason:
        return None, str(reason)


def medians(runs: list[dict[str, float]]) -> dict[str, Any]:
    """Return each figure's median over the runs, and the runs of the first."""
    first = next(iter(runs[0]))
    middle = {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}
    return {**middle, f"all_{first}": [round(run[first], 3) for run in runs]}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run the sides in turn and return their figures."""
    from josi_utils.evaluate import load_cases
    from josi_utils.generate import Request
    from josi_utils.llama_probe import token_ids
    from josi_utils.llama_runtime import open_model
    from josi_utils.paths import data_dir
    from josi_utils.prompt import case_messages

    cases = load_cases(data_dir() / "eval" / "cases.jsonl", limit=options.cases)
    requests = [
        Request(tuple(case_messages(case)), seed) for case in cases for seed in range(options.seeds)
    ]
    with open_model(options.model, vocab_only=True) as vocabulary:
        lengths = [len(token_ids(vocabulary, request.prompt)) for request in requests]
    tool, why = tool_or_why()
    sides: dict[str, list[dict[str, float]]] = {"ours": [], "loop": [], "bench": []}
    for turn in range(options.repeats):
        sides["ours"].append(ours(options.model, requests, options.slots, options.processor))
        sides["loop"].append(loop(options.model, requests, options.processor))
        if tool:
            reply = round(sides["ours"][-1]["tokens_per_reply"])
            size = (round(statistics.mean(lengths)), reply)
            sides["bench"].append(
                bench(tool, options.model, options.slots, size, options.processor)
            )
        print(f"turn {turn + 1} of {options.repeats} done", file=sys.stderr, flush=True)
    found = {name: medians(runs) for name, runs in sides.items() if runs}
    result: dict[str, Any] = {
        "benchmark": "evaluate",
        "model": options.model.name,
        "clock": "processor seconds, one thread" if options.processor else "seconds",
        "replies": len(requests),
        "seeds": options.seeds,
        "slots": options.slots,
        "prompt_tokens": round(statistics.mean(lengths), 1),
        "ratio": round(
            found["ours"]["replies_per_second"] / found["loop"]["replies_per_second"], 3
        ),
        "decode_ratio": None,
        "bars": BARS,
        **found,
    }
    if tool:
        best = max(found["bench"]["off"], found["bench"]["auto"])
        result["decode_ratio"] = round(found["ours"]["decode_tokens_per_second"] / best, 3)
    else:
        result["bench"] = f"left out: {why}"
    return result


def default_model() -> Path:
    """Return the last default run's file, or the untuned one of the package."""
    from josi_utils.basemodel import embedded_gguf
    from josi_utils.paths import RunPaths

    shipped = RunPaths("default").gguf / "josi-q4_k_m.gguf"
    return shipped if shipped.is_file() else embedded_gguf()


def main() -> None:
    """Parse the command line, run, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="GGUF (default: run default's, or the base)")
    parser.add_argument("--cases", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=1, help="replies a case, as the evaluation: 3")
    parser.add_argument("--slots", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--processor", action="store_true", help="processor time of one thread")
    parser.add_argument("--quick", action="store_true", help="12 cases, 12 places, one turn")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    options.model = options.model or default_model()
    if options.quick:
        options.cases, options.slots, options.repeats = 12, 12, 1

    from josi_utils.files import write_json

    packages = ("llama-cpp-python", "numpy")
    result = {
        **measure(options),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "versions": {name: importlib.metadata.version(name) for name in packages},
    }
    print(json.dumps(result, indent=2))
    if options.json:
        write_json(options.json, result)


if __name__ == "__main__":
    main()
