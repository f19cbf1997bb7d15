"""What a message shows to the learnt sums of triage: words, pieces of words, families, rules.

Each feature has a name that can be read: ``w:left arm`` (one or two words), ``c:<che`` (three to
five letters of a word, ``<`` and ``>`` its edges), ``f:`` and ``l:`` (a family of ``triage.json``
and of ``concepts.json``), ``r:`` (a rule of triage). Features of words share a length of 1, so that
long messages weigh as much as short ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from math import sqrt
from typing import NamedTuple

from josi_utils.guard.data import load
from josi_utils.guard.normalise import Token
from josi_utils.guard.phrases import Hit, Phrases

#: Letters in a piece of a word.
PIECES = (3, 4, 5)
#: Where the sizes of numbers begin: from 6 a child's age, 16 a youth's, 18 years or weeks, 43 years
#: or pounds, 100 a pulse, 200 metres, 1,000 calories.
SIZES = (0, 6, 16, 18, 43, 100, 200, 1000)
#: A message is read up to so many words: beyond them the rules alone listen.
MOST_WORDS = 400
#: Weights of a family, of a rule, and of there being any rule, beside the 1 that words share.
FAMILY, RULE = 0.5, 1.0

Features = dict[str, float]


class Place(NamedTuple):
    """Where a feature stands: words ``first:last`` of the message."""

    first: int
    last: int


@lru_cache(maxsize=2)
def _concepts(version: int) -> Phrases:
    return Phrases(load("concepts")["families"], "concepts.json")


def concept_phrases() -> Phrases:
    """Return the compiled phrases of ``concepts.json``."""
    return _concepts(load("concepts")["version"])


def _size(number: str) -> str:
    """Return the step of :data:`SIZES` that a number stands on: "13" is ``#6``."""
    # Other digits than int() takes are digits, too ("፩"): they count as few.
    digits = "".join(takewhile(str.isdecimal, number))
    return f"#{max(s for s in SIZES if s <= int(digits[:6] or 0))}"


def _words(tokens: Sequence[Token], size: Callable[[str], str]) -> list[str]:
    return [size(t.text) if t.text[0].isdigit() else t.text for t in tokens]


def word_features(tokens: Sequence[Token], longest: int = 2) -> dict[str, Place]:
    """Return runs of one to ``longest`` words, each with its first place.

    A number is ``#``, and its size beside it: 13 may be an age, 30 a week, 180 a pulse.
    """
    found: dict[str, Place] = {}
    for words in (_words(tokens, lambda number: "#"), _words(tokens, _size)):
        for size in range(1, longest + 1):
            for at in range(len(words) - size + 1):
                found.setdefault("w:" + " ".join(words[at : at + size]), Place(at, at + size))
    return found


def piece_features(tokens: Sequence[Token]) -> dict[str, Place]:
    """Return the pieces of the words, each with the place of the first word that has it."""
    found: dict[str, Place] = {}
    for at, token in enumerate(tokens):
        if token.text[0].isdigit():
            continue
        word = f"<{token.text[:18]}>"
        for size in PIECES:
            for start in range(len(word) - size + 1):
                found.setdefault("c:" + word[start : start + size], Place(at, at + 1))
    return found


def family_features(prefix: str, hits: Iterable[Hit]) -> dict[str, Place]:
    """Return the families that are found, each with its first place."""
    found: dict[str, Place] = {}
    for hit in hits:
        found.setdefault(prefix + hit.family, Place(hit.start, hit.end))
    return found


def even(names: Iterable[str], weight: float = 1.0) -> Features:
    """Return features that share a length of ``weight`` evenly."""
    names = list(names)
    return dict.fromkeys(names, weight / sqrt(len(names))) if names else {}


def flag_features(
    tokens: Sequence[Token], hits: Sequence[Hit], rules: Mapping[str, bool]
) -> tuple[Features, dict[str, Place]]:
    """Return the features of a message and where they stand.

    Parameters
    ----------
    tokens : sequence of Token
        The words of the message.
    hits : sequence of Hit
        Of the families of ``triage.json``.
    rules : mapping
        The rules of triage that hold, each with whether it is an emergency.
    """
    tokens = tokens[:MOST_WORDS]
    words, pieces = word_features(tokens), piece_features(tokens)
    families = family_features("f:", hits)
    concepts = family_features("l:", concept_phrases().hits(tokens))
    out = even(words) | even(pieces)
    out |= dict.fromkeys([*families, *concepts], FAMILY)
    out |= {f"r:{rule}": RULE for rule in rules}
    if rules:
        out["r:any"] = RULE
    if any(rules.values()):
        out["r:emergency"] = RULE
    return out, {**pieces, **words, **families, **concepts}
