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

from josi_utils import release_kotlin, release_pages
from josi_utils.errors import JosiError
from josi_utils.files import (
    disk_errors_explained,
    fresh_folder,
    read_json,
    sha256_file,
    write_atomic,
    write_jsonl,
)
from josi_utils.manifest import build_manifest, file_entry
from josi_utils.paths import RunPaths, data_dir, repository_root
from josi_utils.persona import chat, render_chatml
from josi_utils.signing import canonical_json, load_key, sign

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MANIFEST = "manifest.json"
SIGNED_MANIFEST = "manifest.signed.json"
CHECKSUMS = "SHA256SUMS"

#: Not offered as the product's model while a quantised file stands beside them.
_WIDE_TYPES = frozenset({"F32", "F16", "BF16"})

#: What each further file of the bundle is to the app, by name.
_ROLES = {
    "chat_template.jinja": "template",
    "template_examples.jsonl": "golden",
    "golden.json": "golden",
    "guard_rules.json": "guard",
    "guard_golden.jsonl": "guard",
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


def gguf_facts(path: Path | str) -> dict[str, Any]:
    """Return what a manifest says about a GGUF, read back from the file itself.

    Raises
    ------
    JosiError
        If it has no chat template (a reader would use another model's), adds a BOS (it would be
        doubled), or is no GGUF at all.
    """
    from gguf import LlamaFileType

    from josi_utils.gguf_inspect import inspect_gguf

    facts = inspect_gguf(path)
    keys = facts["keys"]
    if not keys.get("tokenizer.chat_template"):
        raise JosiError(f"{path}: no chat template in it; export it again with josi export")
    if keys.get("tokenizer.ggml.add_bos_token", False):
        raise JosiError(f"{path}: add_bos_token is true; the template's own BOS would be doubled")
    if facts.get("trailing_bytes"):
        raise JosiError(f"{path}: bytes behind the last tensor; copy or export the file again")
    ends = {keys.get(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot", "eom")}
    arch = keys.get("general.architecture", "llama")
    file_type = keys.get("general.file_type")
    tokens = keys.get("tokenizer.ggml.tokens")
    heads = keys.get(f"{arch}.attention.head_count") or 1
    width = (keys.get(f"{arch}.embedding_length") or 0) // heads
    kv_heads = keys.get(f"{arch}.attention.head_count_kv") or heads
    layers = keys.get(f"{arch}.block_count") or 0
    return {
        "version": facts["version"],
        "architecture": arch,
        "file_type": _file_type_name(LlamaFileType, file_type),
        "type_counts": facts["types"],
        "bits_per_weight": facts["bits_per_weight"],
        "parameters": facts["parameters"],
        "vocabulary_size": tokens["array"] if isinstance(tokens, dict) else len(tokens or []),
        "add_bos": False,
        "end_of_generation_ids": sorted(i for i in ends if i is not None),
        "trained_context": keys.get(f"{arch}.context_length") or 0,
        # f16 cache: keys and values, two bytes each
        "kv_bytes_per_token": layers * 2 * kv_heads * width * 2,
        "chat_template": keys["tokenizer.chat_template"],
        "tensor_type": keys.get("general.type", "model"),
    }


def _file_type_name(names: Any, number: Any) -> str:
    try:
        return str(names(number).name).removeprefix("MOSTLY_")
    except (ValueError, TypeError):
        return f"unknown ({number})"


def _is_adapter(path: Path) -> bool:
    from josi_utils.gguf_inspect import inspect_gguf

    return inspect_gguf(path)["keys"].get("general.type") == "adapter"


def choose_model(run: RunPaths, name: str | None = None) -> tuple[Path, dict[str, Any], list[Path]]:
    """Return the GGUF to ship, its facts, and the room's other GGUF files.

    Parameters
    ----------
    run : RunPaths
        The run.
    name : str, optional
        File name in ``gguf/``; needed only when several quantised files are there.

    Raises
    ------
    JosiError
        If there is none, or more than one and no name.
    """
    found = sorted(run.gguf.glob("*.gguf"))
    if name is not None:
        path = run.gguf / Path(name).name
        if path not in found:
            have = ", ".join(p.name for p in found) or "none"
            raise JosiError(f"{path}: no such file; there are: {have}")
        return path, gguf_facts(path), [p for p in found if p != path]
    facts = {path: gguf_facts(path) for path in found if not _is_adapter(path)}
    narrow = {
        path: fact
        for path, fact in facts.items()
        if fact["version"] >= 3 and not set(fact["type_counts"]) <= _WIDE_TYPES
    }
    candidates = narrow or {p: f for p, f in facts.items() if f["version"] >= 3}
    if not candidates:
        raise JosiError(f"{run.gguf}: no GGUF model there; run 04_export first")
    if len(candidates) > 1:
        names = ", ".join(path.name for path in candidates)
        raise JosiError(f"{run.gguf}: several models ({names}); say which one to release")
    path, fact = next(iter(candidates.items()))
    return path, fact, [p for p in found if p != path]


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


def _write_examples(path: Path) -> None:
    """Write conversations with their exact text, for the app's own template to be held against."""
    turns = [
        ("How hard should I go today?", None),
        (
            "And tomorrow?",
            [
                {"role": "user", "content": "How hard should I go today?"},
                {"role": "assistant", "content": "Easy today. How do your legs feel?"},
            ],
        ),
        ("Läuft's? 10×400 m @ 3:45/km 💪", None),
    ]
    rows = []
    for user, history in turns:
        messages = chat(user, history)
        rows.append({"messages": messages, "text": render_chatml(messages, generation=True)})
    write_jsonl(path, rows)


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
        _write_examples(work / "template_examples.jsonl")
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
    """Put the guard's rules and texts into the bundle as one file, its golden cases beside it."""
    folder = data_dir() / "guard"
    rules = {path.stem: read_json(path) for path in sorted(folder.glob("*.json"))}
    if rules:
        write_atomic(work / "guard_rules.json", json.dumps(rules, ensure_ascii=False, indent=1))
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
        if _is_adapter(path):
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
