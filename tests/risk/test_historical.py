"""Historical VaR and expected shortfall against counting, fractions and published properties."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from risk.historical import (
    LEVELS,
    expected_shortfall,
    historical_status,
    interval,
    interval_ranks,
    rank,
    tail_count_ppm,
    value_at_risk,
)
from risk.measures import Matrix, Status, Vector
from tests.reference import (
    slow_expected_shortfall,
    slow_interval_ranks,
    slow_minimised_shortfall,
    slow_value_at_risk,
)

P_PPM = st.sampled_from([p_ppm for _, p_ppm in LEVELS]) | st.integers(500_001, 999_999)
AMOUNTS = st.floats(-1e9, 1e9) | st.sampled_from([0.0, 1.0, -1.0])
LOSSES = st.integers(1, 120).flatmap(lambda n: arrays(np.float64, n, elements=AMOUNTS))


@pytest.mark.parametrize(
    ("n", "p_ppm", "expected"),
    [(1000, 990_000, 990), (1000, 900_000, 900), (756, 950_000, 719), (756, 990_000, 749), (756, 999_000, 756)],
)
def test_rank_is_exact_where_doubles_are_not(n: int, p_ppm: int, expected: int) -> None:
    assert rank(n, p_ppm) == expected


@given(st.integers(1, 10**7), P_PPM)
def test_rank_is_the_smallest_that_reaches_the_probability(n: int, p_ppm: int) -> None:
    k = rank(n, p_ppm)
    p = Fraction(p_ppm, 1_000_000)
    assert Fraction(k, n) >= p > Fraction(k - 1, n)


@pytest.mark.parametrize(("n", "p_ppm"), [(0, 950_000), (-1, 950_000), (10, 0), (10, 1_000_000), (10, -5)])
def test_rank_refuses_what_has_no_quantile(n: int, p_ppm: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        rank(n, p_ppm)


def test_an_empty_vector_has_no_numbers() -> None:
    for measure in (value_at_risk, expected_shortfall, interval):
        with pytest.raises(ValueError, match="n must be at least 1, got 0"):
            measure(np.empty(0), 950_000)


@given(LOSSES, P_PPM)
def test_value_at_risk_equals_counting(losses: Vector, p_ppm: int) -> None:
    assert value_at_risk(losses, p_ppm) == slow_value_at_risk(losses, p_ppm)


@given(LOSSES, P_PPM)
def test_shortfall_equals_fractions(losses: Vector, p_ppm: int) -> None:
    exact = slow_expected_shortfall(losses, p_ppm)
    assert expected_shortfall(losses, p_ppm) == pytest.approx(exact, rel=1e-12, abs=1e-14 * np.abs(losses).max())


@given(LOSSES, P_PPM)
def test_shortfall_is_the_minimum_of_rockafellar_and_uryasev(losses: Vector, p_ppm: int) -> None:
    assume(tail_count_ppm(losses.size, p_ppm) >= 1_000_000)
    minimum = slow_minimised_shortfall(losses, p_ppm)
    assert expected_shortfall(losses, p_ppm) == pytest.approx(minimum, rel=1e-11, abs=1e-13 * np.abs(losses).max())


def test_shortfall_splits_the_mass_at_zero_instead_of_averaging_it() -> None:
    """The mean of losses at or above VaR would be 0.25 here."""
    weeks = np.zeros(52)
    weeks[[7, 30]] = 5.0, 8.0
    assert value_at_risk(weeks, 950_000) == 0.0
    assert expected_shortfall(weeks, 950_000) == pytest.approx(5.0, rel=1e-15)


@given(LOSSES, P_PPM)
def test_shortfall_is_never_under_value_at_risk(losses: Vector, p_ppm: int) -> None:
    assert expected_shortfall(losses, p_ppm) >= value_at_risk(losses, p_ppm)


@given(LOSSES, P_PPM)
def test_order_of_losses_changes_no_bit(losses: Vector, p_ppm: int) -> None:
    shuffled = losses[np.random.default_rng(losses.size).permutation(losses.size)]
    assert value_at_risk(shuffled, p_ppm) == value_at_risk(losses, p_ppm)
    assert expected_shortfall(shuffled, p_ppm) == expected_shortfall(losses, p_ppm)


@given(LOSSES, P_PPM, st.floats(-1e6, 1e6), st.floats(0.0, 1e3))
def test_numbers_move_and_scale_with_the_losses(losses: Vector, p_ppm: int, shift: float, factor: float) -> None:
    size = factor * float(np.abs(losses).max()) + abs(shift)
    for measure in (value_at_risk, expected_shortfall):
        moved = measure(losses * factor + shift, p_ppm)
        assert moved == pytest.approx(measure(losses, p_ppm) * factor + shift, rel=1e-12, abs=1e-12 * size)


@given(st.integers(1, 80).flatmap(lambda n: arrays(np.float64, (2, n), elements=AMOUNTS)), P_PPM)
def test_shortfall_of_two_books_together_is_not_above_their_sum(books: Matrix, p_ppm: int) -> None:
    apart = sum(expected_shortfall(book, p_ppm) for book in books)
    assert expected_shortfall(books[0] + books[1], p_ppm) <= apart + 1e-12 * float(np.abs(books).max())


@pytest.mark.parametrize("n", [1, 20, 60, 756])
def test_interval_ranks_equal_the_binomial_in_fractions(n: int) -> None:
    for _, p_ppm in LEVELS:
        assert interval_ranks(n, p_ppm) == slow_interval_ranks(n, p_ppm)


def test_interval_ranks_of_a_full_window_are_the_published_ones() -> None:
    assert interval_ranks(756, 950_000) == (706, 730)
    assert interval_ranks(756, 990_000) == (743, 754)


def test_interval_takes_the_losses_at_its_ranks() -> None:
    losses: Vector = np.random.default_rng(3).permutation(np.arange(1.0, 757.0))
    assert interval(losses, 950_000) == (706.0, 730.0)


def test_interval_is_open_where_no_loss_can_bound_it() -> None:
    assert interval(np.arange(20.0), 950_000)[1] == math.inf
    assert interval(np.array([1.0]), 500_000) == (-math.inf, math.inf)


def test_interval_covers_the_true_quantile_at_least_as_often_as_it_says() -> None:
    random = np.random.default_rng(11)
    quantile = 2.9957322735539909  # 95 % of the exponential law: log 20
    hits = 0
    for _ in range(2000):
        low, high = interval(random.exponential(size=250), 950_000)
        hits += low <= quantile < high
    assert 0.94 <= hits / 2000 <= 0.985


@pytest.mark.parametrize(
    ("n", "p_ppm", "status"),
    [
        (19, 950_000, Status.INSUFFICIENT),
        (20, 950_000, Status.DEGRADED),
        (199, 950_000, Status.DEGRADED),
        (200, 950_000, Status.OK),
        (756, 975_000, Status.OK),
        (99, 990_000, Status.INSUFFICIENT),
        (100, 990_000, Status.DEGRADED),
        (756, 990_000, Status.DEGRADED),
        (756, 999_000, Status.INSUFFICIENT),
        (0, 950_000, Status.INSUFFICIENT),
    ],
)
def test_status_follows_the_expected_count_in_the_tail(n: int, p_ppm: int, status: Status) -> None:
    assert historical_status(n, p_ppm) is status
