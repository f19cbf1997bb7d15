"""Does a draw name the machinery, plainly or in disguise?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from josi_utils.guard.data import load
from josi_utils.guard.normalise import Token, fold, tokenise
from josi_utils.guard.phrases import Hit

#: Sign-for-letter writing, undone word by word before the leak terms are looked up.
_LEET = str.maketrans(
    {
        "0": "o",
        "1": "i",
        "3": "e",
        "4": "a",
        "5": "s",
        "7": "t",
        "8": "b",
        "9": "g",
        "$": "s",
        "!": "i",
        "@": "a",
    }
)
_LEET_L = str.maketrans({"1": "l", "!": "l"})
_SMALL = frozenset(("a", "an", "the", "my", "your", "of"))


@lru_cache(maxsize=1)
def _terms() -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the terms in one word, and what those begin with that may end in any way."""
    phrases = [p for p in load("accept")["families"]["LEAK"] if len(p.rstrip("*")) >= 4]
    words = frozenset(phrase.rstrip("*").replace(" ", "") for phrase in phrases)
    return words, tuple(p[:-1].replace(" ", "") for p in phrases if p.endswith("*"))


def _is_term(word: str) -> bool:
    """Tell whether a word is a term, alone or with an ending ("algorithmic", "GATCs")."""
    words, beginnings = _terms()
    return word in words or word.removesuffix("s") in words or word.startswith(beginnings)


@lru_cache(maxsize=1)
def _glued() -> tuple[str, ...]:
    """Return what terms of several words begin with, written as one ("systemprompt")."""
    phrases = (p.rstrip("*") for p in load("accept")["families"]["LEAK"])
    return tuple(p.replace(" ", "") for p in phrases if " " in p and len(p) > 10)


def leaks(
    case: dict[str, Any],
    wants: dict[str, bool],
    draw: str,
    tokens: Sequence[Token],
    hits: Sequence[Hit],
) -> list[tuple[str, int, int]]:
    """Return where a draw names the machinery: why, first word, last word + 1."""
    found = [("leak", h.start, h.end) for h in hits if h.family == "LEAK"]
    said = {t.text for t in tokenise(case.get("message") or "")} if not wants["probe"] else set()
    found += [
        ("leak", h.start, h.end)
        for h in hits
        if h.family == "LEAK_SOFT"
        and not said & {tokens[i].text for i in range(h.start, h.end)} - _SMALL
    ]
    denied = {i for h in hits if h.family == "DENIES" for i in range(h.start, h.end)}
    found = [f for f in found if f[1] not in denied]
    if _in_disguise(draw):
        found.append(("leak in disguise", 0, 0))
    return found


def _in_disguise(draw: str) -> bool:
    """Tell whether a term is spelt with signs, backwards, letter by letter or without blanks."""
    chunks = fold(draw).text.split()
    plain = [_letters(chunk) for chunk in chunks]
    signed = [c for c in chunks if not c.strip(".,!?'\"").isalpha()]
    spelled = "".join(p if len(p) == 1 else " " for p in plain)
    suspects = [_letters(c) for c in signed] + [_letters(c.translate(_LEET_L)) for c in signed]
    suspects += [p[::-1] for p in plain if len(p) > 5] + spelled.split()
    return any(map(_is_term, suspects)) or any(p.startswith(_glued()) for p in plain)


def _letters(chunk: str) -> str:
    """Return the letters of a chunk, signs that stand for letters undone, the others dropped."""
    return re.sub(r"[\W_]", "", chunk.translate(_LEET))
