"""Working orders: what they add up to in every scope, and the books that they could make of it.

A scope with orders has four books beside it, after the rows of all scopes, in the order of `BOOKS`. The first holds no
exposures but the scope's own numbers, those of its positions alone; the others are the quantities that there would be
if all buys were filled, all sells, or of each instrument the side that makes |q| larger (semantics.md, Books). They are
kept like scopes: by every move, and rebuilt with every row. Without orders there are none.
"""

import math

from risk.arrays import Scalar
from risk.kernels.book import BOOK_COUNT, move_exposure, rebuild
from risk.measures import BOOKS
from risk.quarantine import suspect_stress_of
from risk.rounding import rounded_sum
from risk.state import RiskState, WorkingOrder
from risk.trust import count_missing_in_book

BUYS, SELLS, LARGER = (BOOKS.index(name) for name in ("buys", "sells", "larger"))


def set_working(state: RiskState, root: str, order_id: str, order: WorkingOrder) -> None:
    """Take in what is open of an order, in the units of today; a quantity of 0 removes it."""
    key = (root, order_id)
    before = state.orders.pop(key, None)
    if before is not None:
        del state.orders_at[before.leaf, before.instrument][key]
        if (before.leaf, before.instrument) != (order.leaf, order.instrument):
            refresh_working(state, before.leaf, before.instrument)
    if order.quantity != 0.0:
        state.orders[key] = order
        state.orders_at.setdefault((order.leaf, order.instrument), {})[key] = order
    refresh_working(state, order.leaf, order.instrument)


def refresh_working(state: RiskState, leaf: int, i: int) -> None:
    """Add up the orders of a leaf in instrument i, and those of its children in every scope above it.

    Orders in an expired instrument cannot be filled and count for nothing.
    """
    orders = state.orders_at.get((leaf, i), {})
    if not orders:
        state.orders_at.pop((leaf, i), None)
    counted = [order.quantity for order in orders.values()] if state.terms[i].active else []
    pair = (math.fsum(q for q in counted if q > 0.0), math.fsum(-q for q in counted if q < 0.0))
    for p in state.path_of(leaf):
        if p != leaf:
            below = [state.working.get(child, {}).get(i, (0.0, 0.0)) for child in state.children[p]]
            pair = (math.fsum(buys for buys, _ in below), math.fsum(sells for _, sells in below))
        _put(state, p, i, pair)


def refresh_instrument(state: RiskState, i: int) -> None:
    """Add up all orders in instrument i anew: their units or its status have changed."""
    for leaf, j in list(state.orders_at):
        if j == i:
            refresh_working(state, leaf, i)


def move_orders(state: RiskState, leaf: int, child: int) -> None:
    """Hand the orders of a leaf that has become a parent to its implicit leaf."""
    for place in [place for place in state.orders_at if place[0] == leaf]:
        orders = state.orders_at.pop(place)
        for order in orders.values():
            order.leaf = child
        state.orders_at[child, place[1]] = orders
        refresh_working(state, child, place[1])


def place_books(state: RiskState, p: int, i: int) -> None:
    """Bring the quantities of instrument i in the worked books of scope p up to date; nothing where it has none."""
    arrays = state.arrays
    first = int(arrays.worked_row[p])
    if first < 0:
        return
    _write(state, p, i)
    for book in range(first + 1, first + BOOK_COUNT):
        move_exposure(arrays, book, i)
    _refresh_rest(state, p)


def worked_quantities(held: float, buys: float, sells: float) -> tuple[float, float, float, float]:
    """Return the quantity in each of the BOOKS; what cancels is zero.

    buys, sells : open quantities, >= 0. Where both sides make |q| as large, the buys are the larger book's.
    """
    up, down = rounded_sum((held, buys)), rounded_sum((held, -sells))
    return held, up, down, up if abs(up) >= abs(down) else down


def exposed_row(state: RiskState, p: int) -> int:
    """Return the book that names what scope p may come to hold: at its larger |q|, the scope's own without orders."""
    first = int(state.arrays.worked_row[p])
    return p if first < 0 else first + LARGER


def own_row(state: RiskState, p: int) -> int:
    """Return the row with the numbers of scope p's positions alone: the scope's own where there are no orders."""
    first = int(state.arrays.worked_row[p])
    return p if first < 0 else first


def book_row(state: RiskState, p: int, book: int) -> int:
    """Return the row with the exposures of one of the BOOKS of scope p; the scope's own where there are no orders."""
    first = int(state.arrays.worked_row[p])
    return p if first < 0 or book == 0 else first + book


def _put(state: RiskState, p: int, i: int, pair: tuple[float, float]) -> None:
    """Note the open buys and sells of scope p in instrument i, and open or close its books with the first or last."""
    if pair == (0.0, 0.0):
        state.working.get(p, {}).pop(i, None)
    else:
        state.working.setdefault(p, {})[i] = pair
    is_open = state.arrays.worked_row[p] >= 0
    if state.working.get(p) and not is_open:
        _open(state, p)
    elif is_open and not state.working.get(p):
        _close(state, p)
    else:
        place_books(state, p, i)
    state.dirty.add(p)


def _open(state: RiskState, p: int) -> None:
    first = state.take_worked_rows()
    arrays = state.arrays
    arrays.worked_row[p] = first
    arrays.scalars[Scalar.WORKING] += 1
    for book in range(first, first + BOOK_COUNT):
        arrays.quantity[book] = arrays.quantity[p]
        arrays.statuses[book] = arrays.statuses[p]
        arrays.value_base[book] = arrays.high_water[book] = 1.0
    for i in state.working[p]:
        _write(state, p, i)
    for book in range(first + 1, first + BOOK_COUNT):
        rebuild(arrays, book)
    _refresh_rest(state, p)


def _close(state: RiskState, p: int) -> None:
    arrays = state.arrays
    state.worked_free.append(int(arrays.worked_row[p]) - state.scope_room)
    arrays.worked_row[p] = -1
    arrays.worst[p] = 0
    arrays.scalars[Scalar.WORKING] -= 1
    del state.working[p]


def _write(state: RiskState, p: int, i: int) -> None:
    arrays = state.arrays
    first, held = int(arrays.worked_row[p]), float(arrays.quantity[p, i])
    buys, sells = state.working[p].get(i, (0.0, 0.0))
    arrays.quantity[first + 1 : first + BOOK_COUNT, i] = worked_quantities(held, buys, sells)[1:]


def _refresh_rest(state: RiskState, p: int) -> None:
    """Bring up to date what hangs on quantities beside exposures: names without a value, and doubted prices."""
    first = int(state.arrays.worked_row[p])
    for book in range(first + 1, first + BOOK_COUNT):
        count_missing_in_book(state, book)
        suspect_stress_of(state, book)
