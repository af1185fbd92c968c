"""The status of POT fits, and what they say of ties, atoms, bounded laws and losses that are all alike."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import genpareto

from risk.measures import Status, Vector
from risk.pot import exceedance_count, fit_pot
from tests.reference import slow_best_beta


def student_losses(seed: int, n: int = 756, nu: float = 4.0) -> Vector:
    return np.random.default_rng(seed).standard_t(nu, size=n)


def test_a_shape_of_one_has_an_infinite_shortfall_and_no_value_at_risk() -> None:
    fit = fit_pot(student_losses(3, nu=0.7))
    assert fit.xi >= 1.0
    assert fit.status is Status.INVALID
    assert "infinite" in fit.reason
    assert fit.es(999_000) == fit.tail_ratio() == math.inf
    assert math.isnan(fit.var(999_000))


def test_a_shape_from_a_half_is_degraded() -> None:
    fit = fit_pot(genpareto.rvs(0.7, size=2000, random_state=np.random.default_rng(4)))
    assert 0.5 <= fit.xi < 1.0
    assert fit.status is Status.DEGRADED
    assert "variance is infinite" in fit.reason


@pytest.mark.parametrize(("n", "k"), [(250, 38), (380, 38), (381, 39), (756, 76), (1000, 100)])
def test_the_threshold_leaves_a_tenth_and_at_least_38(n: int, k: int) -> None:
    fit = fit_pot(student_losses(9, n=n))
    assert exceedance_count(n) == fit.k == k
    assert fit.n == n
    assert fit.u == np.sort(student_losses(9, n=n))[n - k - 1]


def test_few_exceedances_are_degraded_and_many_are_ok() -> None:
    few, many = fit_pot(student_losses(6, n=400)), fit_pot(student_losses(6))
    assert few.status is Status.DEGRADED
    assert few.reason == "40 losses above the threshold, needs 50"
    assert (many.status, many.reason) == (Status.OK, "")


@pytest.mark.parametrize("n", [0, 1, 38, 249])
def test_too_few_rows_are_insufficient(n: int) -> None:
    fit = fit_pot(student_losses(1, n=n))
    assert fit.status is Status.INSUFFICIENT
    assert fit.reason == f"{n} rows, needs 250"
    assert math.isnan(fit.var(999_000))
    assert math.isnan(fit.es(999_000))
    assert math.isnan(fit.tail_ratio())


def test_losses_that_tie_with_the_threshold_are_not_above_it() -> None:
    losses = np.sort(student_losses(2))[::-1].copy()
    losses[56:90] = losses[90]
    fit = fit_pot(losses)
    assert (fit.u, fit.k) == (losses[90], 56)
    assert (losses[losses > fit.u] - fit.u > 0).all()
    assert fit.status is Status.OK


def test_losses_that_differ_from_the_threshold_by_rounding_tie_with_it() -> None:
    losses = np.sort(student_losses(2))[::-1].copy()
    losses[56:90] = losses[90] * (1 + 1e-15 * np.arange(34))
    rounded = fit_pot(losses)
    losses[56:90] = losses[90]
    exact = fit_pot(losses)
    assert rounded.k == exact.k == 56
    assert rounded.var(999_000) == pytest.approx(exact.var(999_000), rel=1e-9)


def test_a_cluster_beside_the_threshold_widens_the_interval_many_times() -> None:
    """A quarter of the excesses are a hundredth of the others: the tail is either heavy or two things at once."""
    losses = np.zeros(690)
    losses[:52] = -5.0 * np.log((np.arange(52) + 0.5) / 52)
    losses[52:69] = 0.01 * np.linspace(1.0, 2.0, 17)
    fit = fit_pot(losses)
    assert (fit.status, fit.k) == (Status.DEGRADED, 69)
    assert 0.0 < fit.var_999_low < fit.var(999_000) / 4
    assert fit.var(999_000) * 4 < fit.var_999_high < math.inf


def test_of_two_maxima_the_higher_is_taken() -> None:
    """Excesses of 1e-9 beside excesses of 3 and more: a light law near ξ = 0.1 is a maximum too, and less likely."""
    losses = np.zeros(690)
    losses[:45] = 3.0 - 5.0 * np.log((np.arange(45) + 0.5) / 45)
    losses[45:69] = 1e-9 * np.linspace(1.0, 2.0, 24)
    fit = fit_pot(losses)
    lights = [slow_best_beta(xi, losses[:69])[1] for xi in (0.0, 0.12, 0.5)]
    assert lights[0] < lights[1] > lights[2]
    assert fit.loglik > lights[1]
    assert (fit.xi > 1.0, fit.status) == (True, Status.INVALID)


def test_ties_that_leave_too_few_exceedances_are_insufficient() -> None:
    losses = np.zeros(756)
    losses[:29] = np.arange(1.0, 30.0)
    fit = fit_pot(losses)
    assert (fit.status, fit.k, fit.u) == (Status.INSUFFICIENT, 29, 0.0)
    assert math.isnan(fit.var(999_000))


@pytest.mark.parametrize("value", [0.0, -3.5, 1e12])
def test_equal_losses_are_their_own_quantile_and_degraded(value: float) -> None:
    fit = fit_pot(np.full(300, value))
    assert fit.status is Status.DEGRADED
    assert "equal" in fit.reason
    assert fit.var(999_000) == fit.es(999_000) == fit.var_999_low == fit.var_999_high == value
    assert fit.var(500_000) == value


def test_a_largest_loss_that_many_rows_share_is_its_own_quantile() -> None:
    losses = np.full(756, -5.0)
    losses[100:300] = 7.0
    assert fit_pot(losses).var(999_000) == 7.0


def test_a_bounded_law_is_fitted_by_moments_and_degraded() -> None:
    losses = np.random.default_rng(3).random(5000)
    fit = fit_pot(losses)
    assert (fit.status, fit.converged) == (Status.DEGRADED, False)
    assert "moments" in fit.reason
    assert fit.xi == pytest.approx(-1.0, abs=0.2)
    assert fit.var(999_000) == pytest.approx(0.999, abs=0.002)
    assert fit.u - fit.beta / fit.xi >= losses.max() - 1e-12
    assert math.isnan(fit.var_999_high)


def test_an_atom_above_the_threshold_is_fitted_by_moments() -> None:
    losses = np.zeros(756)
    losses[:60] = 4.0
    fit = fit_pot(losses)
    assert fit.status is Status.DEGRADED
    assert fit.var(999_000) == pytest.approx(4.0, rel=0.01)
    assert fit.es(999_000) == pytest.approx(fit.var(999_000), rel=1e-4)


def test_excesses_of_twelve_decades_have_no_mean() -> None:
    losses = np.zeros(756)
    losses[:40] = 2e-12
    losses[7] = 1.0
    fit = fit_pot(losses)
    assert fit.converged
    assert fit.status is Status.INVALID
    assert fit.xi > 1.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_losses_that_are_not_finite_are_refused(bad: float) -> None:
    losses = student_losses(1)
    losses[5] = bad
    with pytest.raises(ValueError, match="losses must be finite, got 1 that are not"):
        fit_pot(losses)


@settings(max_examples=150)
@given(
    st.integers(250, 420).flatmap(
        lambda n: arrays(np.float64, n, elements=st.floats(-1e9, 1e9) | st.sampled_from([0.0, 1.0, 2.0, 1e-300]))
    )
)
def test_any_finite_losses_give_ordered_numbers_or_say_that_there_are_none(losses: Vector) -> None:
    fit = fit_pot(losses)
    var, es = fit.var(999_000), fit.es(999_000)
    if fit.status >= Status.INSUFFICIENT:
        assert math.isnan(var)
        assert fit.reason
    else:
        assert math.isfinite(var)
        assert es >= var >= fit.u
        assert fit.var(990_000) <= var
        rounding = 1e-9 * max(1.0, abs(var))
        assert not fit.var_999_low > var + rounding
        assert not fit.var_999_high < var - rounding
