"""What training tells while it runs: ``log.jsonl``, lines for the terminal, sample replies."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from josi_utils.checkpoints import mark_whole
from josi_utils.files import read_jsonl, write_jsonl


def log_callback(
    path: Path, sample: Any, tokenizer: Any, say: Any, *, resumed: int | None = None
) -> Any:
    """Return a callback that appends every log entry, and sample replies, to ``log.jsonl``.

    One process of several writes. ``resumed`` is the step that training goes on from: what was
    logged after it is written again as it happens again; None begins a new log.
    """
    from transformers import TrainerCallback

    def append(entry: dict[str, Any]) -> None:
        with open(path, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, ensure_ascii=False) + "\n")
            stream.flush()
            os.fsync(stream.fileno())

    class LogToFile(TrainerCallback):
        """One JSON object a line: step, epoch and what the trainer logged."""

        def on_train_begin(self, args, state, control, **kwargs):
            if state.is_world_process_zero:
                write_jsonl(path, [] if resumed is None else _entries_until(path, resumed))
            self._began, self._first, self._said = time.monotonic(), state.global_step, 0.0

        def on_step_end(self, args, state, control, **kwargs):
            now = time.monotonic()
            if say is None or not state.is_world_process_zero or now - self._said < 10:
                return
            self._said = now
            each = (now - self._began) / max(1, state.global_step - self._first)
            left = each * (state.max_steps - state.global_step)
            losses = [e["loss"] for e in state.log_history if "loss" in e]
            loss = f", loss {losses[-1]:.3f}" if losses else ""
            say(f"step {state.global_step}/{state.max_steps}{loss}, {left:.0f} s left")

        def on_save(self, args, state, control, **kwargs):
            if state.is_world_process_zero:
                folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
                mark_whole(folder, state.global_step)

        def on_log(self, args, state, control, logs=None, **kwargs):
            if state.is_world_process_zero:
                now = {"step": state.global_step, "epoch": state.epoch, "time": time.time()}
                append({**now, **logs})

        def on_evaluate(self, args, state, control, model=None, **kwargs):
            if sample is not None and model is not None and state.is_world_process_zero:
                append({"step": state.global_step, "samples": sample(model, tokenizer)})

    return LogToFile()


def _entries_until(path: Path, step: int) -> list[dict[str, Any]]:
    """Return the log's entries up to a step; a line that a kill left half written is dropped."""
    entries = []
    for line in path.read_bytes().splitlines() if path.is_file() else []:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if entry["step"] <= step:
            entries.append(entry)
    return entries


def sampler(requests: Sequence[Any]) -> Callable[[Any, Any], list[dict[str, str]]]:
    """Return a ``sample`` for :func:`train`: greedy replies of the model in training."""

    def sample(model: Any, tokenizer: Any) -> list[dict[str, str]]:
        from josi_utils.generate import HuggingFaceBackend, answer
        from josi_utils.persona import GREEDY

        backend = HuggingFaceBackend(model=model, tokenizer=tokenizer)
        replies = answer(backend, requests, GREEDY)
        return [
            {"message": request.messages[-1]["content"], "reply": reply.text}
            for request, reply in zip(requests, replies, strict=True)
        ]

    return sample


def read_log(path: Path | str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (training entries, validation entries) of a ``log.jsonl``."""
    entries = [entry for _, entry in read_jsonl(path)]
    return [e for e in entries if "loss" in e], [e for e in entries if "eval_loss" in e]
