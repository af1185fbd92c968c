"""A read-only view of one scope's book: what the enforcer needs for evidence and for targets."""

from typing import Protocol

from risk.measures import Vector


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
