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
_SMALL = frozenset(("a", "an", "the", "my", "your", "of"))


@lru_cache(maxsize=1)
def _terms() -> frozenset[str]:
    return frozenset(
        phrase.rstrip("*").replace(" ", "")
        for phrase in load("accept")["families"]["LEAK"]
        if len(phrase.rstrip("*")) >= 4
    )


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
    chunks = fold(draw).text.split()
    plain = [re.sub(r"[\W_]", "", c.translate(_LEET)) for c in chunks]
    odd = [p for p, c in zip(plain, chunks, strict=True) if not c.strip(".,!?'\"").isalpha()]
    spelled = "".join(p if len(p) == 1 else " " for p in plain)
    suspects = odd + [p[::-1] for p in plain if len(p) > 5] + spelled.split()
    if any(s in _terms() for s in suspects):
        found.append(("leak in disguise", 0, 0))
    return found
