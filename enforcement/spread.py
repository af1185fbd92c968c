"""What each book under a parent is to hold, so that together they hold what the parent is to hold net."""

from dataclasses import dataclass

import numpy as np

from enforcement.records import BookTarget, Side, Target
from risk.book import Book, Flags
from risk.measures import Matrix, Vector

_WHOLE = 1e-9  # a whole number of lots that arithmetic left a hair short is whole


@dataclass(frozen=True, slots=True)
class Spread:
    """A reduction of a scope and of the books under it.

    net   : (m,) signed units of the scope
    parts : (leaves, m) signed units of each book under it, (0, m) where the scope is itself a leaf; they sum to `net`
    """

    net: Vector
    parts: Matrix


def spread(book: Book, wanted: Vector, spared: frozenset[str] = frozenset()) -> Spread:
    """Return the reduction to at most `wanted` (m,) units net, over the leaves that hold the side which is reduced.

    A parent's statistics see what its books hold net, so that only the larger side of an instrument brings them down:
    each book of that side gives the same share of what it holds, in whole lots, and the lots that rounding takes too
    many go back to the books that it took most from. Where books hold parts of lots the sum may be a lot under what is
    wanted: whoever asks has to look whether that clears too.

    spared : books that give nothing in an instrument, as long as the others of its side hold enough
    """
    held = book.held_in
    if not len(held):
        return Spread(wanted, held)
    sign = np.sign(book.quantity)
    size = np.maximum(held * sign, 0.0)
    cut = np.abs(book.quantity) - np.abs(wanted)
    gives = _givers(book, size, cut, spared)
    total = np.where(gives, size, 0.0).sum(axis=0)
    share = np.divide(cut, total, out=np.zeros_like(cut), where=total > 0.0)
    kept = np.where(gives & (cut > 0.0), size * (1.0 - share), size)
    lots = np.floor(kept / book.lot + _WHOLE) * book.lot
    rounded = np.where(kept < size, np.minimum(lots, size), size)
    rounded = _given_back(rounded, size, kept, size.sum(axis=0) - cut, book.lot)
    parts = np.where(rounded < size, rounded * sign, held)
    net = np.where(cut > 0.0, parts.sum(axis=0), book.quantity)
    return Spread(np.where(np.abs(net - wanted) <= _WHOLE * book.lot, wanted, net), parts)


def targets_of(book: Book, reduction: Spread) -> tuple[tuple[Target, ...], tuple[BookTarget, ...]]:
    """Return a target for every position that becomes smaller: of the scope in the book's order, and of its books."""
    targets = tuple(
        Target(name, abs(after), _side(before))
        for name, before, after in zip(book.instruments, book.quantity.tolist(), reduction.net.tolist(), strict=True)
        if abs(after) < abs(before)
    )
    held, parts, names, leaves = book.held_in, reduction.parts, book.instruments, book.leaves
    smaller = np.nonzero(np.abs(parts) < np.abs(held))
    rows, columns = (each.tolist() for each in smaller)
    before, after = held[smaller].tolist(), np.abs(parts[smaller]).tolist()
    books = tuple(
        BookTarget(leaves[row], names[column], left, _side(had))
        for row, column, had, left in zip(rows, columns, before, after, strict=True)
    )
    return targets, books


def _side(held: float) -> Side:
    return "sell" if held > 0.0 else "buy"


def _givers(book: Book, size: Matrix, cut: Vector, spared: frozenset[str]) -> Flags:
    """Return (leaves, m) which books give of which instruments."""
    gives: Flags = size > 0.0
    if spared:
        others = np.array([leaf not in spared for leaf in book.leaves])[:, None] & gives
        enough = np.where(others, size, 0.0).sum(axis=0) >= cut
        gives = np.where(enough, others, gives)
    return gives


def _given_back(rounded: Matrix, size: Matrix, kept: Matrix, most: Vector, lot: Vector) -> Matrix:
    """Return the books after lots went back, first to where rounding took most, as long as the sum stays in `most`."""
    rounded, total = rounded.copy(), rounded.sum(axis=0)
    columns = np.arange(size.shape[1])
    for places in np.argsort(rounded - kept, axis=0, kind="stable"):
        more = np.minimum(lot, size[places, columns] - rounded[places, columns])
        fits = (kept[places, columns] < size[places, columns]) & (total + more <= most + _WHOLE * lot)
        added = np.where(fits, more, 0.0)
        rounded[places, columns] += added
        total += added
    return np.where(rounded < size, _whole(rounded, lot), size)


def _whole(quantity: Matrix, lot: Vector) -> Matrix:
    """Return the quantities with the dust of sums taken off where they are whole lots."""
    lots = np.round(quantity / lot)
    return np.where(np.abs(quantity - lots * lot) <= _WHOLE * lot, lots * lot, quantity)
