"""Which manifest a device takes: the pointer's form, freshness, replays, versions, rollout."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from josi_utils.download_state import State
from josi_utils.errors import JosiError
from josi_utils.manifest import parse_time, read_manifest

CHANNEL_SCHEMA = "josi.channel/1"

#: What the app needs on the phone; the rest of the bundle is for people.
ROLES = ("model", "template", "guard", "licence")


def check_header(model: Path, adapter: Path | None = None) -> None:
    """Read the GGUF's header: the cheapest load. The app loads for real here."""
    from josi_utils.gguf_header import read_header

    for path in (model, adapter):
        if path is not None:
            read_header(path)


@dataclass(frozen=True)
class Client:
    """Who is asking, and what it can run.

    Attributes
    ----------
    install_id : str
        Random, made once an install; decides the place in a staged rollout and goes nowhere.
        Left empty, the folder's own (:meth:`josi_utils.download_state.Store.install_id`).
    app_version, llama_cpp_build, ram_bytes
        What the manifest's lowest values are held against; None is not checked.
    adapters : bool
        Whether an adapter may be taken on top of the base that is there.
    load : callable
        ``load(model, adapter or None)``; raises if the model does not run.
    roles : tuple of str
        Which of the manifest's files are fetched beside model and adapter.
    now : callable
        The clock that expiry is held against.
    """

    install_id: str = ""
    app_version: str | None = None
    llama_cpp_build: int | None = None
    ram_bytes: int | None = None
    adapters: bool = False
    load: Callable[[Path, Path | None], None] = check_header
    roles: tuple[str, ...] = ROLES
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


def in_rollout(install_id: str, rollout: dict[str, Any] | None) -> bool:
    """Return whether an install belongs to the share that may take a version.

    The place is a hash of salt and id, so it stays when the share grows, and differs from version
    to version: not always the same people go first.
    """
    if not rollout:
        return True
    text = f"{rollout.get('salt', '')}:{install_id}".encode()
    bucket = int.from_bytes(hashlib.sha256(text).digest()[:8], "big") % 10_000
    return bucket < 100 * rollout["percent"]


def read_pointer(raw: bytes) -> dict[str, Any] | None:
    """Return a channel pointer's paths, or None if the bytes are something else."""
    try:
        value = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise JosiError("channel: not JSON; check the address") from None
    if not isinstance(value, dict) or value.get("schema") != CHANNEL_SCHEMA:
        return None
    for key in ("manifest", "otherwise"):
        path = value.get(key)
        if key == "otherwise" and path is None:
            continue
        # Not signed: it may only name a place below the publisher's own root.
        plain = isinstance(path, str) and len(path) < 400
        plain = plain and re.fullmatch(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*", path, re.ASCII)
        if not plain or ".." in path:
            raise JosiError(f"channel: {key} {str(path)[:60]!r} is not a plain path; refused")
    return value


def accepted(payload: bytes, state: State, client: Client) -> dict[str, Any]:
    """Return the manifest if it is sound, fresh, not a replay, and this device can run it."""
    manifest = read_manifest(payload)
    name = f"manifest {manifest['version']}"
    if state.model_id and manifest["model_id"] != state.model_id:
        raise JosiError(f"{name}: for {manifest['model_id']}, this folder has {state.model_id}")
    if client.now() >= parse_time(manifest["expires"]):
        raise JosiError(f"{name}: expired on {manifest['expires']}; what is installed stays")
    known = {v.manifest_sha256 for v in (state.current, state.previous) if v}
    digest = hashlib.sha256(payload).hexdigest()
    if manifest["sequence"] < state.highest_sequence and not (
        state.current and digest == state.current.manifest_sha256
    ):
        raise JosiError(
            f"{name}: sequence {manifest['sequence']} is older than {state.highest_sequence}, "
            "which was installed here; a replay, refused"
        )
    if manifest["sequence"] == state.highest_sequence and digest not in known:
        declined = manifest["sequence"] in state.declined
        if not declined:
            raise JosiError(f"{name}: another manifest of sequence {manifest['sequence']}; refused")
    needs = manifest["runtime"]
    _at_least("the app", client.app_version, needs.get("min_app_version"), name)
    _at_least("llama.cpp", client.llama_cpp_build, needs.get("min_llama_cpp_build"), name)
    if client.ram_bytes is not None and client.ram_bytes < needs.get("min_ram_bytes", 0):
        raise JosiError(f"{name}: needs {needs['min_ram_bytes'] / 1e6:.0f} MB of memory")
    return manifest


def _at_least(what: str, have: str | int | None, need: str | int | None, name: str) -> None:
    if have is None or need is None:
        return
    numbers = [[int(n) for n in re.findall(r"\d+", str(version))] for version in (have, need)]
    width = max(map(len, numbers))
    have_n, need_n = ([*n, *[0] * (width - len(n))] for n in numbers)
    if have_n < need_n:
        raise JosiError(f"{name}: needs {what} {need} or newer, this is {have}; update first")
