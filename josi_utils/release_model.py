"""Which GGUF of a run is the product's model, and what the file itself says about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from josi_utils.errors import JosiError
from josi_utils.paths import RunPaths

#: Not offered as the product's model while a quantised file stands beside them.
_WIDE_TYPES = frozenset({"F32", "F16", "BF16"})

#: Of the texts that llama.cpp takes for an end of generation, those in SmolLM2's vocabulary.
_END_TEXTS = frozenset({"<|im_end|>", "<|endoftext|>", "<reponame>"})


def gguf_facts(path: Path | str) -> dict[str, Any]:
    """Return what a manifest says about a GGUF, read back from the file itself.

    Raises
    ------
    JosiError
        If it has no chat template (a reader would use another model's), adds a BOS (it would be
        doubled), or is no GGUF at all.
    """
    from gguf import LlamaFileType

    from josi_utils.gguf_header import read_header
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
    # llama.cpp stops on these by their text as well, whatever the keys say.
    texts = read_header(path).metadata.get("tokenizer.ggml.tokens") or []
    ends |= {number for number, text in enumerate(texts) if text in _END_TEXTS}
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


def is_adapter(path: Path) -> bool:
    """Return whether a GGUF is a LoRA adapter and no model."""
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
    facts = {path: gguf_facts(path) for path in found if not is_adapter(path)}
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
