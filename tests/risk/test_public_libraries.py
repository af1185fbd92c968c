"""Our numbers beside those of public libraries: skfolio, scipy and scikit-learn."""

import math

import numpy as np
import pytest
from scipy.stats import genpareto, norm, t
from skfolio import Portfolio, RiskMeasure
from skfolio.measures import cvar
from skfolio.measures import value_at_risk as skfolio_value_at_risk
from sklearn.covariance import empirical_covariance

from risk.components import book_losses, parametric_components, shortfall_components
from risk.historical import LEVELS, expected_shortfall, value_at_risk
from risk.measures import Matrix, Status
from risk.parametric import normal_multipliers, student_t_multipliers
from risk.pot import PotFit


def daily_returns(seed: int, n: int = 756, m: int = 6) -> Matrix:
    """Return (n, m) fat-tailed returns with a common factor."""
    random = np.random.default_rng(seed)
    return 0.008 * random.standard_t(4, size=(n, 1)) + 0.01 * random.standard_t(4, size=(n, m))


@pytest.mark.parametrize("n", [1, 19, 250, 500, 756, 1000])
@pytest.mark.parametrize(("name", "p_ppm"), LEVELS)
def test_historical_numbers_equal_skfolio(n: int, name: str, p_ppm: int) -> None:
    returns = daily_returns(n, n=n)[:, 0]
    beta = p_ppm / 1_000_000
    assert value_at_risk(-returns, p_ppm) == pytest.approx(skfolio_value_at_risk(returns, beta), rel=1e-12)
    assert expected_shortfall(-returns, p_ppm) == pytest.approx(cvar(returns, beta), rel=1e-12)


def test_historical_numbers_equal_skfolio_with_ties() -> None:
    returns = np.round(daily_returns(3)[:, 0], 2)
    for _, p_ppm in LEVELS:
        assert value_at_risk(-returns, p_ppm) == skfolio_value_at_risk(returns, p_ppm / 1_000_000)
        assert expected_shortfall(-returns, p_ppm) == pytest.approx(cvar(returns, p_ppm / 1_000_000), rel=1e-12)


def test_value_at_risk_equals_the_inverted_distribution_function_of_numpy() -> None:
    """756 rows have no level whose n·p is a whole number that a double misses."""
    losses = -daily_returns(4)[:, 0]
    for _, p_ppm in LEVELS:
        assert value_at_risk(losses, p_ppm) == np.quantile(losses, p_ppm / 1_000_000, method="inverted_cdf")


def test_shortfall_components_equal_the_contributions_of_skfolio() -> None:
    returns = daily_returns(5)
    weights = np.array([0.3, 0.2, 0.25, 0.15, 0.05, 0.05])
    portfolio = Portfolio(X=returns, weights=weights)
    ours = shortfall_components(-(returns * weights).T, 950_000)
    assert ours.values == pytest.approx(portfolio.contribution(RiskMeasure.CVAR), rel=1e-4)
    assert ours.total == pytest.approx(portfolio.cvar, rel=1e-12)


def test_parametric_components_of_a_sample_covariance_sum_to_the_books_own_deviation() -> None:
    """Σ of scikit-learn (divisor n): xᵀΣx is the variance of the book's P&L, computed without any matrix."""
    returns = daily_returns(6)
    exposure = np.array([3e6, -2e6, 1e6, 4e6, -1e6, 5e5])
    z = normal_multipliers().value_at_risk[2]
    components = parametric_components(exposure, empirical_covariance(returns) @ exposure, z)
    deviation = float(np.std(book_losses(-(returns * exposure).T)))
    assert components.total == pytest.approx(z * deviation, rel=1e-12)
    assert math.fsum(components.values.tolist()) == pytest.approx(z * deviation, rel=1e-12)


def test_multipliers_equal_the_truncated_means_of_scipy() -> None:
    normal, student = normal_multipliers(), student_t_multipliers(5.0)
    scale = 1 / t.std(5.0)
    for index, (_, p_ppm) in enumerate(LEVELS):
        p = p_ppm / 1_000_000
        assert normal.value_at_risk[index] == pytest.approx(norm.ppf(p), rel=1e-12)
        assert normal.expected_shortfall[index] == pytest.approx(
            norm.expect(lambda x: x, lb=norm.ppf(p), conditional=True), rel=1e-7
        )
        assert student.value_at_risk[index] == pytest.approx(scale * t.ppf(p, 5.0), rel=1e-12)
        assert student.expected_shortfall[index] == pytest.approx(
            scale * t.expect(lambda x: x, args=(5.0,), lb=t.ppf(p, 5.0), conditional=True), rel=1e-7
        )


@pytest.mark.parametrize("xi", [-0.3, 0.0, 0.4])
def test_pot_numbers_equal_the_truncated_law_of_scipy(xi: float) -> None:
    fit = PotFit(2.0, xi, 0.5, 76, 756, True, 0.0, Status.OK, "")
    for p_ppm in (950_000, 990_000, 999_000):
        inside = 1 - (1_000_000 - p_ppm) / 1_000_000 * 756 / 76
        quantile = float(genpareto.ppf(inside, xi, loc=2.0, scale=0.5))
        assert fit.var(p_ppm) == pytest.approx(quantile, rel=1e-10)
        mean = genpareto.expect(lambda x: x, args=(xi,), loc=2.0, scale=0.5, lb=quantile, conditional=True)
        assert fit.es(p_ppm) == pytest.approx(mean, rel=1e-6)
