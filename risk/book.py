"""A read-only view of one scope's book: what the enforcer needs for evidence and for targets."""

from collections.abc import Callable
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from risk.measures import Matrix, Vector

Flags = NDArray[np.bool_]

_DETAILS = frozenset({"liquidity_cost", "days_to_liquidate_share"})


def has_details(metric: str) -> bool:
    """Say whether a book has further numbers to tell of the metric, so that others cost nothing."""
    return metric in _DETAILS


Metric = Callable[[Vector], float]
"""From quantities (m,) to a metric of them, with working orders at their worst."""

Along = Callable[[Vector], Vector]
"""From ascending times (b,), >= 0, to the metric (b,) of the book that has faded for so long, orders at their worst."""

Orders = Literal["increasing", "all"]  # increasing: what makes |quantity| larger or flips it, as far as it does


class Book(Protocol):
    """The book of one scope at this moment, over the m instruments it holds or has orders in, in a fixed order.

    scope       : path of the portfolio
    instruments : names
    quantity    : (m,) signed units
    unit        : (m,) exposure in base currency per unit; exposure = quantity * unit
    lot         : (m,) smallest tradable step in units, > 0
    buys, sells : (m,) open quantities of working orders, >= 0
    can_trade   : (m,) False for what no order changes: an index, cash, what has expired
    leaves      : the books below a parent that hold any of it, in the order of the tree; none where it is itself a leaf
    held_in     : (leaves, m) signed units of each of them; they sum to `quantity`
    """

    scope: str
    instruments: tuple[str, ...]
    quantity: Vector
    unit: Vector
    lot: Vector
    buys: Vector
    sells: Vector
    can_trade: Flags

    @property
    def leaves(self) -> tuple[str, ...]:
        """Return the books below that hold any of it; none where the scope is itself a leaf."""
        ...

    @property
    def held_in(self) -> Matrix:
        """Return (leaves, m) what each of them holds."""
        ...

    def components(self, metric: str) -> Vector:
        """Return (m,) contributions to the metric in its unit; they sum to it where it is homogeneous.

        Of the book, out of those that working orders could make, in which the metric is at its worst.
        """
        ...

    def evaluate(self, metric: str, quantity: Vector) -> float:
        """Return the metric with these quantities (m,) and the orders at their worst; O(m · rows)."""
        ...

    def moving(self, metric: str) -> Metric:
        """Return `evaluate` for a search: equal but for rounding, and cheap where quantities differ little in turn."""
        ...

    def fading(self, metric: str, weight: Vector) -> Along | None:
        """Return the metric along x_i(t) = x_i · max(0, 1 - t·w_i), unrounded; None where that is not cheap.

        weight : (m,) w, in [0, 1]
        """
        ...

    def names(self, quantity: Vector) -> int:
        """Return how many names there are with these quantities, and the orders at their larger |q|."""
        ...

    def without(self, orders: Orders) -> Self:
        """Return the book after orders were cancelled; what is left then only ever reduces."""
        ...

    def reduced(self, quantity: Vector) -> Self:
        """Return the book as it would be with these quantities (m,), its orders as they are."""
        ...

    def part(self, scope: str) -> Self:
        """Return the book of a scope below this one."""
        ...

    def details(self, metric: str) -> tuple[tuple[str, float], ...]:
        """Return further numbers that belong to the metric, by name, where `has_details` says there are any."""
        ...
