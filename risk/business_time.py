"""Business time: the base calendar's day cut into bars, and what share of a day each bar is worth (semantics.md)."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache

from config.setup import Calendar

_CONTEXT = Context(prec=30)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: the closed time before an open, or a part of an open session.

    end_ns  : when it ends; share: what it is worth of one base session's day
    session : index of the base session that it belongs to
    elapsed : share of that day that had passed when the bar began, in [0, 1)
    """

    end_ns: int
    share: float
    session: int
    elapsed: float


def bar_at(calendar: Calendar, ts: int, bar_ns: int, overnight_weight: float) -> Bar | None:
    """Return the bar that `ts` lies in, its end excluded; None before the first open and after the last close.

    bar_ns           : length of a bar of open time, > 0; the last bar of a session ends with it
    overnight_weight : share of the closed time before an open, in [0, 1); the session has the rest. Where a session
                       begins as the last one ends, as on 24/7, it has all
    """
    session = bisect_right(calendar.closes_sorted, ts)
    if session >= len(calendar.closes_sorted):
        return None
    opened, closed = calendar.opens_sorted[session], calendar.closes_sorted[session]
    closed_since = calendar.closes_sorted[session - 1] if session > 0 else opened
    night = overnight_weight if closed_since < opened else 0.0
    if ts < opened:
        return Bar(opened, night, session, 0.0) if session > 0 else None
    start = opened + (ts - opened) // bar_ns * bar_ns
    end, length = min(start + bar_ns, closed), closed - opened
    return Bar(
        end, (1.0 - night) * ((end - start) / length), session, night + (1.0 - night) * ((start - opened) / length)
    )


@lru_cache(maxsize=4096)
def power(decay: float, exponent: float) -> float:
    """Return decay ** exponent, correctly rounded and so the same on every machine; decay in (0, 1), exponent >= 0."""
    return float(_CONTEXT.power(Decimal(decay), Decimal(exponent)))


@lru_cache(maxsize=4096)
def weight_of(decay: float, share: float) -> float:
    """Return (1 - decay ** share) / share, what a squared return of a bar counts; its limit -ln(decay) at share 0."""
    if share == 0.0:
        return -float(_CONTEXT.ln(Decimal(decay)))
    left = _CONTEXT.subtract(Decimal(1), _CONTEXT.power(Decimal(decay), Decimal(share)))
    return float(_CONTEXT.divide(left, Decimal(share)))


def half_of(decay: float, share: float) -> float:
    """Return decay ** (share / 2): what a bar leaves of one instrument's side of the covariance."""
    return math.sqrt(power(decay, share))
