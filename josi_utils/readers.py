"""Replies of our own models that strict readers have read, and what the scorers say of them.

Calibration asks whether the scorers agree with raters on replies that were made to be rated; here
it is the model's own, the guard's picks and its own words, so each voice shows how far its pass
rate is to be believed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from josi_utils.calibration_sets import Item


#: The rated replies of our own models, see :mod:`josi_utils.calibration_sets`: those of a model
#: without talking points, on which weights were fitted, and those with them and of the composer
#: since, which no fit has seen.
FITTED, UNSEEN = "tuned", ("pointed", "composed")


def measured() -> list[dict[str, Any]]:
    """Return :func:`by_voice` of the rated replies, by scores whose weights never saw them."""
    from josi_utils.calibration import held_out_scores
    from josi_utils.calibration_sets import read_set
    from josi_utils.decision import read_deck
    from josi_utils.paths import data_dir
    from josi_utils.scoring import score

    fitted, unseen = read_set(FITTED), [item for name in UNSEEN for item in read_set(name)]
    kept = held_out_scores(fitted)
    deck = read_deck(data_dir() / "cards")
    passed = [score(item.case, item.reply, deck=deck)["pass"] for item in unseen]
    return [
        *by_voice(fitted, [kept[item.id]["pass"] for item in fitted]),
        *({**row, "voice": f"talking points: {row['voice']}"} for row in by_voice(unseen, passed)),
    ]


def by_voice(items: Sequence[Item], passed: Sequence[bool]) -> list[dict[str, Any]]:
    """Return how readers and scorers judge the same replies, a row a voice.

    Parameters
    ----------
    items : sequence of Item
        Rated replies; ``voice`` says who spoke.
    passed : sequence of bool
        The scorers' ``pass`` for each, best by weights that never saw its case.

    Returns
    -------
    list of dict
        ``voice``, ``n``, ``readers`` and ``rules`` (shares of replies that may be sent; a reply
        read by two counts by its mean), ``let_through`` (share of the replies that most readers
        reject and the scorers pass; None where none is rejected), ``agree`` (share of same calls,
        None where the readers differ on all).
    """
    calls: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for item, ours in zip(items, passed, strict=True):
        calls[item.voice].append((item.mean("pass"), bool(ours)))
    return [_row(voice, pairs) for voice, pairs in sorted(calls.items())]


def _row(voice: str, pairs: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    # Where two readers differ nobody's call is wrong, so the reply is in neither share.
    rejected = [passed for share, passed in pairs if share < 0.5]
    decided = [(share > 0.5) == passed for share, passed in pairs if share != 0.5]
    return {
        "voice": voice,
        "n": len(pairs),
        "readers": sum(share for share, _ in pairs) / len(pairs),
        "rules": sum(passed for _, passed in pairs) / len(pairs),
        "let_through": sum(rejected) / len(rejected) if rejected else None,
        "agree": sum(decided) / len(decided) if decided else None,
    }
