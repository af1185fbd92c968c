"""The search on sketches: what is found in whole lots where only unrounded books were looked at."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enforcement.lots import closed_in, settled
from enforcement.paths import Path
from enforcement.search import smallest_clearing
from enforcement.sketched import first_crossing
from risk.book import Along
from risk.measures import Vector


def sketch_of(path: Path, excess: Callable[[Vector], float]) -> Callable[[Vector], Along]:
    def sketch(weight: Vector) -> Along:
        return lambda times: np.array(
            [excess(path.quantity * np.maximum(0.0, 1.0 - t * weight)) for t in times.tolist()]
        )

    return sketch


@given(st.integers(0, 100_000), st.integers(1, 8), st.floats(0.05, 0.95))
def test_of_a_linear_statistic_no_name_is_cut_by_a_lot_more_than_the_path_does(
    seed: int, count: int, share: float
) -> None:
    """With lots of a hundredth to a quarter of a position, against the crossing in closed steps."""
    draw = np.random.Generator(np.random.Philox(seed))
    lot = 10.0 ** draw.integers(-2, 3, count)
    quantity = lot * draw.integers(4, 100, count) * np.where(draw.random(count) < 0.4, -1.0, 1.0)
    unit, weight = draw.uniform(1.0, 50.0, count), draw.uniform(0.2, 1.0, count)
    path = Path(quantity, weight / weight.max(), lot, float(weight.max() / weight.min()))
    level = share * float((np.abs(quantity) * unit).sum())

    def excess(at: Vector) -> float:
        return float((np.abs(at) * unit).sum()) - level

    found = smallest_clearing(path, excess, worth=lot * unit, sketch=sketch_of(path, excess))
    assert found is not None
    assert excess(found) <= 0.0
    times = np.linspace(0.0, path.length, 20_001)
    unrounded = [quantity * np.maximum(0.0, 1.0 - t * path.weight) for t in times]
    crossing = next(at for at in unrounded if excess(at) <= 1e-9)
    more = np.abs(crossing) - np.abs(found)
    cut = np.abs(quantity) - np.abs(crossing)
    assert (more <= np.maximum(lot, 0.01 * cut) + path.length / 20_000 * np.abs(quantity) + 1e-9).all()


@pytest.mark.parametrize("width", [1e-2, 1e-3])
def test_the_first_of_several_crossings_is_found_and_a_dip_that_no_step_shows(width: float) -> None:
    def dips(times: Vector) -> Vector:
        return np.minimum(np.abs(times - 0.40123) - width, np.abs(times - 0.8) - 0.1)

    found = first_crossing(dips, 1.0, 128)
    assert found == pytest.approx(0.40123 - width if width > 1.0 / 256.0 else found, rel=2e-4)

    def valley(times: Vector) -> Vector:
        return (times - 0.40123) ** 2 - width**2 / 100.0

    lowest = first_crossing(valley, 1.0, 128)
    assert lowest == pytest.approx(0.40123 - width / 10.0, abs=2e-4)


def test_what_is_over_everywhere_has_no_crossing() -> None:
    assert first_crossing(lambda times: 1.0 + (times - 0.5) ** 2, 5.0, 128) is None
    assert first_crossing(lambda times: np.full(times.size, np.nan), 1.0, 128) is None


@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_a_crossing_beside_a_guess_is_closed_in_from_either_side(crossing: float, guess: float) -> None:
    found = closed_in(lambda t: np.array([t]), lambda at: crossing - float(at[0]), guess, 1.0)
    assert found is not None
    left, right = found
    assert left <= crossing <= right
    assert right - left <= 2e-4 * right + 1e-9


def test_nothing_is_closed_in_where_nothing_after_the_guess_clears() -> None:
    assert closed_in(lambda t: np.array([t]), lambda _: 1.0, 0.5, 1.0) is None


def test_coarse_lots_that_clear_together_only_in_another_way_than_any_rounding_are_settled_one_by_one() -> None:
    """The second hedges the first: half a lot more of each is too much, a lot of the first alone is right."""
    quantity, lot = np.array([400.0, -400.0]), np.array([100.0, 100.0])
    path = Path(quantity, np.array([1.0, 1.0]), lot, 1.0)

    def excess(at: Vector) -> float:
        return abs(float(at.sum()) + 95.0) - 10.0

    found = settled(path, excess, lot, 0.3)
    assert found is not None
    assert excess(found) <= 0.0
    assert settled(path, lambda _: 1.0, lot, 0.3) is None
    many = Path(np.full(40, 400.0), np.ones(40), np.full(40, 100.0), 1.0)
    assert settled(many, lambda _: 1.0, np.full(40, 100.0), 0.3) is None
