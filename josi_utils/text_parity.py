"""Do Jinja and llama.cpp, and both tokenizers, see the same prompt?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from josi_utils.awkward_texts import AWKWARD_TEXTS
from josi_utils.gguf_inspect import require_josi_gguf
from josi_utils.llama_probe import render_natively, render_with_jinja, token_ids
from josi_utils.llama_runtime import open_model
from josi_utils.persona import escape_control, render_chatml

Messages = Sequence[dict[str, str]]


def check_rendering(
    gguf: Path | str, model_dir: Path | str, chats: Sequence[Messages]
) -> dict[str, Any]:
    """Compare the rendered bytes of Jinja, llama.cpp and :mod:`josi_utils.persona`.

    Every chat is rendered whole and as a prompt (without its last turn, assistant opened), by the
    tokenizer of ``model_dir``, by the GGUF's template in Jinja and in llama.cpp's own renderer.

    Returns
    -------
    dict
        ``rendered`` (number of comparisons) and ``mismatches``: chat, who, text of the first few.
    """
    from transformers import AutoTokenizer

    template = require_josi_gguf(gguf).metadata["tokenizer.chat_template"]
    tokenizer = AutoTokenizer.from_pretrained(str(model_dir))
    mismatches, count = [], 0
    for number, chat in enumerate(chats):
        for messages, generation in ((list(chat), False), (list(chat[:-1]), True)):
            wanted = render_chatml(messages, generation=generation)
            views = {
                "transformers": tokenizer.apply_chat_template(
                    messages, tokenize=False, add_generation_prompt=generation
                ),
                "Jinja on the GGUF's template": render_with_jinja(template, messages, generation),
                "llama.cpp": render_natively(template, messages, generation),
            }
            for who, text in views.items():
                count += 1
                if text != wanted:
                    mismatches.append({"chat": number, "who": who, "text": text[:400]})
    return {"rendered": count, "mismatches": mismatches}


def check_tokens(gguf: Path | str, model_dir: Path | str, texts: Sequence[str]) -> dict[str, Any]:
    """Compare the ids of the folder's tokenizer and of llama.cpp, special tokens parsed.

    The awkward texts are always among them: raw, and as a user turn. In a user turn no athlete's
    text may become a control token, whoever tokenises it.

    Returns
    -------
    dict
        ``texts``, ``tokens``, ``mismatches`` (text, position, ids around it) and ``injected``
        (texts of which a control token survived escaping).
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(model_dir))
    escaped = [escape_control(text) for _, text in AWKWARD_TEXTS]
    turns = [render_chatml([{"role": "user", "content": text}]) for text in escaped]
    everything = [*texts, *(text for _, text in AWKWARD_TEXTS), *turns]
    special = set(tokenizer.all_special_ids) | set(tokenizer.added_tokens_decoder)
    mismatches, injected, total = [], [], 0
    with open_model(gguf, vocab_only=True) as model:
        for text in everything:
            expected = tokenizer(text, add_special_tokens=False)["input_ids"]
            found = token_ids(model, text)
            total += len(found)
            if expected != found:
                at = next(
                    (i for i, (a, b) in enumerate(zip(expected, found, strict=False)) if a != b), 0
                )
                mismatches.append(
                    {
                        "text": text[:200],
                        "position": at,
                        "tokenizer": expected[at : at + 8],
                        "llama.cpp": found[at : at + 8],
                    }
                )
        for text in escaped:
            if special & set(token_ids(model, text)):
                injected.append(text)
    return {
        "texts": len(everything),
        "tokens": total,
        "mismatches": mismatches,
        "injected": injected,
    }
