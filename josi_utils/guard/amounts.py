"""Numbers of a message with their units, as they may be said again: "14 km", "1 minute 20"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from josi_utils.guard.data import load
from josi_utils.guard.normalise import Token


class Amount(NamedTuple):
    """A number with its unit; ``text`` is how it is said, words ``start:end`` where it stands."""

    kind: str
    text: str
    start: int
    end: int


def table() -> dict[str, Any]:
    """Return the closed lists of words that may be said again."""
    return load("fallback")["own_words"]


@lru_cache(maxsize=1)
def units_of_words() -> dict[str, tuple[str, str]]:
    """Return of each word for a unit its kind and how it is said."""
    return {
        word: (kind, said)
        for kind, units in table()["units"].items()
        for said, words in units.items()
        for word in words
    }


def amounts(tokens: Sequence[Token]) -> list[Amount]:
    """Return the numbers with a unit, and the clock times, in order of place."""
    found: list[Amount] = []
    spelled, units, at = table()["numbers"], units_of_words(), 0
    while at < len(tokens):
        text, start = tokens[at].text, at
        at += 1
        if ":" in text:
            more = tokens[at] if at < len(tokens) else None
            if more and more.text.isdigit() and more.start == tokens[start].end + 1:
                text, at = f"{text}:{more.text}", at + 1  # 1:09:50 is two words to the reader
            found.append(Amount("clock", text, start, at))
            continue
        if not (text[0].isdigit() and text.isascii()) and text not in spelled:
            continue
        pair = " ".join(t.text for t in tokens[at : at + 2])
        kind, said = units.get(pair) or units.get(pair.split(" ")[0], ("", ""))
        if not kind or (said == "m" and (not text.isdigit() or int(text) < 25)):
            continue
        at += 2 if pair in units else 1
        one = text in ("1", "one", "a", "an")
        words = f"{text} {said[:-1] if one and said.endswith('s') else said}"
        if kind == "time" and at < len(tokens) and _seconds(tokens, at):
            words, at = f"{words} {tokens[at].text}", at + 1
        found.append(Amount(kind, words, start, at))
    return found


def _seconds(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether a bare number follows a time of minutes: "1 min 20"."""
    bare = tokens[at].text.isdigit() and int(tokens[at].text) < 60
    following = tokens[at + 1].text if at + 1 < len(tokens) else ""
    return bare and tokens[at - 1].text.startswith("minute") and following not in units_of_words()
