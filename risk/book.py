"""A read-only view of one scope's book: what the enforcer needs for evidence and for targets."""

from typing import Protocol

from risk.measures import Vector

_DETAILS = frozenset({"liquidity_cost", "days_to_liquidate_share"})


def has_details(metric: str) -> bool:
    """Say whether a book has further numbers to tell of the metric, so that others cost nothing."""
    return metric in _DETAILS


class Book(Protocol):
    """The book of one scope at this moment, over the m instruments it holds, in a fixed order.

    instruments : names
    quantity    : (m,) signed units
    unit        : (m,) exposure in base currency per unit; exposure = quantity * unit
    lot         : (m,) smallest tradable step in units, > 0
    """

    instruments: tuple[str, ...]
    quantity: Vector
    unit: Vector
    lot: Vector

    def components(self, metric: str) -> Vector:
        """Return (m,) contributions to the metric in its unit; they sum to it where it is homogeneous."""
        ...

    def evaluate(self, metric: str, quantity: Vector) -> float:
        """Return the metric of the book with these quantities (m,), everything else unchanged; O(m · rows)."""
        ...

    def details(self, metric: str) -> tuple[tuple[str, float], ...]:
        """Return further numbers that belong to the metric, by name, where `has_details` says there are any."""
        ...
