"""How numbers, times and what a limit asked for read on the page."""

from datetime import UTC, datetime
from math import isfinite, isnan, nan

import numpy as np

from daemon.report_html.episodes import Episode
from daemon.report_html.run_files import Params

_SCALES = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))
_TARGETS_NAMED_MAX = 3
MINUS = "−"
NARROW = "\u00a0"  # a number and its unit stay on one line


def money(value: float) -> str:
    r"""Return an amount of base currency in three digits.

    >>> money(1_292_376.6), money(-85_000.0), money(float("nan"))
    ('1.29\xa0m', '−85.0\xa0k', 'no number')
    """
    if isnan(value):
        return "no number"
    if not isfinite(value):
        return "infinite"
    sign, size = (MINUS, -value) if value <= -0.5 else ("", abs(value))
    for scale, letter in _SCALES:
        if size >= 0.9995 * scale:
            scaled = size / scale
            digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
            return f"{sign}{scaled:,.{digits}f}{NARROW}{letter}"
    return f"{sign}{size:.0f}"


def gain(value: float) -> str:
    r"""Return an amount with its sign, also where it is a gain.

    >>> gain(1200.0), gain(-1200.0), gain(0.2)
    ('+1.20\xa0k', '−1.20\xa0k', '0')
    """
    return f"+{money(value)}" if value >= 0.5 else money(value)


def percent(share: float, digits: int = 1) -> str:
    r"""Return a share as a percentage.

    >>> percent(0.3692), percent(float("nan"))
    ('36.9\xa0%', 'no number')
    """
    return "no number" if isnan(share) else f"{share * 100:.{digits}f}{NARROW}%".replace("-", MINUS)


def p_value(value: float) -> str:
    """Return a p-value without false precision.

    >>> p_value(0.0314), p_value(1e-9), p_value(float("nan"))
    ('0.031', '< 0.001', 'no number')
    """
    return "no number" if isnan(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"


def measure(value: float | str | None, unit: str) -> str:
    r"""Return a statistic in its unit; whatever is no share, multiple or count is money.

    >>> measure(0.131, "share"), measure(3.6, "x"), measure("Infinity", "USD"), measure(None, "USD")
    ('13.1\xa0%', '3.60x', 'infinite', 'no number')
    """
    number = nan if value is None else float(value)
    if isnan(number):
        return "no number"
    if unit == "share":
        return percent(number)
    if unit == "x":
        return f"{number:.2f}x"
    if unit == "count":
        return f"{number:g}"
    return money(number)


def day(ts_ns: int) -> str:
    """Return the UTC date of a time."""
    return datetime.fromtimestamp(ts_ns // 10**9, tz=UTC).strftime("%Y-%m-%d")


def date_text(date: np.datetime64) -> str:
    """Return a row's date."""
    return str(date)


def days(count: int | float) -> str:
    """Return a count of days in words.

    >>> days(1), days(206)
    ('1 day', '206 days')
    """
    whole = round(count)
    return f"{whole:,} day{'' if whole == 1 else 's'}"


def times(count: int) -> str:
    """Return how often.

    >>> times(1), times(81)
    ('once', '81 times')
    """
    return "once" if count == 1 else f"{count:,} times"


def asked(decided_type: str, params: Params, *, clears_if: str | None = None) -> str:
    """Return in words what a limit asked the trading systems for."""
    match decided_type:
        case "warn":
            return "a warning; no change of trading"
        case "throttle":
            return _throttle(params)
        case "reduce_position":
            return _reduce(params, clears_if)
        case "halt":
            return _halt(params)
        case _:
            return "nothing"


def asked_of(episode: Episode) -> str:
    """Return in words what an episode asked for at its beginning."""
    first = episode.first
    return asked(first.decided_type, first.params, clears_if=first.evidence.clears_if)


def effect_of(episode: Episode) -> str:
    """Return whether it acted, and as what."""
    if episode.published is None:
        return "would have acted"
    if episode.published != episode.first.decided_type:
        return f"enforced as {episode.published}"
    return "enforced"


def _throttle(params: Params) -> str:
    interval = "" if params.interval_ms is None else f" in {params.interval_ms / 1000:g} s"
    size = "" if params.max_notional is None else f" of {money(float(params.max_notional))} at most"
    return (
        f"slower orders: {params.max_orders}{interval}, each{size}"
        if size
        else f"slower orders: {params.max_orders}{interval}"
    )


def _reduce(params: Params, clears_if: str | None) -> str:
    targets = params.targets or ()
    if not targets:
        return f"reducing orders only ({clears_if})" if clears_if else "reducing orders only, no size asked"
    named = [f"{target.instrument} to {target.max_abs_qty:,.6g}" for target in targets[:_TARGETS_NAMED_MAX]]
    more = len(targets) - len(named)
    return f"smaller positions: {', '.join(named)}" + (f" and {more} more" if more else "")


def _halt(params: Params) -> str:
    orders = {"all": ", all working orders cancelled", "increasing": ", increasing orders cancelled"}
    flat = ", the book flattened" if params.flatten else ""
    return f"a halt of all but reducing orders{orders.get(params.cancel_working or '', '')}{flat}"
