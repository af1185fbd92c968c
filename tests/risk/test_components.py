"""Components: they sum to their total, equal derivatives and row-by-row references, and say when they were smoothed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from risk.components import (
    Components,
    book_losses,
    historical_components,
    parametric_components,
    shares,
    shortfall_components,
    stress_components,
)
from risk.historical import expected_shortfall, value_at_risk
from risk.measures import Matrix, Vector
from tests.reference import slow_shortfall_components, slow_window_components

LEVELS_PPM = st.sampled_from([950_000, 975_000, 990_000, 999_000])
AMOUNTS = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 100.0, -100.0])
CONTRIBUTIONS = st.tuples(st.integers(0, 6), st.integers(1, 90)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=AMOUNTS)
)


def check_sum(components: Components, total: float) -> None:
    size = max(math.fsum(np.abs(components.values).tolist()), abs(total))
    assert abs(math.fsum(components.values.tolist()) - total) <= 1e-12 * size
    assert components.total == pytest.approx(total, rel=1e-12, abs=1e-12 * size)


def factor_book(seed: int, m: int = 12, n: int = 756) -> Matrix:
    """Return (m, n) loss contributions of a long/short book with one common factor."""
    random = np.random.default_rng(seed)
    exposure = random.normal(0.3, 1.0, size=m) * 1e6
    returns = 0.01 * random.standard_t(4, size=n) + 0.01 * random.standard_t(5, size=(m, n))
    return -exposure[:, None] * returns


@given(
    st.integers(1, 8).flatmap(lambda m: arrays(np.float64, (m, m + 2), elements=st.floats(-1, 1))),
    st.integers(0, 2**32 - 1),
)
def test_parametric_components_sum_to_value_at_risk(loadings: Matrix, seed: int) -> None:
    exposure = np.random.default_rng(seed).normal(0, 1e6, size=(loadings.shape[0],))
    y = (loadings * 0.01) @ ((loadings * 0.01).T @ exposure)
    components = parametric_components(exposure, y, 2.3263478740408408)
    sigma = math.sqrt(max(math.fsum((exposure * y).tolist()), 0.0))
    check_sum(components, 2.3263478740408408 * sigma)
    assert not components.smoothed


def test_parametric_components_are_exposures_times_derivatives() -> None:
    random = np.random.default_rng(5)
    loadings = random.normal(size=(6, 9)) * 0.01
    covariance = loadings @ loadings.T
    exposure = random.normal(0, 1e6, size=6)
    values = parametric_components(exposure, covariance @ exposure, 1.6448536269514722).values
    for i in range(6):
        up, down = exposure.copy(), exposure.copy()
        up[i], down[i] = exposure[i] + 10.0, exposure[i] - 10.0
        sigma_up, sigma_down = (math.sqrt(x @ covariance @ x) for x in (up, down))
        derivative = 1.6448536269514722 * (sigma_up - sigma_down) / 20.0
        assert values[i] == pytest.approx(exposure[i] * derivative, rel=1e-6)


def test_a_book_without_variance_has_components_of_zero() -> None:
    for exposure, y in (
        (np.zeros(3), np.zeros(3)),
        (np.array([1.0, -1.0]), np.zeros(2)),
        (np.ones(1), np.array([-1e-30])),
        (np.empty(0), np.empty(0)),
    ):
        components = parametric_components(exposure, y, 2.0)
        assert components.values.tolist() == [0.0] * exposure.size
        assert components.total == 0.0


@given(CONTRIBUTIONS, LEVELS_PPM)
def test_shortfall_components_sum_to_shortfall(contributions: Matrix, p_ppm: int) -> None:
    check_sum(shortfall_components(contributions, p_ppm), expected_shortfall(book_losses(contributions), p_ppm))


@pytest.mark.parametrize("n", [10, 250, 333, 756])
@pytest.mark.parametrize("p_ppm", [950_000, 990_000, 999_000])
def test_shortfall_components_equal_the_tail_row_by_row(n: int, p_ppm: int) -> None:
    contributions = factor_book(n, n=n)
    values = shortfall_components(contributions, p_ppm).values
    assert values == pytest.approx(slow_shortfall_components(contributions, p_ppm), rel=1e-11, abs=1e-7)


def test_shortfall_components_are_exposures_times_derivatives() -> None:
    contributions = factor_book(2, m=5)
    values = shortfall_components(contributions, 975_000).values
    for i in range(5):
        up, down = np.ones((5, 1)), np.ones((5, 1))
        up[i], down[i] = 1 + 1e-7, 1 - 1e-7
        change = [expected_shortfall((contributions * side).sum(axis=0), 975_000) for side in (up, down)]
        assert values[i] == pytest.approx((change[0] - change[1]) / 2e-7, rel=1e-5, abs=1.0)


def test_rows_that_tie_share_the_tail_so_their_order_does_not_matter() -> None:
    """40 rows lose 100, ten by each of four names: each name bears a quarter wherever its rows stand."""
    contributions = np.zeros((4, 400))
    for name in range(4):
        contributions[name, name * 10 : name * 10 + 10] = 100.0
    values = shortfall_components(contributions, 950_000).values
    assert values == pytest.approx([25.0] * 4, rel=1e-14)
    order = np.random.default_rng(1).permutation(400)
    assert shortfall_components(contributions[:, order], 950_000).values.tolist() == values.tolist()


@given(CONTRIBUTIONS, LEVELS_PPM)
def test_historical_components_sum_to_value_at_risk(contributions: Matrix, p_ppm: int) -> None:
    check_sum(historical_components(contributions, p_ppm), value_at_risk(book_losses(contributions), p_ppm))


@pytest.mark.parametrize("n", [100, 250, 756])
@pytest.mark.parametrize("p_ppm", [950_000, 975_000, 990_000])
def test_historical_components_equal_the_window_of_ranks(n: int, p_ppm: int) -> None:
    contributions = factor_book(n + 1, n=n)
    components = historical_components(contributions, p_ppm)
    assert components.smoothed
    assert components.values == pytest.approx(slow_window_components(contributions, p_ppm), rel=1e-10, abs=1e-6)


def test_historical_components_fall_back_to_the_row_at_the_quantile_and_say_so() -> None:
    """The window's mean is a gain where the quantile itself is a small loss: no rescaling could be meant."""
    check_fall_back(others=-1000.0)


def test_historical_components_fall_back_where_the_window_must_be_stretched_tenfold() -> None:
    check_fall_back(others=-2.5 / 3)


def check_fall_back(others: float) -> None:
    """Of 20 rows the window has the ranks 16 to 20: three of the others, VaR = 1 and the largest loss of 2."""
    losses = np.full(20, others)
    losses[[4, 9]] = 1.0, 2.0
    components = historical_components(np.stack((losses * 3, losses * -2)), 950_000)
    assert not components.smoothed
    assert components.values.tolist() == [3.0, -2.0]
    assert components.total == 1.0


def test_a_book_of_zeros_has_components_of_zero() -> None:
    components = historical_components(np.zeros((3, 50)), 950_000)
    assert components.values.tolist() == [0.0] * 3
    assert components.total == 0.0


def test_components_do_not_share_memory_with_the_rows() -> None:
    contributions = np.zeros((1, 5))
    components = historical_components(contributions, 950_000)
    contributions[:] = 9.0
    assert components.values.tolist() == [0.0]


@given(arrays(np.float64, 7, elements=AMOUNTS), arrays(np.float64, 7, elements=st.floats(-1.0, 2.0)))
def test_stress_components_are_losses_and_sum_to_the_scenario(exposure: Vector, shock: Vector) -> None:
    components = stress_components(exposure, shock)
    check_sum(components, -math.fsum((exposure * shock).tolist()))
    assert components.values.tolist() == [0.0 - x * s for x, s in zip(exposure, shock, strict=True)]


def test_shares_sum_to_one_and_are_nan_of_nothing() -> None:
    components = stress_components(np.array([100.0, -50.0]), np.array([-0.4, -0.4]))
    assert shares(components).tolist() == [2.0, -1.0]
    nothing = stress_components(np.array([100.0, -100.0]), np.array([-0.4, -0.4]))
    assert np.isnan(shares(nothing)).all()
