"""Readiness: each test against its published formula, scipy, and the error it promises."""

from math import exp, inf, isnan, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from enforcement.readiness import (
    counted_false,
    dispersion,
    e_value,
    is_evidence_enough,
    naive_rate,
    rate_upper_bound,
    weekly_counts,
)

COUNTS, WEEKS, THRESHOLDS = st.integers(0, 60), st.floats(0.0, 500.0), st.floats(0.01, 5.0)


@given(COUNTS, WEEKS, THRESHOLDS)
def test_the_e_process_is_ready_where_the_weeks_are_enough(false: int, weeks: float, threshold: float) -> None:
    """The published rule solved for time: theta T >= 2 ln 20 + 2 k ln 2, which is 5.99 + 1.386 k."""
    needed = 2.0 * log(20.0) + 2.0 * log(2.0) * false
    if abs(threshold * weeks - needed) > 1e-6:
        ready = threshold * weeks >= needed
        assert (e_value(false, weeks, threshold) >= 20.0) == ready
        assert is_evidence_enough("eprocess", false, weeks, threshold=threshold) == ready


@given(st.integers(0, 30), st.floats(0.01, 40.0), st.floats(0.1, 4.0))
def test_the_e_value_is_the_ratio_of_two_poisson_likelihoods(false: int, weeks: float, threshold: float) -> None:
    """That a rate of half the threshold, against the threshold, gives this count over these weeks."""
    half = stats.poisson.logpmf(false, 0.5 * threshold * weeks)
    whole = stats.poisson.logpmf(false, threshold * weeks)
    assert e_value(false, weeks, threshold) == pytest.approx(exp(half - whole), rel=1e-9)


@pytest.mark.parametrize(("false", "weeks"), [(0, 6.0), (1, 7.4), (2, 8.8), (3, 10.2), (5, 12.9), (8, 17.1)])
def test_the_weeks_of_the_specification(false: int, weeks: float) -> None:
    assert is_evidence_enough("eprocess", false, weeks + 0.05, threshold=1.0)
    assert not is_evidence_enough("eprocess", false, weeks - 0.1, threshold=1.0)


def test_ten_limits_together_need_ten_times_the_evidence() -> None:
    assert not is_evidence_enough("eprocess", 0, 10.59, threshold=1.0, family=10)
    assert is_evidence_enough("eprocess", 0, 10.6, threshold=1.0, family=10)


@given(st.integers(0, 60), st.floats(0.01, 500.0))
def test_the_upper_bound_is_that_of_scipy_and_leaves_five_percent_beyond_it(false: int, weeks: float) -> None:
    bound = rate_upper_bound(false, weeks)
    assert bound == pytest.approx(stats.chi2.ppf(0.95, 2 * false + 2) / (2 * weeks), rel=1e-9)
    assert stats.poisson.cdf(false, bound * weeks) == pytest.approx(0.05, rel=1e-6)


def test_one_week_without_an_episode_bounds_the_rate_at_three_a_week_and_not_at_zero() -> None:
    assert round(rate_upper_bound(0, 1.0), 1) == 3.0
    assert naive_rate(0, 1.0) == 0.0


def test_no_live_time_is_no_evidence_by_any_method() -> None:
    assert e_value(0, 0.0, 1.0) == 1.0
    assert rate_upper_bound(0, 0.0) == inf
    assert isnan(naive_rate(0, 0.0))
    for method in ("eprocess", "poisson_ucb", "naive"):
        assert not is_evidence_enough(method, 0, 0.0, threshold=1.0)


def test_the_methods_differ_as_the_specification_says() -> None:
    """Two episodes in three weeks: the naive rate is under one a week, and nothing is shown."""
    ready = {
        method: is_evidence_enough(method, 2, 3.0, threshold=1.0) for method in ("naive", "poisson_ucb", "eprocess")
    }
    assert ready == {"naive": True, "poisson_ucb": False, "eprocess": False}
    assert is_evidence_enough("poisson_ucb", 2, 6.3, threshold=1.0)
    assert not is_evidence_enough("poisson_ucb", 2, 6.29, threshold=1.0)


def test_beyond_doubles_the_e_value_is_infinite_or_zero_and_never_an_error() -> None:
    assert e_value(0, 5_000.0, 1.0) == inf
    assert e_value(5_000, 1.0, 1.0) == 0.0
    assert is_evidence_enough("eprocess", 0, 5_000.0, threshold=1.0, family=1_000_000)


@given(st.lists(st.floats(0.0, 29.9), max_size=40))
def test_weeks_and_their_dispersion_are_those_of_numpy(began: list[float]) -> None:
    counts = np.histogram(began, bins=np.arange(31.0))[0]
    assert weekly_counts(began, 30.0) == counts.tolist()
    if began:
        assert dispersion(counts.tolist()) == pytest.approx(float(counts.var(ddof=1) / counts.mean()))


def test_under_eight_weeks_or_without_episodes_nothing_is_said_of_dispersion() -> None:
    assert dispersion([3, 0, 0, 0, 0, 0, 0]) == 1.0
    assert dispersion([0] * 20) == 1.0


def test_episodes_in_heaps_count_for_more_where_that_is_asked_for() -> None:
    heap = [4.5] * 4
    weekly = [0, 0, 0, 0, 4, 0, 0, 0, 0, 0]
    ratio = float(np.var(weekly, ddof=1) / np.mean(weekly))
    assert counted_false(heap, 10.0, overdispersion=True) == pytest.approx(4 * ratio)
    assert counted_false(heap, 10.0, overdispersion=False) == 4.0
    spread = [0.5, 3.5, 5.5, 8.5]
    assert counted_false(spread, 10.0, overdispersion=True) == 4.0


def test_the_naive_rate_and_the_weekly_bound_promote_what_the_e_process_does_not() -> None:
    """20,000 limits at exactly one false episode a week, looked at weekly for a year (models.md 22.5)."""
    draws = np.random.Generator(np.random.Philox(5)).poisson(1.0, (20_000, 52)).cumsum(axis=1)
    weeks = np.arange(1.0, 53.0)
    seen = range(int(draws.max()) + 1)
    passed = {}
    for method in ("naive", "poisson_ucb", "eprocess"):
        ready = np.array([[is_evidence_enough(method, k, t, threshold=1.0) for t in weeks] for k in seen])
        passed[method] = float(ready[draws, np.arange(52)].any(axis=1).mean())
    assert passed["naive"] == pytest.approx(0.89, abs=0.02)
    assert passed["poisson_ucb"] == pytest.approx(0.21, abs=0.02)  # 0.19 from the fourth week on
    assert passed["eprocess"] < 0.05
