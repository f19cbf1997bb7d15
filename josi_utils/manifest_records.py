"""What a manifest takes from the run: stage records, base model, gates, licences, dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from josi_utils.files import read_json
from josi_utils.paths import STAGES, RunPaths

#: A manifest is good for this long when nothing else is said. An attacker who can only replay
#: old answers cannot hold an install on an old model for longer.
LIFETIME = timedelta(days=400)

#: What ships inside the bundle and what the app must show in its notices.
LICENCES: list[dict[str, str]] = [
    {"what": "SmolLM2 weights", "licence": "Apache-2.0", "by": "Hugging Face"},
    {
        "what": "all-MiniLM-L6-v2 weights, of the guard's encoder",
        "licence": "Apache-2.0",
        "by": "sentence-transformers",
    },
    {"what": "llama.cpp", "licence": "MIT", "by": "The ggml authors"},
    {"what": "Josi fine-tuning and data", "licence": "Apache-2.0", "by": "MiValta"},
]


def _record(run: RunPaths, stage: str) -> dict[str, Any]:
    path = run.room(stage) / "stage.json"
    record = read_json(path) if path.exists() else {}
    return record if isinstance(record, dict) else {}


def run_records(run: RunPaths) -> dict[str, dict[str, Any]]:
    """Return the stage records that the run has, by stage; a missing room is an empty record."""
    return {stage: _record(run, stage) for stage in STAGES if stage != "06_share"}


def default_expiry(gguf_path: Path, record: dict[str, Any]) -> str:
    """Return the end of life of a manifest, from the time that 04's record has for the file.

    A copy of the run gives the same bytes so, whatever times its files have; the file's own time
    is the last resort.
    """
    entry = (record.get("outputs") or {}).get(gguf_path.name) or {}
    changed = entry.get("mtime_ns") or gguf_path.stat().st_mtime_ns
    day = datetime.fromtimestamp(changed // 10**9, UTC)
    return (day + LIFETIME).strftime("%Y-%m-%dT00:00:00Z")


def base_model(run: RunPaths, records: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return name, repository and revision of the base model that 02 trained on."""
    path = run.adapter / "base_model.json"
    if path.exists():
        facts = read_json(path)
        keys = ("name", "repository", "revision", "source_sha256", "licence")
        return {key: facts[key] for key in keys if key in facts}
    name = (records["02_finetune"].get("parameters") or {}).get("base_model", "unknown")
    return {"name": str(name), "revision": None}


def gate_summary(gates: Any) -> dict[str, Any]:
    """Return the gates in a form short enough to sign: name, value, threshold, passed."""
    if not isinstance(gates, dict):
        return {"gates": gates}
    rows = gates.get("gates", gates)
    return {"passed": gates.get("passed"), "gates": rows}
