"""Agreement: Krippendorff's alpha between raters; Spearman, error and confusion of a scorer with
them; and what a rate by such a scorer says of the true one."""

from __future__ import annotations

from collections.abc import Sequence

from josi_utils.errors import JosiError


def krippendorff_alpha(ratings: Sequence[Sequence[float | None]], level: str = "nominal") -> float:
    """Return Krippendorff's alpha between raters.

    Parameters
    ----------
    ratings : items × raters
        None where a rater gave nothing.
    level : {"nominal", "ordinal"}
        How far apart two values are: different or not, or by the ranks between them.

    Returns
    -------
    float
        1 is perfect, 0 is chance; NaN if there is nothing to pair. One value throughout counts as
        perfect agreement.

    Notes
    -----
    K. Krippendorff, *Computing Krippendorff's Alpha-Reliability*, 2011.
    """
    import numpy as np

    if level not in ("nominal", "ordinal"):
        raise JosiError(f"level {level!r}: use nominal or ordinal")
    units = [[float(v) for v in row if v is not None] for row in ratings]
    units = [u for u in units if len(u) > 1]
    values = sorted({v for u in units for v in u})
    if not units:
        return float("nan")
    if len(values) == 1:
        return 1.0
    index = {v: i for i, v in enumerate(values)}
    coincidence = np.zeros((len(values), len(values)))
    for unit in units:
        for i, a in enumerate(unit):
            for j, b in enumerate(unit):
                if i != j:
                    coincidence[index[a], index[b]] += 1 / (len(unit) - 1)
    totals = coincidence.sum(axis=1)
    distance = np.zeros_like(coincidence)
    for i in range(len(values)):
        for j in range(i + 1, len(values)):
            ranks = totals[i : j + 1].sum() - (totals[i] + totals[j]) / 2
            distance[i, j] = distance[j, i] = 1.0 if level == "nominal" else ranks**2
    observed = (coincidence * distance).sum()
    expected = (np.outer(totals, totals) * distance).sum() / (totals.sum() - 1)
    return float(1 - observed / expected)


def scale_agreement(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """Return Spearman's rank correlation and the mean absolute error."""
    from scipy.stats import spearmanr

    rank = spearmanr(ours, theirs).statistic
    error = sum(abs(a - b) for a, b in zip(ours, theirs, strict=True)) / len(ours)
    return {"n": len(ours), "spearman": float(rank), "mae": error}


def flag_agreement(ours: Sequence[bool], theirs: Sequence[bool]) -> dict[str, float]:
    """Return the confusion, balanced accuracy, precision, recall, and the share let through.

    ``let_through`` is the share of the raters' noes that the scorer says yes to. A measure with
    nothing to count is NaN; balanced accuracy is then the rate that is left.
    """
    pairs = list(zip(ours, theirs, strict=True))
    both = sum(a and b for a, b in pairs)
    neither = sum(not a and not b for a, b in pairs)
    extra = sum(a and not b for a, b in pairs)
    missed = sum(not a and b for a, b in pairs)

    def share(part: int, whole: int) -> float:
        return part / whole if whole else float("nan")

    recall, specificity = share(both, both + missed), share(neither, neither + extra)
    known = [rate for rate in (recall, specificity) if rate == rate]
    return {
        "n": len(pairs),
        "true_positive": both,
        "false_positive": extra,
        "false_negative": missed,
        "true_negative": neither,
        "balanced_accuracy": sum(known) / len(known) if known else float("nan"),
        "precision": share(both, both + extra),
        "recall": recall,
        "let_through": share(extra, extra + neither),
    }


def corrected_rate(rate: float, recall: float, let_through: float) -> float:
    """Return the true share of good replies behind the share that a scorer passes.

    Parameters
    ----------
    rate : float
        Share that the scorer passes.
    recall, let_through : float
        Shares of the good and of the bad that it passes, as :func:`flag_agreement` gives them.

    Returns
    -------
    float
        Between 0 and 1; NaN for a scorer that tells good from bad no better than chance.

    Notes
    -----
    W. J. Rogan and B. Gladen, *Estimating prevalence from the results of a screening test*, 1978.
    It holds as far as the replies are like those that the scorer was measured on.
    """
    if not recall > let_through:
        return float("nan")
    return min(1.0, max(0.0, (rate - let_through) / (recall - let_through)))
