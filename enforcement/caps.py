"""What the books under a scope are asked to hold at most by limits of their own, on one topic."""

from collections.abc import Mapping

import numpy as np
from msgspec import UNSET

from enforcement.merge import Merged
from enforcement.records import Effect, HaltParams, ReduceParams
from risk.book import Book
from risk.measures import Matrix, Vector

Caps = Mapping[tuple[str, str], float]
"""By (book, instrument) the most that it may hold, units."""


def caps_of(below: Mapping[str, Merged]) -> Caps:
    """Return the smallest of what scopes ask for, by (book, instrument).

    below : what each scope is held to; a leaf asks for itself, a parent for the books under it
    """
    smallest: dict[tuple[str, str], float] = {}
    for scope, merged in below.items():
        params = merged.params
        if not isinstance(params, ReduceParams | HaltParams) or params.targets is UNSET:
            continue
        if params.books is UNSET:
            asked = [((scope, each.instrument), each.max_abs_qty) for each in params.targets]
        else:
            asked = [((each.portfolio, each.instrument), each.max_abs_qty) for each in params.books]
        for place, most in asked:
            smallest[place] = min(most, smallest.get(place, most))
    return smallest


def no_caps(effect: Effect) -> Caps:  # noqa: ARG001 -- the shape of whoever gives caps
    """Return none: there are no books under the scope."""
    return {}


def most_under(book: Book, caps: Caps) -> Matrix:
    """Return (leaves, m) the most that each book under a scope may hold by its caps, +inf where it has none."""
    rows = [[caps.get((leaf, name), np.inf) for name in book.instruments] for leaf in book.leaves]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(book.instruments))


def under_caps(parts: Matrix, most: Matrix) -> Vector:
    """Return (m,) what a scope holds net once its books (leaves, m) hold no more than `most` (leaves, m) either."""
    held: Vector = np.copysign(np.minimum(np.abs(parts), most), parts).sum(axis=0)
    return held
