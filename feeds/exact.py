"""Quantities as the decimals that they print as: 0.3 less 0.1 is 0.2; what is left over is rounded toward less."""

from decimal import ROUND_DOWN, Context, Decimal
from math import nextafter

# Exact for quantities between 1e-15 and 1e15; beyond, what is left over is rounded toward less trading.
EXACT = Context(prec=60, rounding=ROUND_DOWN)


def decimal_of(value: float) -> Decimal:
    """Return the decimal that the number prints as."""
    return Decimal(repr(float(value)))


def rounded_down(value: Decimal) -> float:
    """Return the largest number that prints as no more than the decimal, >= 0."""
    rounded = float(value)
    return nextafter(rounded, 0.0) if decimal_of(rounded) > value else rounded
