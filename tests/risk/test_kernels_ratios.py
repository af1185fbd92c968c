"""K and the volatility ratio against their definitions in numpy, their statuses, and the books that have none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.arrays import Arrays
from risk.kernels.book import join_book, move_exposure, rebuild
from risk.kernels.measure import measure
from risk.kernels.ratios import correlation_ratio, volatility_ratio
from risk.measures import METRICS, Status
from tests.risk.random_arrays import NAMES, assert_twin, metric, random_arrays, status

RATIOS = ("k_ratio", "vol_ratio")


def only(arrays: Arrays, names: int) -> Arrays:
    """Return the arrays with the first names alone in scope 1, measured."""
    arrays.quantity[1] = 0.0
    arrays.quantity[1, :names] = 10.0
    for i in range(NAMES):
        move_exposure(arrays, 1, i)
    measure(arrays, 1)
    return arrays


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(0, 3))
def test_ratios_are_what_their_definitions_say(seed: int, p: int) -> None:
    arrays = random_arrays(seed)
    measure(arrays, p)
    x, fast, slow = arrays.exposure[p, :NAMES], arrays.sigma[:NAMES, :NAMES], arrays.slow_sigma[:NAMES, :NAMES]
    deviation, usual = np.sqrt(fast.diagonal()), np.sqrt(slow.diagonal())
    scaled = x * deviation
    above = scaled @ (fast / np.outer(deviation, deviation)) @ scaled
    below = scaled @ (slow / np.outer(usual, usual)) @ scaled
    assert metric(arrays, p, "k_ratio") == pytest.approx(np.sqrt(above / below), rel=1e-10)
    expected = np.sqrt(x @ fast @ x) / np.sqrt(np.mean(arrays.loss[p] ** 2))
    assert metric(arrays, p, "vol_ratio") == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", RATIOS)
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (0, Status.INSUFFICIENT),
        (59, Status.INSUFFICIENT),
        (60, Status.DEGRADED),
        (249, Status.DEGRADED),
        (250, Status.OK),
    ],
)
def test_a_status_follows_from_the_count_of_rows(rows: int, name: str, expected: Status) -> None:
    arrays = random_arrays(6, rows=rows)
    measure(arrays, 1)
    assert status(arrays, 1, name) is expected
    assert np.isnan(metric(arrays, 1, name)) == (expected is Status.INSUFFICIENT)


def test_an_empty_book_reads_zero_and_is_ok_and_size_changes_no_ratio() -> None:
    arrays = random_arrays(8)
    before = [metric(arrays, 1, name) for name in RATIOS]
    arrays.quantity[1] *= 4.0
    for i in range(NAMES):
        move_exposure(arrays, 1, i)
    measure(arrays, 1)
    assert [metric(arrays, 1, name) for name in RATIOS] == pytest.approx(before, rel=1e-9)
    only(arrays, 0)
    assert {(metric(arrays, 1, name), status(arrays, 1, name)) for name in RATIOS} == {(0.0, Status.OK)}


def test_one_name_has_no_correlation_to_break() -> None:
    arrays = only(random_arrays(3), 1)
    assert metric(arrays, 1, "k_ratio") == 1.0
    assert metric(only(arrays, 2), 1, "k_ratio") != 1.0


def test_equal_twins_are_calm() -> None:
    arrays = random_arrays(4)
    arrays.slow_sigma[:] = 9.0 * arrays.sigma
    arrays.align[:NAMES] = 1.0 / 3.0
    rebuild(arrays, 1)
    measure(arrays, 1)
    assert metric(arrays, 1, "k_ratio") == pytest.approx(1.0, rel=1e-12)


def test_a_hedge_that_came_apart_has_a_large_ratio() -> None:
    """Two names that always moved together, held one against the other: K sees correlation fall, not rise."""
    arrays = random_arrays(5)
    for matrix, correlation in ((arrays.sigma, 0.5), (arrays.slow_sigma, 0.95)):
        matrix[0, 0] = matrix[1, 1] = 1e-4
        matrix[0, 1] = matrix[1, 0] = correlation * 1e-4
    arrays.align[:2], arrays.unit[:2] = 1.0, 100.0
    arrays.quantity[1] = 0.0
    arrays.quantity[1, :2] = 10.0, -10.0
    rebuild(arrays, 1)
    measure(arrays, 1)
    assert metric(arrays, 1, "k_ratio") == pytest.approx(np.sqrt(0.5 / 0.05), rel=1e-9)


def test_a_book_without_a_denominator_has_no_ratio_and_none_that_is_zero() -> None:
    for rows in (60, 250):
        values, statuses = np.zeros(len(METRICS)), np.zeros(len(METRICS), dtype=np.int64)
        correlation_ratio(1.0, 0.0, 2, rows, 0, False, values, statuses)
        volatility_ratio(1.0, 0.0, rows, 0, False, values, statuses)
        for name in RATIOS:
            assert np.isnan(values[METRICS.index(name)])
            assert statuses[METRICS.index(name)] == Status.INSUFFICIENT


def test_a_book_that_does_not_hold_a_name_gets_its_products_with_it() -> None:
    arrays = random_arrays(7)
    idle = int(np.flatnonzero(arrays.quantity[1, :NAMES] == 0.0)[0])
    expected = arrays.sigma_x[1, idle], arrays.slow_x[1, idle]
    arrays.sigma_x[1, idle] = arrays.slow_x[1, idle] = 0.0
    assert_twin(join_book, arrays, 1, idle)
    join_book(arrays, 1, idle)
    assert (arrays.sigma_x[1, idle], arrays.slow_x[1, idle]) == pytest.approx(expected, rel=1e-12)
