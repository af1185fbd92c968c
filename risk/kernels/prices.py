"""A run of prices in one call: apply quotes and trades until something needs the slow path or a look."""

from numba import njit

from risk.arrays import Arrays, Floats, Ints, Scalar, Setting, Source
from risk.kernels.book import move_price
from risk.kernels.measure import measure

DONE, WAKE, SLOW, TIMER = 0, 1, 2, 3
QUOTE, TRADE = 0, 1
_AHEAD = Setting.AHEAD_NS_MAX
_NOW, _SCOPES = Scalar.NOW, Scalar.SCOPES
_FROM_QUOTE, _FROM_TRADE = Source.QUOTE, Source.TRADE


@njit(cache=True, error_model="numpy", _nrt=False)
def run_prices(
    s: Arrays, instrument: Ints, kind: Ints, price: Floats, low: Floats, ts: Ints, source: Ints,
    start: int, stop: int, next_due: int, wall: bool,
) -> tuple[int, int]:  # fmt: skip
    """Apply prices start..stop-1 and return (position, code).

    instrument, kind, source : (n,) index, QUOTE or TRADE, index of the partition
    price, low : (n,) mid and bid of a quote, price of a trade
    ts         : (n,) ns
    next_due   : the earliest timer, ns
    wall       : core time is the ticks alone, so prices neither move it nor let timers come due
    DONE: all applied. WAKE: the price at `position` is applied and a scope is woken. SLOW: the price at
    `position` is not applied, because it is late, out of bounds, the first, suspect or not linear. TIMER: it is
    not applied, because a timer is due before it.
    """
    for at in range(start, stop):
        i, now = instrument[at], ts[at]
        if not wall and now >= next_due:
            return at, TIMER
        mid = price[at]
        if (
            s.fast[i] == 0
            or s.source_waiting[source[at]] == 1
            or (wall and now - s.scalars[_NOW] > s.settings[_AHEAD])
            or now < s.last_ts[i]
            or source[at] != s.last_source[i]
            or not low[at] > s.floor[i]
            or not abs(mid - s.mark[i]) <= s.band[i] * abs(s.mark[i])
        ):
            return at, SLOW
        if not wall:
            s.scalars[_NOW] = max(now, s.scalars[_NOW])
        s.source_ts[source[at]] = max(s.scalars[_NOW], s.source_ts[source[at]])
        s.last_ts[i] = now
        if kind[at] == QUOTE:
            s.quote_mid[i], s.quote_ts[i], s.quote_fresh[i] = mid, now, 1
        else:
            s.trade_price[i], s.trade_ts[i] = mid, now
        moved = False
        if kind[at] == QUOTE or s.quote_fresh[i] == 0:  # a fresh quote outranks a trade
            s.mark_source[i] = _FROM_QUOTE if kind[at] == QUOTE else _FROM_TRADE
            s.mark_ts[i] = now
            moved = mid != s.mark[i]
        if moved:
            move_price(s, i, mid)
        woken = False
        for p in range(s.scalars[_SCOPES]):
            if s.quantity[p, i] != 0.0:
                if moved:
                    measure(s, p)
                elif s.alive[p] == 1:
                    s.woken[p] = 1
                woken = woken or s.woken[p] == 1 or s.refit[p] == 1
        if woken:
            return at, WAKE
    return stop, DONE
