"""The largest part of an order that keeps every number at or under its ceiling, by lots, each answer evaluated.

Sought from above. A number that is convex in the size (ES, stress, gross, leverage, a deviation) is over its ceiling on
all of the way from one size that is over it down to where the line through two such sizes meets it. The historical VaR,
which is not convex, is over its ceiling until enough rows have left: counted exactly. For all other numbers the way
is halved. Whatever is proposed is evaluated, and so is the size of one lot more.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from risk.arrays import Arrays, Floats, Ints, Scalar
from risk.kernels.filled import ROWS_A_SCOPE, HeldBooks, Trade, fill_scope
from risk.kernels.tail import MILLION
from risk.measures import METRIC_INDEX

Flags = NDArray[np.bool_]

_VAR = METRIC_INDEX["var_95"]
_DEGRADED, _INSUFFICIENT = 1, 2
_ROWS = Scalar.ROWS
_STEPS_MAX = 256  # far more than any search takes; then the rest is given up
WORSE_SHARE = 1e-9  # a number is worse than before where it is larger by more than this share of it: not by rounding
BLOCKS_INSUFFICIENT, BLOCKS_INVALID = 1, 2


class Ceilings(NamedTuple):
    """What the numbers of each scope of the path are held against, (m, K) each.

    ceiling : the lowest level that stops an order; +inf where none does
    missing : BLOCKS_INSUFFICIENT and BLOCKS_INVALID: a number that the order takes away stops it
    before, before_status : the numbers without the order
    apart   : True where the number without the order is in another unit: nothing is worse or better than it
    """

    ceiling: Floats
    missing: Ints
    before: Floats
    before_status: Ints
    apart: Flags


class Scratch(NamedTuple):
    """Changed by the search.

    blocked : (m, K) 1 where a number stops the size that was evaluated last
    last    : (K,) the numbers of the size before that, NaN where they cannot be drawn a line through
    times   : (T,) lots by which rows leave
    whole, whole_status : (m, K) the numbers of the largest size; whole_blocked: (m, K) which of them stop it
    binding : (m, K) which numbers stop one lot more than the answer
    """

    blocked: Ints
    last: Floats
    times: Floats
    whole: Floats
    whole_status: Ints
    whole_blocked: Ints
    binding: Ints


@njit(cache=True, error_model="numpy", _nrt=False)
def is_missing(value: float, status: int) -> bool:
    """Say whether there is no number: +inf is one, whatever its status."""
    return bool(np.isnan(value) or (status >= _INSUFFICIENT and value != np.inf))


@njit(cache=True, error_model="numpy", _nrt=False)
def mark_blocked(t: Arrays, c: Ceilings, place: int, blocked: Ints) -> int:
    """Mark which numbers of the scope stop the size that was evaluated, and return how many.

    A number stops an order where it is over its ceiling and worse than without the order. +inf is never better.
    """
    values, statuses, count = t.metrics[place * ROWS_A_SCOPE], t.statuses[place * ROWS_A_SCOPE], 0
    for metric in range(values.shape[0]):
        value, before = values[metric], c.before[place, metric]
        had = not is_missing(before, c.before_status[place, metric])
        if is_missing(value, statuses[metric]):
            is_thin = statuses[metric] == _INSUFFICIENT
            stops = had and c.missing[place, metric] & (BLOCKS_INSUFFICIENT if is_thin else BLOCKS_INVALID) != 0
        else:
            worst = _allowed(c.ceiling[place, metric], before, had and not c.apart[place, metric])
            stops = value > worst or (value == np.inf and c.ceiling[place, metric] < np.inf)
        blocked[metric] = int(stops)
        count += blocked[metric]
    return count


@njit(cache=True, error_model="numpy", _nrt=False)
def _allowed(ceiling: float, before: float, had: bool) -> float:
    """Return what a number may reach: its ceiling, or what it was before where that is more."""
    return max(ceiling, before + WORSE_SHARE * abs(before)) if had and before < np.inf else ceiling


@njit(cache=True, error_model="numpy", _nrt=False)
def largest_fitting(t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch, least: int, searches: bool) -> int:
    """Return the most lots, at most all and at least `least`, that no ceiling of any scope stops.

    The rows of the preview hold the numbers of that size, and `x.whole` those of all of it. `least` itself is not
    judged: it is what goes in any case. searches: False evaluates the largest size alone.
    """
    count, lots = trade.path.shape[0], trade.sizes_max
    stopped = 0
    for place in range(count):
        fill_scope(t, b, trade, place, lots)
        stopped += mark_blocked(t, c, place, x.blocked[place])
        row = place * ROWS_A_SCOPE
        for metric in range(x.last.shape[0]):
            x.whole[place, metric], x.whole_status[place, metric] = t.metrics[row, metric], t.statuses[row, metric]
            x.whole_blocked[place, metric] = x.blocked[place, metric]
            x.binding[place, metric] = 0
    if stopped == 0 or not searches:
        return lots
    while lots > least and stopped > 0:
        for place in range(count):
            fill_scope(t, b, trade, place, lots)
            if lots > least and mark_blocked(t, c, place, x.blocked[place]) > 0:
                lots = _lower(t, b, trade, c, x, place, lots, least)
        stopped = 0
        for place in range(count):
            fill_scope(t, b, trade, place, lots)
            stopped += mark_blocked(t, c, place, x.blocked[place])
    for place in range(count):
        fill_scope(t, b, trade, place, lots + 1)
        mark_blocked(t, c, place, x.binding[place])
        fill_scope(t, b, trade, place, lots)
    return lots


@njit(cache=True, error_model="numpy", _nrt=False)
def _lower(
    t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch, place: int, above: int, least: int
) -> int:  # fmt: skip
    """Return the most lots under `above`, which is stopped and was evaluated last, that this scope lets through."""
    blocked, values = x.blocked[place], t.metrics[place * ROWS_A_SCOPE]
    last_lots = above
    for metric in range(x.last.shape[0]):
        x.last[metric] = np.nan
    for _ in range(_STEPS_MAX):
        lots = _bound_below(t, b, trade, c, x, place, above, last_lots, least)
        for metric in range(x.last.shape[0]):
            x.last[metric] = values[metric]
        last_lots = above
        if lots <= least:  # goes in any case: it is not judged
            return int(_raise(t, b, trade, c, x, place, least, above))
        fill_scope(t, b, trade, place, lots)
        if mark_blocked(t, c, place, blocked) == 0:
            return int(_raise(t, b, trade, c, x, place, lots, above))
        above = lots
    return least


@njit(cache=True, error_model="numpy", _nrt=False)
def _bound_below(
    t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch, place: int, lots: int, last_lots: int, least: int
) -> int:  # fmt: skip
    """Return the most lots under `lots`, evaluated last and stopped, at which all that stops it may be gone."""
    row, p = place * ROWS_A_SCOPE, trade.path[place]
    bound = lots - 1
    for metric in range(x.last.shape[0]):
        if x.blocked[place, metric] == 0:
            continue
        value, before = t.metrics[row, metric], c.before[place, metric]
        had = not is_missing(before, c.before_status[place, metric]) and not c.apart[place, metric]
        worst = _allowed(c.ceiling[place, metric], before, had)
        is_number = not is_missing(value, t.statuses[row, metric]) and value < np.inf
        if is_number and _VAR <= metric < _VAR + 3 and b.worked_row[p] < 0:
            i = trade.instrument
            back = _lots_until_quantile(
                t.loss[row], t.returns[i], min(t.scalars[_ROWS], t.loss.shape[1]), metric - _VAR, worst,
                trade.side * trade.lot * t.unit[i], x.times,
            )  # fmt: skip
            bound = min(bound, _whole(lots - back, least))
        elif is_number and last_lots == lots:
            continue  # one lot less gives the second point of the line
        elif is_number and x.last[metric] > value and x.last[metric] < np.inf:
            slope = (x.last[metric] - value) / (last_lots - lots)
            bound = min(bound, _whole(lots - (value - worst) / slope, least))
        else:
            bound = min(bound, (least + lots) // 2)
    return int(max(bound, least))


@njit(cache=True, error_model="numpy", _nrt=False)
def _whole(lots: float, least: int) -> int:
    """Return the whole lots in a number of them, at least `least`; it may be -inf."""
    return int(np.floor(lots)) if lots > least else least


@njit(cache=True, error_model="numpy", _nrt=False)
def _raise(
    t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch, place: int, lots: int, above: int
) -> int:  # fmt: skip
    """Return the most lots under `above`, which is stopped, that pass, from `lots` on, which do."""
    probe = lots + 1  # nearly always stopped: the bounds are exact but for rounding
    while above - lots > 1:
        fill_scope(t, b, trade, place, probe)
        if mark_blocked(t, c, place, x.blocked[place]) == 0:
            lots = probe
        else:
            above = probe
        probe = (lots + above) // 2
    return lots


@njit(cache=True, error_model="numpy", _nrt=False)
def _lots_until_quantile(
    loss: Floats, returns: Floats, rows: int, level: int, ceiling: float, lot_exposure: float, times: Floats
) -> float:
    """Return by how many lots less the VaR can be at its ceiling at the earliest, +inf where it never can.

    VaR, the k-th smallest of n losses, is over a ceiling while more than n - k of them are. Each row's loss is a line
    in the size: those over the ceiling that fall with it leave one after the other, and rows that rise only delay.
    """
    p_ppm = 950_000 if level == 0 else (975_000 if level == 1 else 990_000)
    rank = (rows * p_ppm + MILLION - 1) // MILLION
    over = leaving = 0
    for row in range(rows):
        excess = loss[row] - ceiling
        if excess > 0.0:
            over += 1
            slope = -lot_exposure * returns[row]
            if slope > 0.0:
                times[leaving] = excess / slope
                leaving += 1
    needed = over - (rows - rank)
    if needed > leaving:
        return np.inf
    return float(select_smallest(times, leaving, needed - 1)) if needed > 0 else 0.0


@njit(cache=True, error_model="numpy", _nrt=False)
def select_smallest(values: Floats, count: int, place: int) -> float:
    """Return the value that sorting the first `count` would put at `place` (Hoare 1961); changes their order."""
    low, high = 0, count - 1
    while low < high:
        pivot, left, right = values[(low + high) // 2], low, high
        while left <= right:
            while values[left] < pivot:
                left += 1
            while values[right] > pivot:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left, right = left + 1, right - 1
        if place <= right:
            high = right
        elif place >= left:
            low = left
        else:
            break
    return float(values[place])
