"""How a smaller book is tried against a clear level: cheaply in a search, and exactly before it is asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from enforcement.lots import Excess
from enforcement.sketched import Sketch
from risk.book import Along, Book
from risk.measures import Vector

ClearAt = Callable[[int], float]

# Along a path they fall and rise again: quantiles of a sample with every row that changes its place, the share of the
# largest name with every lot of another one.
_JAGGED = frozenset({"var_95", "var_975", "var_99", "top_share"})
_ROUNDING = 1e-12  # of the statistic: so little over its level may be rounding, and is left to the verification


@dataclass(frozen=True, slots=True)
class Trial:
    """The excess of a reduction over what has to be reached.

    quick     : for a search; it may clear where the verified one is over by a rounding
    verified  : by the book's own numbers
    sketch    : from the book at which paths begin to its excess along them, None where that costs as much as trying
    is_jagged : it falls and rises again along a path
    """

    quick: Excess
    verified: Excess
    sketch: Callable[[Book], Sketch]
    is_jagged: bool


def trial_of(book: Book, metric: str, clear_at: ClearAt) -> Trial:
    """Return the trial of one metric; clear_at: the level for a book of so many names."""
    moving = book.moving(metric)

    def quick(quantity: Vector) -> float:
        value = moving(quantity)
        return value - clear_at(book.names(quantity)) - _ROUNDING * abs(value)

    def verified(quantity: Vector) -> float:
        return book.evaluate(metric, quantity) - clear_at(book.names(quantity))

    def sketch(start: Book) -> Sketch:
        level = clear_at(start.names(start.quantity))

        def along(weight: Vector) -> Along | None:
            fading = start.fading(metric, weight)
            return None if fading is None else lambda times: fading(times) - level

        return along

    return Trial(quick, verified, sketch, metric in _JAGGED)


def in_parts_of(trial: Trial, scale: float) -> Trial:
    """Return the trial with its excess in parts of `scale`, > 0."""

    def sketch(start: Book) -> Sketch:
        whole = trial.sketch(start)

        def along(weight: Vector) -> Along | None:
            found = whole(weight)
            return None if found is None else lambda times: found(times) / scale

        return along

    return Trial(lambda q: trial.quick(q) / scale, lambda q: trial.verified(q) / scale, sketch, trial.is_jagged)


def worst_of(trials: Sequence[Trial]) -> Trial:
    """Return the trial of several at once: their worst; never over anything where there are none."""

    def sketch(start: Book) -> Sketch:
        sketches = [trial.sketch(start) for trial in trials]

        def along(weight: Vector) -> Along | None:
            found = [each for each in (sketch(weight) for sketch in sketches) if each is not None]
            if len(found) < max(len(sketches), 1):
                return None
            return lambda times: np.asarray(np.max([each(times) for each in found], axis=0))

        return along

    return Trial(
        lambda q: max((trial.quick(q) for trial in trials), default=-np.inf),
        lambda q: max((trial.verified(q) for trial in trials), default=-np.inf),
        sketch,
        any(trial.is_jagged for trial in trials),
    )
