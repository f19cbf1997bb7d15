"""Ask a model every case, score what it says, keep every sample; resumable, raw and guarded."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, TextIO

from josi_utils.decision import read_cases
from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl, sha256_file, write_json, write_jsonl
from josi_utils.generate import Backend, Reply, Request
from josi_utils.paths import RunPaths
from josi_utils.persona import GREEDY, SAMPLING, Sampling
from josi_utils.prompt import case_messages
from josi_utils.stage import package_versions, read_record

#: Seeds of further draws lie this far apart, so that no draw repeats another seed's.
DRAW_STRIDE = 10_007

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Condition:
    """One way of answering that the page shows.

    Attributes
    ----------
    name : str
        Such as ``"tuned"``, ``"base"``, ``"tuned guarded"``.
    seeds : int
        Draws a case at the sampling temperature; repeats within the case, never samples.
    greedy : bool
        Whether one greedy reply is taken besides, as a canary.
    """

    name: str
    seeds: int = 3
    greedy: bool = True


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
            say(f"{what}: {done}/{len(missing)}, {rate:.1f} a second, {left:.0f} s left")
    replies = [log.get(key) for key in keys]
    if any(reply is None for reply in replies):
        raise JosiError("evaluate: the backend left requests unanswered; run again to resume")
    return replies  # type: ignore[return-value]


def _key(request: Request, sampling: Sampling, model_sha256: str) -> str:
    text = json.dumps([request.prompt, request.seed, sampling.to_dict(), model_sha256])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def collect(
    backend: Backend,
    cases: Sequence[dict[str, Any]],
    condition: Condition,
    log: SampleLog,
    model_sha256: str,
    *,
    sampling: Sampling = SAMPLING,
    say: Progress | None = None,
) -> list[dict[str, Any]]:
    """Ask every case under a condition; return unscored samples.

    Returns
    -------
    list of dict
        ``case``, ``condition``, ``seed``, ``greedy``, ``reply``, ``finished``, ``tokens``,
        ``source``, ``draws``.
    """
    plans = [(case, seed, False) for seed in range(condition.seeds) for case in cases]
    samples = []
    for greedy, chosen in ((False, sampling), (True, GREEDY)):
        wanted = [(case, 0, True) for case in cases] if greedy and condition.greedy else []
        wanted = plans if not greedy else wanted
        requests = [Request(tuple(case_messages(case)), seed) for case, seed, _ in wanted]
        what = f"{condition.name}, {'greedy' if greedy else 'drawn'}"
        replies = ask(backend, requests, chosen, log, model_sha256, say=say, what=what)
        samples += [
            _sample(case, condition.name, seed, greedy, reply)
            for (case, seed, _), reply in zip(wanted, replies, strict=True)
        ]
    return samples


def _sample(
    case: dict[str, Any], condition: str, seed: int, greedy: bool, reply: Reply
) -> dict[str, Any]:
    return {
        "case": case,
        "condition": condition,
        "seed": seed,
        "greedy": greedy,
        "reply": reply.text,
        "finished": reply.finished,
        "tokens": reply.tokens,
        "source": "model",
        "draws": 1,
    }


def collect_guarded(
    backend: Backend,
    raw: Sequence[dict[str, Any]],
    deck: Sequence[dict[str, Any]],
    log: SampleLog,
    model_sha256: str,
    *,
    draws: int = 4,
    sampling: Sampling = SAMPLING,
    say: Progress | None = None,
) -> list[dict[str, Any]]:
    """Return what the athlete would see: triage, up to ``draws`` accepted draws, or the fallback.

    The raw reply of a seed is its first draw; rejected ones are drawn again round by round, all
    cases of a round in one batch.
    """
    from josi_utils.guard import accept, fallback, triage, vetted_reply

    guarded: list[dict[str, Any] | None] = [None] * len(raw)
    open_draws: list[int] = []
    for index, sample in enumerate(raw):
        found = triage(sample["case"])
        if found.flag is not None:
            guarded[index] = _shown(
                sample, vetted_reply(found.flag, emergency=found.emergency), "triage", 0
            )
        else:
            open_draws.append(index)
    texts = {index: (raw[index]["reply"], raw[index]["finished"]) for index in open_draws}
    for draw in range(1, draws + 1):
        if draw > 1:
            requests = [
                Request(
                    tuple(case_messages(raw[i]["case"])), raw[i]["seed"] + DRAW_STRIDE * (draw - 1)
                )
                for i in open_draws
            ]
            what = f"guard, draw {draw}"
            replies = ask(backend, requests, sampling, log, model_sha256, say=say, what=what)
            texts = {i: (r.text, r.finished) for i, r in zip(open_draws, replies, strict=True)}
        rejected = []
        for index in open_draws:
            text, finished = texts[index]
            if accept(raw[index]["case"], text, finished=finished, deck=deck).ok:
                guarded[index] = _shown(raw[index], text, "draw", draw)
            else:
                rejected.append(index)
        open_draws = rejected
        if not open_draws:
            break
    for index in open_draws:
        text = fallback(raw[index]["case"], deck)
        guarded[index] = _shown(raw[index], text, "fallback", draws)
    return [sample for sample in guarded if sample is not None]


def _shown(sample: dict[str, Any], text: str, source: str, draws: int) -> dict[str, Any]:
    return {
        **sample,
        "condition": f"{sample['condition']} guarded",
        "reply": text,
        "finished": True,
        "source": source,
        "draws": draws,
    }


def score_samples(
    samples: Iterable[dict[str, Any]],
    deck: Sequence[dict[str, Any]],
    *,
    say: Progress | None = None,
) -> list[dict[str, Any]]:
    """Return the samples with ``scores``; equal (case, reply) pairs are scored once."""
    from josi_utils.scoring import score

    known: dict[tuple[str, str, bool], dict[str, Any]] = {}
    scored = []
    last = time.monotonic()
    for number, sample in enumerate(samples, start=1):
        key = (sample["case"]["id"], sample["reply"], sample["finished"])
        if key not in known:
            known[key] = score(
                sample["case"], sample["reply"], deck=deck, finished=sample["finished"]
            )
        scored.append({**sample, "scores": known[key]})
        if say and time.monotonic() - last > 10:
            last = time.monotonic()
            say(f"scored {number} replies")
    return scored


def write_samples(room: Path, samples: Sequence[dict[str, Any]]) -> Path:
    """Write ``samples.jsonl``."""
    return write_jsonl(room / "samples.jsonl", samples)


def load_cases(path: Path, *, limit: int = 0) -> list[dict[str, Any]]:
    """Return the cases of a file.

    With a limit, cases are taken round the categories, so that a short run sees each of them.
    """
    cases = read_cases(path)
    if not limit or limit >= len(cases):
        return cases
    by_category: dict[str, list[dict[str, Any]]] = {}
    for case in cases:
        by_category.setdefault(case["category"], []).append(case)
    turns = zip_longest(*by_category.values())
    return [case for turn in turns for case in turn if case is not None][:limit]


def shipped_model(paths: RunPaths) -> Path:
    """Return the quantised GGUF that 04 made."""
    record = read_record(paths, "04_export")
    return paths.gguf / f"josi-{record['parameters']['quantisation']}.gguf"


def write_meta(
    room: Path,
    run: str,
    model: Path,
    base_model: str,
    *,
    seeds: int,
    draws: int,
    cases: Sequence[Any],
) -> dict[str, Any]:
    """Write ``meta.json``: what was asked, of which file, judged by which scorers."""
    from josi_utils.guard.data import rules_record
    from josi_utils.scoring import scorer_hash

    meta = {
        "run": run,
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "model_file": model.name,
        "model_sha256": sha256_file(model),
        "base_model": base_model,
        "sampling": SAMPLING.to_dict(),
        "seeds": seeds,
        "guard_draws": draws,
        "cases": len(cases),
        "cases_sha256": hashlib.sha256(json.dumps(cases, sort_keys=True).encode()).hexdigest(),
        "scorer_hash": scorer_hash(),
        "guard_version": rules_record(),
        "versions": package_versions(),
    }
    write_json(room / "meta.json", meta)
    return meta


def read_replies(path: Path | str) -> list[dict[str, Any]]:
    """Read given replies to score: ``{"id", "case", "reply"}`` a line.

    Raises
    ------
    JosiError
        With ``file:line`` of the first line that lacks a field or whose case breaks the schema.
    """
    from josi_utils.decision import validate_case

    rows = []
    for number, row in read_jsonl(path):
        where = f"{path}:{number}"
        if not isinstance(row.get("reply"), str) or not isinstance(row.get("case"), dict):
            raise JosiError(f'{where}: a line must be {{"id", "case", "reply"}}')
        validate_case(row["case"], where)
        rows.append(row)
    return rows
