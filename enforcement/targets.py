"""The smallest positions to ask for: a reduction that brings a statistic to its clear level, verified on the book."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import fsum, isfinite

import numpy as np

from config.sensor_facts import Metric
from enforcement.paths import CapPath, Path, component_path, whole_book_path
from enforcement.records import CancelWorking, Target
from risk.book import Book, Orders
from risk.measures import Vector
from sensors.wording import amount

# The reduction found is at most this share larger than the smallest along its path (one lot where lots are coarser).
PRECISION = 1e-3
# Where rounding to lots alone clears, the crossing is at t = 0: a search must end all the same.
_STEP_MIN = 1e-9
_COARSE_STEPS = 32
_TAIL_STEPS = 16
_NAMED_IN_TEXT_MAX = 5
_CANCELLED_FIRST: tuple[Orders, ...] = ("increasing", "all")

ClearAt = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Reduction:
    """What to ask for, and what clears the breach; `does_clear` is False where nothing was found that does.

    cancels : which working orders have to go first
    """

    targets: tuple[Target, ...]
    clears_if: str
    does_clear: bool
    cancels: CancelWorking = "none"


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
        gone = _cancelled(book, orders)
        reduction = _reduce(book.without(orders), metric, clear_at)
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

    def excess(quantity: Vector) -> float:
        return book.evaluate(metric.name, quantity) - clear_at(book.names(quantity))

    if excess(book.quantity) <= 0.0:
        level = amount(clear_at(book.names(book.quantity)), "")
        return Reduction((), f"the positions are at or under {level}", does_clear=True)
    for path in (component_path(book, metric.name), whole_book_path(book)):
        found = None if path is None else smallest_clearing(path, excess)
        if found is not None:
            targets = _targets(book, found)
            return Reduction(targets, _clears_if(targets), does_clear=True)
    flat = _targets(book, np.zeros_like(book.quantity))
    return Reduction(flat, f"no reduction clears {metric.name}: the targets flatten the book", does_clear=False)


def smallest_clearing(path: Path | CapPath, excess: Callable[[Vector], float]) -> Vector | None:
    """Return the quantities at the first t of the path with `excess <= 0`, or None.

    A first crossing, not any crossing: cutting contributors past their hedges makes many statistics rise again. The
    path is walked in steps, and the step that crosses is bisected. Where no step clears, the lowest point between
    the steps beside the best one is looked for, because a convex dip may be narrower than a step.
    """
    before = 0.0
    lowest = (np.inf, 0.0, 0.0, 0.0)
    steps = _steps(path, excess)
    for index, t in enumerate(steps):
        over = excess(path.at(t))
        if over <= 0.0:
            return path.at(_bisect(path, excess, before, t))
        if over < lowest[0]:
            lowest = (over, before, t, steps[min(index + 1, len(steps) - 1)])
        before = t
    _, left, _, right = lowest
    dip = _lowest(path, excess, left, right)
    if excess(path.at(dip)) <= 0.0:
        return path.at(_bisect(path, excess, left, dip))
    return None


def is_material(old: tuple[Target, ...], new: tuple[Target, ...], lots: dict[str, float]) -> bool:
    """Say whether targets changed by more than a lot or 1 %, whichever is larger, or name other instruments."""
    before = {target.instrument: target for target in old}
    if before.keys() != {target.instrument for target in new}:
        return True
    for target in new:
        known = before[target.instrument]
        tolerance = max(lots[target.instrument], 0.01 * known.max_abs_qty)
        if known.allowed_side != target.allowed_side or abs(target.max_abs_qty - known.max_abs_qty) > tolerance:
            return True
    return False


def _steps(path: Path | CapPath, excess: Callable[[Vector], float]) -> list[float]:
    """Return the t to try: the closed form of a linear statistic first, then even steps to 1, then ever longer ones."""
    steps = [step / _COARSE_STEPS for step in range(1, _COARSE_STEPS + 1)]
    if path.length > 1.0:
        steps += [path.length ** (step / _TAIL_STEPS) for step in range(1, _TAIL_STEPS + 1)]
    here, there = excess(path.at(0.0)), excess(path.at(steps[0]))
    if isfinite(here) and isfinite(there) and there < here:
        # A straight line through the first two points: exact for linear books, a lower bound for convex statistics.
        guess = steps[0] * here / (here - there)
        around = (guess * (1.0 - PRECISION / 4), guess * (1.0 + PRECISION / 4))
        steps = sorted({*steps, *(min(t, path.length) for t in around)})
    return steps


def _bisect(path: Path | CapPath, excess: Callable[[Vector], float], left: float, right: float) -> float:
    """Return a t that clears, at most PRECISION over one that does not; `right` clears and `left` does not."""
    while right - left > max(PRECISION * right, _STEP_MIN):
        middle = 0.5 * (left + right)
        if excess(path.at(middle)) <= 0.0:
            right = middle
        else:
            left = middle
    return right


def _lowest(path: Path | CapPath, excess: Callable[[Vector], float], left: float, right: float) -> float:
    """Return the t with the smallest excess between left and right, for a statistic with one dip there."""
    while right - left > max(PRECISION * right, _STEP_MIN):
        third = (right - left) / 3.0
        if excess(path.at(left + third)) <= excess(path.at(right - third)):
            right -= third
        else:
            left += third
    return 0.5 * (left + right)


def _targets(book: Book, quantity: Vector) -> tuple[Target, ...]:
    """Return a target for every position that the quantities make smaller, in the book's order."""
    return tuple(
        Target(name, abs(after), "sell" if before > 0.0 else "buy")
        for name, before, after in zip(book.instruments, book.quantity.tolist(), quantity.tolist(), strict=True)
        if abs(after) < abs(before)
    )


def _cancelled(book: Book, orders: Orders) -> str:
    """Return the working orders that are to go in words, empty where there are none of them."""
    parts = []
    for name, held, buys, sells in zip(
        book.instruments, book.quantity.tolist(), book.buys.tolist(), book.sells.tolist(), strict=True
    ):
        if orders == "increasing":
            buys, sells = buys - min(buys, max(0.0, -held)), sells - min(sells, max(0.0, held))  # noqa: PLW2901
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


def _clears_if(targets: tuple[Target, ...]) -> str:
    parts = [f"{target.instrument} <= {target.max_abs_qty:g}" for target in targets[:_NAMED_IN_TEXT_MAX]]
    more = len(targets) - len(parts)
    return " and ".join(parts) + (f" and {more} more by their targets" if more else "")
