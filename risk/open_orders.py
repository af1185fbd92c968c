"""The four books that open orders could make of given quantities, and the worst of a metric over them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from risk.book import Flags
from risk.measures import BOOKS, NAME_SHARES, UNMOVED_BY_ORDERS, Matrix, Vector
from risk.portfolios import leaves_under
from risk.rounding import ROUNDING
from risk.state import RiskState

NAMES_MIN = 8  # a book of fewer names has its concentration measured in another unit (semantics.md)
_LARGER = BOOKS.index("larger")


@dataclass(frozen=True, slots=True)
class OpenOrders:
    """Open quantities by instrument.

    buys, sells  : (m,) units, >= 0
    only_reduces : (m,) or one for all; as much of an order counts as takes the position towards zero
    """

    buys: Vector
    sells: Vector
    only_reduces: bool | Flags = False
    _is_any: bool = field(init=False)

    def __post_init__(self) -> None:
        """Look once whether any order is open: every evaluation asks."""
        object.__setattr__(self, "_is_any", bool(np.any(self.buys) or np.any(self.sells)))

    def __bool__(self) -> bool:
        """Whether any order is open."""
        return self._is_any

    def books(self, quantity: Vector) -> tuple[Vector, ...]:
        """Return the quantities (m,) of each of the BOOKS; of the first alone where no order is open."""
        if not self:
            return (quantity,)
        buys, sells = self.buys, self.sells
        if np.any(self.only_reduces):
            fewer = np.minimum(buys, np.maximum(-quantity, 0.0)), np.minimum(sells, np.maximum(quantity, 0.0))
            buys, sells = (
                np.where(self.only_reduces, few, all_) for few, all_ in zip(fewer, (buys, sells), strict=True)
            )
        up, down = _sum(quantity, buys), _sum(quantity, -sells)
        return quantity, up, down, np.where(np.abs(up) >= np.abs(down), up, down)

    def worst_value(self, metric: str, quantity: Vector, evaluate: Callable[[Vector], float]) -> float:
        """Return the metric of the book in which it is at its worst; as `worst`."""
        books = self.books(quantity)
        if len(books) == 1 or metric in UNMOVED_BY_ORDERS:
            return evaluate(quantity)
        return max((evaluate(books[place]) for place in _places(metric, books)), key=_rank)

    def worst(self, metric: str, quantity: Vector, evaluate: Callable[[Vector], float]) -> int:
        """Return the index into BOOKS of the book in which the metric is at its worst, the first among equals.

        evaluate : the metric of quantities (m,) without any order; NaN, which is no number, ranks under +inf alone
        """
        books = self.books(quantity)
        if len(books) == 1 or metric in UNMOVED_BY_ORDERS:
            return 0
        places = _places(metric, books)
        values = {place: evaluate(books[place]) for place in places}
        return max(places, key=lambda place: _rank(values[place]))


def orders_kept(held: Matrix, buys: Matrix, sells: Matrix) -> OpenOrders:
    """Return what is left after a cancel of what increases the book that it is of, each (books, m) units.

    An order that closes one book's short is kept by it, and makes a parent longer that is long by another book: where
    books hold an instrument on both sides, what each keeps counts as far as it goes now, whatever the parent holds.
    """
    is_mixed = np.any(held > 0.0, axis=0) & np.any(held < 0.0, axis=0)
    kept = np.minimum(buys, np.maximum(-held, 0.0)), np.minimum(sells, np.maximum(held, 0.0))
    return OpenOrders(kept[0].sum(axis=0), kept[1].sum(axis=0), only_reduces=~is_mixed)


def kept_under(state: RiskState, p: int, held: NDArray[np.intp]) -> OpenOrders:
    """Return the orders that books at and under scope p keep where all have to cancel what increases them.

    held : (m,) the instruments that are asked about
    """
    parts, at = leaves_under(state, p), {i: column for column, i in enumerate(held.tolist())}
    open_ = np.zeros((2, len(parts), len(at)))
    for row, leaf in enumerate(parts):
        for i, sides in state.working.get(leaf, {}).items():
            if i in at:
                open_[:, row, at[i]] = sides
    return orders_kept(state.arrays.quantity[parts][:, held], open_[0], open_[1])


def _places(metric: str, books: tuple[Vector, ...]) -> list[int]:
    """Return the books that a metric is taken of."""
    if metric not in NAME_SHARES:
        return list(range(len(BOOKS)))
    has_other_unit = np.count_nonzero(books[0]) < NAMES_MIN <= np.count_nonzero(books[_LARGER])
    return [_LARGER] if has_other_unit else [0, _LARGER]


def _rank(value: float) -> tuple[int, float]:
    if math.isnan(value):
        return 1, 0.0
    return (2, 0.0) if value == math.inf else (0, value)


def _sum(one: Vector, other: Vector) -> Vector:
    """Return the sum, 0 where it cancels but for rounding."""
    total = one + other
    return np.where(np.abs(total) <= ROUNDING * np.maximum(np.abs(one), np.abs(other)), 0.0, total)
