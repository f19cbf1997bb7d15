"""Who is in danger: the athlete, or somebody whom the athlete tells of.

"my mate collapsed" wants other words than "i collapsed". What decides is the last one spoken of
before the danger, and the one in whose hands it is: "my wife says i passed out" is the athlete,
"he says his chest hurts" is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from josi_utils.guard.data import load
from josi_utils.guard.normalise import Token

#: So many words after the first word of danger may still say whose it is ("hurts his chest").
AFTER = 4


@lru_cache(maxsize=2)
def _words(version: int) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    source = load("concepts")["whose"]
    return frozenset(source["own"]), frozenset(source["other"]), frozenset(source["people"])


def of_another(tokens: Sequence[Token], danger: int) -> bool:
    """Tell whether the danger is somebody else's.

    Parameters
    ----------
    tokens : sequence of Token
        The words of the message.
    danger : int
        Where in the message the first words of danger begin.

    Returns
    -------
    bool
        True only where another is named before the danger and the athlete is not named after that.
    """
    own, other, people = _words(load("concepts")["version"])
    at = next((i for i, token in enumerate(tokens) if token.end > danger), len(tokens))
    for index in range(min(at + AFTER, len(tokens)) - 1, -1, -1):
        word = tokens[index].text
        following = tokens[index + 1].text if index + 1 < len(tokens) else ""
        # "my" is the athlete's own only where no person follows: "my knee", not "my mate".
        if word in own and not (word in ("my", "our") and following in people):
            return False
        if word in other or (word in people and tokens[index].clause >= tokens[at - 1].clause - 1):
            return True
    return False
