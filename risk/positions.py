"""Quantities: positions, snapshots, fills, cancels and working orders of the leaves, summed up the tree."""

import math
from dataclasses import replace

from risk.coins import add_coins, forget_coins
from risk.kernels.book import add_pnl
from risk.portfolios import root_of, subtree
from risk.quantities import quantity_of, refresh_quantity
from risk.rounding import rounded_sum
from risk.state import Fill, Holding, RiskState, WorkingOrder
from risk.working import set_working


def set_position(state: RiskState, leaf: int, i: int, quantity: float, as_of: int) -> None:
    """State a quantity absolutely as of a moment; fills and cancels after it are added.

    The statement with the newest as_of holds (equal: the later arrival), so that an old one undoes nothing.
    """
    holding = state.holdings.setdefault((leaf, i), Holding())
    if as_of < holding.as_of:
        return
    holding.base, holding.as_of = quantity / split_since(state, i, as_of), as_of
    refresh_quantity(state, leaf, i)


def apply_snapshot(state: RiskState, path: str, as_of: int, items: list[tuple[int, int, float]]) -> None:
    """State a whole subtree: items are (leaf, instrument, quantity); whatever they leave out is 0; orders stay."""
    stated: dict[tuple[int, int], float] = {}
    for leaf, i, quantity in items:
        stated[(leaf, i)] = stated.get((leaf, i), 0.0) + quantity
    scopes = set(subtree(state, path))
    keys = {key for key in state.holdings if key[0] in scopes} | set(stated)
    forget_coins(state, scopes)
    for leaf, i in sorted(keys):
        set_position(state, leaf, i, stated.get((leaf, i), 0.0), as_of)


def apply_fill(state: RiskState, fill_id: str, fill: Fill) -> str | None:
    """Add a fill to its leaf and book q (mark - price); return the name of a rejection reason, or None.

    The same fill again changes nothing; the same id with other contents is refused.
    """
    root = root_of(state.scopes[fill.leaf])
    known = state.fills.setdefault(root, {})
    if (seen := known.get(fill_id)) is not None:
        return None if seen.key == fill.key else "DUPLICATE_FILL_ID"
    known[fill_id] = fill
    factor = split_since(state, fill.instrument, fill.ts)  # it is told in the units of its own time
    fill.quantity /= factor
    fill.price *= factor
    holding = state.holdings.setdefault((fill.leaf, fill.instrument), Holding())
    fill.booked = fill.ts > holding.as_of
    if fill.booked:
        holding.entries.append((fill.ts, fill.quantity, fill.ts))
        _book(state, fill, fill.quantity)
    refresh_quantity(state, fill.leaf, fill.instrument)
    return None


def cancel_fill(state: RiskState, root: str, fill_id: str, ts: int) -> str | None:
    """Take back a fill's quantity and its q (mark - price); return the name of a rejection reason, or None."""
    fill = state.fills.get(root, {}).get(fill_id)
    if fill is None:
        return "UNKNOWN_FILL"
    if fill.cancelled:
        return None
    fill.cancelled = True
    holding = state.holdings.setdefault((fill.leaf, fill.instrument), Holding())
    if ts > holding.as_of:
        holding.entries.append((ts, -fill.quantity, fill.ts))
        _book(state, fill, -fill.quantity)
    refresh_quantity(state, fill.leaf, fill.instrument)
    return None


def is_late_fill(state: RiskState, ts: int) -> bool:
    """Say whether a fill is older than the memory of fill ids, so that a duplicate could not be told."""
    return ts < state.now_ns - state.config.data.fill_memory


def forget_fills(state: RiskState) -> None:
    """Drop fill ids older than the memory and fold their quantities into the base; called once a row."""
    horizon = state.now_ns - state.config.data.fill_memory
    for root in sorted(state.fills):
        state.fills[root] = {key: fill for key, fill in state.fills[root].items() if fill.ts >= horizon}
    for holding in state.holdings.values():
        old = [entry for entry in holding.entries if entry[0] < horizon]
        if old:
            holding.base = math.fsum([holding.base, *(q for ts, q, _ in old if ts > holding.as_of)])
            holding.entries = [entry for entry in holding.entries if entry[0] >= horizon]


def set_order(state: RiskState, root: str, order_id: str, order: WorkingOrder) -> None:
    """State what is open of an order, in the units of its time; an open quantity of 0 removes it.

    The newest statement holds (equal: the later arrival).
    """
    known = state.orders.get((root, order_id))
    if known is None or order.ts >= known.ts:
        order.quantity /= split_since(state, order.instrument, order.ts)
        set_working(state, root, order_id, order)


def reduce_order(state: RiskState, root: str, order_id: str, fill: Fill) -> None:
    """A fill of an order leaves that much less of it open; one older than the order's last statement is in it already.

    fill : as `apply_fill` leaves it, in the units of today
    """
    order = state.orders.get((root, order_id))
    if order is None or fill.instrument != order.instrument or fill.quantity * order.quantity < 0.0:
        return
    if fill.ts >= order.ts:
        left = max(0.0, rounded_sum((abs(order.quantity), -abs(fill.quantity))))
        set_working(state, root, order_id, replace(order, quantity=math.copysign(left, order.quantity)))


def split_since(state: RiskState, i: int, ts: int) -> float:
    """Return the product of the price factors that have acted on instrument i after `ts`: 0.5 for one two-for-one."""
    return math.prod(factor for ex_ts, factor in state.acted.get(i, ()) if ex_ts > ts)


def quantity_at(state: RiskState, leaf: int, i: int, ts: int) -> float:
    """Return what the leaf held just before `ts`, as far as its statements tell."""
    holding = state.holdings[(leaf, i)]
    later = math.fsum(q for at, q, _ in holding.entries if at >= ts and at > holding.as_of)
    return quantity_of(holding) - later


def split_holding(state: RiskState, i: int, ex_ts: int, factor: float) -> list[tuple[int, float, float]]:
    """Divide what is older than `ex_ts` by the factor; return (leaf, old quantity, new quantity)."""
    state.acted.setdefault(i, []).append((ex_ts, factor))
    moved = []
    for leaf, j in sorted(key for key in state.holdings if key[1] == i):
        holding = state.holdings[(leaf, j)]
        before = float(state.arrays.quantity[leaf, i])
        if holding.as_of < ex_ts:
            holding.base /= factor
        holding.entries = [(ts, q / factor if units < ex_ts else q, units) for ts, q, units in holding.entries]
        moved.append((leaf, before, quantity_of(holding)))
    for remembered in state.fills.values():
        for fill in remembered.values():
            if fill.instrument == i and fill.ts < ex_ts:
                fill.quantity /= factor
                fill.price *= factor
    for order in state.orders.values():
        if order.instrument == i and order.ts < ex_ts:
            order.quantity /= factor
    return moved


def _book(state: RiskState, fill: Fill, quantity: float) -> None:
    """Book quantity * (mark - price); before there is a mark or a rate it waits for them."""
    i = fill.instrument
    arrays, terms = state.arrays, state.terms[i]
    if terms.kind == "cash":
        return
    per_step = float(arrays.pnl_unit[i])
    if per_step == 0.0:
        state.holdings[(fill.leaf, i)].unpriced.append((quantity, fill.price))
        return
    mark = float(arrays.mark[i])
    if terms.inverse:
        add_coins(state, fill.leaf, i, quantity * terms.multiplier * (1.0 / fill.price - 1.0 / mark))
    else:
        add_pnl(arrays, fill.leaf, quantity * per_step * (mark - fill.price))
