"""The most plausible stress: closed form against Lagrange's conditions and a solver, and what no closed form knows."""

import math

import numpy as np
import pytest
from scipy.stats import norm, t

from risk.measures import Status
from risk.plausible_stress import most_plausible, most_plausible_nonlinear, normal_odds, student_odds

SIGMA = np.array([[4.0, 1.2, -0.5], [1.2, 2.0, 0.3], [-0.5, 0.3, 1.0]]) * 1e-4
BOOK = np.array([3e6, -1e6, 2e6])
STARTS = [sign * axis for axis in np.eye(3) for sign in (5.0, -5.0)] + [np.full(3, 4.0), np.full(3, -4.0)]


def test_the_closed_form_solves_the_conditions_of_the_minimum() -> None:
    loss = 1e6
    found = most_plausible(BOOK, SIGMA @ BOOK, variance=float(BOOK @ SIGMA @ BOOK), loss=loss, nu=5.0)
    inverse = np.linalg.inv(SIGMA)
    optimum = np.block([[2.0 * inverse, BOOK[:, None]], [BOOK[None, :], np.zeros((1, 1))]])  # Lagrange's conditions
    np.testing.assert_allclose(found.move, np.linalg.solve(optimum, np.array([0.0, 0.0, 0.0, -loss]))[:3], rtol=1e-9)
    assert found.distance == pytest.approx(math.sqrt(found.move @ inverse @ found.move), rel=1e-12)
    assert found.distance == pytest.approx(loss / math.sqrt(BOOK @ SIGMA @ BOOK), rel=1e-12)
    assert found.loss == pytest.approx(loss, rel=1e-12)
    assert found.status is Status.OK


@pytest.mark.parametrize("distance", [0.5, 2.326, 8.0, 25.0])
def test_the_odds_are_those_of_the_distributions_with_todays_sigma(distance: float) -> None:
    assert normal_odds(distance) == pytest.approx(norm.sf(distance), rel=1e-12)
    assert student_odds(distance, 5.0) == pytest.approx(t.sf(distance, 5.0, scale=math.sqrt(3.0 / 5.0)), rel=1e-9)


def test_slsqp_finds_the_closed_form_of_a_linear_book() -> None:
    loss = 4e5
    exact = most_plausible(BOOK, SIGMA @ BOOK, variance=float(BOOK @ SIGMA @ BOOK), loss=loss, nu=5.0)
    found = most_plausible_nonlinear(lambda move: -float(BOOK @ move), SIGMA, loss=loss, nu=5.0, starts=STARTS)
    assert found.distance == pytest.approx(exact.distance, rel=1e-6)
    np.testing.assert_allclose(found.move, exact.move, rtol=1e-4)


def test_a_book_short_of_volatility_breaks_in_the_nearer_of_two_directions() -> None:
    """The loss is a bowl, steeper on one side: the closed form knows no curvature, the solver finds the near side."""
    covariance = np.diag([1e-4, 1e-4])

    def losses(move: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        return float(1e8 * move[0] ** 2 + (4e8 if move[1] < 0.0 else 1e8) * move[1] ** 2)

    starts = [np.array([math.cos(a), math.sin(a)]) * 3.0 for a in np.linspace(0.0, 2.0 * math.pi, 9)[:-1] + 0.1]
    found = most_plausible_nonlinear(losses, covariance, loss=1e6, nu=5.0, starts=starts)
    assert found.distance == pytest.approx(math.sqrt(1e6 / 4e8) / 0.01, rel=1e-5)
    assert found.move[1] < 0.0


def test_a_loss_out_of_reach_has_no_plausible_move() -> None:
    floored = most_plausible_nonlinear(
        lambda move: float(np.minimum(-move, 0.9999).sum()), np.eye(2) * 1e-4, loss=3.0, nu=5.0,
        starts=[np.array([math.cos(a), math.sin(a)]) for a in range(8)],
    )  # fmt: skip
    assert (floored.status, floored.move.size) == (Status.INSUFFICIENT, 0)
    assert math.isnan(floored.distance)


@pytest.mark.parametrize(
    ("variance", "status"), [(0.0, Status.INSUFFICIENT), (-1.0, Status.INSUFFICIENT), (math.nan, Status.INVALID)]
)
def test_without_a_variance_there_is_no_number(variance: float, status: Status) -> None:
    found = most_plausible(BOOK, SIGMA @ BOOK, variance=variance, loss=1.0, nu=5.0)
    assert (found.status, found.move.size) == (status, 0)


def test_what_makes_no_sense_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="loss must be above 0, got 0"):
        most_plausible(BOOK, BOOK, variance=1.0, loss=0.0, nu=5.0)
    with pytest.raises(ValueError, match="starts must be at least 8, got 1"):
        most_plausible_nonlinear(np.sum, SIGMA, loss=1.0, nu=5.0, starts=[np.ones(3)])
    with pytest.raises(ValueError, match="loss must be above 0, got -1"):
        most_plausible_nonlinear(np.sum, SIGMA, loss=-1.0, nu=5.0, starts=STARTS)
    with pytest.raises(ValueError, match="nu must be above 2, got 2"):
        student_odds(1.0, 2.0)
