"""Numbers and states as a person reads them on a terminal: the demo and `riskd status` say them alike."""

import math

from daemon.state_views import Shown, as_float

LIFE_STYLES = {
    "ok": "green",
    "pending": "yellow",
    "firing": "bold red",
    "recovering": "yellow",
    "no_data": "magenta",
    "error": "bold magenta",
    "latched": "bold red",
}
STATE_STYLES = {"ACTIVE": "green", "THROTTLED": "yellow", "REDUCING": "red", "HALTED": "bold white on red"}
SHOWN_MAX = 1e12  # beyond it a column would burst


def money(value: Shown) -> str:
    """Return an amount in three digits and its unit: 2.31m, 140k.

    >>> money(2_310_000.0), money(-140_500.0), money(float("nan")), money("Infinity")
    ('2.31m', '-140k', '-', '∞')
    """
    number = as_float(value)
    if not abs(number) < SHOWN_MAX:
        return beyond(number)
    for size, unit in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(number) >= size:
            scaled = number / size
            return f"{scaled:.{max(0, 2 - int(math.log10(abs(scaled))))}f}{unit}"
    return f"{number:.0f}"


def percent(value: Shown) -> str:
    """Return a share as a percentage with one digit, "-" where it is missing."""
    number = as_float(value)
    return f"{number:.1%}" if abs(number) < SHOWN_MAX else beyond(number)


def times(value: Shown) -> str:
    """Return a multiple such as 2.10x, "-" where it is missing."""
    number = as_float(value)
    return f"{number:.2f}x" if abs(number) < SHOWN_MAX else beyond(number)


def beyond(number: float) -> str:
    """Return a number that is missing, infinite, or too large for its column."""
    if math.isnan(number):
        return "-"
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    return f"{number:.1e}"
