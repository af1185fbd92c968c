"""The kernels that fill a copy of a book and seek what fits: against their Python twins, a slow search, and sorting."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.arrays import CANDIDATES, Arrays, with_books
from risk.kernels.book import BOOK_COUNT, rebuild
from risk.kernels.filled import ROWS_A_SCOPE, HeldBooks, Trade, clean_sum, fill_scope, size_of
from risk.kernels.fitting import BEFORE, STOPPED, Ceilings, Scratch, is_missing, largest_fitting, mark_blocked
from risk.kernels.measure import measure
from risk.kernels.tail import choose_candidates, refresh_candidates, select_smallest
from risk.measures import METRIC_INDEX, METRICS, IntVector, Status
from risk.rounding import rounded_pair, rounded_sum
from tests.risk.random_arrays import ROWS, assert_same_bytes, copied, random_arrays

K = len(METRICS)
PATH = (1, 0)


def trade_of(arrays: Arrays, i: int, units: float, *, lots: int = 0) -> Trade:
    """A trade of so many units (negative: a sale) in leaf 1 and its root, in lots of one unit."""
    opened = np.zeros((2, 2))
    for place, p in enumerate(PATH):
        first = int(arrays.worked_row[p])
        if first >= 0:
            opened[place] = (
                arrays.quantity[first + 1, i] - arrays.quantity[p, i],
                arrays.quantity[p, i] - arrays.quantity[first + 2, i],
            )
    return Trade(
        path=np.array(PATH), has_nav=np.ones(2, dtype=np.int64), open=opened, instrument=i,
        side=1.0 if units > 0 else -1.0, lot=1.0, whole=abs(units), sizes_max=lots or max(1, int(abs(units))),
        is_valued=1, suspect_move=0.0, turnover=float(arrays.unit[i]),
    )  # fmt: skip


def rows_of(arrays: Arrays) -> tuple[Arrays, HeldBooks]:
    """Rows of a preview for two scopes, and the books that it reads."""
    held = HeldBooks._make(getattr(arrays, name) for name in HeldBooks._fields)
    return with_books(arrays, 2 * ROWS_A_SCOPE), held


def made_ceilings(arrays: Arrays, share: float) -> Ceilings:
    """Ceilings at so many times what the numbers are."""
    now = arrays.metrics[list(PATH)]
    level = np.where(np.isnan(now), np.inf, np.abs(now) * share)
    return Ceilings(
        ceiling=level, missing=np.full((2, K), 3, dtype=np.int64), apart=np.zeros((2, K), dtype=np.bool_), told=level,
        watched=np.ones((2, K), dtype=np.int64),
    )  # fmt: skip


def scratch() -> Scratch:
    def each() -> IntVector:
        return np.zeros(2, dtype=np.int64)

    numbers, marks = np.zeros((3, 2, K)), np.zeros((4, 2, K), dtype=np.int64)
    statuses = np.zeros((3, 2, K), dtype=np.int64)
    last = np.zeros((2, K))
    return Scratch(numbers, statuses, marks, each(), each(), each(), each(), each(), last, np.zeros(ROWS))


def python_of(kernel: Callable[..., object]) -> Callable[..., object]:
    found: Callable[..., object] = getattr(kernel, "py_func")  # noqa: B009 -- numba's dispatchers are untyped
    return found


@pytest.mark.parametrize("orders", [False, True])
@pytest.mark.parametrize("units", [37.0, -500.0])
def test_a_filled_scope_is_as_its_python_twin_has_it(units: float, orders: bool) -> None:
    arrays = random_arrays(3, orders=orders)
    trade = trade_of(arrays, 2, units)
    compiled, plain = rows_of(arrays), rows_of(arrays)
    with np.errstate(all="ignore"):
        python_of(fill_scope)(*plain, trade, 1, trade.sizes_max, False, np.zeros(ROWS))
    fill_scope(*compiled, trade, 1, trade.sizes_max, False, np.zeros(ROWS))
    assert_same_bytes(compiled[0], plain[0])


@pytest.mark.parametrize("orders", [False, True])
@given(seed=st.integers(0, 10**6), i=st.integers(0, 10), units=st.integers(-900, 900).filter(bool))
def test_a_filled_scope_is_the_book_built_anew_with_the_fill(seed: int, i: int, units: int, orders: bool) -> None:
    """The same books with other quantities, rebuilt from nothing and measured, have the same numbers to 1e-9."""
    arrays = random_arrays(seed % 50, orders=orders)
    trade = trade_of(arrays, i, float(units))
    books, held = rows_of(arrays)
    fill_scope(books, held, trade, 0, trade.sizes_max, False, np.zeros(ROWS))
    slow, p = copied(arrays), PATH[0]
    quantity = rounded_sum((float(arrays.quantity[p, i]), float(units)))
    slow.quantity[p, i] = quantity
    slow.traded[p] += abs(units) * float(arrays.unit[i])
    first = int(slow.worked_row[p])
    if first >= 0:
        up, down = quantity + trade.open[0, 0], quantity - trade.open[0, 1]
        slow.quantity[first + 1 : first + BOOK_COUNT, i] = (up, down, up if abs(up) >= abs(down) else down)
    for row in (p,) if first < 0 else (p, *range(first + 1, first + BOOK_COUNT)):
        rebuild(slow, row)
    slow.fit_exposure[p] = arrays.fit_exposure[p]
    measure(slow, p)
    scale = max(1.0, float(slow.metrics[p, METRIC_INDEX["gross"]]))
    assert books.metrics[0] == pytest.approx(slow.metrics[p], rel=1e-9, abs=1e-9 * scale, nan_ok=True)
    assert books.statuses[0].tolist() == slow.statuses[p].tolist()


@pytest.mark.parametrize("orders", [False, True])
@pytest.mark.parametrize(("units", "share"), [(900.0, 1.02), (-900.0, 1.1), (40.0, 50.0)])
def test_the_search_is_as_its_python_twin_has_it(units: float, share: float, orders: bool) -> None:
    arrays = random_arrays(5, orders=orders)
    trade, ceilings = trade_of(arrays, 4, units), made_ceilings(arrays, share)
    compiled, plain = rows_of(arrays), rows_of(arrays)
    notes, plain_notes = scratch(), scratch()
    with np.errstate(all="ignore"):
        slow = python_of(largest_fitting)(*plain, trade, ceilings, plain_notes, 0, True)
    found = largest_fitting(*compiled, trade, ceilings, notes, 0, True)
    assert found == slow
    assert all(one.tobytes() == other.tobytes() for one, other in zip(notes, plain_notes, strict=True))
    assert_same_bytes(compiled[0], plain[0])


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), data=st.data())
def test_the_selected_value_is_that_of_sorting(values: list[float], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(values) - 1))
    padded = np.array([*values, -np.inf])  # beyond `count` nothing is looked at
    assert select_smallest(padded, len(values), place) == sorted(values)[place]


@given(losses=st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=ROWS))
def test_chosen_candidates_are_those_that_a_scan_keeps(losses: list[float]) -> None:
    """The same losses in the same order, and the same bound; of equal ones any row may stand there."""
    loss, chosen, kept = np.array(losses), np.zeros(CANDIDATES, dtype=np.int64), np.zeros(CANDIDATES, dtype=np.int64)
    spare, rows = np.zeros(len(losses)), np.zeros(len(losses), dtype=np.int64)
    bound = choose_candidates(loss, len(losses), chosen, spare, rows)
    assert bound == refresh_candidates(loss, len(losses), kept)
    count = min(CANDIDATES, len(losses))
    assert loss[chosen[:count]].tolist() == loss[kept[:count]].tolist()
    assert len(set(chosen[:count].tolist())) == count


@pytest.mark.parametrize("spread", [0.0, 0.3, 1e-12, 50.0])
@given(seed=st.integers(0, 10**6), count=st.integers(97, 800), shift=st.floats(-5.0, 5.0))
def test_many_losses_are_chosen_from_as_a_scan_does(seed: int, count: int, shift: float, spread: float) -> None:
    """Whatever their level, also where most are equal, and where one is far from all others."""
    random = np.random.default_rng(seed)
    loss = shift + random.standard_t(2, count) * np.where(random.random(count) < spread, 1.0, 0.0)
    chosen, kept = np.zeros(CANDIDATES, dtype=np.int64), np.zeros(CANDIDATES, dtype=np.int64)
    bound = choose_candidates(loss, count, chosen, np.zeros(count), np.zeros(count, dtype=np.int64))
    assert bound == refresh_candidates(loss, count, kept)
    assert chosen.tolist() == kept.tolist()  # of equal ones the earlier row, in order


@given(one=st.floats(-1e9, 1e9), other=st.floats(-1e9, 1e9))
def test_a_clean_sum_is_the_rounded_sum(one: float, other: float) -> None:
    assert clean_sum(one, other) == rounded_pair(one, other) == rounded_sum((one, other))
    assert clean_sum(one, -one) == 0.0


def test_the_whole_order_alone_need_not_be_a_multiple() -> None:
    trade = trade_of(random_arrays(1), 0, 7.5, lots=8)
    assert [size_of(trade, lots) for lots in (0, 3, 8)] == [0.0, 3.0, 7.5]


@pytest.mark.parametrize(
    ("value", "status", "missing"),
    [(1.0, Status.DEGRADED, False), (1.0, Status.INSUFFICIENT, True), (np.nan, Status.OK, True),
     (np.inf, Status.INVALID, False)],
)  # fmt: skip
def test_a_number_is_missing_by_its_status_but_infinity_never(value: float, status: int, missing: bool) -> None:
    assert is_missing(value, int(status)) == missing


@pytest.mark.parametrize(
    ("before", "after", "ceiling", "stops"),
    [(1.0, 2.0, 3.0, False), (1.0, 4.0, 3.0, True), (5.0, 4.0, 3.0, False), (4.0, 5.0, 3.0, True),
     (np.inf, np.inf, 3.0, True), (np.inf, np.inf, np.inf, False), (np.nan, 4.0, 3.0, True), (np.nan, 2.0, 3.0, False)],
)  # fmt: skip
def test_a_number_stops_an_order_where_it_is_over_and_worse(
    before: float, after: float, ceiling: float, stops: bool
) -> None:
    arrays = random_arrays(1)
    books, _ = rows_of(arrays)
    ceilings, notes = made_ceilings(arrays, 1.0), scratch()
    at = METRIC_INDEX["gross"]
    ceilings.ceiling[:], ceilings.missing[:] = np.inf, 0
    ceilings.ceiling[1, at], notes.values[BEFORE, 1, at], notes.statuses[BEFORE, 1, at] = ceiling, before, Status.OK
    books.metrics[ROWS_A_SCOPE, at], books.statuses[ROWS_A_SCOPE, at] = after, Status.OK
    assert mark_blocked(books, ceilings, notes, 1, STOPPED) == int(stops)
    assert notes.marks[STOPPED, 1, at] == int(stops)
    ceilings.apart[1, at] = True  # in another unit it is no excuse that the number was larger before
    assert mark_blocked(books, ceilings, notes, 1, STOPPED) == int(after > ceiling)
