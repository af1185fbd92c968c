"""What a fill would make of the numbers of a scope and of all above it, and how much of an order fits under ceilings.

The state is read and never changed: its books are copied into rows of the preview's own, moved there by one instrument,
and measured by the kernels that measure the state (`risk/kernels/filled.py`). What a fill would ask for besides, a new
fit of the 99.9 % tail, is told and not done.
"""

import math
from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from risk.arrays import Arrays, with_books
from risk.kernels.direct import direct
from risk.kernels.filled import ROWS_A_SCOPE, HeldBooks, Trade
from risk.kernels.fitting import AFTER, BEFORE, BINDING, LOUD, STOPPED, WHOLE, Ceilings, Scratch, largest_fitting
from risk.measures import METRICS, IntVector, Matrix
from risk.portfolios import nav_known_after_fill
from risk.rounding import rounded_pair
from risk.state import RiskState
from risk.trust import has_value
from risk.working import LARGER

_DEPTH = 4  # scopes on a path that there is room for at first
_PATHS_MAX = 4_096  # whose indices are kept as arrays
_COUNT = len(METRICS)
_NO_ORDERS = (0.0, 0.0)
_ON_MULTIPLE = 1e-9  # rounding of a division

Cube = NDArray[np.float64]
IntCube = NDArray[np.int64]


class Proposal(msgspec.Struct, frozen=True):  # a struct is made in a tenth of the time of a frozen dataclass
    """An order to look at.

    path       : scopes, from the one that holds it to its root; at least one
    holds_now  : False where the path's first scope would get its first holding by it
    instrument : index
    side       : 1.0 to buy, -1.0 to sell
    lot        : units, > 0; size: units, > 0, and a multiple of the lot where less than all of it may be the answer
    least      : units that go in any case, from 0 to size
    """

    path: tuple[int, ...]
    holds_now: bool
    instrument: int
    side: float
    lot: float
    size: float
    least: float


class Numbers(msgspec.Struct, frozen=True):
    """The metrics of each scope of a path: (m, len(METRICS)) values and statuses."""

    values: Matrix
    statuses: IntVector


class Fitted(msgspec.Struct, frozen=True):
    """The answer.

    size     : units that fit; `least` where no more does
    values, statuses : (3, m, len(METRICS)) the numbers without the order, with all of it, and with `size`
    marks    : (3, m, len(METRICS)) `stopped`, `binding` and `loud`
    is_loud  : any number of the whole order is
    asks_fit : scopes of the path, by place, whose 99.9 % tail would be fitted anew after a fill of `size`
    """

    size: float
    values: Cube
    statuses: IntCube
    marks: IntCube
    is_loud: bool
    asks_fit: tuple[int, ...]

    @property
    def before(self) -> Numbers:
        """The numbers without the order."""
        return Numbers(self.values[BEFORE], self.statuses[BEFORE])

    @property
    def whole(self) -> Numbers:
        """The numbers with all of it."""
        return Numbers(self.values[WHOLE], self.statuses[WHOLE])

    @property
    def after(self) -> Numbers:
        """The numbers with `size` of it."""
        return Numbers(self.values[AFTER], self.statuses[AFTER])

    @property
    def stopped(self) -> IntVector:
        """(m, len(METRICS)) 1 where a number of the whole order is over its ceiling."""
        marks: IntVector = self.marks[STOPPED]
        return marks

    @property
    def binding(self) -> IntVector:
        """(m, len(METRICS)) 1 where a number is seen to stop one lot more than `size`; one scope's are enough."""
        marks: IntVector = self.marks[BINDING]
        return marks

    @property
    def loud(self) -> IntVector:
        """(m, len(METRICS)) 1 where a number of the whole order is over what is told of, or missing."""
        marks: IntVector = self.marks[LOUD]
        return marks

    def with_after(self, other: "Fitted", which: int = AFTER) -> "Fitted":
        """Return the same order fitted to another size, whose numbers are those `which` of the other answer."""
        values, statuses = self.values.copy(), self.statuses.copy()
        values[AFTER], statuses[AFTER] = other.values[which], other.statuses[which]
        asks_fit = () if which == BEFORE else other.asks_fit
        return msgspec.structs.replace(self, values=values, statuses=statuses, asks_fit=asks_fit)

    def with_whole(self, other: "Fitted") -> "Fitted":
        """Return the same part of an order, beside the numbers of the whole order in the other answer."""
        values, statuses, marks = self.values.copy(), self.statuses.copy(), self.marks.copy()
        values[WHOLE], statuses[WHOLE], marks[STOPPED] = (
            other.values[WHOLE],
            other.statuses[WHOLE],
            other.marks[STOPPED],
        )
        return msgspec.structs.replace(self, values=values, statuses=statuses, marks=marks)


class Preview:
    """Rows for the books of one path, used again for every order; from the thread that steps the core only."""

    def __init__(self, state: RiskState) -> None:
        self._state = state
        self._seen: Arrays | None = None
        self._depth = _DEPTH
        self._scratch: dict[int, Scratch] = {}  # by scopes on the path, so that answers are copied whole
        self._rows: dict[tuple[int, ...], tuple[IntVector, Matrix]] = {}
        self._compiled: Callable[..., object] | None = None

    def names(self, p: int, i: int, traded: float) -> tuple[int, int]:
        """Return how many names scope p has, its orders at their larger |q|, and would have; traded: units, signed."""
        state, arrays = self._state, self._state.arrays
        first, filled = arrays.worked_row.item(p), rounded_pair(arrays.quantity.item(p, i), traded)
        row = p if first < 0 else first + LARGER
        buys, sells = state.working.get(p, {}).get(i, _NO_ORDERS) if state.working else _NO_ORDERS
        if buys or sells:
            filled = max(abs(rounded_pair(filled, buys)), abs(rounded_pair(filled, -sells)))
        now, before = filled != 0.0 and arrays.unit.item(i) != 0.0, arrays.exposure.item(row, i) != 0.0
        count: int = arrays.names.item(row)
        return count, count - before + now

    def fit(self, order: Proposal, ceilings: Ceilings, *, searches: bool = True) -> Fitted:
        """Return the most of the order that fits under the ceilings, and the numbers; O(N + T + S) a scope and step.

        ceilings : (m, len(METRICS)) each
        searches : False looks at the whole order alone, whatever the ceilings say
        """
        lot, size, depth = order.lot, order.size, len(order.path)
        scratch = self._room(depth)
        sizes_max = max(1, math.ceil(size / lot - _ON_MULTIPLE * max(1.0, size / lot)))
        trade, least = self._trade(order, sizes_max), lots_in(order.least, lot)
        lots, loud = self._search(self._books, self._held, trade, ceilings, scratch, least, searches)
        if lots < sizes_max:
            size = max(order.least, lots * lot)
        asks_fit = scratch.asks_fit.tolist()
        found = Fitted(
            size, scratch.values.copy(), scratch.statuses.copy(), scratch.marks[: LOUD + 1].copy(), loud > 0,
            tuple([place for place in range(depth) if asks_fit[place]]) if 1 in asks_fit else (),
        )  # fmt: skip
        if size == order.size or is_multiple(size, lot):
            return found
        # an odd lot, which goes in any case
        return found.with_after(self.fit(msgspec.structs.replace(order, size=size), ceilings, searches=False))

    def _search(self, *arguments: object) -> tuple[int, int]:
        """Return what `largest_fitting` does; its arguments are of the same types in every call."""
        if self._compiled is None:
            self._compiled = direct(largest_fitting, *arguments)
        found = self._compiled(*arguments)
        assert isinstance(found, tuple), f"the search returns lots and marks, got {found!r}"
        return found

    def _trade(self, order: Proposal, sizes_max: int) -> Trade:
        state, i = self._state, order.instrument
        arrays, terms = state.arrays, state.terms[i]
        doubted = 0.0
        if i in state.quarantine and not terms.inverse:
            doubted = (state.quarantine[i][-1] - float(arrays.mark[i])) * float(arrays.pnl_unit[i])
        notional = 0.0
        if terms.kind != "cash":
            price = 1.0 if terms.inverse else abs(float(arrays.mark[i]))
            notional = terms.multiplier * price * state.rates.get(terms.currency, math.nan)
        path, opened = self._rows_of(order.path)
        if state.working:
            opened = np.array([state.working.get(p, {}).get(i, _NO_ORDERS) for p in order.path])
        has_nav = arrays.has_nav[path]
        if not order.holds_now:
            has_nav[:] = nav_known_after_fill(state, order.path, holds_now=False)
        return Trade(
            path, has_nav, opened, i, order.side, lot=order.lot, whole=order.size, sizes_max=sizes_max,
            is_valued=int(has_value(state, i)), suspect_move=doubted, turnover=notional,
        )  # fmt: skip

    def _rows_of(self, path: tuple[int, ...]) -> tuple[IntVector, Matrix]:
        """Return a path as an array, and (m, 2) zeros for one without working orders; neither is ever changed."""
        known = self._rows.get(path)
        if known is None:
            if len(self._rows) >= _PATHS_MAX:
                self._rows.clear()
            known = self._rows[path] = (np.array(path, dtype=np.int64), np.zeros((len(path), 2)))
        return known

    def _room(self, depth: int) -> Scratch:
        """Return what the search writes for a path so long; rows are laid out anew where the state has grown."""
        arrays = self._state.arrays
        if arrays is not self._seen or depth > self._depth:
            self._seen, self._depth = arrays, max(self._depth, depth)
            self._books = with_books(arrays, self._depth * ROWS_A_SCOPE)
            self._held = HeldBooks._make(getattr(arrays, name) for name in HeldBooks._fields)
            self._scratch.clear()
        scratch = self._scratch.get(depth)
        if scratch is None:
            scratch = self._scratch[depth] = make_scratch(depth, arrays.loss.shape[1])
        return scratch


def make_scratch(depth: int, rows: int) -> Scratch:
    """Return what the search writes for a path of so many scopes, with losses of so many rows."""
    shape = (depth, _COUNT)
    return Scratch(
        values=np.zeros((3, *shape)),
        statuses=np.zeros((3, *shape), dtype=np.int64),
        marks=np.zeros((4, *shape), dtype=np.int64),
        asks_fit=np.zeros(depth, dtype=np.int64),
        lots=np.zeros(depth, dtype=np.int64),
        passed=np.zeros(depth, dtype=np.int64),
        stopped=np.zeros(depth, dtype=np.int64),
        last_lots=np.zeros(depth, dtype=np.int64),
        last=np.zeros(shape),
        times=np.zeros(rows),
    )


def no_ceilings(depth: int) -> Ceilings:
    """Return ceilings for a path of so many scopes that stop nothing."""
    shape = (depth, _COUNT)
    return Ceilings(
        ceiling=np.full(shape, np.inf),
        missing=np.zeros(shape, dtype=np.int64),
        apart=np.zeros(shape, dtype=np.bool_),
        told=np.full(shape, np.inf),
        watched=np.zeros(shape, dtype=np.int64),
    )


def lots_in(size: float, lot: float) -> int:
    """Return how many whole lots there are in a size; what is a multiple but for rounding counts as one.

    >>> lots_in(0.3, 0.1), lots_in(7.9, 1.0)
    (3, 7)
    """
    return round(size / lot) if is_multiple(size, lot) else math.floor(size / lot)


def is_multiple(size: float, lot: float) -> bool:
    """Say whether a size is a multiple of a lot, but for the rounding of a division.

    >>> is_multiple(0.3, 0.1), is_multiple(0.35, 0.1)
    (True, False)
    """
    ratio = size / lot
    return abs(ratio - round(ratio)) <= _ON_MULTIPLE * max(1.0, abs(ratio))
