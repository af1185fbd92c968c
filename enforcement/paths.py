"""Paths of reduction: from the book as it is to a smaller one, along one parameter."""

from dataclasses import dataclass

import numpy as np

from risk.book import Book
from risk.measures import Vector


@dataclass(frozen=True, slots=True)
class Path:
    """q_i(t) = q_i (1 - min(1, t w_i)) for t in [0, length], rounded to whole lots where w_i > 0.

    quantity, weight, lot : (m,); weights are in [0, 1] and the largest is 1
    length                : the t at which every instrument with a weight is flat, >= 1
    rounding              : the part of a lot from which on a whole one is kept: 1.0 rounds toward zero, 0.5 to the next
    """

    quantity: Vector
    weight: Vector
    lot: Vector
    length: float
    rounding: float = 1.0

    def at(self, t: float) -> Vector:
        """Return (m,) the quantities at t; never larger than the position, never on its other side."""
        kept = np.abs(self.quantity) * (1.0 - np.minimum(1.0, t * self.weight))
        # The small allowance keeps a whole number of lots whole that arithmetic left a hair short.
        lots = np.floor(kept / self.lot + (1.0 - self.rounding) + 1e-9) * self.lot
        reduced = np.copysign(np.minimum(lots, np.abs(self.quantity)), self.quantity)
        return np.where(self.weight > 0.0, reduced, self.quantity)


@dataclass(frozen=True, slots=True)
class CapPath:
    """|x_i|(t) = min(|x_i|, (1 - t) max|x|) for t in [0, 1]: the largest names come down to one common size.

    It is the direction for the share of the largest name, which a cut of that name alone hands to the second.
    """

    quantity: Vector
    exposure: Vector
    lot: Vector
    length: float = 1.0

    def at(self, t: float) -> Vector:
        """Return (m,) the quantities at t, in whole lots where they are cut; without an exposure nothing is."""
        size = np.abs(self.exposure)
        cap = (1.0 - t) * size.max()
        cut = size > cap
        share = np.divide(cap, size, out=np.ones_like(size), where=cut)
        lots = np.floor(np.abs(self.quantity) * share / self.lot + 1e-9) * self.lot
        reduced = np.copysign(np.minimum(lots, np.abs(self.quantity)), self.quantity)
        return np.where(cut, reduced, self.quantity)


def component_path(book: Book, metric: str) -> Path | CapPath | None:
    """Return the path that trades every positive contributor in proportion to its contribution, None without any.

    w_i is the contribution per unit of exposure, c_i / |x_i|, over its largest: the traded exposure t w_i |x_i| is then
    proportional to c_i, the direction of steepest descent for an Euler decomposition (Tasche 1999). Where all w are
    equal, as for gross leverage, the whole book shrinks by t. What cannot be traded stays as it is.
    """
    exposure = np.where(book.can_trade, book.quantity * book.unit, 0.0)
    if metric == "top_share":
        return CapPath(book.quantity, exposure, book.lot) if np.any(exposure != 0.0) else None
    parts = book.components(metric)
    # An infinite statistic (ES of an infinite-mean tail) has no direction: only the whole book can go.
    parts = np.where(np.isfinite(parts), parts, 0.0)
    size = np.abs(exposure)
    held = (size > 0.0) & (parts > 0.0)
    weight = np.divide(parts, size, out=np.zeros_like(size), where=held)
    if not np.any(weight > 0.0):
        return None
    weight = weight / weight.max()
    return Path(book.quantity, weight, book.lot, float(1.0 / weight[weight > 0.0].min()))


def ray(path: Path | CapPath, found: Vector, rounding: float) -> Path:
    """Return the straight line from the path's beginning to quantities that it led to, where it is at t = 1.

    found : (m,) none larger than the position or on its other side
    """
    size = np.abs(path.quantity)
    share = np.divide(size - np.abs(found), size, out=np.zeros(size.size), where=size > 0.0)
    return Path(path.quantity, share, path.lot, 1.0, rounding)


def whole_book_path(book: Book) -> Path:
    """Return the path that shrinks every position by the same share, down to a book of what cannot be traded."""
    return Path(book.quantity, book.can_trade.astype(np.float64), book.lot, 1.0)
