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
from risk.kernels.tail import MILLION, select_smallest
from risk.measures import METRIC_INDEX

Flags = NDArray[np.bool_]

_VAR = METRIC_INDEX["var_95"]
_DEGRADED, _INSUFFICIENT = 1, 2
_ROWS = Scalar.ROWS
_STEPS_MAX = 256  # far more than any search takes; then the rest is given up
WORSE_SHARE = 1e-9  # a number is worse than before where it is larger by more than this share of it: not by rounding
BLOCKS_INSUFFICIENT, BLOCKS_INVALID = 1, 2
BEFORE, WHOLE, AFTER = 0, 1, 2  # of Scratch.values
STOPPED, BINDING, LOUD, _BLOCKED = 0, 1, 2, 3  # of Scratch.marks


class Ceilings(NamedTuple):
    """What the numbers of each scope of the path are held against, (m, K) each.

    ceiling : the lowest level that stops an order; +inf where none does
    missing : BLOCKS_INSUFFICIENT and BLOCKS_INVALID: a number that the order takes away stops it
    apart   : True where the number without the order is in another unit: nothing is worse or better than it
    told    : the lowest level that anybody wants to hear of; watched: 1 where a missing number is to be heard of
    """

    ceiling: Floats
    missing: Ints
    apart: Flags
    told: Floats
    watched: Ints


class Scratch(NamedTuple):
    """Changed by the search; D scopes that there is room for, by place on the path.

    values, statuses : (3, D, K) the numbers without the order, with all of it, and with the answer
    marks   : (4, D, K) 1 where a number stops all of the order; stops one lot more than the answer; is over `told` or
              missing with all of it; stops the size that was evaluated last
    asks_fit: (D,) 1 where the answer would have the tail fitted anew
    lots, passed, stopped : (D,) size that the rows of a place hold, -1 for none; that the numbers with the answer are
              of; the last that was stopped, which is the smallest
    last    : (K,) the numbers of the size before that, NaN where they cannot be drawn a line through
    times   : (T,) lots by which rows leave
    """

    values: Floats
    statuses: Ints
    marks: Ints
    asks_fit: Ints
    lots: Ints
    passed: Ints
    stopped: Ints
    last: Floats
    times: Floats


@njit(cache=True, error_model="numpy", _nrt=False)
def is_missing(value: float, status: int) -> bool:
    """Say whether there is no number: +inf is one, whatever its status."""
    return bool(np.isnan(value) or (status >= _INSUFFICIENT and value != np.inf))


@njit(cache=True, error_model="numpy", _nrt=False)
def mark_blocked(t: Arrays, c: Ceilings, x: Scratch, place: int, mark: int) -> int:
    """Mark which numbers of the scope stop the size that was evaluated, and return how many.

    A number stops an order where it is over its ceiling and worse than without the order. +inf is never better.
    """
    values, statuses, count = t.metrics[place * ROWS_A_SCOPE], t.statuses[place * ROWS_A_SCOPE], 0
    befores, before_statuses, marks = x.values[BEFORE, place], x.statuses[BEFORE, place], x.marks[mark, place]
    for metric in range(values.shape[0]):
        value, before = values[metric], befores[metric]
        had = not is_missing(before, before_statuses[metric])
        if is_missing(value, statuses[metric]):
            is_thin = statuses[metric] == _INSUFFICIENT
            stops = had and c.missing[place, metric] & (BLOCKS_INSUFFICIENT if is_thin else BLOCKS_INVALID) != 0
        else:
            ceiling = c.ceiling[place, metric]
            worst = _allowed(ceiling, before, had and not c.apart[place, metric])
            stops = value > worst or (value == np.inf and ceiling < np.inf)
        marks[metric] = int(stops)
        count += marks[metric]
    return count


@njit(cache=True, error_model="numpy", _nrt=False)
def _allowed(ceiling: float, before: float, had: bool) -> float:
    """Return what a number may reach: its ceiling, or what it was before where that is more."""
    return max(ceiling, before + WORSE_SHARE * abs(before)) if had and before < np.inf else ceiling


@njit(cache=True, error_model="numpy", _nrt=False)
def _note(t: Arrays, x: Scratch, place: int, which: int) -> None:
    """Keep the numbers of the size that was evaluated last."""
    row = place * ROWS_A_SCOPE
    x.asks_fit[place] = t.refit[row]
    for metric in range(x.last.shape[0]):
        x.values[which, place, metric], x.statuses[which, place, metric] = (
            t.metrics[row, metric],
            t.statuses[row, metric],
        )


@njit(cache=True, error_model="numpy", _nrt=False)
def _evaluate(t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch, place: int, lots: int) -> int:
    """Evaluate a size in one scope and return how many numbers stop it; keep what passes, and what stops the rest."""
    fill_scope(t, b, trade, place, lots, x.lots[place] >= 0, x.times)
    x.lots[place] = lots
    stops = mark_blocked(t, c, x, place, _BLOCKED)
    if stops == 0:
        _note(t, x, place, AFTER)
        x.passed[place] = lots
    else:
        x.stopped[place] = lots
        for metric in range(x.last.shape[0]):
            x.marks[BINDING, place, metric] = x.marks[_BLOCKED, place, metric]
    return int(stops)


@njit(cache=True, error_model="numpy", _nrt=False)
def _judge_whole(t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch) -> tuple[int, int]:
    """Evaluate all of the order; return how many numbers stop it, and how many are loud."""
    stopped = loud = 0
    for place in range(trade.path.shape[0]):
        p = trade.path[place]
        for metric in range(x.last.shape[0]):
            x.values[BEFORE, place, metric], x.statuses[BEFORE, place, metric] = (
                b.metrics[p, metric],
                b.statuses[p, metric],
            )
        x.lots[place] = x.passed[place] = x.stopped[place] = -1
        stopped += _evaluate(t, b, trade, c, x, place, trade.sizes_max)
        _note(t, x, place, WHOLE)
        for metric in range(x.last.shape[0]):
            value, status = x.values[WHOLE, place, metric], x.statuses[WHOLE, place, metric]
            x.marks[STOPPED, place, metric] = x.marks[_BLOCKED, place, metric]
            is_loud = value > c.told[place, metric] or (c.watched[place, metric] == 1 and is_missing(value, status))
            x.marks[LOUD, place, metric] = int(is_loud)
            loud += x.marks[LOUD, place, metric]
    return stopped, loud


@njit(cache=True, error_model="numpy", _nrt=False)
def largest_fitting(
    t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch, least: int, searches: bool
) -> tuple[int, int]:
    """Return the most lots, at most all and at least `least`, that no ceiling of any scope stops; and what is loud.

    `x` holds the numbers and marks. `least` itself is not judged: it is what goes in any case.

    searches : False evaluates the largest size alone
    """
    count, lots = trade.path.shape[0], trade.sizes_max
    stopped, loud = _judge_whole(t, b, trade, c, x)
    if stopped == 0 or not searches:
        _keep_answer(t, b, trade, x, lots)
        return lots, loud
    fine, place = 0, 0  # how many scopes in a row let `lots` through; the place to look at next
    while fine < count and lots > least:
        fine += 1
        if (_evaluate(t, b, trade, c, x, place, lots) if x.lots[place] != lots else x.stopped[place] == lots) > 0:
            fine, lots = 1, _lower(t, b, trade, c, x, place, lots, least)
        place = (place + 1) % count
    _keep_answer(t, b, trade, x, lots)
    return lots, loud


@njit(cache=True, error_model="numpy", _nrt=False)
def _keep_answer(t: Arrays, b: HeldBooks, trade: Trade, x: Scratch, lots: int) -> None:
    """Note the numbers of the answer where they are not noted, and what stops one lot more, where that is known."""
    for place in range(trade.path.shape[0]):
        is_known = x.stopped[place] == lots + 1
        for metric in range(x.last.shape[0]):
            x.marks[_BLOCKED, place, metric] = x.marks[BINDING, place, metric] if is_known else 0
        if x.passed[place] != lots:
            if x.lots[place] != lots:
                fill_scope(t, b, trade, place, lots, x.lots[place] >= 0, x.times)
            _note(t, x, place, AFTER)
        for metric in range(x.last.shape[0]):
            x.marks[BINDING, place, metric] = x.marks[_BLOCKED, place, metric]


@njit(cache=True, error_model="numpy", _nrt=False)
def _lower(
    t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch, place: int, above: int, least: int
) -> int:  # fmt: skip
    """Return the most lots under `above`, which is stopped and was evaluated last, that this scope lets through."""
    values = t.metrics[place * ROWS_A_SCOPE]
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
        if _evaluate(t, b, trade, c, x, place, lots) == 0:
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
        if x.marks[_BLOCKED, place, metric] == 0:
            continue
        value, before = t.metrics[row, metric], x.values[BEFORE, place, metric]
        had = not is_missing(before, x.statuses[BEFORE, place, metric]) and not c.apart[place, metric]
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
        if _evaluate(t, b, trade, c, x, place, probe) == 0:
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
