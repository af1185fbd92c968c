"""How a statistic is written in a reason: short, the same on every machine."""

from math import inf, isfinite, isnan

_SCALES = ((1e9, "b"), (1e6, "m"), (1e3, "k"))


def amount(value: float, unit: str) -> str:
    """Return the value in words a person reads: money as 2.31m, shares in percent, multiples with an x.

    >>> amount(2_310_000.0, "USD"), amount(0.125, "share"), amount(4.0, "count"), amount(3.2, "x")
    ('2.31m', '12.50%', '4', '3.20x')
    """
    if not isfinite(value):
        return "unknown" if isnan(value) else ("infinity" if value == inf else "minus infinity")
    if unit == "share":
        return f"{value * 100:.2f}%"
    if unit == "x":
        return f"{value:.2f}x"
    if unit == "count":
        return f"{value:g}"
    for scale, letter in _SCALES:
        if abs(value) >= scale:
            return f"{value / scale:.2f}{letter}"
    return f"{value:.2f}"
