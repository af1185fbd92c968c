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


def under_caps(book: Book, parts: Matrix, caps: Caps) -> Vector:
    """Return (m,) what a scope holds net once its books (leaves, m) are under their caps too."""
    rows = [[caps.get((leaf, name), np.inf) for name in book.instruments] for leaf in book.leaves]
    most: Matrix = np.array(rows, dtype=np.float64).reshape(parts.shape)
    held: Vector = np.copysign(np.minimum(np.abs(parts), most), parts).sum(axis=0)
    return held
