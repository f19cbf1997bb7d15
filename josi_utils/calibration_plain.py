"""Fit the plain register: which cues and runs of words tell rated nonsense from good replies.

Good: the tuned set's accepted replies and the gold replies. Nonsense: the tuned set's rejected.
A logistic regression over standardised counts and runs; only replies in the plain register take
part. For what it is worth, :func:`fit_folds` fits it again without each tuned reply's case and each
gold reply's file, stock phrases and rarities included.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from josi_utils.calibration_sets import GoldReply, Item
from josi_utils.scoring.cues import find_cues
from josi_utils.scoring.licence import licence_of
from josi_utils.scoring.normalise import content_stems
from josi_utils.scoring.reading import Cue, Reading
from josi_utils.scoring.register import PLAIN, cue_counts, measures, pairs, runs
from josi_utils.scoring.sense import SENSIBLE

#: A pair of words that so many gold replies have is stock.
STOCK_FROM = 3
#: A run carries a weight if so many replies have it.
RUN_FROM = 8
#: What one reply weighs: gold, rejected, accepted.
GOLD_WEIGHT, REJECTED_WEIGHT, ACCEPTED_WEIGHT = 0.1, 4.0, 4.0
#: Inverse strength of the L2 penalty.
STRENGTH = 0.01
FOLDS = 8
#: Lighter weights are left out of the file.
LEAST_WEIGHT = 0.004

#: Log-odds of the fit that become :data:`josi_utils.scoring.sense.SENSIBLE`. Set where 15 to 16 % of
#: gold replies held out by row are refused: stricter lets less nonsense through, but a model whose
#: every reply were good could then not pass four in five.
THRESHOLD = -0.7


@dataclass
class Example:
    """A reply that takes part in the fit: what is counted in it, and what it is."""

    id: str
    group: str
    gold: bool
    good: bool
    own: frozenset[tuple[str, str]]
    pairs: tuple[tuple[str, str], ...]
    stems: frozenset[str]
    counts: dict[str, float]
    runs: tuple[str, ...]

    @property
    def weight(self) -> float:
        """What it weighs in the fit."""
        return GOLD_WEIGHT if self.gold else ACCEPTED_WEIGHT if self.good else REJECTED_WEIGHT

    def fold(self, by_file: bool) -> int:
        """Return its fold: all replies to a case fall together, and, ``by_file``, all gold replies
        of a file."""
        key = self.id if self.gold and not by_file else self.group
        return zlib.crc32(key.encode()) % FOLDS


def read_example(source: Item | GoldReply, deck: Sequence[dict[str, Any]] = ()) -> Example:
    """Return a reply as an :class:`Example`."""
    reading = Reading(source.case, source.reply, licence_of(source.case, deck))
    cues: list[Cue] = list(find_cues(reading))
    gold = isinstance(source, GoldReply)
    return Example(
        id=source.id,
        group=source.file if isinstance(source, GoldReply) else source.case["id"],
        gold=gold,
        good=True if isinstance(source, GoldReply) else bool(source.majority("pass")),
        own=frozenset(pairs(reading.licence.text)),
        pairs=tuple(pairs(reading.text)),
        stems=frozenset(content_stems(f"{source.case.get('message', '')} {source.reply}")),
        counts={**cue_counts(cues), **measures(reading)},
        runs=tuple(sorted({run for run, _, _ in runs(reading)})),
    )


def _stock(examples: Sequence[Example]) -> Counter[tuple[str, str]]:
    """Return how many gold replies have each pair."""
    found: Counter[tuple[str, str]] = Counter()
    for one in examples:
        if one.gold:
            found.update(set(one.pairs))
    return found


def _plain(one: Example, stock: Counter[tuple[str, str]]) -> bool:
    """Return whether a reply is in the plain register; its own pairs do not speak for a gold
    reply."""
    mine = [p for p in one.pairs if p not in one.own]
    least = STOCK_FROM + one.gold
    return not mine or sum(stock[p] >= least for p in mine) / len(mine) >= PLAIN


def _rarity(examples: Sequence[Example]) -> tuple[dict[str, float], float]:
    """Return each stem's inverse document frequency over gold messages with their replies."""
    gold = [one for one in examples if one.gold]
    found = Counter(word for one in gold for word in one.stems)
    return (
        {w: round(math.log(len(gold) / (1 + n)), 2) for w, n in sorted(found.items()) if n >= 2},
        round(math.log(len(gold) / 2), 2),
    )


def _solve(examples: Sequence[Example]) -> dict[str, Any]:
    """Return intercept and weights of counts and runs, scales folded in."""
    import numpy as np
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    seen = Counter(run for one in examples for run in one.runs)
    names = sorted(run for run, n in seen.items() if n >= RUN_FROM)
    index = {run: i for i, run in enumerate(names)}
    rows = [sorted(index[r] for r in one.runs if r in index) for one in examples]
    of_runs = csr_matrix(
        (
            np.ones(sum(map(len, rows))),
            [i for row in rows for i in row],
            np.cumsum([0, *map(len, rows)]),
        ),
        shape=(len(examples), len(names)),
    )
    counted = list(examples[0].counts)
    counts = np.array([[one.counts[k] for k in counted] for one in examples])
    middle, spread = counts.mean(axis=0), counts.std(axis=0)
    spread[spread == 0] = 1.0
    model = LogisticRegression(
        C=STRENGTH, solver="liblinear", tol=1e-8, max_iter=1000, random_state=0
    )
    model.fit(
        hstack([csr_matrix((counts - middle) / spread), of_runs]).tocsr(),
        np.array([one.good for one in examples]),
        sample_weight=np.array([one.weight for one in examples]),
    )
    weights = model.coef_[0]
    of_counts = weights[: len(counted)] / spread
    return {
        "intercept": float(model.intercept_[0] - of_counts @ middle),
        "counts": dict(zip(counted, map(float, of_counts), strict=True)),
        "runs": dict(zip(names, map(float, weights[len(counted) :]), strict=True)),
    }


@dataclass(frozen=True)
class Fold:
    """Weights that saw none of the replies ``ids``."""

    ids: tuple[str, ...]
    weights: dict[str, Any]


def _packed(examples: Sequence[Example]) -> dict[str, Any]:
    """Fit on ``examples`` and return what :mod:`josi_utils.scoring.register` reads, unrounded."""
    stock = _stock(examples)
    fitted = _solve([one for one in examples if _plain(one, stock)])
    rarity, rarest = _rarity(examples)
    shift = math.log(SENSIBLE / (1 - SENSIBLE)) - THRESHOLD
    return {
        "intercept": fitted["intercept"] + shift,
        "counts": fitted["counts"],
        "runs": fitted["runs"],
        "stock": frozenset(pair for pair, n in stock.items() if n >= STOCK_FROM),
        "rarity": rarity,
        "rarest": rarest,
    }


def fit_folds(examples: Sequence[Example], *, by_file: bool = True) -> list[Fold]:
    """Return weights for each fold of replies, fitted on all the others.

    Parameters
    ----------
    examples : sequence of Example
    by_file : bool
        Whether a gold reply is judged by weights without its whole file, which is a whole topic, or
        only without itself and other rows drawn by lot.
    """
    return [
        Fold(
            tuple(one.id for one in examples if one.fold(by_file) == fold),
            _packed([one for one in examples if one.fold(by_file) != fold]),
        )
        for fold in range(FOLDS)
    ]


def fit_plain(examples: Sequence[Example]) -> dict[str, Any]:
    """Return the weights of the plain register, rounded and ready for JSON."""
    packed = _packed(examples)
    return {
        **packed,
        "intercept": round(packed["intercept"], 4),
        "counts": {k: round(v, 4) for k, v in packed["counts"].items()},
        "runs": {k: round(v, 3) for k, v in packed["runs"].items() if abs(v) >= LEAST_WEIGHT},
        "stock": sorted(" ".join(pair) for pair in packed["stock"]),
    }
