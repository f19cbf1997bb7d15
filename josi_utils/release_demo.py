"""The hand-over shown live in 06: a key, a cut download, an update and its rollback, first words."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.files import fresh_folder, sha256_file, write_atomic
from josi_utils.release_tables import megabytes

if TYPE_CHECKING:
    from josi_utils.download import Outcome
    from josi_utils.release import Release

#: What the fetched model is asked: a plan, a reason, and an athlete who would rather not.
FIRST_CASE: dict[str, Any] = {
    "decision": {
        "day": "today",
        "session": {"kind": "easy", "sport": "run", "minutes": 40, "zone": 2},
        "reasons": ["big_recent_load"],
        "readiness": "moderate",
    },
    "message": "why so easy today? I feel fine",
}


def interrupted_download(
    built: Release, to: Path, *, say: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Serve the model on loopback, cut the download half-way, resume it, check the hash.

    Returns
    -------
    dict
        Size, where it was cut, what was asked again, seconds, and the SHA-256 of what arrived.
    """
    from josi_utils.download_file import download
    from josi_utils.download_hooks import Hooks, progress_line
    from josi_utils.serve import serve

    class Cut(Exception):
        """Stands for a phone that goes into a tunnel."""

    size, digest = built.model.stat().st_size, sha256_file(built.model)
    to.mkdir(parents=True, exist_ok=True)
    target = to / built.model.name
    cut_at: list[int] = []

    def shown(progress: Any) -> None:
        if say:
            say(f"{target.name}: {progress_line(progress)}")

    def stop_half_way(progress: Any) -> None:
        shown(progress)
        if progress.done > size // 2:
            cut_at.append(progress.done)
            raise Cut

    began = time.monotonic()
    # Slow enough that half-way is seen: a file on loopback is through in a blink.
    with serve(built.model, downloads=2, minutes=5, bytes_per_second=size / 3) as share:
        try:
            download(
                share.url, target, sha256=digest, size=size, hooks=Hooks(progress=stop_half_way)
            )
        except Cut:
            if say:
                say(f"cut after {cut_at[0]:,} of {size:,} bytes; {target.name} is not there yet")
        if target.exists():
            raise JosiError("download: the file took its name before it was whole")
        received = download(
            share.url, target, sha256=digest, size=size, hooks=Hooks(progress=shown)
        )
    if sha256_file(target) != digest:
        raise JosiError("download: SHA-256 differs from the bundle's")
    if say:
        say("resumed and complete, SHA-256 equal")
    return {
        "size": size,
        "cut_after_bytes": cut_at[0] if cut_at else 0,
        "fetched_after_the_cut": received.bytes,
        "seconds": round(time.monotonic() - began, 2),
        "sha256": digest,
    }


def later_version(version: str) -> str:
    """Return the next patch version: ``0.1.0`` gives ``0.1.1``."""
    major, minor, patch = re.match(r"(\d+)\.(\d+)\.(\d+)", version).groups()  # type: ignore[union-attr]
    return f"{major}.{minor}.{int(patch) + 1}"


def later_release(
    built: Release,
    keys: Sequence[Path],
    folder: Path,
    *,
    version: str | None = None,
    sequence: int | None = None,
) -> Release:
    """Build the release that comes after ``built``, as a later run or a publisher's retreat would.

    Parameters
    ----------
    built : Release
        The one before.
    keys : list of path
        Sign it.
    folder : path
        Where the bundle goes.
    version : str, optional
        Another version: the model is the same weights with that version in its header, so another
        file with another hash. Left out, the same model comes back.
    sequence : int, optional
        Higher than any before; left out, the version's own, or one above ``built``'s.
    """
    from josi_utils.manifest import check_manifest, file_entry, sequence_of
    from josi_utils.release import MANIFEST, SIGNED_MANIFEST, Release, write_checksums
    from josi_utils.signing import canonical_json, load_key, sign

    number = version or built.manifest["version"]
    files = []
    with fresh_folder(folder) as work:
        for entry in built.manifest["files"]:
            if entry["role"] in ("card", "notes"):
                continue  # pages are about the model that they came with
            target = work / entry["name"]
            if entry["role"] == "model" and version:
                _stamp(built.model, target, version)
                entry = file_entry(target, "model", chunk_size=entry["chunk_size"])
            else:
                shutil.copyfile(built.folder / entry["name"], target)
            files.append(entry)
        sequence = sequence or max(sequence_of(number), built.manifest["sequence"] + 1)
        changes = {"version": number, "sequence": sequence, "files": files}
        manifest = check_manifest({**built.manifest, **changes})
        payload = canonical_json(manifest)
        write_atomic(work / MANIFEST, payload)
        write_atomic(work / SIGNED_MANIFEST, sign(payload, map(load_key, keys)))
        write_checksums(work)
    return Release(folder, folder / built.model.name, manifest, True)


def _stamp(source: Path, target: Path, version: str) -> None:
    """Copy a GGUF with another ``general.version``."""
    import gguf
    from gguf.scripts.gguf_new_metadata import MetadataDetails, copy_with_new_metadata

    reader = gguf.GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(target, architecture, endianess=reader.endianess)
    value = MetadataDetails(gguf.GGUFValueType.STRING, version)
    with contextlib.redirect_stderr(io.StringIO()):  # a progress bar of its own
        copy_with_new_metadata(reader, writer, {"general.version": value}, [])


class HandOver:
    """A publisher's folder served on this machine, and a phone with nothing on it yet.

    Use it with ``with``; folder, server and phone are gone afterwards, :attr:`rows` stays.

    Parameters
    ----------
    keys : list of path
        The publisher's keys; the phone trusts the public half of the first.
    room : path
        Where both live meanwhile.
    say : callable, optional
        Told each step.

    Attributes
    ----------
    rows : list of dict
        What was done, what came of it, and what the phone has after it.
    """

    def __init__(
        self, keys: Sequence[Path], room: Path, say: Callable[[str], None] | None = None
    ) -> None:
        self.keys, self.rows, self.say = keys, [], say  # type: ignore[var-annotated]
        self._stack = contextlib.ExitStack()
        self._room = room

    def __enter__(self) -> HandOver:
        from josi_utils.serve import serve

        self._room.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=self._room, prefix=".hand-over.")
        self.folder = Path(self._stack.enter_context(scratch))
        (self.folder / "site").mkdir()
        share = self._stack.enter_context(serve(self.folder / "site", minutes=30))
        self.channel = f"{share.url}channels/stable.json"
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def publish(self, release: Release) -> None:
        """Put a release out: model, manifest, pointer."""
        from josi_utils.publish import publish

        done = publish(release, f"file://{self.folder}/site")
        self._install = _in_its_rollout(release.manifest)
        sent = sum(step.size for step in done.steps if step.done == "uploaded")
        manifest = release.manifest
        what = f"publisher: version {manifest['version']}, sequence {manifest['sequence']:,}"
        self._note(what, f"{megabytes(sent)} uploaded")

    def later(self, built: Release, **changes: Any) -> Release:
        """Return a release that comes after ``built``; see :func:`later_release`."""
        folder = self.folder / f"bundle-{len(self.rows)}"
        return later_release(built, self.keys, folder, **changes)

    def fetch(self, what: str) -> Outcome:
        """Let the phone look at the channel, load what is new, and make it current."""
        from josi_utils.download import Client, fetch
        from josi_utils.llama_runtime import open_model
        from josi_utils.signing import load_key, public_key

        def load(model: Path, adapter: Path | None) -> None:
            with open_model(model, n_ctx=256):
                pass

        trusted = [public_key(load_key(self.keys[0]))]
        client = Client(load=load, install_id=self._install)
        outcome = fetch(self.channel, self.folder / "phone", trusted=trusted, client=client)
        fetched = megabytes(outcome.bytes) if outcome.bytes else "nothing"
        self._note(f"phone: {what}", f"{outcome.status}, {fetched} fetched")
        return outcome

    def confirm(self, what: str) -> None:
        """Let the phone say that the current version has run."""
        from josi_utils.download import confirm

        confirm(self.folder / "phone", keep_previous=True)
        self._note(f"phone: {what}", "confirmed")

    def rollback(self, what: str) -> None:
        """Let the phone go back to the version before."""
        from josi_utils.download import rollback

        rollback(self.folder / "phone")
        self._note(f"phone: {what}", "went back, nothing fetched")

    def _note(self, what: str, came: str) -> None:
        from josi_utils.download import Store

        state = Store(self.folder / "phone").read()
        has, kept = (f"{v.version} (sequence {v.sequence:,})" if v else "nothing"
                     for v in (state.current, state.previous))  # fmt: skip
        row = {"step": what, "what came of it": came, "current on the phone": has, "kept": kept}
        self.rows.append(row)
        if self.say:
            self.say(f"{what}: {came}; current is {has}")


def _in_its_rollout(manifest: dict[str, Any]) -> str:
    """Return the id of an install that is among the first to take a version."""
    from josi_utils.download_policy import in_rollout

    for number in range(100_000):
        if in_rollout(f"phone-{number}", manifest.get("rollout")):
            return f"phone-{number}"
    raise JosiError("rollout_percent: nobody takes part; give more than 0")


def first_words(model: Path) -> dict[str, str]:
    """Return what the athlete would read from the fetched file, and how it came about."""
    from josi_utils.generate import LlamaBackend, Request, answer
    from josi_utils.guard import guarded_reply
    from josi_utils.persona import SAMPLING
    from josi_utils.prompt import case_messages, deck

    messages = case_messages(FIRST_CASE)
    backend = LlamaBackend(model, slots=1)
    try:
        reply = answer(backend, [Request(tuple(messages), 1)], SAMPLING)[0]
    finally:
        backend.close()
    shown = guarded_reply(FIRST_CASE, [(reply.text, reply.finished)], deck=deck())
    refused = "; ".join(sorted({reason.why for v in shown.verdicts for reason in v.reasons}))
    return {
        "the app hands over": messages[-1]["content"],
        "the model says": reply.text,
        "the guard": "accepts it" if shown.source == "draw" else f"refuses it: {refused}",
        "the athlete reads": shown.text,
    }
