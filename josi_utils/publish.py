"""Put a bundle where apps can fetch it: the model first, the pointer last.

An app that looks in the middle of a publication sees the old version, whole. Model and manifest
have names that never change their meaning, so that every cache may keep them for good; only the
pointer is short-lived.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.files import read_json, sha256_file
from josi_utils.manifest import check_manifest, parse_time
from josi_utils.publish_store import RemoteStore
from josi_utils.release import MANIFEST, SIGNED_MANIFEST, Release
from josi_utils.signing import open_envelope

#: For a name that holds its content's hash: kept for a year, never asked about again.
FOREVER = "public, max-age=31536000, immutable"

#: For the pointer: a new version reaches every phone within a minute of its next look.
SHORT = "public, max-age=60, must-revalidate"

#: For a folder or an SFTP host behind nginx: the headers that the other stores keep themselves.
NGINX_LOCATIONS = f"""\
location ~ /(models|manifests)/ {{ add_header Cache-Control "{FOREVER}"; gzip off; }}
location ~ /channels/ {{ add_header Cache-Control "{SHORT}"; gzip off; }}
"""

#: What is left to do, once, for apps to reach what was published, by kind of store.
THEN = {
    "file": f"for nginx before this folder:\n{NGINX_LOCATIONS}",
    "sftp": f"for nginx before this folder:\n{NGINX_LOCATIONS}",
    "s3": "apps read through CloudFront, or the bucket's policy lets everyone read below it",
    "gs": "apps can read once allUsers has the role Storage Object Viewer on the bucket",
    "hf": "apps can read as soon as the repository is public",
}


@dataclass(frozen=True)
class Step:
    """One file on its way: name in the store, bytes, and what was done with it."""

    path: str
    size: int
    done: str  # "uploaded", "there already" or "would upload"


@dataclass
class Publication:
    """What was published.

    Attributes
    ----------
    channel_path : str
        The pointer's name below the root.
    channel_url : str or None
        Its https address where the store has one of its own.
    steps : list of Step
        In the order in which they were done.
    then : str
        What is left to do, once, for apps to reach it.
    """

    channel_path: str
    channel_url: str | None
    steps: list[Step] = field(default_factory=list)
    then: str = ""


def publish(
    bundle: Release | Path | str,
    url: str,
    *,
    channel: str = "stable",
    dry_run: bool = False,
    progress: Callable[[str, int, int], None] = lambda name, done, total: None,
    options: dict[str, Any] | None = None,
) -> Publication:
    """Upload a bundle, check what arrived, and point a channel at it.

    Parameters
    ----------
    bundle : Release or path
        What :func:`josi_utils.release.build_release` made.
    url : str
        Root: ``file:///…``, ``sftp://user@host/…``, ``s3://bucket/…``, ``gs://bucket/…``,
        ``hf://owner/repository``.
    channel : str
        Name of the pointer.
    dry_run : bool
        Look and say, write nothing.
    progress : callable
        ``progress(name, bytes done, bytes in all)``.
    options : dict, optional
        For the fsspec backend.

    Returns
    -------
    Publication
        What was done, in order.

    Raises
    ------
    JosiError
        If the bundle is not whole or not signed, the store refuses, what arrived is not what was
        sent, or the channel is already further on. The pointer then still names the old version.
    """
    folder = bundle.folder if isinstance(bundle, Release) else Path(bundle)
    manifest = _whole_bundle(folder)
    if not channel.replace("-", "").isalnum():
        raise JosiError(f"channel {channel!r}: use letters, digits and dashes")
    store = RemoteStore(url, options)
    pointer_path = f"channels/{channel}.json"
    name = f"manifests/manifest-{manifest['version']}-{manifest['sequence']}.json"
    _new_pointer(store.read_json(pointer_path), manifest, name, channel)  # before an hour's upload
    web = store.web_address()
    address = f"{web}/{pointer_path}" if web else None
    result = Publication(pointer_path, address, then=THEN[store.kind])
    job = _Job(store, result, dry_run, progress)
    if store.hub is not None and not dry_run:
        with store.explained("create the repository"):
            store.hub.prepare(folder / "README.md")
    for entry in manifest["files"]:
        job.put(folder / entry["name"], entry["path"], FOREVER)
    job.put(folder / SIGNED_MANIFEST, name, FOREVER)
    # And again: somebody else may have published meanwhile.
    pointer = _new_pointer(store.read_json(pointer_path), manifest, name, channel)
    with tempfile.TemporaryDirectory() as scratch:
        local = Path(scratch) / "pointer.json"
        local.write_text(json.dumps(pointer, indent=1) + "\n", encoding="utf-8")
        job.put(local, pointer_path, SHORT, changes=True)
    return result


def _whole_bundle(folder: Path) -> dict[str, Any]:
    """Return the manifest of a bundle whose files are all as it says."""
    manifest = check_manifest(read_json(folder / MANIFEST))
    envelope = folder / SIGNED_MANIFEST
    payload, _, signatures = open_envelope(envelope.read_bytes() if envelope.exists() else b"")
    if not signatures:
        raise JosiError(f"{folder}: not signed, no app would take it; release it with a key")
    if payload != (folder / MANIFEST).read_bytes():
        raise JosiError(f"{folder}: {MANIFEST} is not what was signed; build the release again")
    if datetime.now(UTC) >= parse_time(manifest["expires"]):
        raise JosiError(f"{folder}: expired on {manifest['expires']}; build the release again")
    for entry in manifest["files"]:
        path = folder / entry["name"]
        if not path.is_file() or sha256_file(path) != entry["sha256"]:
            raise JosiError(f"{path}: missing or changed since the release; build it again")
    return manifest


def _new_pointer(old: Any, manifest: dict[str, Any], name: str, channel: str) -> dict[str, Any]:
    """Return the pointer that comes after ``old``."""
    sequence, otherwise = manifest["sequence"], None
    if isinstance(old, dict):
        before = old.get("sequence", 0)
        if before > sequence or (before == sequence and old.get("manifest") != name):
            raise JosiError(
                f"channel {channel} is at sequence {before}, this release is {sequence}; "
                f"to go back, release the older model with sequence={before + 1}"
            )
        # Installs that are not in a staged rollout stay on what everybody had before it.
        staged = before == sequence or old.get("otherwise") is not None
        otherwise = old.get("otherwise") if staged else old.get("manifest")
    partial = manifest.get("rollout", {}).get("percent", 100) < 100
    return {
        "schema": "josi.channel/1",
        "channel": channel,
        "manifest": name,
        "sequence": sequence,
        "otherwise": otherwise if partial else None,
    }


@dataclass
class _Job:
    """Uploads one file after another."""

    store: RemoteStore
    result: Publication
    dry_run: bool
    progress: Callable[[str, int, int], None]

    def put(self, local: Path, path: str, cache_control: str, *, changes: bool = False) -> None:
        """Upload ``local`` unless its bytes are there; read it back; a difference is an error."""
        size, sha256 = local.stat().st_size, sha256_file(local)
        there = self.store.size(path)
        if there == size and self._read_back(path, size) == sha256:
            if not self.dry_run:
                self.store.discard_parts(path)
            self.result.steps.append(Step(path, size, "there already"))
            return
        if there is not None and not changes and path.startswith("manifests/"):
            raise JosiError(
                f"{self.store.url}/{path}: another manifest of this version and sequence is "
                "published; raise the version or the sequence"
            )
        if self.dry_run:
            self.result.steps.append(Step(path, size, "would upload"))
            return
        self.store.put(local, path, cache_control, self._counter(path, size))
        if self.store.size(path) != size or self._read_back(path, size) != sha256:
            if not changes:  # a pointer is replaced by the next try, never taken away
                self.store.remove(path)
            raise JosiError(
                f"{self.store.url}/{path}: what arrived is not what was sent; run again"
            )
        self.result.steps.append(Step(path, size, "uploaded"))

    def _read_back(self, path: str, size: int) -> str:
        """Return the SHA-256 of what the store has, telling how far the reading is."""
        return self.store.sha256(path, self._counter(f"{path}, read back", size))

    def _counter(self, name: str, size: int) -> Callable[[int], None]:
        done = 0

        def told(count: int) -> None:
            nonlocal done
            done += count
            self.progress(name, min(done, size), size)

        return told
