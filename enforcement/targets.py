"""The smallest positions to ask for: a reduction that brings a statistic to its clear level, verified on the book."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum, isnan

import numpy as np

from config.sensor_facts import Metric
from enforcement.lots import Excess
from enforcement.paths import CapPath, Path, component_path, whole_book_path
from enforcement.records import BookTarget, CancelWorking, Target
from enforcement.search import smallest_clearing
from enforcement.spread import Spread, spread, targets_of
from enforcement.trial import ClearAt, Trial, trial_of
from risk.book import Book, Orders
from risk.measures import Vector
from sensors.wording import amount

_NAMED_IN_TEXT_MAX = 5
_CANCELLED_FIRST: tuple[Orders, ...] = ("increasing", "all")


@dataclass(frozen=True, slots=True)
class Reduction:
    """What to ask for, and what clears the breach; `does_clear` is False where nothing was found that does.

    cancels : which working orders have to go first
    books   : of a parent, whose targets are net, what each book under it is to hold; they were verified together
    """

    targets: tuple[Target, ...]
    clears_if: str
    does_clear: bool
    cancels: CancelWorking = "none"
    books: tuple[BookTarget, ...] = ()


def solve(book: Book, metric: Metric, clear_at: ClearAt) -> Reduction:
    """Return the smallest reduction along the component direction with the metric at or under its clear level.

    Orders before positions, because a cancel costs nothing and moves no price: working orders that increase a position
    go first, then all orders; of what is held only as much as is still too much without them. Of two answers that
    reduce positions the one that trades less is taken, and of equals the one that leaves reducing orders at work: it
    clears with these at their worst.

    clear_at : the level for a book of so many names
    """
    if metric.irreducible:
        return Reduction((), metric.irreducible, does_clear=False)
    if not (np.any(book.buys) or np.any(book.sells)):
        return _reduce(book, metric, clear_at)
    found: list[Reduction] = []
    for orders in _CANCELLED_FIRST:
        left = book.without(orders)
        gone = _cancelled(book, left, orders)
        reduction = _reduce(left, metric, clear_at)
        reduction = replace(reduction, clears_if=_after(gone, reduction), cancels=orders if gone else "none")
        if reduction.does_clear and not reduction.targets:
            return reduction
        found.append(reduction)
    return min(found, key=lambda each: (not each.does_clear, _traded(book, each.targets)))


def _reduce(book: Book, metric: Metric, clear_at: ClearAt) -> Reduction:
    """Return the reduction of positions, with the book's orders at their worst.

    Tried in this order: nothing; the positive contributors, down to zero; the whole book, down to flat. Where even a
    flat book does not clear, the targets flatten and say so. Every answer except the last was verified by
    `book.evaluate` with exactly the quantities that it asks for.
    """

    trial = trial_of(book, metric.name, clear_at)
    excess = trial.verified
    over = excess(book.quantity)
    if isnan(over):
        return Reduction((), f"{metric.title} has a number again", does_clear=False)
    if over <= 0.0:
        level = amount(clear_at(book.names(book.quantity)), "")
        return Reduction((), f"the positions are at or under {level}", does_clear=True)
    for path in (component_path(book, metric.name), whole_book_path(book)):
        found = None if path is None else cleared_along(book, book, path, trial)
        if found is not None:
            targets, books = targets_of(book, found)
            return Reduction(targets, targets_in_words(targets), does_clear=True, books=books)
    return flattened(book, f"no reduction clears {metric.name}", excess)


def cleared_along(book: Book, start: Book, path: Path | CapPath, trial: Trial) -> Spread | None:
    """Return the smallest reduction along the path that clears when every book under the scope does its share, or None.

    It is verified as it will be done. Where the books' whole lots do not add up to the scope's, or a rounding was what
    cleared, the path is walked again with what they do add up to, by the verified numbers alone.

    start : the book with the quantities at which the path begins
    """
    worth = book.lot * np.abs(book.unit)
    found = smallest_clearing(path, trial.quick, worth=worth, is_jagged=trial.is_jagged, sketch=trial.sketch(start))
    if found is None:
        return None
    shares = spread(book, found)
    if trial.verified(shares.net) <= 0.0:
        return shares

    def summed(quantity: Vector) -> float:
        return trial.verified(spread(book, quantity).net)

    found = smallest_clearing(path, summed, worth=worth, is_jagged=False, sketch=trial.sketch(start))
    return None if found is None else spread(book, found)


def flattened(book: Book, why: str, excess: Excess) -> Reduction:
    """Return the reduction to nothing but what cannot be traded, which was not found to clear.

    Where that would leave the statistic no smaller, as where a hedge is all that can be traded, nothing is asked for.
    """
    flat = spread(book, np.where(book.can_trade, 0.0, book.quantity))
    if not excess(flat.net) < excess(book.quantity):
        return Reduction((), why, does_clear=False)
    targets, books = targets_of(book, flat)
    left = [name for name, can in zip(book.instruments, book.can_trade.tolist(), strict=True) if not can]
    kept = f" but for {', '.join(left[:_NAMED_IN_TEXT_MAX])}, which no order changes" if left else ""
    return Reduction(targets, f"{why}: the targets flatten the book{kept}", does_clear=False, books=books)


def is_material(old: Sequence[Target | BookTarget], new: Sequence[Target | BookTarget], lots: dict[str, float]) -> bool:
    """Say whether targets changed by more than a lot or 1 %, whichever is larger, or name other instruments."""
    before = {_place(target): target for target in old}
    if before.keys() != {_place(target) for target in new}:
        return True
    for target in new:
        known = before[_place(target)]
        has_moved = abs(target.max_abs_qty - known.max_abs_qty) > tolerance(known, lots)
        if known.allowed_side != target.allowed_side or has_moved:
            return True
    return False


def tolerance(target: Target | BookTarget, lots: dict[str, float]) -> float:
    """Return by how much a target may move and is the same, units: a lot or 1 %, whichever is larger."""
    return max(lots[target.instrument], 0.01 * target.max_abs_qty)


def _place(target: Target | BookTarget) -> tuple[str, str]:
    return (target.portfolio if isinstance(target, BookTarget) else "", target.instrument)


def _cancelled(book: Book, left: Book, orders: Orders) -> str:
    """Return the working orders that are to go in words, empty where there are none of them; left: the book after."""
    parts = []
    gone = (book.buys - left.buys).tolist(), (book.sells - left.sells).tolist()
    for name, buys, sells in zip(book.instruments, *gone, strict=True):
        parts += [f"buy {buys:g} {name}"] if buys > 0.0 else []
        parts += [f"sell {sells:g} {name}"] if sells > 0.0 else []
    if not parts:
        return ""
    more = len(parts) - _NAMED_IN_TEXT_MAX
    named = ", ".join(parts[:_NAMED_IN_TEXT_MAX]) + (f" and {more} more" if more > 0 else "")
    which = "increasing working orders are" if orders == "increasing" else "all working orders are"
    return f"{which} cancelled ({named})"


def _after(gone: str, reduction: Reduction) -> str:
    """Return what clears the breach: that these orders go, then the reduction."""
    if not gone:
        return reduction.clears_if
    if not reduction.does_clear:
        return f"{gone}; {reduction.clears_if}"
    return f"{gone} and {reduction.clears_if}" if reduction.targets else gone


def _traded(book: Book, targets: tuple[Target, ...]) -> float:
    """Return the exposure that following the targets trades, base currency."""
    wanted = {target.instrument: target.max_abs_qty for target in targets}
    return fsum(
        (abs(held) - wanted[name]) * abs(unit)
        for name, held, unit in zip(book.instruments, book.quantity.tolist(), book.unit.tolist(), strict=True)
        if name in wanted
    )


def targets_in_words(targets: tuple[Target, ...]) -> str:
    """Return the largest positions that the targets allow, of the first of them."""
    parts = [f"{target.instrument} <= {target.max_abs_qty:g}" for target in targets[:_NAMED_IN_TEXT_MAX]]
    more = len(targets) - len(parts)
    return " and ".join(parts) + (f" and {more} more by their targets" if more else "")
