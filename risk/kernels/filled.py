"""The books of a scope as a fill would leave them: copied and moved into rows of their own, then measured.

Nothing of the state is changed: what is read of it is in `HeldBooks`, and all that is written is in arrays of the
preview (`risk/preview.py`), which are laid out as the state's, so that the state's own kernels measure them.
"""

from typing import NamedTuple

from numba import njit

from risk.arrays import Arrays, Floats, Ints, Scalar
from risk.kernels.book import BOOK_COUNT, rebuild
from risk.kernels.liquidity import move_liquidity
from risk.kernels.measure import measure
from risk.kernels.tail import choose_candidates
from risk.kernels.worst import LARGER
from risk.measures import BOOKS, METRIC_INDEX

ROWS_A_SCOPE = 1 + BOOK_COUNT  # the scope's own, then its four books with working orders
_TINY_SHARE = 1e-6  # a book this much smaller than what was sold of it is added up anew: rounding of what was large
_FAR_SHARE = 0.02  # of gross with the order: after a larger move other rows are the worst
_SELLS = BOOKS.index("sells")
_GROSS = METRIC_INDEX["gross"]
_ROUNDING = 1e-12  # as risk.rounding has it
_INSTRUMENTS, _ROWS, _SCENARIOS = Scalar.INSTRUMENTS, Scalar.ROWS, Scalar.SCENARIOS


class HeldBooks(NamedTuple):
    """Arrays of the state that a preview reads of each book: `risk.arrays.Arrays` says what they are."""

    known: Ints
    missing: Ints
    index_valid: Ints
    worked_row: Ints
    candidate_bound: Floats
    moved: Floats
    value: Floats
    value_base: Floats
    index_base: Floats
    high_water: Floats
    day_pnl: Floats
    traded: Floats
    nav_row: Floats
    quantity: Floats
    exposure: Floats
    sigma_x: Floats
    slow_x: Floats
    fit_exposure: Floats
    loss: Floats
    candidates: Ints
    stress: Floats
    stress_suspect: Floats
    covered_gross: Floats
    liquid: Floats
    liquid_part: Floats
    fit: Floats
    metrics: Floats
    statuses: Ints


class Trade(NamedTuple):
    """What is traded, by index and number, and where.

    path     : (m,) scopes, the one that holds it first, its root last
    has_nav  : (m,) whether each knows its V after the fill
    open     : (m, 2) open buys and sells of the instrument in each, units
    instrument : index
    side     : 1.0 to buy, -1.0 to sell
    lot      : units, > 0; whole: units of the largest size, which alone need not be a multiple of it
    sizes_max: lots of the largest size
    is_valued: 1 where the instrument has a value
    suspect_move : by what a price in quarantine would move the exposure of a unit; 0 where there is none
    turnover : notional of a unit in base currency, NaN where it has no value
    """

    path: Ints
    has_nav: Ints
    open: Floats
    instrument: int
    side: float
    lot: float
    whole: float
    sizes_max: int
    is_valued: int
    suspect_move: float
    turnover: float


@njit(cache=True, error_model="numpy", _nrt=False)
def clean_sum(one: float, other: float) -> float:
    """Return the sum, 0 where it cancels but for rounding."""
    total = one + other
    return 0.0 if abs(total) <= _ROUNDING * max(abs(one), abs(other)) else total


@njit(cache=True, error_model="numpy", _nrt=False)
def size_of(trade: Trade, lots: int) -> float:
    """Return the units of so many lots."""
    return trade.whole if lots == trade.sizes_max else lots * trade.lot


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def fill_scope(
    t: Arrays, b: HeldBooks, trade: Trade, place: int, lots: int, is_warm: bool, spare: Floats
) -> None:  # fmt: skip
    """Measure scope `path[place]` as it would be with so many lots filled at the mark, in the rows of that place.

    t       : arrays of the preview; those of instruments are the state's own, and are only read
    is_warm : the rows hold the same order in another size, so that much the same losses are the worst
    spare   : (T,) scratch
    """
    p, i, row = trade.path[place], trade.instrument, place * ROWS_A_SCOPE
    size, first = size_of(trade, lots), b.worked_row[p]
    t.worked_row[row] = row + 1 if first >= 0 else -1
    held = clean_sum(b.quantity[p, i], trade.side * size)
    up, down = clean_sum(held, trade.open[place, 0]), clean_sum(held, -trade.open[place, 1])
    for book in range(BOOK_COUNT if first >= 0 else 1):
        source, target, quantity = p, row, held
        if book > 0:
            source, target = first + book, row + 1 + book
            quantity = down if book == _SELLS or (book == LARGER and abs(down) > abs(up)) else up
        _fill_book(t, b, trade, source, target, quantity, is_warm, spare)
    t.known[row], t.has_nav[row], t.index_valid[row] = b.known[p], trade.has_nav[place], b.index_valid[p]
    t.value[row], t.value_base[row], t.index_base[row] = b.value[p], b.value_base[p], b.index_base[p]
    t.high_water[row], t.day_pnl[row], t.nav_row[row] = b.high_water[p], b.day_pnl[p], b.nav_row[p]
    t.traded[row] = b.traded[p] + (size * trade.turnover if size > 0.0 else 0.0)
    fit, held_fit = t.fit[row], b.fit[p]
    for column in range(fit.shape[0]):
        fit[column] = held_fit[column]
    measure(t, row)


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def _fill_book(
    t: Arrays, b: HeldBooks, trade: Trade, source: int, row: int, quantity: float, is_warm: bool, spare: Floats
) -> None:  # fmt: skip
    """Copy book `source` into `row` with another quantity of the instrument: `risk.kernels.book.move_exposure`."""
    i, count = trade.instrument, t.scalars[_INSTRUMENTS]
    old, new, last = b.exposure[source, i], quantity * t.unit[i], t.exposure[row, i]
    d = new - old
    t.missing[row] = b.missing[source]
    if trade.is_valued == 0:
        t.missing[row] += int(quantity != 0.0) - int(b.quantity[source, i] != 0.0)
    values, statuses = t.metrics[row], t.statuses[row]
    held_values, held_statuses = b.metrics[source], b.statuses[source]
    for metric in range(values.shape[0]):
        values[metric], statuses[metric] = held_values[metric], held_statuses[metric]
    t.refit[row], t.moved[row] = 0, b.moved[source] + abs(d)
    if not is_warm:
        _copy(b.fit_exposure[source], t.fit_exposure[row], count)
        _copy(b.exposure[source], t.exposure[row], count)
    t.exposure[row, i] = new
    _move_stress(t, b, trade, source, row, quantity)
    if _leaves_little(b.exposure[source], i, new, count):
        _copy(b.quantity[source], t.quantity[row], count)
        t.quantity[row, i] = quantity
        moved = t.moved[row]
        rebuild(t, row)
        t.moved[row] = moved
    else:
        rows = min(t.scalars[_ROWS], t.loss.shape[1])
        _copy_moved(b.loss[source], t.loss[row], t.returns[i], -d, rows)
        _copy_moved(b.sigma_x[source], t.sigma_x[row], t.sigma[i], d, count)
        _copy_moved(b.slow_x[source], t.slow_x[row], t.slow_sigma[i], d * t.align[i], count)
        _move_candidates(t, b, source, row, i, new - (last if is_warm else old), is_warm, spare)
        _move_liquidity(t, b, source, row, i, quantity, old)


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def _move_candidates(
    t: Arrays, b: HeldBooks, source: int, row: int, i: int, d: float, is_warm: bool, spare: Floats
) -> None:  # fmt: skip
    """Bring the worst rows up to date after a move of `d` of exposure, from near ones where there are any."""
    rows, candidates, held = min(t.scalars[_ROWS], t.loss.shape[1]), t.candidates[row], b.candidates[source]
    if rows > 0 and abs(d) > _FAR_SHARE * (abs(b.metrics[source, _GROSS]) + abs(t.exposure[row, i])):
        t.candidate_bound[row] = choose_candidates(t.loss[row], rows, candidates, spare, t.member)
    else:
        bound = t.candidate_bound[row] if is_warm else b.candidate_bound[source]
        if not is_warm:
            for place in range(candidates.shape[0]):
                candidates[place] = held[place]
        worst = -d * t.returns_min[i] if d > 0.0 else -d * t.returns_max[i]
        t.candidate_bound[row] = bound + worst + 1e-14 * (abs(d) + abs(t.exposure[row, i]))


@njit(cache=True, error_model="numpy", _nrt=False)
def _copy(source: Floats, target: Floats, count: int) -> None:
    """Copy the first `count`; an assignment of slices would allocate."""
    for column in range(count):
        target[column] = source[column]


@njit(cache=True, error_model="numpy", _nrt=False)
def _copy_moved(source: Floats, target: Floats, by: Floats, scale: float, count: int) -> None:
    """Write source + scale times `by` into the target."""
    for column in range(count):
        target[column] = source[column] + scale * by[column]


@njit(cache=True, error_model="numpy", _nrt=False)
def _leaves_little(exposure: Floats, i: int, new: float, count: int) -> bool:
    """Say whether what is left of a book is tiny beside what was taken from it, or nothing at all."""
    old = abs(exposure[i])
    if not abs(new) < 0.5 * old:
        return False
    rest = abs(new)
    for j in range(count):
        rest += abs(exposure[j]) if j != i else 0.0
    return bool(rest < _TINY_SHARE * old)


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def _move_stress(t: Arrays, b: HeldBooks, trade: Trade, source: int, row: int, quantity: float) -> None:
    """Move scenario losses, what doubted prices add to them, and what each scenario covers."""
    i, old, new = trade.instrument, b.exposure[source, trade.instrument], t.exposure[row, trade.instrument]
    d, shift = new - old, abs(new) - abs(old)
    doubted = (quantity - b.quantity[source, i]) * trade.suspect_move
    for k in range(t.scalars[_SCENARIOS]):
        t.stress[row, k] = b.stress[source, k] - d * t.shocks[i, k]
        t.stress_suspect[row, k] = b.stress_suspect[source, k] - doubted * t.shocks[i, k]
        t.covered_gross[row, k] = b.covered_gross[source, k] + shift * t.covered[i, k]


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def _move_liquidity(t: Arrays, b: HeldBooks, source: int, row: int, i: int, quantity: float, old: float) -> None:
    """Move the sums of liquidity; where a name comes or goes they are added up anew, so that no rounding is left."""
    sums, part, parts = t.liquid[row], t.liquid_part[row, i], b.liquid_part[source]
    t.quantity[row, i] = quantity
    is_kept = old != 0.0 and t.exposure[row, i] != 0.0
    for column in range(sums.shape[0]):
        sums[column] = b.liquid[source, column] if is_kept else 0.0
        part[column] = parts[i, column] if is_kept else 0.0
    if not is_kept:
        for j in range(t.scalars[_INSTRUMENTS]):
            if j != i:
                for column in range(sums.shape[0]):
                    sums[column] += parts[j, column]
    move_liquidity(t, row, i)
