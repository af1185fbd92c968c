"""The kernels of the generalized Pareto likelihood: equal to their Python source and to high-precision formulas."""

import math
from decimal import Decimal, localcontext
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.kernels import pot
from risk.measures import Vector
from tests.reference import slow_log_likelihood

EXCESS = np.sort(np.random.default_rng(2).standard_exponential(60) ** 1.3)[::-1].copy()
EXCESS /= EXCESS.mean()
LOWEST = -1.0 / float(EXCESS[0])
THETAS = [LOWEST * 0.999, LOWEST * 0.51, LOWEST * 0.1, -1e-5, -1e-12, 0.0, 1e-14, 1e-7, 1e-3, 0.05, 0.2, 3.0, 1e4]


@given(st.floats(-0.999, 5.0))
def test_log_defect_equals_forty_digits(a: float) -> None:
    with localcontext() as context:
        context.prec = 40
        exact = 0.5
        if abs(a) > 1e-15:
            exact = float((Decimal(a) - (1 + Decimal(a)).ln()) / Decimal(a) ** 2)
    assert pot.log_defect(a) == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize("theta", THETAS)
def test_compiled_profile_equals_its_python_source(theta: float) -> None:
    assert pot.profile(theta, EXCESS) == pytest.approx(pot.profile.py_func(theta, EXCESS), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("theta", THETAS)
def test_profile_is_the_log_likelihood_of_its_law(theta: float) -> None:
    xi, beta, _, top = pot.profile(theta, EXCESS)
    assert xi == pytest.approx(float(np.mean(np.log1p(theta * EXCESS))), rel=1e-12, abs=1e-17)
    assert beta * theta == pytest.approx(xi, rel=1e-12)
    assert EXCESS.size * top == pytest.approx(slow_log_likelihood(xi, beta, EXCESS), rel=1e-6)


@pytest.mark.parametrize("theta", THETAS[1:])
def test_profile_slope_is_the_derivative(theta: float) -> None:
    width = 1e-4 * max(abs(theta), 1e-2)
    ends = [pot.profile(theta + side, EXCESS)[3] for side in (width, -width)]
    assert pot.profile_slope(theta, EXCESS) == pytest.approx((ends[0] - ends[1]) / (2 * width), rel=2e-5, abs=1e-8)


def test_profile_slope_is_smooth_through_zero() -> None:
    """The textbook quotient is 0/0 there and loses every digit beside it."""
    at_zero = float(np.mean(EXCESS**2) / 2 - np.mean(EXCESS) ** 2)
    for theta in (-1e-9, -1e-13, 0.0, 1e-13, 1e-9):
        assert pot.profile_slope(theta, EXCESS) == pytest.approx(at_zero, rel=1e-6)


def test_profile_shape_increases_strictly() -> None:
    shapes = [pot.profile_shape(theta, EXCESS, 0.0) for theta in THETAS]
    assert all(low < high for low, high in pairwise(shapes))
    assert pot.profile_shape(0.2, EXCESS, 0.1) == shapes[THETAS.index(0.2)] - 0.1


def test_slopes_are_filled_in_place() -> None:
    slopes = np.full(len(THETAS), np.nan)
    pot.fill_slopes(np.array(THETAS), EXCESS, slopes)
    assert slopes.tolist() == [pot.profile_slope(theta, EXCESS) for theta in THETAS]


@pytest.mark.parametrize("xi", [-0.3, -1e-10, 0.0, 1e-10, 0.25, 1.5])
@pytest.mark.parametrize("gain", [6.0, 30.0])
def test_quantile_log_likelihood_is_that_of_the_law_with_that_quantile(xi: float, gain: float) -> None:
    log_ratio = math.log(100.0)
    beta = gain / log_ratio if xi == 0.0 else gain * xi / math.expm1(xi * log_ratio)
    value = pot.quantile_log_likelihood(xi, gain, log_ratio, EXCESS)
    expected = slow_log_likelihood(xi, beta, EXCESS) / EXCESS.size
    assert value == (pytest.approx(expected, rel=1e-6) if math.isfinite(expected) else -math.inf)
    assert value == pytest.approx(pot.quantile_log_likelihood.py_func(xi, gain, log_ratio, EXCESS), rel=1e-12)


def test_a_law_that_ends_before_the_largest_excess_has_no_likelihood() -> None:
    assert pot.quantile_log_likelihood(-0.49, 1.0, math.log(100.0), EXCESS) == -math.inf


@pytest.mark.parametrize("gain", [3.0, 8.0, 40.0, 400.0])
def test_restricted_maximum_is_not_under_any_shape_on_a_fine_grid(gain: float) -> None:
    log_ratio = math.log(100.0)
    grid = np.linspace(-0.5, 2.0, 2001).tolist()
    finest = max(pot.quantile_log_likelihood(xi, gain, log_ratio, EXCESS) for xi in grid)
    top = pot.restricted_log_likelihood(gain, log_ratio, EXCESS)
    assert top >= finest - 1e-10
    assert top == pytest.approx(finest, abs=1e-5)
    assert top == pytest.approx(pot.restricted_log_likelihood.py_func(gain, log_ratio, EXCESS), rel=1e-11)


@given(st.floats(0.5, 1.5))
def test_the_profile_of_a_multiple_is_the_profile_moved(factor: float) -> None:
    scaled: Vector = EXCESS * factor
    xi, beta, slope, top = pot.profile(0.3 / factor, scaled)
    base = pot.profile(0.3, EXCESS)
    assert (xi, beta, slope) == pytest.approx((base[0], base[1] * factor, base[2] * factor), rel=1e-10)
    assert top == pytest.approx(base[3] - math.log(factor), rel=1e-10)
