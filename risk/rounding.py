"""Sums of quantities in which what cancels is zero."""

import math
from collections.abc import Sequence

ROUNDING = 1e-12  # a sum this much smaller than its largest part is zero


def rounded_sum(parts: Sequence[float]) -> float:
    """Return the exactly rounded sum of the parts, 0 where they cancel but for rounding; at least one part."""
    total = math.fsum(parts)
    return 0.0 if abs(total) <= ROUNDING * max(abs(part) for part in parts) else total


def rounded_pair(one: float, other: float) -> float:
    """Return the rounded sum of two, which any addition of two already is."""
    total = one + other
    return 0.0 if abs(total) <= ROUNDING * max(abs(one), abs(other)) else total
