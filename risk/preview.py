"""What a fill would make of the numbers of a scope and of all above it, and how much of an order fits under ceilings.

The state is read and never changed: its books are copied into rows of the preview's own, moved there by one instrument,
and measured by the kernels that measure the state (`risk/kernels/filled.py`). What a fill would ask for besides, a new
fit of the 99.9 % tail, is told and not done.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from risk.arrays import Arrays, with_books
from risk.kernels.direct import direct
from risk.kernels.filled import ROWS_A_SCOPE, HeldBooks, Trade
from risk.kernels.fitting import AFTER, BEFORE, BINDING, LOUD, STOPPED, WHOLE, Ceilings, Scratch, largest_fitting
from risk.measures import METRICS, IntVector, Matrix
from risk.portfolios import nav_known_after_fill
from risk.rounding import rounded_sum
from risk.state import RiskState
from risk.trust import has_value
from risk.working import exposed_row

_DEPTH = 4  # scopes on a path that there is room for at first
_COUNT = len(METRICS)
_NO_ORDERS = (0.0, 0.0)
_ON_MULTIPLE = 1e-9  # rounding of a division


@dataclass(frozen=True, slots=True)
class Proposal:
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


@dataclass(frozen=True, slots=True)
class Numbers:
    """The metrics of each scope of a path: (m, len(METRICS)) values and statuses."""

    values: Matrix
    statuses: IntVector


@dataclass(frozen=True, slots=True)
class Fitted:
    """The answer.

    size    : units that fit; `least` where no more does
    before, whole, after : the numbers without the order, with all of it, and with `size`
    stopped : (m, len(METRICS)) 1 where a number of the whole order is over its ceiling
    binding : (m, len(METRICS)) 1 where a number is seen to stop one lot more than `size`; one scope's are enough
    loud    : (m, len(METRICS)) 1 where a number of the whole order is over what is told of, or missing; None: nowhere
    asks_fit: scopes of the path, by place, whose 99.9 % tail would be fitted anew after a fill of `size`
    """

    size: float
    before: Numbers
    whole: Numbers
    after: Numbers
    stopped: IntVector
    binding: IntVector
    loud: IntVector | None
    asks_fit: tuple[int, ...]


class Preview:
    """Rows for the books of one path, used again for every order; from the thread that steps the core only."""

    def __init__(self, state: RiskState) -> None:
        self._state = state
        self._seen: Arrays | None = None
        self._depth = _DEPTH
        self._compiled: Callable[..., object] | None = None

    def names(self, p: int, i: int, traded: float) -> tuple[int, int]:
        """Return how many names scope p has, its orders at their larger |q|, and would have; traded: units, signed."""
        state, arrays = self._state, self._state.arrays
        row, filled = exposed_row(state, p), rounded_sum((float(arrays.quantity[p, i]), traded))
        buys, sells = state.working.get(p, {}).get(i, _NO_ORDERS) if state.working else _NO_ORDERS
        if buys or sells:
            filled = max(abs(rounded_sum((filled, buys))), abs(rounded_sum((filled, -sells))))
        now, before = filled != 0.0 and bool(arrays.unit[i] != 0.0), bool(arrays.exposure[row, i] != 0.0)
        count = int(arrays.names[row])
        return count, count - before + now

    def fit(self, order: Proposal, ceilings: Ceilings, *, searches: bool = True) -> Fitted:
        """Return the most of the order that fits under the ceilings, and the numbers; O(N + T + S) a scope and step.

        ceilings : (m, len(METRICS)) each
        searches : False looks at the whole order alone, whatever the ceilings say
        """
        self._make_room(len(order.path))
        scratch, count, lot, size = self._scratch, len(order.path), order.lot, order.size
        sizes_max = max(1, math.ceil(size / lot - _ON_MULTIPLE * max(1.0, size / lot)))
        trade, least = self._trade(order, sizes_max), lots_in(order.least, lot)
        lots, loud = self._search(self._books, self._held, trade, ceilings, scratch, least, searches)
        if lots < sizes_max:
            size = max(order.least, lots * lot)
        values, statuses = scratch.values[:, :count].copy(), scratch.statuses[:, :count].copy()
        marks, asks_fit = scratch.marks[:LOUD, :count].copy(), scratch.asks_fit[:count].tolist()
        found = Fitted(
            size=size,
            before=Numbers(values[BEFORE], statuses[BEFORE]),
            whole=Numbers(values[WHOLE], statuses[WHOLE]),
            after=Numbers(values[AFTER], statuses[AFTER]),
            stopped=marks[STOPPED],
            binding=marks[BINDING],
            loud=scratch.marks[LOUD, :count].copy() if loud else None,
            asks_fit=tuple(place for place in range(count) if asks_fit[place]),
        )
        if size == order.size or is_multiple(size, lot):
            return found
        odd = self.fit(replace(order, size=size), ceilings, searches=False)  # an odd lot, which goes in any case
        return replace(found, after=odd.after, asks_fit=odd.asks_fit)

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
        path = np.array(order.path, dtype=np.int64)
        opened = np.zeros((len(path), 2))
        if state.working:
            opened[:] = [state.working.get(p, {}).get(i, _NO_ORDERS) for p in order.path]
        has_nav = arrays.has_nav[path]
        if not order.holds_now:
            has_nav[:] = nav_known_after_fill(state, order.path, holds_now=False)
        return Trade(
            path=path,
            has_nav=has_nav,
            open=opened,
            instrument=i,
            side=order.side,
            lot=order.lot,
            whole=order.size,
            sizes_max=sizes_max,
            is_valued=int(has_value(state, i)),
            suspect_move=doubted,
            turnover=notional,
        )

    def _make_room(self, depth: int) -> None:
        """Lay the rows out anew where the state's arrays have grown, or the path is longer than any before."""
        arrays = self._state.arrays
        if arrays is self._seen and depth <= self._depth:
            return
        self._seen, self._depth = arrays, max(self._depth, depth)
        self._books = with_books(arrays, self._depth * ROWS_A_SCOPE)
        self._held = HeldBooks._make(getattr(arrays, name) for name in HeldBooks._fields)
        shape = (self._depth, _COUNT)
        self._scratch = Scratch(
            values=np.zeros((3, *shape)),
            statuses=np.zeros((3, *shape), dtype=np.int64),
            marks=np.zeros((4, *shape), dtype=np.int64),
            asks_fit=np.zeros(self._depth, dtype=np.int64),
            lots=np.zeros(self._depth, dtype=np.int64),
            passed=np.zeros(self._depth, dtype=np.int64),
            stopped=np.zeros(self._depth, dtype=np.int64),
            last=np.zeros(_COUNT),
            times=np.zeros(arrays.loss.shape[1]),
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
