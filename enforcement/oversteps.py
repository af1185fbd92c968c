"""What a reduction of a parent would do to the limits of the books under it: no child may be pushed over its own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from config.sensor_facts import Metric
from enforcement.limits import BoundLimit
from enforcement.records import BookTarget, LifeState, Target
from enforcement.scopes import ScopeLives
from enforcement.spread import Spread, spread, targets_of
from enforcement.targets import Reduction
from enforcement.trial import ClearAt
from risk.book import Book
from risk.measures import Matrix, Vector
from sensors.catalogue import LevelsByNames
from sensors.wording import amount

_NAMED_IN_TEXT_MAX = 3
# No reduction makes them larger, so that nobody has to look; of the past no reduction says anything.
_NEVER_UP = frozenset({"gross", "gross_leverage"})


@dataclass(frozen=True, slots=True)
class Overstep:
    """A limit of a scope below that a reduction of the parent would newly breach."""

    scope: str
    limit: str
    text: str


Guard = Callable[[Book, Matrix], tuple[Overstep, ...]]
"""From a parent's book and what its leaves (leaves, m) are to hold to what that would newly breach."""


def no_oversteps(book: Book, parts: Matrix) -> tuple[Overstep, ...]:  # noqa: ARG001 -- the shape of a guard
    """Return none: the guard of whoever has no limits to look at."""
    return ()


def new_breaches(scopes: Mapping[str, ScopeLives], book: Book, parts: Matrix) -> tuple[Overstep, ...]:
    """Return the limits of scopes below that hold now and would not with the leaves as they are to be, in order.

    A scope below is looked at where one of its leaves gives something; a limit where it may be looked at: it reads a
    number of the book, has one with the smaller book, and does not breach already.
    """
    found: list[Overstep] = []
    changed = [leaf for leaf, gives in zip(book.leaves, np.any(parts != book.held_in, axis=1), strict=True) if gives]
    below = f"{book.scope}/"
    for scope, holder in scopes.items():
        if not scope.startswith(below) or not any(_may_go_over(bound) for bound in holder.limits):
            continue
        if any(_is_in(leaf, scope) for leaf in changed):
            part = book.part(scope)
            found += _breached(holder, part, _quantity_after(book, part, parts))
    return tuple(found)


def spare(book: Book, metric: Metric, clear_at: ClearAt, found: Reduction, guard: Guard) -> Reduction:
    """Return the reduction with other books giving where the first would push one over its limits; else with a word.

    Others can only give where they hold enough of the same side; what is over afterwards too is said in `clears_if`.
    """
    if not found.books:
        return found
    shares = asked_of(book, found)
    overstepped = guard(book, shares.parts)
    if not overstepped:
        return found
    over = tuple(each.scope for each in overstepped)
    spared = frozenset(leaf for leaf in book.leaves if any(_is_in(leaf, scope) for scope in over))
    other = spread(book, shares.net, spared)
    left = book if found.cancels == "none" else book.without(found.cancels)
    excess = left.evaluate(metric.name, other.net) - clear_at(left.names(other.net))
    if excess <= 0.0 or not found.does_clear:
        still = guard(book, other.parts)
        if len(still) < len(overstepped):
            targets, books = targets_of(book, other)
            found, overstepped = replace(found, targets=targets, books=books), still
    return replace(found, clears_if=found.clears_if + in_words(overstepped))


class HasTargets(Protocol):
    """What asks for a reduction: of a scope, and of the books under it."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """The most that the scope may hold, net."""
        ...

    @property
    def books(self) -> tuple[BookTarget, ...]:
        """The most that each book under it may hold."""
        ...


def asked_of(book: Book, targets: HasTargets) -> Spread:
    """Return what a scope and the books under it hold once the targets are met; who holds less already stays."""
    net = capped(book, targets.targets)
    parts = book.held_in.copy()
    rows, columns = _index(book.leaves), _index(book.instruments)
    known = [each for each in targets.books if each.portfolio in rows and each.instrument in columns]
    if known:  # a parent of many books has thousands of them
        at = [rows[each.portfolio] for each in known], [columns[each.instrument] for each in known]
        most = np.array([each.max_abs_qty for each in known])
        parts[at] = np.copysign(np.minimum(most, np.abs(parts[at])), parts[at])
    return Spread(net, parts)


def capped(book: Book, targets: Iterable[Target]) -> Vector:
    """Return (m,) the quantities with none over the smallest of its targets; what is not named stays."""
    most: dict[str, float] = {}
    for target in targets:
        most[target.instrument] = min(target.max_abs_qty, most.get(target.instrument, np.inf))
    size = np.array([most.get(name, np.inf) for name in book.instruments], dtype=np.float64)
    return np.copysign(np.minimum(np.abs(book.quantity), size), book.quantity)


def in_words(overstepped: tuple[Overstep, ...]) -> str:
    """Return what would be over, to be put behind what clears; empty where nothing is."""
    if not overstepped:
        return ""
    named = ", ".join(each.text for each in overstepped[:_NAMED_IN_TEXT_MAX])
    more = len(overstepped) - _NAMED_IN_TEXT_MAX
    return f"; it takes {named}" + (f" and {more} more" if more > 0 else "") + " over"


def _breached(holder: ScopeLives, part: Book, after: Vector) -> list[Overstep]:
    found = []
    numbers: dict[str, float] = {}
    for bound, lives in zip(holder.limits, holder.lives, strict=True):
        metric = bound.metric
        if metric is None or not _may_go_over(bound):
            continue
        if metric.name not in numbers:
            numbers[metric.name] = part.evaluate(metric.name, after)
        for level, life in enumerate(lives):
            at = _level(bound, level, part.names(after))
            is_new = life.state in (LifeState.OK, LifeState.PENDING) and numbers[metric.name] > at
            if is_new and not part.evaluate(metric.name, part.quantity) > at:
                name = f"{bound.limit.id}.{bound.levels[level].name}"
                value = f"{amount(numbers[metric.name], metric.unit)} over {amount(at, metric.unit)}"
                found.append(Overstep(holder.scope, name, f"{name} of {holder.scope} ({value})"))
    return found


def _may_go_over(bound: BoundLimit) -> bool:
    """Say whether a reduction may take a book over the limit at all."""
    metric = bound.metric
    return metric is not None and not metric.irreducible and metric.name not in _NEVER_UP


def _level(bound: BoundLimit, level: int, names: int) -> float:
    if isinstance(bound.reader, LevelsByNames):
        return bound.reader.target_levels(names)[level]
    return bound.levels[level].at


def _quantity_after(book: Book, part: Book, parts: Matrix) -> Vector:
    """Return what a scope below holds after the reduction: its own less what its leaves give."""
    columns = _index(book.instruments)
    own = [row for row, leaf in enumerate(book.leaves) if _is_in(leaf, part.scope)]
    given = (parts[own] - book.held_in[own]).sum(axis=0)
    return np.array(
        [
            held + (given[columns[name]] if name in columns else 0.0)
            for name, held in zip(part.instruments, part.quantity.tolist(), strict=True)
        ],
        dtype=np.float64,
    )


def _is_in(leaf: str, scope: str) -> bool:
    return leaf == scope or leaf.startswith(f"{scope}/")


def _index(names: tuple[str, ...]) -> dict[str, int]:
    return {name: at for at, name in enumerate(names)}
