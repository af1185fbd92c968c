"""Reverse stress by a multiplier: the closed form, first crossings, and every way in which there is none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.measures import Status, Vector
from risk.reverse_stress import MULTIPLIER_MAX, MULTIPLIER_MIN, ReverseReason, multipliers_tried, reverse_stress


def linear(slope: float) -> "Linear":
    return Linear(slope)


class Linear:
    """A book whose loss is proportional to the multiplier."""

    def __init__(self, slope: float) -> None:
        self.slope = slope

    def __call__(self, multipliers: Vector) -> Vector:
        return np.asarray(self.slope * multipliers)


def test_the_multipliers_tried_are_evenly_spaced_in_the_logarithm() -> None:
    tried = multipliers_tried()
    np.testing.assert_allclose(tried, np.geomspace(0.01, 5.0, 64), rtol=1e-13)
    assert (tried[0], tried[-1]) == (MULTIPLIER_MIN, MULTIPLIER_MAX)


@given(st.floats(1e3, 1e12), st.floats(0.01, 1.0), st.floats(0.0101, 4.999))
def test_a_linear_book_equals_the_closed_form(nav: float, share: float, multiplier: float) -> None:
    slope = share * nav / multiplier
    found = reverse_stress(linear(slope), share=share, nav=nav, has_exposure=True)
    assert found.reason is ReverseReason.OK
    assert found.multiplier == pytest.approx(share * nav / slope, rel=1e-9)
    assert found.loss == pytest.approx(share * nav, abs=1e-6 * nav)


@given(st.floats(0.02, 0.9), st.floats(1.2, 4.0))
def test_a_book_that_loses_and_wins_back_gives_its_first_crossing(first: float, width: float) -> None:
    """A put spread turned round: the loss peaks, turns to a gain, and comes back far out."""

    def losses(m: Vector) -> Vector:
        return np.asarray(100.0 * np.sin((m / first) * (math.pi / 6.0)) * (m < 6.0 * first) + 1e3 * (m > width))

    found = reverse_stress(losses, share=0.5, nav=100.0, has_exposure=True)
    assert found.multiplier == pytest.approx(first, rel=1e-9)  # sin(pi/6) is a half; the next crossing is at 5 first


@given(st.floats(0.02, 4.1), st.floats(1.0001, 1.02), st.booleans())
def test_a_top_between_two_of_the_multipliers_is_found(top: float, excess: float, is_kinked: bool) -> None:
    """The loss rises to a little over the target and falls again, as where a floor is hit; far out it comes back.

    Two multipliers that are tried, 4.10 and 4.53, lie behind the top and before the loss comes back: with one alone
    the fall does not show, and `reverse_stress` says that it misses such a top.
    """

    def losses(m: Vector) -> Vector:
        distance = np.abs(m / top - 1.0) if is_kinked else (m / top - 1.0) ** 2
        return np.asarray(50.0 * excess * (1.0 - distance) + 1e3 * (m > 4.9))

    found = reverse_stress(losses, share=0.5, nav=100.0, has_exposure=True)
    reach = 1.0 - 1.0 / excess if is_kinked else math.sqrt(1.0 - 1.0 / excess)
    assert found.reason is ReverseReason.OK
    assert found.multiplier == pytest.approx(max(top * (1.0 - reach), 0.01), rel=1e-6)
    assert found.loss == pytest.approx(50.0, abs=1e-4)


def test_a_top_under_the_target_is_none() -> None:
    found = reverse_stress(lambda m: np.asarray(49.9 - (m - 0.3) ** 2), share=0.5, nav=100.0, has_exposure=True)
    assert (found.reason, found.multiplier) == (ReverseReason.NOT_REACHED, None)


def test_a_jump_over_the_target_is_answered_from_behind_it() -> None:
    found = reverse_stress(lambda m: np.where(m > 1.25, 30.0, 1.0), share=0.1, nav=100.0, has_exposure=True)
    assert found.reason is ReverseReason.OK
    assert found.multiplier == pytest.approx(1.25, rel=1e-12)
    assert found.loss == 30.0


@pytest.mark.parametrize(
    ("slope", "reason", "multiplier", "feasible"),
    [
        (1e9, ReverseReason.EXCEEDS_AT_MIN, MULTIPLIER_MIN, True),
        (1.0, ReverseReason.NOT_REACHED, None, False),
        (-1e9, ReverseReason.NOT_REACHED, None, False),
        (2.0, ReverseReason.OK, 5.0, True),  # reached at the very end
    ],
)
def test_each_way_to_end_is_named(
    slope: float, reason: ReverseReason, multiplier: float | None, feasible: bool
) -> None:
    found = reverse_stress(linear(slope), share=0.1, nav=100.0, has_exposure=True)
    assert (found.reason, found.feasible, found.status) == (reason, feasible, Status.OK)
    assert found.multiplier == (None if multiplier is None else pytest.approx(multiplier, rel=1e-12))
    if reason is ReverseReason.NOT_REACHED:
        assert found.loss == max(slope * 0.01, slope * 5.0)


def test_a_book_without_exposure_has_none_to_scale() -> None:
    found = reverse_stress(linear(0.0), share=0.1, nav=100.0, has_exposure=False)
    assert (found.feasible, found.multiplier, found.loss, found.reason) == (False, None, 0.0, ReverseReason.NO_EXPOSURE)


@pytest.mark.parametrize(
    ("nav", "status"), [(0.0, Status.INVALID), (-5.0, Status.INVALID), (math.nan, Status.INSUFFICIENT)]
)
def test_without_a_nav_over_zero_there_is_no_number(nav: float, status: Status) -> None:
    found = reverse_stress(linear(1e9), share=0.1, nav=nav, has_exposure=True)
    assert (found.feasible, found.multiplier, found.loss, found.reason) == (False, None, None, None)
    assert found.status is status


def test_a_loss_that_is_no_number_is_invalid() -> None:
    found = reverse_stress(lambda m: np.full(m.size, np.nan), share=0.1, nav=100.0, has_exposure=True)
    assert (found.status, found.multiplier) == (Status.INVALID, None)


def test_a_share_of_nothing_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"share must be above 0, got 0\.0"):
        reverse_stress(linear(1.0), share=0.0, nav=1.0, has_exposure=True)
