"""Runs of prices: one call does what single steps do, and stops where something else must be done."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.arrays import Arrays, Budget, Scalar, Source
from risk.kernels.measure import measure
from risk.kernels.prices import DONE, QUOTE, SLOW, TICK, TIMER, TRADE, WAKE, _apply, measure_moved, run_prices
from risk.measures import BOOKS, METRIC_INDEX, METRICS, Status
from risk.measuring import COMPUTED
from tests.risk.random_arrays import NAMES, assert_same_bytes, assert_twin, copied, random_arrays

NEVER = 2**62
ROWS_FITTED = 260
AIDS = ("sums_scratch", "candidates", "candidate_bound", "member", "moved")  # no number depends on how these came about
START = 10**18


def prices(arrays: Arrays, draws: list[tuple[int, float, int]], kinds: int = 2) -> tuple[object, ...]:
    """Return the arrays of a run: (instrument, relative move of its first mark, ns since the price before)."""
    names = np.array([i for i, _, _ in draws], dtype=np.int64)
    price = np.array([arrays.mark[i] * move for i, move, _ in draws], dtype=np.float64)
    ts = START + np.cumsum(np.array([step for _, _, step in draws], dtype=np.int64))
    kind = np.arange(len(draws), dtype=np.int64) % kinds
    source = np.zeros(len(draws), dtype=np.int64)
    return names, kind, price, price * 0.999, ts, source


DRAWS = st.lists(
    st.tuples(st.integers(0, NAMES - 1), st.floats(0.97, 1.03), st.integers(0, 10**9)), min_size=1, max_size=50
)


@settings(max_examples=30)
@given(st.integers(0, 30), DRAWS)
def test_one_call_does_what_single_calls_do(seed: int, draws: list[tuple[int, float, int]]) -> None:
    whole = random_arrays(seed)
    single, run = copied(whole), prices(whole, draws)
    assert run_prices(whole, *run, 0, len(draws), NEVER, False) == (len(draws), DONE)
    for at in range(len(draws)):
        assert run_prices(single, *run, at, at + 1, NEVER, False) == (at + 1, DONE)
        measure_moved(single)
    measure_moved(whole)
    assert_same_bytes(whole, single, apart_from=AIDS)


def levels_near(seed: int, metric: str, distance: float, *, orders: bool = False) -> Arrays:
    """Return arrays where one metric of every scope wakes it a little above where it is; all have a tail fit."""
    arrays, number = random_arrays(seed, rows=ROWS_FITTED, orders=orders), METRIC_INDEX[metric]
    for p in range(arrays.scalars[Scalar.SCOPES]):
        fitted = p if arrays.exposure[p].any() or not orders else arrays.worked_row[p] + BOOKS.index("larger")
        gross = np.abs(arrays.exposure[fitted]).sum()
        arrays.fit[p] = (0.1 * gross, 0.15 * gross, arrays.variance[fitted], Status.OK, Status.OK, gross, 1.5, 1.3)
        arrays.fit_exposure[p] = arrays.exposure[fitted]
        measure(arrays, p)
        value = arrays.metrics[p, number]
        arrays.wake[p, number] = 0.5 if metric == "failures" else value + abs(value) * distance
        measure(arrays, p)
        arrays.woken[p] = arrays.refit[p] = 0
    return arrays


def looks(arrays: Arrays, run: tuple[object, ...], count: int, step: int) -> list[tuple[int, tuple[int, ...]]]:
    """Run in calls of at most `step` prices; return where it stopped for a look, and at which scopes."""
    found = []
    at = 0
    while at < count:
        position, code = run_prices(arrays, *run, at, min(at + step, count), NEVER, False)
        measure_moved(arrays)
        assert code in (DONE, WAKE)
        if code == WAKE:
            found.append((position, tuple(np.flatnonzero(arrays.woken | arrays.refit).tolist())))
            arrays.woken[:] = arrays.refit[:] = 0
        at = position + (code == WAKE)
    return found


@settings(max_examples=300)
@given(
    st.integers(0, 60),
    st.sampled_from([name for name in METRICS if name in COMPUTED]),
    st.sampled_from([0.0, 1e-9, 1e-5, 1e-3, 0.01, 0.05]),
    st.lists(
        st.tuples(st.integers(0, NAMES - 1), st.floats(0.995, 1.005) | st.floats(0.95, 1.05), st.just(1)),
        min_size=1,
        max_size=120,
    ),
    st.booleans(),
)
def test_a_scope_that_is_spared_a_measurement_would_not_have_been_looked_at(
    seed: int, metric: str, distance: float, draws: list[tuple[int, float, int]], orders: bool
) -> None:
    """Stopping after every price measures every book after every price, so no budget spares anything there."""
    spared = levels_near(seed, metric, distance, orders=orders)
    always, run = copied(spared), prices(spared, draws)
    assert looks(spared, run, len(draws), len(draws)) == looks(always, run, len(draws), 1)
    assert_same_bytes(spared, always, apart_from=AIDS)


@pytest.mark.parametrize("orders", [False, True])
def test_most_prices_of_a_calm_book_are_spared(orders: bool) -> None:
    arrays = levels_near(3, "var_99", 0.2, orders=orders)
    run = prices(arrays, [(i % NAMES, 1.0 + 1e-6 * (i % 7), 5) for i in range(200)])
    spared = copied(arrays)
    assert _apply(spared, *run, 0, 200, NEVER, False) == (200, DONE)
    scopes = spared.scalars[Scalar.SCOPES]
    held = (spared.quantity[:scopes, :NAMES] != 0.0).any(axis=1)  # what only has orders is measured at every price
    assert spared.unmeasured[:scopes].tolist() == held.astype(int).tolist()
    held = np.flatnonzero(held)
    assert (spared.spent[held, Budget.EXPOSURE] > 0.0).all()
    assert run_prices(arrays, *run, 0, 200, NEVER, False) == (200, DONE)
    measure_moved(arrays)
    assert not arrays.unmeasured.any(), "whatever was spared is measured where somebody asks"
    assert (arrays.spent == 0.0).all()


@pytest.mark.parametrize("orders", [False, True])
def test_the_kernel_equals_its_python_twin_bit_by_bit(orders: bool) -> None:
    arrays = random_arrays(1, orders=orders)
    run = prices(arrays, [(i % NAMES, 1.0 + i / 4000.0, 5) for i in range(40)])
    assert_twin(run_prices, arrays, *run, 0, 40, NEVER, False)
    run_prices(arrays, *run, 0, 40, NEVER, False)
    assert_twin(measure_moved, arrays)


def test_time_moves_with_prices_and_under_the_wall_clock_it_does_not() -> None:
    arrays, wall = random_arrays(2), random_arrays(2)
    run = prices(arrays, [(0, 1.01, 5), (1, 1.01, 5)])
    run_prices(arrays, *run, 0, 2, NEVER, False)
    assert arrays.scalars[Scalar.NOW] == START + 10
    run_prices(wall, *run, 0, 2, START, True)
    assert wall.scalars[Scalar.NOW] == START
    assert wall.last_ts[1] == START + 10


def test_a_tick_moves_time_and_nothing_else_and_a_timer_that_is_due_by_it_comes_first() -> None:
    """Under either clock; its other columns are not read."""
    for wall in (True, False):
        arrays = random_arrays(3)
        before = copied(arrays)
        names, _, price, low, ts, source = prices(arrays, [(0, 1.5, 70), (0, 1.5, 5)])
        assert isinstance(ts, np.ndarray)
        kind = np.full(2, TICK, dtype=np.int64)
        assert run_prices(arrays, names, kind, price, low, ts, source, 0, 2, START + 75, wall) == (1, TIMER)
        assert arrays.scalars[Scalar.NOW] == START + 70
        assert run_prices(arrays, names, kind, price, low, ts - 30, source, 0, 2, NEVER, wall) == (2, DONE)
        assert arrays.scalars[Scalar.NOW] == START + 70, "core time never runs backwards"
        arrays.scalars[Scalar.NOW] = START
        assert_same_bytes(arrays, before)


def test_a_timer_that_is_due_comes_before_the_price() -> None:
    arrays = random_arrays(3)
    run = prices(arrays, [(0, 1.01, 5), (1, 1.01, 5)])
    assert run_prices(arrays, *run, 0, 2, START + 10, False) == (1, TIMER)
    assert arrays.last_ts[1] == 0


@pytest.mark.parametrize(
    ("name", "index", "value"),
    [("fast", 4, 0), ("last_ts", 4, START + 100), ("last_source", 4, 1), ("floor", 4, 1e9), ("band", 4, 1e-9),
     ("source_waiting", 0, 1)],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_the_slow_path_untouched(name: str, index: int, value: float) -> None:
    """Unknown or suspect, late, from another partition, out of bounds, too far: nothing of it is applied."""
    arrays = random_arrays(4)
    run = prices(arrays, [(4, 1.01, 5)])
    getattr(arrays, name)[index] = value
    before = copied(arrays)
    assert run_prices(arrays, *run, 0, 1, NEVER, False) == (0, SLOW)
    assert_same_bytes(arrays, before)


def test_a_price_too_far_ahead_of_the_wall_clock_is_left_to_the_slow_path() -> None:
    arrays = random_arrays(5)
    run = prices(arrays, [(0, 1.01, 60 * 10**9), (0, 1.01, 1)])
    assert run_prices(arrays, *run, 0, 2, NEVER, True) == (1, SLOW)


def test_a_woken_scope_stops_the_run_after_its_price() -> None:
    arrays = random_arrays(6)
    held = int(np.flatnonzero(arrays.quantity[1])[0])
    idle = int(np.flatnonzero(arrays.quantity[1] == 0.0)[0])
    arrays.alive[1] = 1
    run = prices(arrays, [(idle, 1.01, 5), (held, 1.01, 5), (held, 1.02, 5)])
    assert run_prices(arrays, *run, 0, 3, NEVER, False) == (1, WAKE)
    assert arrays.mark[held] == run[2][1]  # type: ignore[index]


def test_a_price_that_moves_nothing_wakes_only_what_is_alive() -> None:
    """It may confirm a breach, so a life that is not ok sees it."""
    arrays = random_arrays(7)
    held = int(np.flatnonzero(arrays.quantity[1])[0])
    run = prices(arrays, [(held, 1.0, 5)])
    assert run_prices(copied(arrays), *run, 0, 1, NEVER, False) == (1, DONE)
    arrays.alive[1] = 1
    assert run_prices(arrays, *run, 0, 1, NEVER, False) == (0, WAKE)


def test_a_fresh_quote_outranks_a_trade() -> None:
    arrays = random_arrays(8)
    run = prices(arrays, [(0, 1.01, 5)])
    names, _, price, low, ts, source = run
    kind = np.array([QUOTE], dtype=np.int64)
    run_prices(arrays, names, kind, price, low, ts, source, 0, 1, NEVER, False)
    mark = float(arrays.mark[0])
    kind = np.array([TRADE], dtype=np.int64)
    run_prices(arrays, names, kind, np.array([mark * 1.02]), low, ts, source, 0, 1, NEVER, False)
    assert (arrays.mark[0], arrays.mark_source[0]) == (mark, Source.QUOTE)
    assert arrays.trade_price[0] == mark * 1.02
    arrays.quote_fresh[0] = 0
    run_prices(arrays, names, kind, np.array([mark * 1.02]), low, ts, source, 0, 1, NEVER, False)
    assert (arrays.mark[0], arrays.mark_source[0]) == (mark * 1.02, Source.TRADE)
