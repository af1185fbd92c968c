"""When a level that reduces asks for other targets than before: its book or its statistic has moved enough."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from enforcement.attention import has_moved
from enforcement.joint import DRIFT, Held, still_clears
from enforcement.life import Clock, Life, is_breaching
from enforcement.oversteps import Guard, asked_of, no_oversteps, spare
from enforcement.records import BookTarget, Effect, LifeState, Side, Target
from enforcement.scopes import ScopeLives
from enforcement.targets import Reduction, is_material, solve, tolerance
from risk.book import Book
from risk.measures import Measures
from sensors.reading import Reading


class LazyBook:
    """A book that is made when it is first asked for, once a look: most looks need none."""

    __slots__ = ("_book", "_make")

    def __init__(self, make: Callable[[], Book]) -> None:
        self._make = make
        self._book: Book | None = None

    def get(self) -> Book:
        """Return the book, the same one each time."""
        if self._book is None:
            self._book = self._make()
        return self._book


@dataclass(frozen=True, slots=True)
class Sight:
    """What one scope shows at one moment; guard: what a reduction of it would do to the limits of books under it."""

    measures: Measures
    book: LazyBook
    clock: Clock
    guard: Guard = no_oversteps


@dataclass(frozen=True, slots=True)
class Step:
    """A life before and after a look, and what it saw."""

    before: Life
    after: Life
    reading: Reading


def retargeted(holder: ScopeLives, index: int, level: int, step: Step, sight: Sight) -> tuple[Life, bool]:
    """Solve the reduction again where the book or the statistic moved enough; say whether its targets moved.

    They have moved too where its own are as they were, but what all limits of the scope ask for together does not
    clear any more.
    """
    bound, after = holder.limits[index], step.after
    is_reducing = bound.levels[level].action == "reduce_position" and bound.metric is not None
    if not is_reducing or sight.clock.moment.suspect:
        return after, False
    if after.state is not LifeState.FIRING:
        return _turned(after, sight)
    is_new = not is_breaching(step.before)
    moved = has_moved(after.solved_statistic, step.reading.statistic)
    # Prices leave quantities alone, so that a price needs the book only where the statistic moved.
    if not is_new and not moved and sight.clock.moment.cause == "price":
        return after, False
    book = sight.book.get()
    book_digest = _book_digest(book)
    if not is_new and not moved and book_digest == after.solved_book:
        return after, False
    assert bound.metric is not None, f"limit {bound.limit.id} is built in and asks for no targets"
    metric = bound.metric

    def clear_at(names: int) -> float:
        return bound.clear_at_of_reduced(level, step.reading, names)

    found = solve(book, metric, clear_at)
    solved = replace(after, solved_statistic=step.reading.statistic, solved_book=book_digest)
    if is_new or _differs(after, found, book):
        found = spare(book, metric, clear_at, found, sight.guard)
        if is_new or _differs(after, found, book):
            asked = replace(solved, targets=found.targets, books=found.books, cancels=found.cancels)
            return replace(asked, clears_if=found.clears_if), True
    joint = holder.joints.get(Effect.SHADOW)  # of all limits: no decision depends on which of them may act
    if joint is None:
        return solved, False
    return solved, not still_clears(
        joint, Held(holder, book, sight.measures, holder.ask_caps(Effect.SHADOW)), slack=DRIFT
    )


def _differs(life: Life, found: Reduction, book: Book) -> bool:
    """Say whether another reduction has to be asked for than the one that is.

    The shares of books stay as long as they add up to no more than is asked for, to a lot or 1 %: who has done his is
    not asked for more because another has not.
    """
    lots = dict(zip(book.instruments, book.lot.tolist(), strict=True))
    if found.cancels != life.cancels or is_material(life.targets, found.targets, lots):
        return True
    if bool(found.books) != bool(life.books):
        return True
    held = dict(zip(book.instruments, np.abs(asked_of(book, life).parts.sum(axis=0)).tolist(), strict=True))
    return bool(life.books) and any(
        held[each.instrument] - each.max_abs_qty > tolerance(each, lots) for each in found.targets
    )


def _turned(life: Life, sight: Sight) -> tuple[Life, bool]:
    """Keep the targets that are held, but name the side that reduces a position which has changed its sign."""
    if not life.targets or sight.clock.moment.cause == "price":
        return life, False
    book = sight.book.get()
    own = dict(zip(book.instruments, book.quantity.tolist(), strict=True))
    below = {
        (leaf, name): held
        for leaf, row in zip(book.leaves, book.held_in.tolist(), strict=True)
        for name, held in zip(book.instruments, row, strict=True)
        if held != 0.0
    }
    targets = tuple(
        Target(each.instrument, each.max_abs_qty, _side(own.get(each.instrument), each.allowed_side))
        for each in life.targets
    )
    books = tuple(
        BookTarget(each.portfolio, each.instrument, each.max_abs_qty, _side(below.get(_place(each)), each.allowed_side))
        for each in life.books
    )
    if (targets, books) == (life.targets, life.books):
        return life, False
    return replace(life, targets=targets, books=books), True


def _place(target: BookTarget) -> tuple[str, str]:
    return target.portfolio, target.instrument


def _side(held: float | None, known: Side) -> Side:
    """Return the side that reduces what is held; what was known of it where nobody knows what is."""
    if held is None:
        return known
    return "sell" if held > 0.0 else "buy"


def _book_digest(book: Book) -> str:
    digest = blake2b(book.quantity.tobytes(), digest_size=16)
    digest.update(book.buys.tobytes() + book.sells.tobytes() + book.held_in.tobytes())
    digest.update("|".join((*book.instruments, "", *book.leaves)).encode())
    return digest.hexdigest()
