"""What is installed: which version is current, which came before, what must not come back.

All of it is one small file, replaced in one rename, so that a version is either current with all
its files or not current at all.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from josi_utils.download_lock import fsync_folder, one_client
from josi_utils.errors import JosiError
from josi_utils.files import sha256_file, write_atomic

SCHEMA = "josi.install/1"

#: How many sequences that were rolled back from are remembered.
_DECLINED = 32


@dataclass(frozen=True)
class Installed:
    """One version on this device.

    Attributes
    ----------
    version, sequence
        From its manifest.
    manifest_sha256 : str
        Of the manifest's signed bytes, kept in ``manifests/``.
    files : tuple of dict
        ``role``, ``name``, ``size``, ``sha256`` of each file.
    """

    version: str
    sequence: int
    manifest_sha256: str
    files: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class State:
    """The whole of ``state.json``.

    Attributes
    ----------
    highest_sequence : int
        Of any manifest that was ever installed; a lower one is a replay.
    current, previous : Installed or None
        ``previous`` stays until ``current`` has run.
    confirmed : bool
        Whether ``current`` has run.
    declined : tuple of int
        Sequences that were rolled back from and are not taken again.
    model_id : str
        The model this folder belongs to.
    trusted, anchor : tuple of str
        Keys from the last manifest that changed them, and the app's own keys they grew from.
    """

    highest_sequence: int = 0
    current: Installed | None = None
    previous: Installed | None = None
    confirmed: bool = True
    declined: tuple[int, ...] = ()
    model_id: str = ""
    trusted: tuple[str, ...] = field(default=())
    anchor: tuple[str, ...] = field(default=())


class Store:
    """The folder that holds the models of one install."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    @property
    def lock(self) -> Path:
        """The lock that one client holds."""
        return self.folder / ".fetch.lock"

    @property
    def _path(self) -> Path:
        return self.folder / "state.json"

    def path(self, entry: dict[str, Any]) -> Path:
        """Return where a file of a manifest goes: a folder named by its hash."""
        return self.folder / "models" / entry["sha256"] / entry["name"]

    def install_id(self) -> str:
        """Return this install's own random id, made on first use; it is sent nowhere."""
        path = self.folder / "install-id"
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if known := path.read_text("ascii").strip():
                return known
        made = secrets.token_hex(16)
        write_atomic(path, made + "\n")
        return made

    def read(self) -> State:
        """Return the state; none yet is the empty one.

        Raises
        ------
        JosiError
            If the file is there but not ours: it says which manifests are too old, so it is
            never replaced in silence.
        """
        try:
            raw = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return State()
        except (OSError, ValueError) as error:
            raise JosiError(
                f"{self._path}: cannot be read ({error}); remove it to start anew"
            ) from None
        try:
            if raw.pop("schema") != SCHEMA:
                raise ValueError("another schema")
            for key in ("current", "previous"):
                if raw[key] is not None:
                    raw[key] = Installed(**{**raw[key], "files": tuple(raw[key]["files"])})
            for key in ("declined", "trusted", "anchor"):
                raw[key] = tuple(raw[key])
            return State(**raw)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise JosiError(f"{self._path}: not ours ({error}); remove it to start anew") from None

    def write(self, state: State) -> None:
        """Replace the state in one step that survives a power cut."""
        write_atomic(self._path, json.dumps({"schema": SCHEMA, **asdict(state)}, indent=1) + "\n")
        fsync_folder(self.folder)

    def has(self, entry: dict[str, Any], *, hashed: bool = False) -> bool:
        """Return whether a file is here, by size, or byte for byte with ``hashed``."""
        path = self.path(entry)
        if not path.is_file() or path.stat().st_size != entry["size"]:
            return False
        return not hashed or sha256_file(path) == entry["sha256"]

    def whole(self, installed: Installed | None) -> bool:
        """Return whether every file of a version is here, by size."""
        return installed is not None and all(self.has(entry) for entry in installed.files)

    def file(self, role: str = "model") -> Path | None:
        """Return the current version's file of a role, None where nothing is installed."""
        current = self.read().current
        for entry in current.files if current else ():
            if entry["role"] == role:
                return self.path(entry)
        return None

    def manifest(self) -> dict[str, Any] | None:
        """Return the current version's manifest: how the app must run the model."""
        current = self.read().current
        if current is None:
            return None
        path = self.folder / "manifests" / f"{current.manifest_sha256}.json"
        try:
            manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            raise JosiError(f"{path}: missing or broken; fetch the model again") from None
        return manifest

    def flip(self, new: Installed, payload: bytes, **changes: Any) -> State:
        """Make ``new`` current in one step and keep the last version that is known to run."""
        state = self.read()
        runs = self.whole(state.current) and (state.confirmed or state.previous is None)
        kept = state.current if runs else state.previous
        if kept is not None and kept.manifest_sha256 == new.manifest_sha256:
            kept = state.previous
        write_atomic(self.folder / "manifests" / f"{new.manifest_sha256}.json", payload)
        state = replace(
            state,
            highest_sequence=max(state.highest_sequence, new.sequence),
            current=new,
            previous=kept,
            confirmed=False,
            **changes,
        )
        self.write(state)
        self.clean(state)
        return state

    def clean(self, state: State, keep: frozenset[str] = frozenset()) -> None:
        """Drop files of no version; those of the current and previous ones stay."""
        versions = [v for v in (state.current, state.previous) if v is not None]
        models = {entry["sha256"] for version in versions for entry in version.files} | keep
        manifests = {f"{version.manifest_sha256}.json" for version in versions}
        for folder in (self.folder / "models").glob("*"):
            if folder.name not in models:
                shutil.rmtree(folder, ignore_errors=True)
        for path in (self.folder / "manifests").glob("*.json"):
            if path.name not in manifests:
                with contextlib.suppress(OSError):
                    path.unlink()


def _installed_in(folder: Path | str) -> Store:
    """Return the store of an install's folder; a mistyped one is not made."""
    store = Store(folder)
    if not store.folder.is_dir():
        raise JosiError(f"{folder}: nothing installed; fetch a model first")
    return store


def confirm(folder: Path | str, *, keep_previous: bool = False) -> State:
    """Say that the current version has run; the previous one gives its room back."""
    store = _installed_in(folder)
    with one_client(store.lock):
        state = store.read()
        if state.current is None:
            raise JosiError(f"{folder}: nothing installed; fetch a model first")
        state = replace(state, confirmed=True, previous=state.previous if keep_previous else None)
        store.write(state)
        store.clean(state)
        return state


def rollback(folder: Path | str) -> State:
    """Go back to the previous version; the one left behind is not taken again by itself.

    Raises
    ------
    JosiError
        If there is no previous version, or its files are not whole.
    """
    store = _installed_in(folder)
    with one_client(store.lock):
        state = store.read()
        if state.previous is None or not store.whole(state.previous):
            raise JosiError(f"{folder}: no previous version to go back to")
        assert state.current is not None
        state = replace(
            state,
            current=state.previous,
            previous=None,
            confirmed=True,
            declined=(*state.declined, state.current.sequence)[-_DECLINED:],
        )
        store.write(state)
        store.clean(state)
        return state
