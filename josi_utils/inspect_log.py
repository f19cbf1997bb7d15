"""The evaluation as logs that ``inspect view`` opens (Inspect AI's JSON log format, version 2).

Written by hand rather than with ``inspect-ai``, which brings some 80 packages with it; a test reads
the logs back with the real one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import write_atomic
from josi_utils.metrics import METRICS, Sample, by_prompt, contradicts, figure, scores_of
from josi_utils.prompt import case_messages

FORMAT_VERSION = 2
TASK = "josi"
#: The rubric's fields, each a score of its own in the log.
FIELDS = ("pass", "warmth", "brevity", "plain", "faithful", "question", "leak", "pushback", "safe")


def write_logs(samples: Iterable[Sample], meta: dict[str, Any], folder: Path | str) -> list[Path]:
    """Write one log a condition, and one for its greedy replies if it has any.

    Inspect knows a reply by the case (``sample.id``) and the ``epoch`` alone, and an evaluation has
    one model; so conditions cannot share a log.

    Parameters
    ----------
    samples : iterable of dict
        Lines of ``samples.jsonl``.
    meta : dict
        ``meta.json``.
    folder : path
        Gets the files. ``inspect view --log-dir FOLDER`` lists them.

    Returns
    -------
    list of Path
        In the order in which the conditions appear.
    """
    groups: dict[tuple[str, bool], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample["condition"], bool(sample.get("greedy"))), []).append(sample)
    if not groups:
        raise JosiError("log: there is no reply to log; run the evaluation first")
    paths = []
    for (condition, greedy), rows in groups.items():
        name = condition + (" greedy" if greedy else "")
        log = inspect_log(rows, meta, name)
        stamp = re.sub(r"[:+]", "-", log["eval"]["created"])
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        file = Path(folder) / f"{stamp}_{TASK}-{slug}_{log['eval']['task_id']}.json"
        text = json.dumps(log, ensure_ascii=False, allow_nan=False)
        paths.append(write_atomic(file, text + "\n"))
    return paths


def inspect_log(samples: list[Sample], meta: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one condition's samples as an Inspect log.

    Parameters
    ----------
    samples : list of dict
        Of one condition, all drawn or all greedy.
    meta : dict
        ``meta.json``.
    name : str
        What the log is called in Inspect's list.

    Returns
    -------
    dict
        ``version``, ``status``, ``eval``, ``plan``, ``results``, ``stats``, ``samples``. The epoch
        is the seed plus 1, since Inspect counts epochs from 1.
    """
    created = _timestamp(meta.get("date"))
    identity = _identity(str(meta.get("run")), name, str(meta.get("model_sha256")))
    base = name.split()[0] == "base"
    model = f"josi/{meta.get('base_model' if base else 'model_file') or 'unknown'}"
    prompts = by_prompt({**s, "greedy": False} for s in samples)
    seeds = sorted({int(s.get("seed") or 0) for s in samples})
    kept = ("run", "model_sha256", "base_model", "cases_sha256", "scorer_hash", "guard_version")
    return {
        "version": FORMAT_VERSION,
        "status": "success",
        "eval": {
            "eval_id": identity,
            "run_id": _identity("run", str(meta.get("run"))),
            "created": created,
            "task": f"{TASK}: {name}",
            "task_id": identity,
            "task_version": 1,
            "dataset": {
                "name": "data/eval",
                "samples": len(prompts),
                "sample_ids": list(prompts),
                "shuffled": False,
            },
            "model": model,
            "model_generate_config": _generate_config(meta, name),
            "config": {"epochs": len(seeds)},
            "packages": {k: str(v) for k, v in (meta.get("versions") or {}).items()},
            "metadata": {"condition": name, **{key: meta.get(key) for key in kept}},
        },
        "plan": {"name": "plan", "steps": [{"solver": "josi_utils.evaluate", "params": {}}]},
        "results": {
            "total_samples": len(samples),
            "completed_samples": sum(bool(scores_of(s)) for s in samples),
            "scores": [_result(metric, prompts) for metric in METRICS],
        },
        "stats": {
            "started_at": created,
            "completed_at": _timestamp(meta.get("date"), float(meta.get("seconds") or 0)),
            "model_usage": {
                model: {
                    "output_tokens": sum(int(s.get("tokens") or 0) for s in samples),
                    "total_tokens": sum(int(s.get("tokens") or 0) for s in samples),
                }
            },
        },
        "samples": [_sample(s, model) for rows in prompts.values() for s in rows],
    }


def _identity(*parts: str) -> str:
    """Return 22 letters and digits: the same run gives the same log names."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:22]


def _timestamp(date: Any, seconds: float = 0) -> str:
    """Return a date, some seconds later, as ISO 8601 with a time zone, which Inspect insists on.

    Raises
    ------
    JosiError
        If it cannot be read as a date.
    """
    try:
        moment = datetime.fromisoformat(str(date))
    except ValueError:
        raise JosiError(f"meta.json: date is {date!r}; write it as 2026-01-31T12:00:00Z") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment + timedelta(seconds=seconds)).isoformat(timespec="seconds")


def _generate_config(meta: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the sampling under Inspect's names; it has none for ``min_p``."""
    sampling = meta.get("sampling") or {}
    names = {"max_new_tokens": "max_tokens", "top_k": "top_k", "top_p": "top_p"}
    config = {ours: sampling[key] for key, ours in names.items() if key in sampling}
    temperature = 0.0 if name.endswith(" greedy") else sampling.get("temperature")
    return config | ({} if temperature is None else {"temperature": temperature})


def _result(metric: Any, prompts: dict[str, list[Sample]]) -> dict[str, Any]:
    found = figure(metric, prompts)
    values = {key: found[key] for key in ("value", "low", "high") if found[key] is not None}
    return {
        "name": metric.key,
        "scorer": "josi_utils.scoring",
        "scored_samples": found["n"],
        "params": {},
        "metrics": {key: {"name": key, "value": value} for key, value in values.items()},
        "metadata": {"label": metric.label, "kind": metric.kind, "prompts": found["n"]},
    }


def _sample(sample: Sample, model: str) -> dict[str, Any]:
    case, reply = sample["case"], sample.get("reply") or ""
    messages = case_messages(case)
    answer = {"role": "assistant", "content": reply, "source": "generate", "model": model}
    tokens = int(sample.get("tokens") or 0)
    out = {
        "id": case["id"],
        "epoch": int(sample.get("seed") or 0) + 1,
        "input": messages[1:],  # the system turn is the same everywhere and hides the question
        "target": "",
        "messages": [*messages, answer],
        "output": {
            "model": model,
            "choices": [
                {
                    "message": answer,
                    "stop_reason": "stop" if sample.get("finished") else "max_tokens",
                }
            ],
            "usage": {"output_tokens": tokens, "total_tokens": tokens},
            "time": sample.get("seconds"),
        },
        "scores": _scores(sample),
        "metadata": {
            "category": case["category"],
            "condition": sample["condition"],
            "source": sample.get("source"),
            "draws": sample.get("draws"),
            "contradicts": contradicts(sample),
        },
        "total_time": sample.get("seconds"),
    }
    if sample.get("error"):
        out["error"] = {"message": str(sample["error"]), "traceback": "", "traceback_ansi": ""}
    return out


def _scores(sample: Sample) -> dict[str, Any]:
    """Return each field that applies as a score with its reasons as the explanation."""
    scores = scores_of(sample)
    out = {}
    for field in FIELDS:
        if scores.get(field) is None:
            continue
        why = [w for w in scores.get("why") or [] if field in (w["field"], "pass")]
        lines = [w["reason"] + (f": “{w['text']}”" if w.get("text") else "") for w in why]
        out[field] = {
            "value": scores[field],
            "answer": sample.get("reply") or "",
            "explanation": "\n".join(lines) or None,
            "metadata": {"spans": [w["span"] for w in why if w.get("span")]},
        }
    return out
