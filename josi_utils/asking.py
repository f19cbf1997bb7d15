"""Ask a model, keeping every reply on disk as it comes, so that nothing is asked twice."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from josi_utils.errors import JosiError
from josi_utils.generate import Backend, Reply, Request
from josi_utils.persona import Sampling

Progress = Callable[[str], None]


class SampleLog:
    """Replies on disk, one a line, so that a crash costs the replies in flight alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, dict[str, Any]] = {}
        kept = path.read_bytes() if path.is_file() else b""
        for line in kept.split(b"\n"):  # bytes: a cut may fall within a character
            try:
                entry = json.loads(line)
            except (json.JSONDecodeError, UnicodeDecodeError):  # the line that a crash cut
                continue
            self._known[entry["key"]] = entry
        # A cut line is ended first, or the next reply would share it, and be lost.
        self._before = "\n" if kept and not kept.endswith(b"\n") else ""
        self._stream: TextIO | None = None

    def get(self, key: str) -> Reply | None:
        """Return the reply stored under a key."""
        entry = self._known.get(key)
        return Reply(entry["text"], entry["finished"], entry["tokens"]) if entry else None

    def put(self, key: str, reply: Reply) -> None:
        """Store a reply; it is on disk when this returns to the caller's next reply."""
        entry = {
            "key": key, "text": reply.text, "finished": reply.finished, "tokens": reply.tokens
        }  # fmt: skip
        self._known[key] = entry
        if (
            self._stream is None
        ):  # not before there is something to keep: a bad model leaves nothing
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = open(self._path, "a", encoding="utf-8")  # noqa: SIM115 (see close)
            self._stream.write(self._before)
        self._stream.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Sync and close."""
        if self._stream is not None:
            os.fsync(self._stream.fileno())
            self._stream.close()


def ask(
    backend: Backend,
    requests: Sequence[Request],
    sampling: Sampling,
    log: SampleLog,
    model_sha256: str,
    *,
    say: Progress | None = None,
    what: str = "replies",
) -> list[Reply]:
    """Return replies in order, asking only for those that the log does not have."""
    keys = [_key(request, sampling, model_sha256) for request in requests]
    missing = [i for i, key in enumerate(keys) if log.get(key) is None]
    began = last = time.monotonic()
    for done, (position, reply) in enumerate(
        backend.replies([requests[i] for i in missing], sampling), start=1
    ):
        log.put(keys[missing[position]], reply)
        now = time.monotonic()
        if say and (now - last > 10 or done == len(missing)):
            last, rate = now, done / max(now - began, 1e-9)
            left = (len(missing) - done) / rate
            bar = progress_bar(done, len(missing))
            say(f"{what}: {bar} {done}/{len(missing)}, {rate:.1f} a second, {left:.0f} s left")
    replies = [log.get(key) for key in keys]
    if any(reply is None for reply in replies):
        raise JosiError("evaluate: the backend left requests unanswered; run again to resume")
    return replies  # type: ignore[return-value]


def progress_bar(done: int, total: int, width: int = 20) -> str:
    """Return a bar such as ``█████░░░``; full only where all is done, never empty once begun."""
    filled = width if done >= total else min(width - 1, max(done > 0, width * done // total))
    return "█" * filled + "░" * (width - filled)


def _key(request: Request, sampling: Sampling, model_sha256: str) -> str:
    text = json.dumps([request.prompt, request.seed, sampling.to_dict(), model_sha256])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
