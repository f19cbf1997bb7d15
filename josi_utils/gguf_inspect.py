"""Say what is in a GGUF file, and refuse one that is not a whole, working Josi."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from josi_utils import gguf_vocabulary
from josi_utils.errors import JosiError
from josi_utils.gguf_header import GgufHeader, read_header
from josi_utils.persona import CHAT_TEMPLATE

#: What SmolLM2's control tokens are numbered; the app stops on EOS.
SPECIAL_IDS = {"bos": 1, "eos": 2, "unknown": 0, "padding": 2}


def inspect_gguf(path: Path | str) -> dict[str, Any]:
    """Return what is in a GGUF file, ready for JSON.

    Returns
    -------
    dict
        ``path``, ``size`` (bytes), ``version``, ``keys`` (long arrays as ``{"array": length}``),
        ``tensors``, ``parameters``, ``types`` (tensors a type), ``type_bytes``,
        ``bits_per_weight`` (tensor data over all weights), ``trailing_bytes``.

    Raises
    ------
    JosiError
        See :func:`read_header`.
    """
    header = read_header(path)
    types = Counter(info.type for info in header.tensors)
    type_bytes: Counter[str] = Counter()
    for info in header.tensors:
        type_bytes[info.type] += info.nbytes
    parameters = sum(info.elements for info in header.tensors)
    return {
        "path": str(header.path),
        "size": header.size,
        "version": header.version,
        "keys": {
            key: {"array": len(value)} if isinstance(value, list) and len(value) > 16 else value
            for key, value in header.metadata.items()
        },
        "tensors": len(header.tensors),
        "parameters": parameters,
        "types": dict(types.most_common()),
        "type_bytes": {kind: type_bytes[kind] for kind, _ in types.most_common()},
        "bits_per_weight": round(8 * sum(type_bytes.values()) / parameters, 4)
        if parameters
        else 0.0,
        "trailing_bytes": header.trailing_bytes,
    }


def require_josi_gguf(path: Path | str) -> GgufHeader:
    """Return the file's header if it is a complete GGUF that speaks Josi's chat format.

    A reader that finds no template takes another model's in silence, one that adds a BOS doubles
    ``<|im_start|>``, one that knows no ``smollm`` splits numbers wrongly, and a download that was
    resumed wrongly has bytes behind its last tensor.

    Raises
    ------
    JosiError
        Naming the first of these that is wrong.
    """
    header = read_header(path)
    keys = header.metadata

    def refuse(what: str, remedy: str = "export the model again with josi export") -> JosiError:
        return JosiError(f"{path}: {what}; {remedy}")

    if keys.get("general.architecture") != "llama":
        raise refuse(f"architecture {keys.get('general.architecture')!r}, not 'llama'")
    template = keys.get("tokenizer.chat_template")
    if not template:
        raise refuse("no chat template, a reader would use another model's")
    if template != CHAT_TEMPLATE:
        raise refuse("the chat template is not Josi's (persona.CHAT_TEMPLATE)")
    if keys.get("tokenizer.ggml.add_bos_token") is not False:
        raise refuse("add_bos_token is not false, the BOS of the template would be doubled")
    if keys.get("tokenizer.ggml.model") != "gpt2":
        raise refuse(f"tokenizer model {keys.get('tokenizer.ggml.model')!r}, not 'gpt2'")
    if keys.get("tokenizer.ggml.pre") != gguf_vocabulary.PRE_TOKENIZER:
        raise refuse(f"pre-tokenizer {keys.get('tokenizer.ggml.pre')!r}, not 'smollm'")
    for name, number in SPECIAL_IDS.items():
        found = keys.get(f"tokenizer.ggml.{name}_token_id")
        if found != number:
            raise refuse(f"{name}_token_id is {found}, not {number}")
    tokens, merges = keys.get("tokenizer.ggml.tokens"), keys.get("tokenizer.ggml.merges")
    if not _texts(tokens) or not _texts(merges):
        raise refuse("tokens or merges are missing")
    if len(tokens) != gguf_vocabulary.VOCABULARY_SIZE:
        raise refuse(f"{len(tokens)} tokens, not {gguf_vocabulary.VOCABULARY_SIZE}")
    if gguf_vocabulary.vocabulary_digest(tokens, merges) != gguf_vocabulary.VOCABULARY_SHA256:
        raise refuse("the vocabulary is not SmolLM2's")
    embedding = next((info for info in header.tensors if info.name == "token_embd.weight"), None)
    if embedding is None or embedding.shape[-1] != len(tokens):
        raise refuse("token_embd.weight is missing or does not fit the vocabulary")
    if header.trailing_bytes:
        raise refuse(
            f"{header.trailing_bytes} bytes behind the last tensor, as of a bad resume",
            "copy or download the file again",
        )
    return header


def _texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)
