"""POT fits against scipy, against laws that are known, and in every case where there is little or nothing to fit."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, genpareto, t

from risk.historical import value_at_risk
from risk.measures import Status, Vector
from risk.pot import PotFit, fit_pot
from tests.reference import slow_log_likelihood, slow_mean_of_quantiles, slow_quantile_profile, slow_shape

LEVELS_PPM = (950_000, 975_000, 990_000, 999_000)


def draw(name: str, seed: int, n: int = 756) -> Vector:
    random = np.random.default_rng(seed)
    match name:
        case "normal":
            return random.standard_normal(n)
        case "exponential":
            return random.exponential(size=n)
        case _:
            return random.standard_t(float(name), size=n)


def excesses(losses: Vector, fit: PotFit) -> Vector:
    return losses[losses > fit.u] - fit.u  # drawn losses do not tie


def law(xi: float, k: int = 76, n: int = 756) -> PotFit:
    return PotFit(100.0, xi, 20.0, k, n, True, 0.0, Status.OK, "")


@pytest.mark.parametrize("name", ["normal", "exponential", "3", "4", "8"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fit_is_the_maximum_that_scipy_finds(name: str, seed: int) -> None:
    losses = draw(name, seed)
    fit = fit_pot(losses)
    excess = excesses(losses, fit)
    xi, _, beta = genpareto.fit(excess, floc=0)
    assert fit.converged
    assert fit.loglik == pytest.approx(slow_log_likelihood(fit.xi, fit.beta, excess), rel=1e-10)
    assert fit.loglik >= slow_log_likelihood(xi, beta, excess) - 1e-9
    assert (fit.xi, fit.beta) == pytest.approx((xi, beta), abs=2e-3)


@pytest.mark.parametrize(("name", "seed"), [("normal", 4), ("4", 5), ("2", 6)])
def test_fit_is_the_maximum_of_two_nested_searches(name: str, seed: int) -> None:
    losses = draw(name, seed)
    fit = fit_pot(losses)
    xi, beta, top = slow_shape(excesses(losses, fit))
    assert (fit.xi, fit.beta, fit.loglik) == pytest.approx((xi, beta, top), rel=1e-4, abs=1e-5)
    assert fit.loglik >= top - 1e-9


@pytest.mark.parametrize("xi", [-0.3, -0.1, 0.0, 0.2, 0.4, 0.8])
def test_fit_recovers_the_law_that_was_drawn(xi: float) -> None:
    """With 5,000 exceedances the standard error of ξ is (1 + ξ)/√5000, Smith (1987)."""
    losses = genpareto.rvs(xi, scale=3.0, size=50_000, random_state=np.random.default_rng(8))
    fit = fit_pot(losses)
    assert fit.xi == pytest.approx(xi, abs=4 * (1 + xi) / math.sqrt(5000))
    truth = float(genpareto.isf(0.001, xi, scale=3.0))
    assert fit.var_999_low <= truth <= fit.var_999_high
    assert fit.var(999_000) == pytest.approx(truth, rel=0.15)


def test_interval_covers_the_true_value_about_as_often_as_it_says() -> None:
    """Of 300 windows from a generalized Pareto tail; k/n is taken as known, which costs little."""
    random = np.random.default_rng(17)
    truth = float(genpareto.isf(0.001, 0.25))
    hits = 0
    for _ in range(300):
        fit = fit_pot(genpareto.rvs(0.25, size=756, random_state=random))
        hits += fit.var_999_low <= truth <= fit.var_999_high
    assert 0.90 <= hits / 300 <= 0.99


@pytest.mark.parametrize(("name", "seed"), [("4", 1), ("normal", 2), ("exponential", 3)])
def test_interval_ends_where_the_profile_likelihood_has_fallen_by_half_a_chi_square(name: str, seed: int) -> None:
    losses = draw(name, seed)
    fit = fit_pot(losses)
    excess = excesses(losses, fit)
    ratio = fit.k * 1000 / fit.n
    assert fit.var_999_low < fit.var(999_000) < fit.var_999_high
    for end in (fit.var_999_low, fit.var_999_high):
        fallen = fit.loglik - slow_quantile_profile(end - fit.u, ratio, excess)
        assert 2 * fallen == pytest.approx(chi2.ppf(0.95, 1), abs=1e-3)


def test_quantiles_meet_the_losses_inside_the_sample() -> None:
    losses = draw("4", 21, n=20_000)
    fit = fit_pot(losses)
    for p_ppm in (925_000, 950_000, 990_000):
        assert fit.var(p_ppm) == pytest.approx(value_at_risk(losses, p_ppm), rel=0.05)
    assert fit.var(999_000) == pytest.approx(t.isf(0.001, 4), rel=0.15)


@pytest.mark.parametrize("xi", [-0.4, -1e-9, 0.0, 1e-9, 0.3, 0.7])
@pytest.mark.parametrize("p_ppm", LEVELS_PPM)
def test_value_at_risk_and_shortfall_are_those_of_the_law(xi: float, p_ppm: int) -> None:
    fit = law(xi)
    rate = fit.k / fit.n

    def quantile(tail: float) -> float:
        return 100.0 + float(genpareto.isf(tail / rate, xi, scale=20.0))

    assert fit.var(p_ppm) == pytest.approx(quantile((1_000_000 - p_ppm) / 1_000_000), rel=1e-6)
    assert fit.es(p_ppm) == pytest.approx(slow_mean_of_quantiles(quantile, p_ppm), rel=1e-5)


def test_a_shape_that_goes_to_zero_gives_the_exponential_law_without_a_jump() -> None:
    for xi in (1e-4, 1e-7, 1e-10, 1e-13, 1e-300):
        for sign in (-1, 1):
            assert law(sign * xi).var(999_000) == pytest.approx(law(0.0).var(999_000), rel=5 * xi)
            assert law(sign * xi).es(999_000) == pytest.approx(law(0.0).es(999_000), rel=10 * xi)


def test_shortfall_over_value_at_risk_is_the_tail_ratio() -> None:
    fit = law(1 / 3)
    assert fit.tail_ratio() == fit.es(990_000) / fit.var(990_000)
    assert law(1 / 3).tail_ratio(999_999) == pytest.approx(1.5, rel=0.02)
    assert math.isnan(PotFit(-1e6, 0.1, 1.0, 76, 756, True, 0.0, Status.OK, "").tail_ratio())


def test_levels_that_lie_below_the_threshold_are_refused() -> None:
    with pytest.raises(ValueError, match=r"above 1 - k/n = 0\.8995"):
        law(0.1).var(890_000)
    for p_ppm in (0, 1_000_000):
        with pytest.raises(ValueError, match="p_ppm must be in"):
            law(0.1).es(p_ppm)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from(["normal", "3", "5", "exponential"]), st.floats(1e-6, 1e9))
def test_a_fit_scales_with_its_losses(seed: int, name: str, factor: float) -> None:
    losses = draw(name, seed)
    fit = fit_pot(losses)
    assume(fit.converged and fit.status < Status.INSUFFICIENT)
    scaled, again = fit.scale(factor), fit_pot(losses * factor)
    assert (scaled.xi, scaled.k, scaled.status) == (fit.xi, fit.k, fit.status)
    assert (again.u, again.beta) == pytest.approx((scaled.u, scaled.beta), rel=1e-9)
    assert again.xi == pytest.approx(scaled.xi, abs=1e-9)
    assert again.loglik == pytest.approx(scaled.loglik, rel=1e-9, abs=1e-8)
    for p_ppm in LEVELS_PPM:
        assert again.var(p_ppm) == pytest.approx(scaled.var(p_ppm), rel=1e-9)
        assert again.es(p_ppm) == pytest.approx(scaled.es(p_ppm), rel=1e-9)
    ends = (scaled.var_999_low, scaled.var_999_high)
    assert (again.var_999_low, again.var_999_high) == pytest.approx(ends, rel=1e-6)


def test_a_fit_scaled_by_zero_is_zero() -> None:
    fit = fit_pot(draw("4", 1)).scale(0.0)
    assert fit.var(999_000) == fit.es(999_000) == fit.var_999_low == 0.0
    assert math.isnan(fit.loglik)


@pytest.mark.parametrize("factor", [-1.0, math.inf, math.nan])
def test_a_factor_that_is_no_ratio_of_volatilities_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="factor must be in"):
        law(0.1).scale(factor)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.floats(-1e6, 1e6))
def test_order_changes_no_bit_and_a_shift_moves_the_threshold_alone(seed: int, shift: float) -> None:
    losses = draw("4", seed) * 1e4
    fit = fit_pot(losses)
    assert repr(fit_pot(losses[::-1].copy())) == repr(fit)
    moved = fit_pot(losses + shift)
    assert moved.u == fit.u + shift
    assert moved.xi == pytest.approx(fit.xi, abs=1e-6)
