"""Judge one reply of Josi by the rubric: deterministic, explained by spans, versioned by a hash."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from josi_utils.scoring.register import weights_path
from josi_utils.scoring.verdict import FRIENDLY, Judgement, judge


def score(
    case: dict[str, Any],
    reply: str,
    *,
    deck: Sequence[dict[str, Any]] = (),
    finished: bool = True,
) -> dict[str, Any]:
    """Judge one reply by the rubric.

    Parameters
    ----------
    case : dict
        As in ``case.schema.json``.
    reply : str
        What Josi said. White space at its end does not count.
    deck : sequence of cards
        ``{"id", "title", "text", …}``; where the case has no card, what stands in any of them may
        be
        said.
    finished : bool
        Whether the reply ended by itself; one cut by the token limit fails.

    Returns
    -------
    dict
        ``warmth``, ``brevity``, ``plain`` (1 to 5, floats); ``faithful``, ``question``, ``leak``,
        ``pass`` (bool); ``pushback``, ``safe`` (bool or None); ``why``: list of ``{"field",
        "reason",
        "span", "text"}``.
    """
    return judge(case, reply, deck=deck, finished=finished).scores


@lru_cache(maxsize=1)
def scorer_hash() -> str:
    """Return the SHA-256 over the source of the scorers and the data they read.

    A trend line breaks where this changes.
    """
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    sources = [p for p in folder.iterdir() if p.suffix in (".py", ".json")]
    for path in sorted([*sources, weights_path()], key=lambda p: p.name):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


__all__ = ["FRIENDLY", "Judgement", "judge", "score", "scorer_hash"]
