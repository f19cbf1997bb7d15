"""Who is in danger: the athlete, or somebody whom the athlete tells of.

"my mate collapsed" wants other words than "i collapsed". What decides is the last one spoken of
before the danger, and the one in whose hands it is: "my wife says i passed out" is the athlete,
"he says his chest hurts" is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from josi_utils.guard.data import load
from josi_utils.guard.normalise import Token

#: So many words after the first word of danger may still say whose it is ("hurts his chest"),
#: in the same clause.
AFTER = 4


class Words(NamedTuple):
    """Words for the athlete, for another, for people, before those, and of people who speak."""

    own: frozenset[str]
    other: frozenset[str]
    people: frozenset[str]
    before: frozenset[str]
    speaks: frozenset[str]


@lru_cache(maxsize=2)
def _words(version: int) -> Words:
    source = load("concepts")["whose"]
    return Words(*(frozenset(source[name]) for name in Words._fields))


def _named(tokens: Sequence[Token], index: int, words: Words) -> bool:
    """Tell whether a person stands there whom a danger can befall: "my mate", "dad", no "a kid".

    "mum says" only brings the athlete's own danger.
    """
    if tokens[index].text not in words.people:
        return False
    following = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if following in words.speaks:
        return False
    begins = index == 0 or tokens[index - 1].clause != tokens[index].clause
    return begins or tokens[index - 1].text in words.before


def of_another(tokens: Sequence[Token], danger: int, *, named: bool = False) -> bool:
    """Tell whether the danger is somebody else's.

    Parameters
    ----------
    tokens : sequence of Token
        The words of the message.
    danger : int
        Where in the message the first words of danger begin.
    named : bool
        Whether a person has to be named ("my friend"): he and she alone do not count.

    Returns
    -------
    bool
        True only where another is named before the danger and the athlete is not named after that.
    """
    words = _words(load("concepts")["version"])
    at = next((i for i, token in enumerate(tokens) if token.end > danger), len(tokens))
    last = at
    while last < min(at + AFTER, len(tokens)) and tokens[last].clause == tokens[at].clause:
        last += 1
    if named and not any(_named(tokens, index, words) for index in range(last)):
        return False
    for index in range(last - 1, -1, -1):
        word = tokens[index].text
        following = tokens[index + 1].text if index + 1 < len(tokens) else ""
        # "my" is the athlete's own only where no person follows: "my knee", not "my mate".
        if word in words.own and not (word in ("my", "our") and following in words.people):
            return False
        if word in words.other or _named(tokens, index, words):
            return True
    return False
