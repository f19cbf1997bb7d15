"""The bundle of a run: model, template, golden vectors, licences, pages, manifest, checksums.

Everything is read from the run's rooms. The same run gives the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils import release_kotlin, release_pages, release_prompt
from josi_utils.errors import JosiError
from josi_utils.files import (
    disk_errors_explained,
    fresh_folder,
    read_json,
    sha256_file,
    write_atomic,
    write_json,
    write_jsonl,
)
from josi_utils.guard.data import guard_dir
from josi_utils.guard.encoder_build import ENCODER_FILE, encoder_file
from josi_utils.manifest import build_manifest, file_entry
from josi_utils.paths import RunPaths, repository_root
from josi_utils.prompt import deck
from josi_utils.release_model import choose_model, gguf_facts, is_adapter
from josi_utils.signing import canonical_json, load_key, sign

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["Release", "build_release", "gguf_facts", "write_checksums"]

MANIFEST = "manifest.json"
SIGNED_MANIFEST = "manifest.signed.json"
CHECKSUMS = "SHA256SUMS"

#: What each further file of the bundle is to the app, by name.
_ROLES = {
    "chat_template.jinja": "template",
    "prompt.json": "template",
    "template_examples.jsonl": "golden",
    "golden.json": "golden",
    "guard_rules.json": "guard",
    "cards.json": "guard",
    "guard_golden.jsonl": "golden",
    ENCODER_FILE: "guard",
    "README.md": "card",
    "ANDROID.md": "notes",
    "JosiDownload.kt": "notes",
    "LICENSE": "licence",
    "NOTICE": "licence",
}


@dataclass(frozen=True)
class Release:
    """A bundle on disk.

    Attributes
    ----------
    folder : Path
        The bundle.
    model : Path
        The GGUF in it.
    manifest : dict
        As in ``manifest.json``.
    signed : bool
        Whether ``manifest.signed.json`` carries a signature.
    """

    folder: Path
    model: Path
    manifest: dict[str, Any]
    signed: bool

    @property
    def sha256(self) -> str:
        """SHA-256 of the model file."""
        return next(e["sha256"] for e in self.manifest["files"] if e["role"] == "model")


def _check_against_record(run: RunPaths, path: Path) -> None:
    record_path = run.gguf / "stage.json"
    if not record_path.exists():
        return
    recorded = (read_json(record_path).get("outputs") or {}).get(path.name)
    if recorded is None:
        raise JosiError(f"{path}: not in {record_path}; run 04_export again")
    if recorded.get("sha256") != sha256_file(path):
        raise JosiError(f"{path}: not the bytes that 04_export recorded; run 04_export again")


def _place(source: Path, target: Path) -> None:
    """Hard-link, or copy where links are not to be had."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def build_release(
    run: RunPaths,
    *,
    version: str,
    sign_key: Path | str | Ed25519PrivateKey | Sequence[Ed25519PrivateKey] | None = None,
    model: str | None = None,
    folder: Path | None = None,
    base_gguf: Path | str | None = None,
    **manifest_options: Any,
) -> Release:
    """Build the bundle of a run in ``outputs/<run>/release/bundle/``, whole or not at all.

    Parameters
    ----------
    run : RunPaths
        The run; ``gguf/`` must hold the model, the rest is taken where it is there.
    version : str
        ``MAJOR.MINOR.PATCH``.
    sign_key : path, key or keys, optional
        Ed25519 key to sign with; two keys while one is rotated out. Left out, the bundle is not
        signed, a warning says so, and no client of ours takes it.
    model : str, optional
        File name in ``gguf/``, where several quantised files stand.
    folder : Path, optional
        Where the bundle goes instead.
    base_gguf : path, optional
        The GGUF that an adapter in ``gguf/`` belongs to; without it adapters stay out.
    **manifest_options
        As for :func:`josi_utils.manifest.build_manifest`: ``sequence``, ``expires``,
        ``min_app_version``, ``rollout_percent``, ``trusted_keys``, ``model_id``.

    Returns
    -------
    Release
        Folder, model, manifest.

    Raises
    ------
    JosiError
        If the model is missing, not the recorded bytes, or not fit for the app.
    """
    keys = _keys(sign_key)
    source, facts, others = choose_model(run, model)
    _check_against_record(run, source)
    final = folder or run.release / "bundle"
    template = facts.pop("chat_template")
    facts.pop("tensor_type")
    with fresh_folder(final) as work, disk_errors_explained(final):
        _place(source, work / source.name)
        entries = [file_entry(work / source.name, "model")]
        entries += _further_models(others, work, base_gguf)
        write_atomic(work / "chat_template.jinja", template)
        write_json(work / "prompt.json", release_prompt.prompt_words())
        write_jsonl(work / "template_examples.jsonl", release_prompt.example_rows())
        if (golden := run.gguf / "golden.json").exists():
            shutil.copyfile(golden, work / "golden.json")
        _place_guard(work)
        shutil.copyfile(repository_root() / "LICENSE", work / "LICENSE")
        write_atomic(work / "NOTICE", release_pages.notice())
        write_atomic(work / "JosiDownload.kt", release_kotlin.SAMPLE)
        options = {"version": version, "model_path": source, **manifest_options}
        # The pages are about the model alone, so they can be hashed into the manifest.
        draft = build_manifest(run, entries, facts, **options)
        write_atomic(work / "README.md", release_pages.model_card(draft))
        write_atomic(work / "ANDROID.md", release_pages.android_notes(draft))
        entries += [file_entry(work / n, r) for n, r in _ROLES.items() if (work / n).exists()]
        manifest = build_manifest(run, entries, facts, **options)
        payload = canonical_json(manifest)
        write_atomic(work / MANIFEST, payload)
        write_atomic(work / SIGNED_MANIFEST, sign(payload, keys))
        write_checksums(work)
    if not keys:
        warnings.warn(
            f"{final.name} {version} is not signed, and no app will take it; "
            "make a key with josi_utils.signing.generate_key and give it as sign_key",
            stacklevel=2,
        )
    return Release(final, final / source.name, manifest, bool(keys))


def _place_guard(work: Path) -> None:
    """Put the guard's rules and texts into the bundle as one file; deck, encoder, golden cases."""
    folder = guard_dir()
    rules = {path.stem: read_json(path) for path in sorted(folder.glob("*.json"))}
    write_atomic(work / "guard_rules.json", json.dumps(rules, ensure_ascii=False, indent=1))
    # The rules point into the deck by the cards' ids, so the two travel together.
    write_json(work / "cards.json", list(deck()))
    shutil.copyfile(encoder_file(), work / ENCODER_FILE)  # the cache keeps its own
    if (golden := folder / "golden.jsonl").is_file():
        shutil.copyfile(golden, work / "guard_golden.jsonl")


def _keys(sign_key: Any) -> list[Ed25519PrivateKey]:
    if sign_key is None:
        return []
    given = [sign_key] if not isinstance(sign_key, (list, tuple)) else list(sign_key)
    return [load_key(key) if isinstance(key, (str, Path)) else key for key in given]


def _further_models(
    others: list[Path], work: Path, base_gguf: Path | str | None
) -> list[dict[str, Any]]:
    """Place the GGUF v2 copy and the adapter, where there are any; f16 stays at home."""
    from josi_utils.gguf_inspect import inspect_gguf

    entries = []
    for path in others:
        if is_adapter(path):
            if base_gguf is not None:
                _place(path, work / path.name)
                bound = {"base_sha256": sha256_file(base_gguf)}
                entries.append(file_entry(work / path.name, "adapter", **bound))
        elif inspect_gguf(path)["version"] == 2:
            _place(path, work / path.name)
            entries.append(file_entry(work / path.name, "model-gguf-v2"))
    return entries


def write_checksums(folder: Path) -> Path:
    """Write ``SHA256SUMS`` over every other file, as ``sha256sum -c`` reads it."""
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and p.name != CHECKSUMS)
    lines = [f"{sha256_file(folder / name)}  {name}\n" for name in names]
    return write_atomic(folder / CHECKSUMS, "".join(lines))
