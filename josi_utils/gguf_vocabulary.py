"""SmolLM2's vocabulary: read from a model folder, proved to be the one llama.cpp knows, written.

llama.cpp splits text into words by a rule that it picks by name (``tokenizer.ggml.pre``). The
converter finds the name by encoding one awkward text and hashing the ids; so does this module,
and it accepts no name but ``smollm``: with any other the file would load and speak gibberish.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError
from josi_utils.files import read_json

if TYPE_CHECKING:
    import gguf

PRE_TOKENIZER = "smollm"
VOCABULARY_SIZE = 49_152

#: SHA-256 over SmolLM2's tokens and merges, as :func:`vocabulary_digest` computes it.
VOCABULARY_SHA256 = "fa04b9c3022790c020fb10d150212ef7aa8a8228e528b519f8a5506684f21d43"

#: The text and the hash of its ids are the converter's (llama.cpp ``get_vocab_base_pre``).
CHECK_TEXT = (
    "\n \n\n \n\n\n \t \t\t \t\n  \n   \n    \n     \n🚀 (normal) 😶\u200d🌫️ (multiple emojis "
    "concatenated) ✅ 🦙🦙 3 33 333 3333 33333 333333 3333333 33333333 3.3 3..3 3...3 "
    "កាន់តែពិសេសអាច😁 ?我想在apple工作1314151天～ ------======= нещо на Български "
    "''''''```````\"\"\"\"......!!!!!!?????? I've been 'told he's there, 'RE you sure? "
    "'M not sure I'll make it, 'D you like some tea? We'Ve a'lL"
)
CHECK_IDS_SHA256 = "855059429035d75a914d1eda9f10a876752e281a054a7a3d421ef0533e5b6249"


@dataclass(frozen=True)
class Vocabulary:
    """Tokens by id, their types (``gguf.TokenType``) and what ``gguf.SpecialVocab`` found."""

    tokens: list[str]
    types: list[int]
    special: gguf.SpecialVocab


def vocabulary_digest(tokens: list[str], merges: list[str]) -> str:
    """Return the SHA-256 of a vocabulary: tokens by id, then merges by rank, NUL after each."""
    digest = hashlib.sha256()
    digest.update("\0".join([*tokens, ""]).encode())
    digest.update(b"\0\0")
    digest.update("\0".join([*merges, ""]).encode())
    return digest.hexdigest()


def read_vocabulary(model_dir: Path | str, config: Mapping[str, Any]) -> Vocabulary:
    """Return the folder's vocabulary, checked.

    Raises
    ------
    JosiError
        If a file is missing, the tokenizer is not SmolLM2's, the template or the end token is
        missing, or the tokenizer has more tokens than the model.
    """
    import gguf
    from tokenizers import Tokenizer

    model_dir = Path(model_dir)
    path = model_dir / "tokenizer.json"
    raw = read_json(path)
    try:
        tokenizer = Tokenizer.from_file(str(path))
        by_id = {number: token for token, number in raw["model"]["vocab"].items()}
        added = {entry["id"]: entry for entry in raw["added_tokens"]}
    except Exception as error:  # the Rust reader raises bare Exception
        raise JosiError(
            f"{path}: not a BPE tokenizer ({error}); save the tokenizer again"
        ) from None
    ids = tokenizer.encode(CHECK_TEXT).ids
    if hashlib.sha256(str(ids).encode()).hexdigest() != CHECK_IDS_SHA256:
        raise JosiError(
            f"{path}: does not split text as SmolLM2 does, so llama.cpp would see other tokens; "
            "use the base model's own tokenizer files"
        )
    size = config["vocab_size"]
    by_id.update({number: entry["content"] for number, entry in added.items()})
    if max(by_id) >= size:
        raise JosiError(f"{path}: {max(by_id) + 1} tokens, the model has {size}; never add tokens")
    tokens, types = [], []
    for number in range(size):
        token = by_id.get(number, f"[PAD{number}]")
        if number not in by_id:
            kind = gguf.TokenType.UNUSED
        elif number not in added:
            kind = gguf.TokenType.NORMAL
        elif added[number].get("special") or (token.startswith("<|") and token.endswith("|>")):
            kind = gguf.TokenType.CONTROL
        else:
            kind = gguf.TokenType.USER_DEFINED
        tokens.append(token)
        types.append(int(kind))
    special = gguf.SpecialVocab(model_dir, load_merges=True, n_vocab=size)
    if not isinstance(special.chat_template, str) or not special.chat_template:
        raise JosiError(
            f"{model_dir}: no chat template; save the tokenizer with persona.CHAT_TEMPLATE"
        )
    for name in ("bos", "eos"):
        if name not in special.special_token_ids:
            raise JosiError(
                f"{model_dir}/tokenizer_config.json: no {name}_token; save the tokenizer again"
            )
    return Vocabulary(tokens, types, special)


def add_vocabulary(writer: gguf.GGUFWriter, vocabulary: Vocabulary) -> None:
    """Write ``tokenizer.*`` in the converter's order.

    ``add_space_prefix`` is ours where the folder's tokenizer_config.json does not name it: false is
    what BPE does anyway, and saying so keeps a reader from guessing. The template of SmolLM2 opens
    with the BOS token itself, so a second one is never added.
    """
    writer.add_add_space_prefix(False)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    vocabulary.special.add_special_token["bos"] = False
    vocabulary.special.add_to_gguf(writer, quiet=True)
