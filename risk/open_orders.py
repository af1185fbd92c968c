"""The four books that open orders could make of given quantities, and the worst of a metric over them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from risk.measures import BOOKS, NAME_SHARES, UNMOVED_BY_ORDERS, Vector
from risk.rounding import ROUNDING

NAMES_MIN = 8  # a book of fewer names has its concentration measured in another unit (semantics.md)
_LARGER = BOOKS.index("larger")


@dataclass(frozen=True, slots=True)
class OpenOrders:
    """Open quantities by instrument.

    buys, sells  : (m,) units, >= 0
    only_reduces : as much of an order counts as takes a position towards zero
    """

    buys: Vector
    sells: Vector
    only_reduces: bool = False

    def __bool__(self) -> bool:
        """Whether any order is open."""
        return bool(np.any(self.buys) or np.any(self.sells))

    def books(self, quantity: Vector) -> tuple[Vector, ...]:
        """Return the quantities (m,) of each of the BOOKS; of the first alone where no order is open."""
        if not self:
            return (quantity,)
        buys, sells = self.buys, self.sells
        if self.only_reduces:
            buys, sells = np.minimum(buys, np.maximum(-quantity, 0.0)), np.minimum(sells, np.maximum(quantity, 0.0))
        up, down = _sum(quantity, buys), _sum(quantity, -sells)
        return quantity, up, down, np.where(np.abs(up) >= np.abs(down), up, down)

    def worst(self, metric: str, quantity: Vector, evaluate: Callable[[Vector], float]) -> int:
        """Return the index into BOOKS of the book in which the metric is at its worst, the first among equals.

        evaluate : the metric of quantities (m,) without any order; NaN, which is no number, ranks under +inf alone
        """
        books = self.books(quantity)
        if len(books) == 1 or metric in UNMOVED_BY_ORDERS:
            return 0
        if metric in NAME_SHARES:
            has_other_unit = np.count_nonzero(books[0]) < NAMES_MIN <= np.count_nonzero(books[_LARGER])
            places = [_LARGER] if has_other_unit else [0, _LARGER]
        else:
            places = list(range(len(BOOKS)))
        values = {place: evaluate(books[place]) for place in places}
        return max(places, key=lambda place: _rank(values[place]))

    def without(self, *, only_increasing: bool) -> "OpenOrders":
        """Return what is left after a cancel of all orders, or of what increases a position."""
        if only_increasing:
            return OpenOrders(self.buys, self.sells, only_reduces=True)
        return OpenOrders(np.zeros_like(self.buys), np.zeros_like(self.sells))


def _rank(value: float) -> tuple[int, float]:
    if math.isnan(value):
        return 1, 0.0
    return (2, 0.0) if value == math.inf else (0, value)


def _sum(one: Vector, other: Vector) -> Vector:
    """Return the sum, 0 where it cancels but for rounding."""
    total = one + other
    return np.where(np.abs(total) <= ROUNDING * np.maximum(np.abs(one), np.abs(other)), 0.0, total)
