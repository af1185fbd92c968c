"""One answer for all limits that reduce a scope at once: each of them clears with exactly what is asked for.

Each decision keeps the targets that clear its own limit. Their smallest together may clear none: what one limit cuts
may be what hedged the other. So what leaves on a topic is solved for all of its limits together, from their smallest
on, and verified on the book.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import isnan

from msgspec import UNSET

from enforcement.caps import Caps, most_under, under_caps
from enforcement.life import Life
from enforcement.limits import BoundLimit
from enforcement.lots import Excess
from enforcement.merge import Joint, JointKey, Merged, cancels_most, smallest_of
from enforcement.oversteps import Guard, asked_of, capped, in_words
from enforcement.paths import component_path, whole_book_path
from enforcement.records import CancelWorking, HaltParams, ReduceParams
from enforcement.scopes import ScopeLives
from enforcement.spread import Spread, spread, targets_of
from enforcement.targets import Reduction, cleared_along, flattened, targets_in_words
from enforcement.trial import Trial, in_parts_of, trial_of, worst_of
from risk.book import Book
from risk.measures import Measures, Vector

# So often the limits are cleared in turn, each from where the one before left the book; then the whole book shrinks.
ROUNDS_MAX = 4
DRIFT = 0.01  # as with targets, less than this moves nothing: prices alone would ask anew all day


@dataclass(frozen=True, slots=True)
class Asked:
    """One level that asks for a reduction on a topic: its place in the scope's limits, and its life."""

    index: int
    level: int
    life: Life


@dataclass(frozen=True, slots=True)
class Held:
    """A scope's limits with its book and its numbers of this moment.

    caps : what books under it are asked to hold at most by limits of their own or between, by (book, instrument)
    """

    holder: ScopeLives
    book: Book
    measures: Measures
    caps: Caps = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Excess:
    """How far a limit's statistic is over its clear level, in parts of that level where it is not 0."""

    name: str
    metric: str
    trial: Trial


def asks_together(asked: Sequence[Asked], caps: Caps) -> bool:
    """Say whether more than one level asks for targets or cancels, or books below do: one alone is its own answer."""
    count = sum(1 for one in asked if _names_any(one.life))
    return count > 1 or (count == 1 and bool(caps))


def joint_of(asked: Sequence[Asked], scope: Held, guard: Guard, known: Joint | None) -> Joint:
    """Return what clears all that is asked for together.

    The known answer stays as long as the same is asked for and it still clears. It clears whether or not the books
    under the scope do what they are asked for beside it: what a child cuts may be what hedged its parent.
    """
    key = key_of(asked, scope.holder)
    if known is not None and known.key == key and still_clears(known, scope):
        return known
    cancels = cancels_most([one.life.cancels for one in asked])
    book = _without(scope.book, cancels)
    limits = _excesses(asked, scope, book)
    found = _solved(book, asked, limits)
    words = in_words(guard(scope.book, asked_of(scope.book, found).parts)) if found.books else ""
    words = (", also with what books under it are asked for" if scope.caps and found.does_clear else "") + words
    clears = _names(asked, scope.holder) if found.does_clear else ()
    targets = tuple(sorted(found.targets, key=lambda target: target.instrument))
    return Joint(key, targets, found.books, cancels, found.clears_if + words, clears)


def key_of(asked: Sequence[Asked], holder: ScopeLives) -> JointKey:
    """Return what a joint answer was asked for by: every level that asks for targets or cancels, with these."""
    return tuple(
        (holder.limits[one.index].limit.id, one.level, one.life.targets, one.life.books, one.life.cancels)
        for one in asked
        if _names_any(one.life)
    )


def still_clears(joint: Joint, scope: Held, *, slack: float = 0.0) -> bool:
    """Say whether an answer that cleared all of its limits still does, with the book and the levels of this moment.

    A level that the scope does not have any more has nothing to clear.

    slack : how far over a clear level is no matter, in parts of it
    """
    holder = scope.holder
    asked = levels_of(holder, joint.clears)
    book = _without(scope.book, joint.cancels)
    asks = asked_of(book, joint)
    nets = [asks.net, asks.parts.sum(axis=0)] if joint.books else [asks.net]
    nets.append(under_caps(asks.parts, most_under(book, scope.caps)) if scope.caps else asks.net)
    return all(limit.trial.verified(net) <= slack for limit in _excesses(asked, scope, book) for net in nets)


def asked_by(merged: Merged, holder: ScopeLives) -> list[Asked]:
    """Return the levels that ask for a reduction in what a scope is held to."""
    return levels_of(holder, [(each.limit, each.level) for each in merged.active if each.type == "reduce_position"])


def levels_of(holder: ScopeLives, names: Iterable[tuple[str, str]]) -> list[Asked]:
    """Return the levels of these names, (limit id, level), that the scope has, in evaluation order."""
    wanted = set(names)
    return [
        Asked(index, at, life)
        for index, (bound, lives) in enumerate(zip(holder.limits, holder.lives, strict=True))
        for at, (level, life) in enumerate(zip(bound.levels, lives, strict=True))
        if (bound.limit.id, level.name) in wanted
    ]


def covers(merged: Merged, scope: Held, *, slack: float) -> bool:
    """Say whether what a scope is held to still clears every level that asks for it, but for the slack."""
    params = merged.params
    assert isinstance(params, ReduceParams | HaltParams), f"{merged.type} asks for no targets"
    clears = _names(asked_by(merged, scope.holder), scope.holder)
    cancels = "none" if params.cancel_working is UNSET else params.cancel_working
    books = () if params.books is UNSET else params.books
    return still_clears(Joint((), params.targets or (), books, cancels, "", clears), scope, slack=slack)


def _solved(book: Book, asked: Sequence[Asked], limits: Sequence[_Excess]) -> Reduction:
    """Return what clears all limits; where nothing does, what leaves the worst of them smallest: flat, or the start."""
    smallest = smallest_of([one.life.targets for one in asked])
    start = spread(book, capped(book, smallest))
    names = ", ".join(limit.name for limit in limits)
    worst = worst_of([limit.trial for limit in limits]).verified
    found = _cleared(book, start, limits)
    words = f"no reduction clears {names} together"
    if found is None:
        flat = flattened(book, words, worst)
        if flat.targets and worst(capped(book, flat.targets)) < worst(start.net):
            return flat
    targets, books = targets_of(book, found or start)
    # What one of them asks for and the book is under already holds on: a merge never asks for less than one limit.
    cut = {target.instrument for target in targets}
    text = words if found is None else f"{targets_in_words(targets)} clears {names}"
    targets += tuple(target for target in smallest if target.instrument not in cut)
    return Reduction(targets, text, does_clear=found is not None, books=books)


def _cleared(book: Book, start: Spread, limits: Sequence[_Excess]) -> Spread | None:
    """Return the reduction from `start` on that clears all limits, None where none was found."""
    quantity = start.net
    for _ in range(ROUNDS_MAX):
        if all(limit.trial.verified(quantity) <= 0.0 for limit in limits):
            return spread(book, quantity)
        for limit in limits:
            if limit.trial.verified(quantity) > 0.0:
                further = _further(book, quantity, limit)
                if further is None:
                    return None
                quantity = further

    worst = worst_of([limit.trial for limit in limits])
    if worst.verified(quantity) > 0.0:
        smaller = book.reduced(quantity)
        return cleared_along(book, smaller, whole_book_path(smaller), worst)
    return spread(book, quantity)


def _further(book: Book, quantity: Vector, limit: _Excess) -> Vector | None:
    """Return the smallest further reduction that clears one limit, first along its own direction."""
    smaller = book.reduced(quantity)
    for path in (component_path(smaller, limit.metric), whole_book_path(smaller)):
        if path is not None:
            found = cleared_along(book, smaller, path, limit.trial)
            if found is not None:
                return found.net
    return None


def _excesses(asked: Sequence[Asked], scope: Held, book: Book) -> list[_Excess]:
    """Return the excess of every level that a smaller book brings down and that has a number now."""
    found = []
    for one in asked:
        bound = scope.holder.limits[one.index]
        if bound.metric is None or bound.metric.irreducible:
            continue
        trial = _trial(bound, one.level, scope, book)
        if not isnan(trial.verified(book.quantity)):
            found.append(_Excess(f"{bound.limit.id}.{bound.levels[one.level].name}", bound.metric.name, trial))
    return found


def _trial(bound: BoundLimit, level: int, scope: Held, book: Book) -> Trial:
    assert bound.metric is not None, f"limit {bound.limit.id} is built in and asks for no targets"
    reading = bound.reader.read(scope.measures)
    whole = trial_of(book, bound.metric.name, partial(bound.clear_at_of_reduced, level, reading))
    clear = bound.clear_at_of_reduced(level, reading, book.names(book.quantity))
    trial = in_parts_of(whole, abs(clear) or 1.0)
    if not scope.caps:
        return trial
    most = most_under(book, scope.caps)

    def with_books(over: Excess, quantity: Vector) -> float:
        alone = over(quantity)
        return alone if alone > 0.0 else max(alone, over(under_caps(spread(book, quantity).parts, most)))

    quick, verified = partial(with_books, trial.quick), partial(with_books, trial.verified)
    return replace(trial, quick=quick, verified=verified)


def _names(asked: Sequence[Asked], holder: ScopeLives) -> tuple[tuple[str, str], ...]:
    bounds = [(holder.limits[one.index], one.level) for one in asked]
    return tuple((bound.limit.id, bound.levels[level].name) for bound, level in bounds)


def _names_any(life: Life) -> bool:
    return bool(life.targets) or life.cancels != "none"


def _without(book: Book, cancels: CancelWorking) -> Book:
    return book if cancels == "none" else book.without(cancels)
