"""How far one model's predictions are from another's, at the same positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return float32 log-probabilities over the last axis, in nats."""
    import numpy as np

    shifted = logits.astype(np.float32) - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True, dtype=np.float64)).astype(
        np.float32
    )


def kl_divergence(reference: np.ndarray, candidate: np.ndarray) -> np.ndarray:
    """Return KL(reference ‖ candidate) in nats a position, shape (positions,).

    Both arguments are logits of shape (positions, vocabulary). The definition is that of
    ``llama-perplexity --kl-divergence``: the sum of p·(log p − log q) over the whole vocabulary.
    """
    import numpy as np

    p, q = log_softmax(reference), log_softmax(candidate)
    return np.maximum((np.exp(p) * (p - q)).sum(axis=-1, dtype=np.float64), 0.0)


def compare_logits(
    reference: Sequence[np.ndarray],
    candidate: Sequence[np.ndarray],
    labels: Sequence[Sequence[int]],
) -> dict[str, Any]:
    """Return how a candidate's predictions differ from a reference's.

    Parameters
    ----------
    reference, candidate : sequence of array
        Logits, one array of shape (positions, vocabulary) a conversation.
    labels : sequence of sequence of int
        The token that really follows each position, for perplexity.

    Returns
    -------
    dict
        ``tokens``, ``kl_mean``, ``kl_p99``, ``kl_max`` (nats), ``same_top1`` (share of positions),
        ``max_logit_difference``, ``perplexity_reference``, ``perplexity`` and
        ``perplexity_ratio`` (candidate over reference).
    """
    import numpy as np

    kl, same, worst, cost_reference, cost = [], [], 0.0, [], []
    for p, q, y in zip(reference, candidate, labels, strict=True):
        rows, wanted = np.arange(len(y)), np.asarray(y)
        kl.append(kl_divergence(p, q))
        same.append(p.argmax(-1) == q.argmax(-1))
        worst = max(worst, float(np.abs(p.astype(np.float32) - q).max()))
        cost_reference.append(-log_softmax(p)[rows, wanted])
        cost.append(-log_softmax(q)[rows, wanted])
    divergence = np.concatenate(kl)
    perplexities = [
        float(np.exp(np.concatenate(c).mean(dtype=np.float64))) for c in (cost_reference, cost)
    ]
    return {
        "tokens": len(divergence),
        "kl_mean": float(divergence.mean()),
        "kl_p99": float(np.quantile(divergence, 0.99)),
        "kl_max": float(divergence.max()),
        "same_top1": float(np.concatenate(same).mean()),
        "max_logit_difference": worst,
        "perplexity_reference": perplexities[0],
        "perplexity": perplexities[1],
        "perplexity_ratio": perplexities[1] / perplexities[0],
    }


def prefix_agreement(
    expected: Sequence[Sequence[int]], found: Sequence[Sequence[int]]
) -> dict[str, float]:
    """Return how far greedy continuations run together.

    ``share`` is the mean share of the expected tokens before the first difference, ``identical``
    the share of continuations that are the same to the end.
    """
    shares, identical = [], 0
    for a, b in zip(expected, found, strict=True):
        common = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
        common = min(len(a), len(b)) if common is None else common
        shares.append(common / max(1, len(a)))
        identical += list(a) == list(b)
    return {"share": sum(shares) / len(shares), "identical": identical / len(shares)}
