"""Sums in fixed lanes against exact ones, for every length of the last strip, and the same bytes as in plain Python."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import risk.kernels.sums as kernels
from risk.arrays import LANES, STRIP, SUMS_SCRATCH, Floats
from risk.kernels.sums import book_sums, count_held, distance, flagged_sums, scaled_product, sum_of_squares

COUNTS = st.integers(0, 3 * STRIP + 1)


def book(seed: int, count: int) -> tuple[Floats, Floats]:
    """Return exposures, of which a third are zero, and sigma times exposure; what lies behind `count` is not theirs."""
    draw = np.random.Generator(np.random.Philox(seed))
    x, y = draw.normal(0.0, 1e6, count + 3), draw.normal(0.0, 1e2, count + 3)
    x[draw.random(count + 3) < 1 / 3] = 0.0
    return x, y


def scratch() -> Floats:
    """Return scratch with something of an earlier book in it."""
    return np.full(SUMS_SCRATCH, np.nan)


@settings(max_examples=60)
@given(st.integers(0, 1000), COUNTS)
def test_sums_are_those_of_exact_addition(seed: int, count: int) -> None:
    x, y = book(seed, count)
    sizes, products = np.abs(x[:count]), x[:count] * y[:count]
    gross, net, variance, cross, cross_squares, largest = book_sums(x, y, count, scratch())
    scale = math.fsum(sizes) + math.fsum(np.abs(products))
    assert gross == pytest.approx(math.fsum(sizes), rel=1e-14)
    assert net == pytest.approx(math.fsum(x[:count]), rel=1e-12, abs=1e-15 * scale)
    assert variance == pytest.approx(math.fsum(products), rel=1e-12, abs=1e-15 * scale)
    assert cross == pytest.approx(math.fsum(np.abs(products)), rel=1e-14)
    assert cross_squares == pytest.approx(math.fsum(products**2), rel=1e-14)
    assert largest == (sizes.max() if count else 0.0)
    assert count_held(x, count) == np.count_nonzero(x[:count])
    assert scaled_product(x, x, y, count, scratch()) == pytest.approx(
        math.fsum(x[:count] * products), rel=1e-12, abs=1e-15 * math.fsum(np.abs(x[:count] * products))
    )
    assert sum_of_squares(x, count, scratch()) == pytest.approx(math.fsum(x[:count] ** 2), rel=1e-14)


@settings(max_examples=30)
@given(st.integers(0, 1000), COUNTS)
def test_kernels_equal_their_python_twins_bit_by_bit(seed: int, count: int) -> None:
    x, y = book(seed, count)
    flags = tuple((np.abs(y) > limit).astype(np.float64) for limit in (20.0, 50.0, 90.0))
    one, other = scratch(), scratch()
    assert book_sums(x, y, count, one) == book_sums.py_func(x, y, count, other)
    assert one.tobytes() == other.tobytes()
    assert count_held(x, count) == count_held.py_func(x, count)
    assert scaled_product(x, x, y, count, one) == scaled_product.py_func(x, x, y, count, other)
    assert sum_of_squares(x, count, one) == sum_of_squares.py_func(x, count, other)
    assert one.tobytes() == other.tobytes()
    assert distance(x, y, count) == distance.py_func(x, y, count)
    assert flagged_sums(x, *flags, count) == flagged_sums.py_func(x, *flags, count)


def test_a_strip_equals_its_python_twin_bit_by_bit() -> None:
    x, y = book(1, STRIP)
    one, other = np.zeros(6 * LANES), np.zeros(6 * LANES)
    kernels._add_strip(x, y, one, LANES)
    kernels._add_strip.py_func(x, y, other, LANES)
    assert one.tobytes() == other.tobytes()


def test_flagged_sums_are_the_gross_of_what_is_flagged() -> None:
    x = np.array([100.0, -50.0, 25.0])
    untrusted, suspect, proxied = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert flagged_sums(x, untrusted, suspect, proxied, 3) == (150.0, 50.0, 25.0)
    assert flagged_sums(x, untrusted, suspect, proxied, 1) == (100.0, 0.0, 0.0)


def test_a_number_that_is_missing_is_not_lost_in_a_sum() -> None:
    x, y = book(2, 2 * STRIP)
    x[STRIP + 5] = np.nan
    gross, _, variance, *_ = book_sums(x, y, 2 * STRIP, scratch())
    assert np.isnan(gross)
    assert np.isnan(variance)


@settings(max_examples=20)
@given(st.integers(0, 100), COUNTS)
def test_scaling_a_book_by_a_power_of_two_scales_its_sums(seed: int, count: int) -> None:
    x, y = book(seed, count)
    gross, net, variance, cross, cross_squares, largest = book_sums(x, y, count, scratch())
    scaled = book_sums(4.0 * x, y, count, scratch())
    assert scaled == (4.0 * gross, 4.0 * net, 4.0 * variance, 4.0 * cross, 16.0 * cross_squares, 4.0 * largest)


@given(st.integers(0, 100), st.integers(1, 40))
def test_a_distance_is_none_from_itself_and_the_same_both_ways(seed: int, count: int) -> None:
    x, y = book(seed, count)
    assert distance(x, x, count) == 0.0
    assert distance(x, y, count) == distance(y, x, count)
