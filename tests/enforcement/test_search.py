"""The search along a path: the first crossing, to a lot, with nothing cut that need not be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.paths import Path
from enforcement.search import smallest_clearing
from risk.measures import Vector


def path_of(quantity: Vector, weight: Vector, lot: Vector) -> Path:
    return Path(quantity, weight / weight.max(), lot, float(weight.max() / weight.min()))


@given(st.integers(0, 100_000), st.integers(1, 8), st.floats(0.05, 0.95))
def test_of_a_linear_statistic_no_single_coarse_lot_could_be_kept(seed: int, count: int, share: float) -> None:
    """With lots of a hundredth to a quarter of a position."""
    draw = np.random.Generator(np.random.Philox(seed))
    lot = 10.0 ** draw.integers(-2, 3, count)
    quantity = lot * draw.integers(4, 100, count) * np.where(draw.random(count) < 0.4, -1.0, 1.0)
    unit = draw.uniform(1.0, 50.0, count)
    path = path_of(quantity, draw.uniform(0.2, 1.0, count), lot)
    level = share * float((np.abs(quantity) * unit).sum())

    def excess(at: Vector) -> float:
        return float((np.abs(at) * unit).sum()) - level

    found = smallest_clearing(path, excess, worth=lot * unit)
    assert found is not None
    assert excess(found) <= 0.0
    traded = float(((np.abs(quantity) - np.abs(found)) * unit).sum())
    for at in range(count):
        kept = found.copy()
        kept[at] = np.copysign(min(abs(quantity[at]), abs(found[at]) + lot[at]), quantity[at])
        if kept[at] != found[at] and lot[at] * unit[at] > 1e-3 * traded:
            assert excess(kept) > 0.0


def test_a_coarse_lot_that_clears_gives_the_fine_ones_back() -> None:
    """A lot of 100 takes the book far under the level: the other name does not have to be cut for it."""
    quantity, lot = np.array([200.0, 1_000.0]), np.array([100.0, 0.01])
    path = path_of(quantity, np.array([1.0, 1.0]), lot)
    found = smallest_clearing(path, lambda at: float(np.abs(at).sum()) - 1_090.0, worth=lot)
    assert found is not None
    assert found.sum() == pytest.approx(1_090.0, abs=0.02)


def test_what_clears_nowhere_is_not_found() -> None:
    path = path_of(np.array([5.0, 5.0]), np.array([1.0, 0.5]), np.ones(2))
    assert smallest_clearing(path, lambda _: 1.0) is None


def test_a_dip_of_a_quantile_before_its_crossing_is_found_by_finer_steps() -> None:
    path = path_of(np.array([1_000.0]), np.ones(1), np.array([1e-6]))

    def excess(at: Vector) -> float:
        """Falls to its crossing at 500, but for a dip of 8 around 700."""
        held = float(at[0])
        return -1.0 if abs(held - 700.0) < 8.0 else held - 500.0

    found = smallest_clearing(path, excess, is_jagged=True)
    assert found is not None
    assert found[0] == pytest.approx(708.0, abs=1.0)


def test_the_straight_line_to_a_bent_answer_is_walked_too() -> None:
    """Along the path the first name is flat at once and hedges no more; halfway on the line it still does."""
    quantity = np.array([100.0, 100.0])
    path = path_of(quantity, np.array([1.0, 0.05]), np.full(2, 1e-6))

    def excess(at: Vector) -> float:
        return float(max(at[1] - 0.9 * at[0], 0.7 * at[0] + 0.3 * at[1])) - 80.0

    found = smallest_clearing(path, excess)
    assert found is not None
    for step in range(1, 98):
        assert excess(quantity + (found - quantity) * step / 100.0) > 0.0
