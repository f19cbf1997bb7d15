"""A small run, its release, and a published folder: what the delivery tests stand on."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from josi_utils.manifest import file_entry
from josi_utils.persona import CHAT_TEMPLATE
from josi_utils.signing import canonical_json, sign

#: Signs what the tests publish.
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

#: Small chunks, so that a small file has many.
CHUNK = 16 * 1024


def write_gguf(path: Path, *, seed: int = 0, rows: int = 64, template: str | None = CHAT_TEMPLATE,
               add_bos: bool = False, quantised: bool = True) -> Path:  # fmt: skip
    """Write a GGUF of one llama-like tensor: a real header, no model that anyone could run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_file_type(
        gguf.LlamaFileType.MOSTLY_Q8_0 if quantised else gguf.LlamaFileType.ALL_F32
    )
    writer.add_block_count(2)
    writer.add_context_length(8192)
    writer.add_embedding_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["<|endoftext|>", "<|im_start|>", "<|im_end|>", "a"])
    writer.add_eos_token_id(2)
    writer.add_bos_token_id(1)
    writer.add_add_bos_token(add_bos)
    if template is not None:
        writer.add_chat_template(template)
    weights = np.random.default_rng(seed).normal(size=(rows, 64)).astype(np.float32)
    kind = gguf.GGMLQuantizationType.Q8_0
    if quantised:
        writer.add_tensor("token_embd.weight", gguf.quants.quantize(weights, kind), raw_dtype=kind)
    else:
        writer.add_tensor("token_embd.weight", weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def make_manifest(folder: Path, version: str, sequence: int, *, model: Path,
                  adapter: Path | None = None, base_sha256: str = "", chunk: int = CHUNK,
                  **more: Any) -> dict[str, Any]:  # fmt: skip
    """Return a manifest for files lying anywhere, and put them where it says below ``folder``."""
    entries = [] if model is None else [file_entry(model, "model", chunk_size=chunk)]
    if adapter is not None:
        entries.append(file_entry(adapter, "adapter", chunk_size=chunk, base_sha256=base_sha256))
    for entry, source in zip(entries, [p for p in (model, adapter) if p], strict=True):
        target = folder / entry["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    return {
        "schema": "josi.manifest/1",
        "model_id": "josi",
        "version": version,
        "sequence": sequence,
        "expires": "2099-01-01T00:00:00Z",
        "files": entries,
        "runtime": {"context": 1024, "sampling": {"temperature": 0.7},
                    "system_prompt_sha256": "0" * 64},
        **more,
    }  # fmt: skip


def put_channel(folder: Path, manifest: dict[str, Any], keys: list[Any], *,
                otherwise: str | None = None) -> str:  # fmt: skip
    """Sign and place a manifest, point ``stable`` at it; return the manifest's path."""
    name = f"manifests/manifest-{manifest['version']}-{manifest['sequence']}.json"
    (folder / "manifests").mkdir(parents=True, exist_ok=True)
    (folder / "channels").mkdir(exist_ok=True)
    (folder / name).write_bytes(sign(canonical_json(manifest), keys))
    pointer = {"schema": "josi.channel/1", "channel": "stable", "manifest": name,
               "sequence": manifest["sequence"], "otherwise": otherwise}  # fmt: skip
    (folder / "channels" / "stable.json").write_text(json.dumps(pointer))
    return name


def make_bundle(folder: Path, version: str = "1.0.0", sequence: int = 1, *, size: int = 300_000,
                seed: int = 0, keys: Any = (KEY,), model: Path | None = None,
                **more: Any) -> Path:  # fmt: skip
    """Return a signed bundle of one file: ``model``, or random bytes that no one could load."""
    model = model or random_file(folder / "josi.gguf", size, seed)
    manifest = make_manifest(folder / "unused", version, sequence, model=model, **more)
    payload = canonical_json(manifest)
    (folder / "manifest.json").write_bytes(payload)
    (folder / "manifest.signed.json").write_bytes(sign(payload, keys))
    (folder / "README.md").write_text("# card\n")
    return folder


def random_file(path: Path, size: int, seed: int) -> Path:
    """Write ``size`` bytes that no compression or luck can guess."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(random.Random(seed).randbytes(size))
    return path
