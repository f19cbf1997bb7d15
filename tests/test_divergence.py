"""KL divergence and perplexity against SciPy and torch."""

import math

import numpy as np
import pytest
from scipy.special import log_softmax as scipy_log_softmax
from scipy.stats import entropy

from josi_utils.divergence import compare_logits, kl_divergence, log_softmax, prefix_agreement

RNG = np.random.default_rng(3)


def logits(rows=20, words=500, scale=4.0):
    return RNG.normal(0, scale, (rows, words)).astype(np.float32)


def test_log_softmax_is_scipys_also_for_large_logits():
    x = logits(scale=200.0)
    assert np.allclose(log_softmax(x), scipy_log_softmax(x.astype(np.float64), axis=-1), atol=1e-4)


def test_kl_divergence_is_scipys_relative_entropy():
    p, q = logits(), logits()
    expected = entropy(
        np.exp(scipy_log_softmax(p.astype(np.float64), -1)),
        np.exp(scipy_log_softmax(q.astype(np.float64), -1)),
        axis=-1,
    )
    assert np.allclose(kl_divergence(p, q), expected, rtol=1e-4)


def test_kl_divergence_of_a_model_with_itself_or_shifted_is_zero():
    p = logits()
    assert kl_divergence(p, p).max() == 0
    assert kl_divergence(p, p + 5).max() < 1e-6
    assert kl_divergence(p, p + np.linspace(0, 3, 500, dtype=np.float32)).min() > 0.01


def test_perplexity_is_torchs_cross_entropy_over_all_tokens():
    import torch

    p, q = [logits(5), logits(9)], [logits(5), logits(9)]
    labels = [RNG.integers(0, 500, 5).tolist(), RNG.integers(0, 500, 9).tolist()]
    report = compare_logits(p, q, labels)
    for side, key in ((p, "perplexity_reference"), (q, "perplexity")):
        cost = torch.nn.functional.cross_entropy(
            torch.tensor(np.concatenate(side)), torch.tensor(np.concatenate(labels))
        )
        assert report[key] == pytest.approx(math.exp(cost), rel=1e-5)
    assert report["tokens"] == 14
    assert report["same_top1"] == pytest.approx(
        np.mean(np.concatenate(p).argmax(-1) == np.concatenate(q).argmax(-1))
    )
    assert report["kl_mean"] <= report["kl_p99"] <= report["kl_max"]


def test_prefix_agreement_counts_up_to_the_first_difference():
    report = prefix_agreement([[1, 2, 3, 4], [5, 6]], [[1, 2, 9, 4], [5, 6]])
    assert report == {"share": 0.75, "identical": 0.5}
    assert prefix_agreement([[1, 2]], [[1]]) == {"share": 0.5, "identical": 0.0}
