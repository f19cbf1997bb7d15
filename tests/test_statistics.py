"""The intervals and tests against SciPy, closed forms and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from josi_utils.statistics import bootstrap_mean, holm, mcnemar_exact, paired_bootstrap, wilson


@pytest.mark.parametrize(("k", "n"), [(0, 37), (1, 37), (37, 37), (308, 385), (5, 9), (1, 1)])
def test_wilson_agrees_with_scipy(k, n):
    oracle = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson(k, n) == pytest.approx((oracle.low, oracle.high), abs=1e-9)


def test_wilson_knows_nothing_of_no_prompts_and_refuses_nonsense():
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError):
        wilson(5, 4)
    with pytest.raises(ValueError):
        wilson(-1, 4)


@given(st.integers(1, 500), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_wilson_holds_the_rate_and_stays_in_range(n, rate):
    low, high = wilson(rate * n, n)
    assert 0 <= low <= rate + 1e-9 and rate - 1e-9 <= high <= 1


def test_bootstrap_mean_agrees_with_scipy():
    values = np.random.default_rng(1).normal(3.6, 0.8, 120)
    mean, low, high = bootstrap_mean([[v] for v in values])
    oracle = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(9)
    ).confidence_interval
    assert mean == pytest.approx(values.mean())
    assert (low, high) == pytest.approx((oracle.low, oracle.high), abs=0.02)


def test_repeats_of_a_prompt_do_not_narrow_the_interval():
    prompts = [[1.0], [3.0], [4.0], [5.0], [2.0]]
    assert bootstrap_mean(prompts) == bootstrap_mean([p * 10 for p in prompts])


def test_every_prompt_weighs_the_same_however_many_seeds_it_has():
    mean, _, _ = bootstrap_mean([[5.0] * 99, [1.0]])
    assert mean == 3.0


def test_one_prompt_or_none_gives_no_interval():
    assert all(math.isnan(x) for x in bootstrap_mean([]))
    mean, low, high = bootstrap_mean([[4.0, 5.0]])
    assert mean == 4.5 and math.isnan(low) and math.isnan(high)


def test_the_95_percent_interval_covers_the_truth_about_95_times_in_100():
    generator = np.random.default_rng(3)
    covered = 0
    for trial in range(300):
        values = generator.choice([1, 2, 3, 4, 5], p=[0.1, 0.1, 0.2, 0.4, 0.2], size=80)
        _, low, high = bootstrap_mean([[v] for v in values], resamples=600, seed=trial)
        covered += low <= 3.5 <= high
    assert 0.90 <= covered / 300 <= 0.985


@pytest.mark.parametrize(("a", "b"), [(0, 0), (1, 0), (6, 0), (10, 3), (25, 25)])
def test_mcnemar_agrees_with_the_closed_form(a, b):
    n = a + b
    tail = sum(math.comb(n, i) for i in range(min(a, b) + 1)) / 2**n
    assert mcnemar_exact(a, b) == pytest.approx(min(1.0, 2 * tail))


def test_paired_bootstrap_agrees_with_the_t_test_on_many_prompts():
    generator = np.random.default_rng(5)
    a = generator.normal(3.7, 0.6, 200)
    b = a - generator.normal(0.08, 0.6, 200)
    difference, low, high, p = paired_bootstrap(a, b)
    oracle = stats.ttest_rel(a, b)
    bounds = oracle.confidence_interval(0.95)
    assert difference == pytest.approx((a - b).mean())
    assert (low, high) == pytest.approx((bounds.low, bounds.high), abs=0.02)
    assert p == pytest.approx(oracle.pvalue, abs=0.03)


def test_paired_bootstrap_is_antisymmetric_and_sees_no_difference_where_there_is_none():
    a, b = [1.0, 2.0, 5.0, 4.0], [2.0, 2.0, 3.0, 1.0]
    assert paired_bootstrap(a, b)[0] == -paired_bootstrap(b, a)[0]
    assert paired_bootstrap(a, a) == (0.0, 0.0, 0.0, 1.0)
    with pytest.raises(ValueError):
        paired_bootstrap(a, b[:2])


def test_holm_by_hand():
    # Sorted .005 .01 .03 .04 times 4 3 2 1, then never smaller than the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_lies_between_raw_and_bonferroni(p_values):
    for raw, adjusted in zip(p_values, holm(p_values), strict=True):
        assert raw - 1e-12 <= adjusted <= min(1.0, raw * len(p_values)) + 1e-12
