"""Ask a model every case, score what it says, keep every sample; resumable, raw and guarded."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from josi_utils.asking import Progress, SampleLog, ask
from josi_utils.decision import read_cases
from josi_utils.errors import JosiError
from josi_utils.files import read_jsonl, sha256_file, sha256_tree, write_json, write_jsonl
from josi_utils.generate import Backend, Reply, Request
from josi_utils.paths import RunPaths
from josi_utils.persona import GREEDY, SAMPLING, Sampling
from josi_utils.prompt import case_messages
from josi_utils.stage import read_record
from josi_utils.stage_code import package_versions

#: Seeds of further draws lie this far apart, so that no draw repeats another seed's.
DRAW_STRIDE = 10_007


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
    best_of: bool = False,
    sampling: Sampling = SAMPLING,
    say: Progress | None = None,
) -> list[dict[str, Any]]:
    """Return what the athlete would see: triage, an accepted draw, or the fallback.

    The raw reply of a seed is its first draw. Those turned down are drawn again round by round,
    all cases of a round in one batch, up to ``draws``; with ``best_of`` all are drawn at once and
    the guard's favourite among those that it accepts is shown.
    """
    from josi_utils.guard import guarded_reply, triage

    shown: dict[int, dict[str, Any]] = {}
    waiting = [i for i, sample in enumerate(raw) if triage(sample["case"]).flag is None]
    texts = {i: [(raw[i]["reply"], raw[i]["finished"])] for i in waiting}
    further = range(2, draws + 1)
    for rounds in [further] if best_of else [range(0), *([n] for n in further)]:
        wanted = [(i, n) for i in waiting for n in rounds]
        requests = [
            Request(tuple(case_messages(raw[i]["case"])), raw[i]["seed"] + DRAW_STRIDE * (n - 1))
            for i, n in wanted
        ]
        what = f"guard, draw {max(rounds, default=1)}"
        replies = ask(backend, requests, sampling, log, model_sha256, say=say, what=what)
        for (i, _), reply in zip(wanted, replies, strict=True):
            texts[i].append((reply.text, reply.finished))
        for i in waiting:
            new = texts[i] if best_of else texts[i][-1:]  # the rest was judged before
            found = guarded_reply(
                raw[i]["case"], new, deck=deck, max_draws=len(new), best_of=best_of
            )
            if found.source == "draw":
                shown[i] = _shown(raw[i], found.text, "draw", len(texts[i]))
        waiting = [i for i in waiting if i not in shown]
    for i, sample in enumerate(raw):
        if i not in shown:
            found = guarded_reply(sample["case"], [], deck=deck)
            shown[i] = _shown(sample, found.text, found.source, len(texts.get(i, [])))
    return [shown[i] for i in range(len(raw))]


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


def model_hash(path: Path) -> str:
    """Return the SHA-256 of a GGUF, or of a folder's weights."""
    if not path.exists():
        raise JosiError(f"{path}: no such file")
    if path.is_dir():
        tree = sha256_tree(path)
        return next((e["sha256"] for n, e in tree.items() if n.endswith(".safetensors")), "")
    return sha256_file(path)


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
    seconds: float | None = None,
) -> dict[str, Any]:
    """Write ``meta.json``: what was asked, of which file, judged by which scorers, how long."""
    from josi_utils.guard.data import rules_record
    from josi_utils.scoring import scorer_hash

    meta = {
        "run": run,
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "model_file": model.name,
        "model_sha256": model_hash(model),
        "base_model": base_model,
        "sampling": SAMPLING.to_dict(),
        "seeds": seeds,
        "guard_draws": draws,
        "cases": len(cases),
        "cases_sha256": hashlib.sha256(json.dumps(cases, sort_keys=True).encode()).hexdigest(),
        "scorer_hash": scorer_hash(),
        "guard_version": rules_record(),
        "seconds": seconds and round(seconds, 1),
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
