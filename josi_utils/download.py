"""The app's first launch and every update: channel → manifest → files → load → current.

The reference for the client in the app, small enough to port. Nothing that comes over the network
is believed before the manifest's signature holds; nothing becomes current before it has loaded.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from josi_utils.download_file import download
from josi_utils.download_hooks import Hooks, Progress, Received, Retry, progress_line
from josi_utils.download_http import HttpPolicy, NotThere, Passing, check_url, get, shown
from josi_utils.download_lock import one_client
from josi_utils.download_policy import Client, accepted, in_rollout, read_pointer
from josi_utils.download_state import Installed, State, Store, confirm, rollback
from josi_utils.download_transfer import ROOM_TO_SPARE
from josi_utils.errors import JosiError
from josi_utils.files import disk_errors_explained, require_room_on_disk
from josi_utils.manifest import read_manifest
from josi_utils.signing import MAX_ENVELOPE_BYTES, verify

__all__ = [
    "Client",
    "Hooks",
    "HttpPolicy",
    "Outcome",
    "Progress",
    "Received",
    "Retry",
    "Store",
    "confirm",
    "download",
    "fetch",
    "in_rollout",
    "progress_line",
    "rollback",
]


@dataclass(frozen=True)
class Outcome:
    """What a fetch came to.

    Attributes
    ----------
    status : str
        ``installed``, ``current`` (nothing new), ``held back`` (not in the rollout yet) or
        ``declined`` (was rolled back from here).
    version : str or None
        Of what is current now.
    model : Path or None
        The current model.
    bytes, failures : int
        What the downloads cost.
    """

    status: str
    version: str | None
    model: Path | None
    bytes: int = 0
    failures: int = 0


def _small(url: str, limit: int, policy: HttpPolicy, retry: Retry, hooks: Hooks) -> bytes:
    """Return a small file whole, with retries."""
    for failure in range(1, retry.fruitless + 1):
        if not hooks.network():
            raise JosiError(f"{shown(url)}: no network it may use; run again on Wi-Fi")
        try:
            with get(url, policy) as body:
                if body.total > limit:
                    raise JosiError(f"{shown(url)}: {body.total} bytes; larger than any of ours")
                data, buffer = bytearray(), memoryview(bytearray(limit))
                while len(data) < body.total and (count := body.read_into(buffer)):
                    data += buffer[:count]
                if len(data) != body.total:
                    raise Passing("cut off")
                return bytes(data)
        except NotThere as error:
            raise JosiError(str(error)) from None
        except Passing as error:
            pause = retry.pause(failure) if error.pause is None else error.pause
            hooks.notice(f"{error}; trying again in {pause:.1f} s")
            last = error
            time.sleep(pause)
    raise JosiError(f"{shown(url)}: gave up after {retry.fruitless} failures, last: {last}")


def _root(url: str) -> str:
    """Return the publisher's root of a pointer's or manifest's address: that above its folder."""
    path = urlsplit(url).path
    inside = re.search(r"/(channels|manifests)/[^/]*$", path)
    return urljoin(url, ".." if inside else ".") if inside else urljoin(url, ".")


def fetch(
    url: str,
    to: Path | str,
    *,
    trusted: Iterable[str],
    client: Client | None = None,
    policy: HttpPolicy | None = None,
    retry: Retry | None = None,
    hooks: Hooks | None = None,
    again: bool = False,
) -> Outcome:
    """Bring the folder ``to`` up to what a channel (or one manifest) says.

    Parameters
    ----------
    url : str
        ``…/channels/stable.json``, or a signed manifest.
    to : path
        The install's folder; made if it is not there.
    trusted : iterable of str
        The app's public keys. Keys that a manifest signed by one of them named later win over
        these until the app ships other ones.
    client, policy, retry, hooks
        See their classes.
    again : bool
        Take a version that was rolled back from.

    Returns
    -------
    Outcome
        What happened and what is current.

    Raises
    ------
    JosiError
        In every other case; what was current still is.
    """
    client, policy = client or Client(), policy or HttpPolicy()
    retry, hooks, store = retry or Retry(), hooks or Hooks(), Store(to)
    trusted = tuple(sorted(trusted))
    check_url(url, policy)
    with disk_errors_explained(to), one_client(store.lock, hooks):
        state = store.read()
        keys = state.trusted if state.trusted and state.anchor == trusted else trusted
        raw = _small(url, MAX_ENVELOPE_BYTES, policy, retry, hooks)
        pointer = read_pointer(raw)
        places = [url]
        if pointer is not None:
            root = _root(url)
            places = [
                urljoin(root, p) for p in (pointer["manifest"], pointer.get("otherwise")) if p
            ]
        for place in places:
            if pointer is not None:
                raw = _small(place, MAX_ENVELOPE_BYTES, policy, retry, hooks)
            payload = verify(raw, keys).payload
            if place != places[0] and state.current and _sequence(payload) < state.highest_sequence:
                break  # what this install has is newer than what everybody else is left with
            manifest = accepted(payload, state, client)
            install = client.install_id or store.install_id()
            if not in_rollout(install, manifest.get("rollout")):
                continue
            changes = {"anchor": trusted, "model_id": manifest["model_id"]}
            changes["trusted"] = tuple(manifest.get("trusted_keys", keys))
            job = _Update(store, state, manifest, payload, place, client)
            return job.run(policy, retry, hooks, again, changes)
        return _outcome("held back", store, state)


def _sequence(payload: bytes) -> int:
    return int(read_manifest(payload)["sequence"])


def _outcome(status: str, store: Store, state: State, **cost: int) -> Outcome:
    version = state.current.version if state.current else None
    return Outcome(status, version, store.file(), **cost)


@dataclass
class _Update:
    """One accepted manifest on its way to being current."""

    store: Store
    state: State
    manifest: dict[str, Any]
    payload: bytes
    place: str
    client: Client

    def run(
        self, policy: HttpPolicy, retry: Retry, hooks: Hooks, again: bool, changes: dict[str, Any]
    ) -> Outcome:
        store, state, manifest = self.store, self.state, self.manifest
        digest = hashlib.sha256(self.payload).hexdigest()
        current = state.current
        if current and current.manifest_sha256 == digest and store.whole(current):
            return _outcome("current", store, state)
        if manifest["sequence"] in state.declined and not again:
            return _outcome("declined", store, state)
        wanted = self._wanted()
        store.clean(state, frozenset(entry["sha256"] for entry in wanted))
        missing = [entry for entry in wanted if not store.has(entry, hashed=True)]
        begun = sum(self._begun(entry) for entry in missing)
        needed = sum(entry["size"] for entry in missing) - begun
        if missing:
            require_room_on_disk(store.folder, needed + ROOM_TO_SPARE)
        cost = {"bytes": 0, "failures": 0}
        root = _root(self.place)
        for entry in missing:
            beside = urljoin(self.place, entry["name"])
            received = download(
                [*entry.get("urls", ()), urljoin(root, entry["path"]), beside],
                store.path(entry),
                sha256=entry["sha256"],
                size=entry["size"],
                chunk_size=entry["chunk_size"],
                chunk_sha256=entry["chunk_sha256"],
                policy=policy,
                retry=retry,
                hooks=hooks,
            )
            cost["bytes"] += received.bytes
            cost["failures"] += received.failures
        self._load(wanted)
        files = tuple({k: e[k] for k in ("role", "name", "size", "sha256")} for e in wanted)
        new = Installed(manifest["version"], manifest["sequence"], digest, files)
        if again:
            left = tuple(n for n in state.declined if n != manifest["sequence"])
            changes = {**changes, "declined": left}
        state = store.flip(new, self.payload, **changes)
        return _outcome("installed", store, state, **cost)

    def _begun(self, entry: dict[str, Any]) -> int:
        part = self.store.path(entry).with_name(entry["name"] + ".part")
        return min(part.stat().st_size, entry["size"]) if part.is_file() else 0

    def _wanted(self) -> list[dict[str, Any]]:
        """Return the files this device takes: an adapter on the base it has, or the model."""
        files = self.manifest["files"]
        models = [entry for entry in files if entry["role"] == "model"]
        adapters = [entry for entry in files if entry["role"] == "adapter"]
        chosen = models[:1]
        if adapters and (self.client.adapters or not models):
            here = [v for v in (self.state.current, self.state.previous) if v]
            bases = {e["sha256"]: e for v in here for e in v.files if e["role"] == "model"}
            for adapter in adapters:
                base = bases.get(adapter["base_sha256"])
                # llama.cpp checks names and shapes only: the wrong base would load and babble.
                if base is not None and self.store.has(base, hashed=True):
                    chosen = [base, adapter]
                    break
        if not chosen:
            raise JosiError(
                f"manifest {self.manifest['version']}: an adapter whose base is not installed here"
            )
        return [*chosen, *(entry for entry in files if entry["role"] in self.client.roles[1:])]

    def _load(self, wanted: list[dict[str, Any]]) -> None:
        paths = {entry["role"]: self.store.path(entry) for entry in wanted}
        try:
            self.client.load(paths["model"], paths.get("adapter"))
        except Exception as error:
            raise JosiError(
                f"version {self.manifest['version']} does not load ({error}); "
                "the previous one stays"
            ) from error
