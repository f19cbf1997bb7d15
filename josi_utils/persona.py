"""Who Josi is, in one place: system prompt, ChatML, sampling, word limit, forbidden terms."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

SYSTEM_PROMPT = (
    "You are Josi, a friendly and knowledgeable sports coaching assistant for MiValta. "
    "You communicate training decisions made by the coaching engine. "
    "Rules: Keep responses under 80 words. Be warm and conversational. "
    "Use simple language, not textbook explanations. Ask follow-up questions. "
    "Never invent training rules — only explain what the engine decided. "
    "Never mention algorithms, GATC, Viterbi, ACWR, or internal systems."
)

#: A reply of more words than this never ships ("under 80 words": 80 is the ceiling).
WORD_LIMIT = 80

IM_START = "<|im_start|>"
IM_END = "<|im_end|>"

#: The chat template that every artifact carries. SmolLM2's own template puts "You are a helpful AI
#: assistant named SmolLM" in front when no system message is given; this one has Josi's there.
CHAT_TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\\n" + SYSTEM_PROMPT + "<|im_end|>\\n' }}"
    "{% endif %}"
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

#: What no reply may say, as the system prompt names it and beyond. The leak scorer knows more
#: (disguises, translations); this is the plain list for data checks and hand-off.
FORBIDDEN_TERMS: tuple[str, ...] = (
    "algorithm",
    "GATC",
    "Viterbi",
    "ACWR",
    "Phase Allocator",
    "hidden Markov",
    "system prompt",
    "language model",
    "neural network",
    "acute-to-chronic",
    "SmolLM",
    "Hugging Face",
    "llama.cpp",
    "GGUF",
    "LoRA",
    "internal system",
)


@dataclass(frozen=True)
class Sampling:
    """How a reply is drawn; travels into GGUF and manifest.

    Attributes
    ----------
    temperature, max_new_tokens
        The product's own: 0.7 and 120 tokens.
    top_k, top_p, min_p, repeat_penalty
        Ours to choose, on validation cases only.
    """

    temperature: float = 0.7
    max_new_tokens: int = 120
    top_k: int = 40
    top_p: float = 0.9
    min_p: float = 0.2
    repeat_penalty: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a plain dictionary."""
        return asdict(self)


SAMPLING = Sampling()
GREEDY = Sampling(temperature=0.0)


#: The spellings of SmolLM2's 17 special tokens, as they would have to begin.
_CONTROL = re.compile(
    r"<(?=\||repo_?name>|file_sep>|filename>|gh_stars>|issue_|jupyter_|empty_output>)"
)


def escape_control(text: str) -> str:
    """Return ``text`` with nothing that could be read as a control token.

    A zero-width joiner after the ``<`` breaks every special token's spelling, so that rendered
    text may be tokenised whole, with specials parsed, by any reader.
    """
    return _CONTROL.sub("<\u200d", text)


def chat(user: str, history: list[dict[str, str]] | None = None) -> list[dict[str, str]]:
    """Return the messages of one conversation: system turn, earlier turns, the user's turn."""
    earlier = [
        {"role": turn["role"], "content": escape_control(turn["content"])} for turn in history or []
    ]
    return [
        {"role": "system", "content": SYSTEM_PROMPT},
        *earlier,
        {"role": "user", "content": user},
    ]


def render_chatml(messages: list[dict[str, str]], *, generation: bool = False) -> str:
    """Return the prompt as text, byte for byte what :data:`CHAT_TEMPLATE` renders.

    Parameters
    ----------
    messages : list of {"role", "content"}
        Whole conversation; the first must be the system turn.
    generation : bool
        Whether the assistant's turn is opened at the end.
    """
    text = "".join(f"{IM_START}{m['role']}\n{m['content']}{IM_END}\n" for m in messages)
    return text + (f"{IM_START}assistant\n" if generation else "")


def count_words(text: str) -> int:
    """Return the number of words as the athlete would count them: runs between white space."""
    return len(text.split())


#: Where a sentence ends; the point of a title before a name does not end one.
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\b[DM]r\.)(?<!\bM[sx]\.)(?<!\bMrs\.)(?<!\bSt\.)\s+")


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a reply or a card, cut after ``.``, ``!`` or ``?`` and white space."""
    return [sentence for sentence in _SENTENCE_END.split(text.strip()) if sentence]
