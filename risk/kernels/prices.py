"""A run of prices in one call: apply quotes, trades and ticks until something needs the slow path or a look."""

from numba import njit

from risk.arrays import Arrays, Floats, Ints, Scalar, Setting, Source
from risk.kernels.book import move_price
from risk.kernels.budgets import is_quiet
from risk.kernels.liquidity import move_spread, observe_spread
from risk.kernels.measure import measure
from risk.kernels.worst import are_worked_quiet, works

DONE, WAKE, SLOW, TIMER = 0, 1, 2, 3
QUOTE, TRADE, TICK = 0, 1, 2
_AHEAD = Setting.AHEAD_NS_MAX
_NOW, _SCOPES, _BARS_WAIT = Scalar.NOW, Scalar.SCOPES, Scalar.BARS_WAIT
_WORKING = Scalar.WORKING
_FROM_QUOTE, _FROM_TRADE = Source.QUOTE, Source.TRADE


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def _visit(s: Arrays, i: int, moved: bool, has_orders: bool) -> bool:
    """Go to every scope that holds or orders instrument i; True where one needs a look.

    One that moved within its budgets is left unmeasured.
    """
    woken = False
    for p in range(s.scalars[_SCOPES]):
        if s.quantity[p, i] != 0.0 or (has_orders and works(s, p, i)):
            if moved and is_quiet(s, p) and not (has_orders and s.worked_row[p] >= 0 and not are_worked_quiet(s, p)):
                s.unmeasured[p] = 1
            elif moved:
                measure(s, p)
                s.unmeasured[p] = 0
            elif s.alive[p] == 1 and s.dozing[p] == 0:
                s.woken[p] = 1
            woken = woken or s.woken[p] == 1 or s.refit[p] == 1
    return bool(woken)


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def _apply(
    s: Arrays, instrument: Ints, kind: Ints, price: Floats, low: Floats, ts: Ints, source: Ints,
    start: int, stop: int, next_due: int, wall: bool,
) -> tuple[int, int]:  # fmt: skip
    """Do the same, and leave scopes unmeasured whose moves stay within their budgets."""
    has_orders = s.scalars[_WORKING] > 0
    for at in range(start, stop):
        i, now = instrument[at], ts[at]
        is_tick = kind[at] == TICK
        if (is_tick or not wall) and now >= next_due:
            return at, TIMER
        if is_tick:
            s.scalars[_NOW] = max(now, s.scalars[_NOW])
            continue
        mid = price[at]
        if (
            s.fast[i] == 0
            or s.scalars[_BARS_WAIT] == 1
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
        spread_moved = False
        if kind[at] == QUOTE:
            s.quote_mid[i], s.quote_ts[i], s.quote_fresh[i] = mid, now, 1
            spread_moved = observe_spread(s, i, mid, low[at])
        else:
            s.trade_price[i], s.trade_ts[i] = mid, now
        moved = False
        if kind[at] == QUOTE or s.quote_fresh[i] == 0:  # a fresh quote outranks a trade
            s.mark_source[i] = _FROM_QUOTE if kind[at] == QUOTE else _FROM_TRADE
            s.mark_ts[i] = now
            moved = mid != s.mark[i]
        if moved:
            move_price(s, i, mid)
        elif spread_moved:
            move_spread(s, i)
        woken = _visit(s, i, moved or spread_moved, has_orders)
        if woken:
            return at, WAKE
    return stop, DONE


@njit(cache=True, error_model="numpy", _nrt=False)
def measure_moved(s: Arrays) -> None:
    """Measure every scope that prices have moved within its budget since it was measured."""
    for p in range(s.scalars[_SCOPES]):
        if s.unmeasured[p] == 1:
            measure(s, p)
            s.unmeasured[p] = 0


@njit(cache=True, error_model="numpy", _nrt=False, nogil=True)
def run_prices(
    s: Arrays, instrument: Ints, kind: Ints, price: Floats, low: Floats, ts: Ints, source: Ints,
    start: int, stop: int, next_due: int, wall: bool,
) -> tuple[int, int]:  # fmt: skip
    """Apply prices start..stop-1 and return (position, code).

    instrument, kind, source : (n,) index, QUOTE, TRADE or TICK, index of the partition; of a tick the kind alone counts
    price, low : (n,) mid and bid of a quote, price of a trade
    ts         : (n,) ns
    next_due   : the earliest timer, ns
    wall       : core time is the ticks alone, so prices neither move it nor let timers come due
    DONE: all applied. WAKE: the price at `position` is applied and a scope is woken. SLOW: the price at
    `position` is not applied, because it is late, out of bounds, the first, suspect or not linear. TIMER: it is
    not applied, because a timer is due before it. Every scope is then measured; after DONE, those that moved within
    their budgets are not: `measure_moved` does it where somebody asks for numbers.
    """
    position, code = _apply(s, instrument, kind, price, low, ts, source, start, stop, next_due, wall)
    if code != DONE:
        measure_moved(s)
    return position, code
