"""CUSUM: against the recursion in small steps, and the run lengths of the specification."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.cusum import DEMOTE_AT, JUMP, cusum

BEGAN = st.lists(st.integers(0, 400), max_size=15).map(sorted)


@given(BEGAN, st.integers(0, 50), st.sampled_from([0.5, 1.0, 2.0]))
def test_it_is_the_recursion_in_small_steps(steps: list[int], more: int, threshold: float) -> None:
    """Sixty-fourths of a week, so that every step is exact."""
    end = (steps[-1] if steps else 0) + more
    level = peak = 0.0
    for step in range(end + 1):
        if step:
            level = max(0.0, level - threshold / 64)
        level += steps.count(step) * log(2.0)
        peak = max(peak, level)
    found = cusum([step / 64 for step in steps], end / 64, threshold)
    assert found.level == pytest.approx(level, abs=1e-12)
    assert found.peak == pytest.approx(peak, abs=1e-12)
    assert found.is_over == (peak >= DEMOTE_AT)


@pytest.mark.parametrize(("rate", "weeks"), [(1.0, 69.0), (2.0, 5.8), (3.0, 2.6)])
def test_it_takes_as_long_as_the_specification_says(rate: float, weeks: float) -> None:
    """The mean time to a demotion over 4,000 limits (models.md 22.6; it is told to about a tenth)."""
    draw = np.random.Generator(np.random.Philox(11))
    lasted = [_weeks_to_demotion(draw, rate) for _ in range(4_000)]
    assert np.mean(lasted) == pytest.approx(weeks, rel=0.12)


def test_a_limit_at_half_the_threshold_acts_for_decades() -> None:
    """2,390 weeks on average: of 2,000 limits some four in a hundred are demoted in 100 weeks."""
    draw = np.random.Generator(np.random.Philox(12))
    soon = sum(_weeks_to_demotion(draw, 0.5, at_most=100.0) < 100.0 for _ in range(2_000))
    assert 40 < soon < 120


def _weeks_to_demotion(draw: np.random.Generator, rate: float, at_most: float = 1e9) -> float:
    """Return when the alarm comes, by the jumps alone, in one pass; held against `cusum` in what leads up to it."""
    level = at = 0.0
    began: list[float] = []
    while level < DEMOTE_AT and at < at_most:
        wait = float(draw.exponential(1.0 / rate))
        at += wait
        level = max(0.0, level - wait) + JUMP
        began.append(at)
    if len(began) < 60:
        assert cusum(began, at, 1.0).is_over == (level >= DEMOTE_AT)
    return at


def test_a_double_threshold_forgets_twice_as_fast() -> None:
    assert cusum([1.0], 1.25, 1.0).level == pytest.approx(log(2.0) - 0.25)
    assert cusum([1.0], 1.25, 2.0).level == pytest.approx(log(2.0) - 0.5)


def test_what_was_over_stays_over_though_it_has_sunk_since() -> None:
    found = cusum([1.0] * 5, 50.0, 1.0)
    assert found.level == 0.0
    assert found.is_over


def test_episodes_that_do_not_ascend_are_a_bug() -> None:
    with pytest.raises(AssertionError, match="must ascend"):
        cusum([2.0, 1.0], 3.0, 1.0)
    with pytest.raises(AssertionError, match="up to 3"):
        cusum([4.0], 3.0, 1.0)
