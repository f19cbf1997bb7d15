"""Wilson, bootstrap, McNemar, Holm: how sure a number is, and nothing else.

The unit is the prompt everywhere. Replies to the same prompt under several seeds are repeats: they
make that prompt's own figure steadier, and never count as further prompts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

#: Draws of a bootstrap: the noise on a 95 % bound is then about 1 % of the interval's width.
RESAMPLES = 4000


def wilson(successes: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval for a rate.

    Parameters
    ----------
    successes : float
        Number of prompts that succeed. With several seeds a prompt, the sum of each prompt's share:
        a share varies less than a yes or no of the same mean, so the interval is then too wide
        rather than too narrow.
    n : int
        Number of prompts.
    confidence : float
        Two-sided level.

    Returns
    -------
    (low, high) : tuple of float
        Shares in 0 to 1. ``(0, 1)`` for no prompts: nothing is known.

    Raises
    ------
    ValueError
        If ``successes`` is outside 0 to ``n``.

    References
    ----------
    Wilson (1927), JASA 22, 209-212.
    """
    from scipy.special import ndtri

    if n < 0 or not 0 <= successes <= n + 1e-9:
        raise ValueError(f"{successes} successes of {n}")
    if n == 0:
        return 0.0, 1.0
    z = float(ndtri(0.5 + confidence / 2))
    rate = min(successes / n, 1.0)
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    low = 0.0 if rate == 0 else max(0.0, centre - half)
    high = 1.0 if rate == 1 else min(1.0, centre + half)
    return low, high


def bootstrap_mean(
    groups: Sequence[Sequence[float]],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Return the mean of the prompts' means and its percentile bootstrap interval.

    Parameters
    ----------
    groups : sequence of sequences of float
        One inner sequence a prompt: the score of each seed. Whole prompts are drawn again, which
        is what "clustered" means; every prompt weighs the same, however many seeds it has.
    confidence : float
        Two-sided level.
    resamples : int
        Number of draws.
    seed : int
        Of the generator: the same input gives the same interval.

    Returns
    -------
    (mean, low, high) : tuple of float
        In the unit of the scores. ``nan`` three times for no prompts; for one prompt the bounds are
        ``nan``, since one prompt says nothing of how prompts differ.

    References
    ----------
    Davison and Hinkley (1997), "Bootstrap Methods and their Application", 3.8 (clusters).
    """
    means = np.array([np.mean(group) for group in groups if len(group)], dtype=float)
    if means.size == 0:
        return math.nan, math.nan, math.nan
    if means.size == 1:
        return float(means[0]), math.nan, math.nan
    draws = _resampled_means(means, resamples, seed)
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(means.mean()), float(low), float(high)


def mcnemar_exact(only_a: int, only_b: int) -> float:
    """Return the two-sided p-value of McNemar's exact test.

    Parameters
    ----------
    only_a, only_b : int
        Prompts that only A, and only B, passes; those on which they agree say nothing.

    Returns
    -------
    float
        1.0 if they never differ.

    References
    ----------
    McNemar (1947); the exact form is a sign test on the discordant pairs.
    """
    from scipy.stats import binomtest

    if only_a + only_b == 0:
        return 1.0
    return float(binomtest(only_a, only_a + only_b, 0.5).pvalue)


def paired_bootstrap(
    a: Sequence[float],
    b: Sequence[float],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float, float, float]:
    """Return the mean of ``a - b`` over prompts, its interval, and a p-value.

    Parameters
    ----------
    a, b : sequences of float, of one length
        Each prompt's own mean under A and under B, in the same order.
    confidence, resamples, seed
        As in :func:`bootstrap_mean`.

    Returns
    -------
    (difference, low, high, p) : tuple of float
        ``p`` is the two-sided share of draws, shifted so that no difference holds, that lie at
        least as far out as what was seen; it is never 0. With fewer than two prompts all but the
        difference are ``nan``.

    References
    ----------
    Efron and Tibshirani (1993), "An Introduction to the Bootstrap", 16.4.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} prompts against {len(b)}")
    differences = np.asarray(a, dtype=float) - np.asarray(b, dtype=float)
    if differences.size < 2:
        value = float(differences[0]) if differences.size else math.nan
        return value, math.nan, math.nan, math.nan
    observed = float(differences.mean())
    draws = _resampled_means(differences, resamples, seed)
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    as_far = int(np.sum(np.abs(draws - observed) >= abs(observed) - 1e-12))
    return observed, float(low), float(high), (as_far + 1) / (resamples + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's step-down adjusted p-values, in the order given.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    m = len(p_values)
    adjusted = [0.0] * m
    running = 0.0
    for rank, index in enumerate(sorted(range(m), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (m - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted


def _resampled_means(values: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Return the mean of each of ``resamples`` draws with replacement, shape (resamples,)."""
    generator = np.random.default_rng(seed)
    index = generator.integers(0, values.size, size=(resamples, values.size))
    return values[index].mean(axis=1)
