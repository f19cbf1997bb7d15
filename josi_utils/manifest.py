"""The manifest: everything an app must know about a model, built from the run's own records.

Nothing in it is typed by hand. The file's facts are read from the GGUF itself, the rest from
``stage.json`` of each room and from :mod:`josi_utils.persona`.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_json
from josi_utils.manifest_records import (
    LICENCES,
    base_model,
    default_expiry,
    gate_summary,
    run_records,
)
from josi_utils.paths import RunPaths
from josi_utils.persona import SAMPLING, SYSTEM_PROMPT

SCHEMA = "josi.manifest/1"

#: 4 MiB: a bad chunk costs 7 s at 5 Mbit/s, and the hashes of a 1 GB file take 17 kB.
CHUNK_SIZE = 4 * 2**20

#: The smollm pre-tokenizer (llama.cpp#8609) was merged on 22 July 2024 and tied output weights
#: (#5824) before it; this build is of the end of that month, a little later than it need be.
MIN_LLAMA_CPP_BUILD = 3482

#: Context on the phone in tokens. The 1.7B's KV cache takes 197 kB a token: 200 MB at 1024.
PHONE_CONTEXT = 1024

#: Bytes of f16 KV cache a token = layers * 2 * kv_heads * head_dim * 2; and what a llama.cpp
#: process takes beside weights and cache (compute buffers, vocabulary): an assumption, not measured.
RUNTIME_OVERHEAD_BYTES = 150 * 10**6

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Hashes:
    """Size in bytes, SHA-256 of the whole, and SHA-256 of each chunk of a file."""

    size: int
    sha256: str
    chunk_size: int
    chunk_sha256: tuple[str, ...]


def hash_chunks(path: Path | str, chunk_size: int = CHUNK_SIZE) -> Hashes:
    """Read a file once and return the hashes that a manifest carries."""
    whole, chunks, size = hashlib.sha256(), [], 0
    with open(path, "rb") as stream:
        while block := stream.read(chunk_size):
            whole.update(block)
            chunks.append(hashlib.sha256(block).hexdigest())
            size += len(block)
    return Hashes(size, whole.hexdigest(), chunk_size, tuple(chunks))


def file_entry(
    path: Path | str, role: str, *, chunk_size: int = CHUNK_SIZE, **more: Any
) -> dict[str, Any]:
    """Return a manifest's entry for one file; ``path`` in it is content-addressed."""
    path = Path(path)
    hashes = hash_chunks(path, chunk_size)
    return {
        "role": role,
        "name": path.name,
        "path": f"models/{hashes.sha256}/{path.name}",
        "size": hashes.size,
        "sha256": hashes.sha256,
        "chunk_size": hashes.chunk_size,
        "chunk_sha256": list(hashes.chunk_sha256),
        **more,
    }


def sequence_of(version: str) -> int:
    """Return the sequence number that a version gets by itself: 1.2.3 is 1,002,003.

    A rollback publishes an older version under a higher sequence, given by hand.

    Raises
    ------
    JosiError
        If ``version`` is not ``MAJOR.MINOR.PATCH`` with optional ``-suffix``.
    """
    match = re.fullmatch(r"(\d{1,6})\.(\d{1,3})\.(\d{1,3})(-[0-9A-Za-z.-]{1,40})?", version)
    if not match:
        raise JosiError(f"version {version!r}: write it as MAJOR.MINOR.PATCH, such as 1.0.0")
    major, minor, patch = (int(part) for part in match.groups()[:3])
    return max(1, (major * 1000 + minor) * 1000 + patch)


@functools.cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    text = resources.files("josi_utils").joinpath("schemas/manifest.schema.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))


def check_manifest(manifest: Any) -> dict[str, Any]:
    """Return ``manifest`` if it is sound; a hash that is missing or blank is an error.

    Raises
    ------
    JosiError
        Naming the first field that is wrong.
    """
    errors = sorted(_validator().iter_errors(manifest), key=lambda e: list(map(str, e.path)))
    if errors:
        where = ".".join(str(part) for part in errors[0].absolute_path) or "top level"
        raise JosiError(f"manifest: {where}: {errors[0].message[:200]}")
    # The schema's "$" also matches before a line feed at the end.
    texts = [manifest["version"], manifest["model_id"], manifest["expires"]]
    for entry in manifest["files"]:
        texts += [entry["name"], entry["path"], entry["sha256"], *entry["chunk_sha256"]]
        texts += entry.get("urls", [])
    if any(not text.isprintable() or " " in text for text in texts):
        raise JosiError("manifest: a space or control character where none belongs")
    names = [entry["name"].lower() for entry in manifest["files"]]
    if len(set(names)) != len(names):
        raise JosiError("manifest: two files of one name")
    for entry in manifest["files"]:
        where = f"manifest: {entry['name']}"
        if ".." in entry["name"] or any(part == ".." for part in entry["path"].split("/")):
            raise JosiError(f"{where}: name or path leaves its folder")
        expected = -(-entry["size"] // entry["chunk_size"])
        if len(entry["chunk_sha256"]) != expected:
            raise JosiError(f"{where}: {len(entry['chunk_sha256'])} chunk hashes, not {expected}")
        if entry["role"] == "adapter" and "base_sha256" not in entry:
            raise JosiError(f"{where}: an adapter must name its base by SHA-256")
    parse_time(manifest["expires"])
    return manifest


def read_manifest(payload: bytes) -> dict[str, Any]:
    """Parse and check the bytes of a manifest (after the signature has been verified)."""
    try:
        value = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError):
        raise JosiError("manifest: not JSON") from None
    return check_manifest(value)


def parse_time(text: str) -> datetime:
    """Return an aware UTC time from ``2026-01-31T00:00:00Z``."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise JosiError(f"manifest: {text!r} is not a time like 2026-01-31T00:00:00Z") from None


def runtime_facts(gguf: dict[str, Any], loaded: int, min_app: str | None) -> dict[str, Any]:
    """Return how the app must run the model: context, sampling, lowest versions, memory.

    ``loaded``: bytes of the model and of what is loaded beside it.
    """
    context = min(PHONE_CONTEXT, gguf.get("trained_context") or PHONE_CONTEXT)
    cache = gguf.get("kv_bytes_per_token", 0) * context
    return {
        "context": context,
        "sampling": SAMPLING.to_dict(),
        "system_prompt_sha256": hashlib.sha256(SYSTEM_PROMPT.encode()).hexdigest(),
        "min_llama_cpp_build": MIN_LLAMA_CPP_BUILD,
        "min_app_version": min_app,
        "min_ram_bytes": loaded + cache + RUNTIME_OVERHEAD_BYTES,
    }


def build_manifest(
    run: RunPaths,
    entries: list[dict[str, Any]],
    gguf: dict[str, Any],
    *,
    version: str,
    model_id: str = "josi",
    sequence: int | None = None,
    expires: str | None = None,
    min_app_version: str | None = None,
    rollout_percent: float = 100.0,
    trusted_keys: tuple[str, ...] = (),
    model_path: Path,
) -> dict[str, Any]:
    """Return the manifest of a run.

    Parameters
    ----------
    run : RunPaths
        The run whose records are read.
    entries : list of dict
        From :func:`file_entry`; one has the role ``model``.
    gguf : dict
        From :func:`josi_utils.release.gguf_facts`.
    version : str
        ``MAJOR.MINOR.PATCH``.
    sequence : int, optional
        Left out, :func:`sequence_of` the version. A rollback gives a higher one.
    expires : str, optional
        ``YYYY-MM-DDThh:mm:ssZ``; left out, 400 days after the export.
    min_app_version : str, optional
        Lowest app version that may take this model.
    rollout_percent : float
        Share of installs, 0 to 100, that may take it.
    trusted_keys : tuple of str
        Public keys that count from now on; given only when a key is rotated.
    model_path : Path
        The model file, for the date of last resort.

    Raises
    ------
    JosiError
        If the result breaks the schema.
    """
    records = run_records(run)
    model = next(entry for entry in entries if entry["role"] == "model")
    beside = (e for e in entries if e["role"] == "guard" and e["name"].endswith(".gguf"))
    encoder = sum(entry["size"] for entry in beside)
    gates_path = run.eval / "gates.json"
    tools: dict[str, str] = {}
    for record in records.values():
        packages = record.get("packages") or record.get("versions") or {}
        tools.update({str(k): str(v) for k, v in packages.items()} if packages else {})
    manifest: dict[str, Any] = {
        "schema": SCHEMA,
        "model_id": model_id,
        "version": version,
        "sequence": sequence if sequence is not None else sequence_of(version),
        "expires": expires or default_expiry(model_path, records["04_export"]),
        "rollout": {"percent": rollout_percent, "salt": f"{model_id}-{version}"},
        "files": entries,
        "gguf": gguf,
        "base_model": base_model(run, records),
        "runtime": runtime_facts(gguf, model["size"] + encoder, min_app_version),
        "gates": gate_summary(read_json(gates_path)) if gates_path.exists() else None,
        "tools": tools,
        "records": {
            stage: {
                key: record[key]
                for key in ("revision", "git_revision", "seconds", "parameters")
                if key in record
            }
            for stage, record in records.items()
            if record
        },
        "licences": LICENCES,
    }
    if trusted_keys:
        manifest["trusted_keys"] = list(trusted_keys)
    return check_manifest(manifest)
