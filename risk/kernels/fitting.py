"""The largest part of an order that keeps every number at or under its ceiling, by lots, each answer evaluated.

Sought from above: what may be gone at most at a size that is stopped, of any scope, says where to look next
(`risk/kernels/bounding.py`), so that nothing between is passed over. Whatever is proposed is evaluated, and so is the
size of one lot more.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from risk.arrays import Arrays, Floats, Ints
from risk.kernels.bounding import lots_at_ceiling
from risk.kernels.filled import ROWS_A_SCOPE, HeldBooks, Trade, fill_scope

Flags = NDArray[np.bool_]

_INSUFFICIENT = 2
_STEPS_MAX = 256  # far more than any search takes; then the rest is given up
WORSE_SHARE = 1e-9  # a number is worse than before where it is larger by more than this share of it: not by rounding
BLOCKS_INSUFFICIENT, BLOCKS_INVALID = 1, 2
_ROUNDING = (
    1e-9  # of a size where a number meets its ceiling: one lot too many is seen and given up, one too few is not
)
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
    last    : (D, K) the numbers of the size before that; last_lots: (D,) that size, -1 where there is none
    times   : (T,) lots by which rows leave
    """

    values: Floats
    statuses: Ints
    marks: Ints
    asks_fit: Ints
    lots: Ints
    passed: Ints
    stopped: Ints
    last_lots: Ints
    last: Floats
    times: Floats


@njit(cache=True, error_model="numpy", _nrt=False)
def is_missing(value: float, status: int) -> bool:
    """Say whether there is no number: +inf is one, whatever its status."""
    return bool(np.isnan(value) or (status >= _INSUFFICIENT and value != np.inf))


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
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


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def _note(t: Arrays, x: Scratch, place: int, which: int) -> None:
    """Keep the numbers of the size that was evaluated last."""
    row = place * ROWS_A_SCOPE
    x.asks_fit[place] = t.refit[row]
    for metric in range(x.last.shape[1]):
        x.values[which, place, metric], x.statuses[which, place, metric] = (
            t.metrics[row, metric],
            t.statuses[row, metric],
        )


@njit(cache=True, error_model="numpy", _nrt=False)
def _evaluate(
    t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch, place: int, lots: int, is_judged: bool
) -> int:  # fmt: skip
    """Evaluate a size in one scope and return how many numbers stop it; keep what passes, and what stops the rest.

    is_judged : False measures the scope and holds it to nothing
    """
    row = place * ROWS_A_SCOPE
    x.last_lots[place] = x.lots[place]
    for metric in range(x.last.shape[1]):
        x.last[place, metric] = t.metrics[row, metric]
    fill_scope(t, b, trade, place, lots, x.lots[place] >= 0, x.times)
    x.lots[place] = lots
    if not is_judged:
        return 0
    stops = mark_blocked(t, c, x, place, _BLOCKED)
    if stops == 0:
        _note(t, x, place, AFTER)
        x.passed[place] = lots
    else:
        x.stopped[place] = lots
        for metric in range(x.last.shape[1]):
            x.marks[BINDING, place, metric] = x.marks[_BLOCKED, place, metric]
    return int(stops)


@njit(cache=True, error_model="numpy", _nrt=False)
def _judge_whole(t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch) -> tuple[int, int]:
    """Evaluate all of the order; return how many numbers stop it, and how many are loud."""
    stopped = loud = 0
    for place in range(trade.path.shape[0]):
        p = trade.path[place]
        for metric in range(x.last.shape[1]):
            x.values[BEFORE, place, metric], x.statuses[BEFORE, place, metric] = (
                b.metrics[p, metric],
                b.statuses[p, metric],
            )
        x.lots[place] = x.passed[place] = x.stopped[place] = -1
        stopped += _evaluate(t, b, trade, c, x, place, trade.sizes_max, True)
        _note(t, x, place, WHOLE)
        for metric in range(x.last.shape[1]):
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
    lots = trade.sizes_max
    stopped, loud = _judge_whole(t, b, trade, c, x)
    if stopped > 0 and searches:
        lots = _search_down(t, b, trade, c, x, least)
    _keep_answer(t, b, trade, c, x, lots)
    return lots, loud


@njit(cache=True, error_model="numpy", _nrt=False)
def _search_down(t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch, least: int) -> int:
    """Return the most lots, at least `least`, that all scopes let through, of a whole order that one does not."""
    above, lots, first = trade.sizes_max, trade.sizes_max, 0
    for place in range(trade.path.shape[0]):
        if x.stopped[place] == above:
            bound = _bound_below(t, b, trade, c, x, place, least)
            if bound < lots:
                lots, first = bound, place
    for step in range(_STEPS_MAX):
        if lots <= least:  # goes in any case: it is not judged
            break
        place = _first_stopping(t, b, trade, c, x, lots, first)
        if place < 0:
            break
        above, first = lots, place
        lots = least if step == _STEPS_MAX - 1 else _bound_below(t, b, trade, c, x, place, least)
    lots, probe = max(lots, least), max(lots, least) + 1  # nearly always stopped: bounds are exact but for rounding
    while above - lots > 1:
        place = _first_stopping(t, b, trade, c, x, probe, first)
        if place < 0:
            lots = probe
        else:
            above, first = probe, place
        probe = (lots + above) // 2
    return lots


@njit(cache=True, error_model="numpy", _nrt=False)
def _first_stopping(
    t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch, lots: int, first: int
) -> int:  # fmt: skip
    """Return the first place, from `first` on and around, whose scope stops the size; -1 where none does."""
    count = trade.path.shape[0]
    for step in range(count):
        place = (first + step) % count
        if x.stopped[place] == lots:
            return int(place)
        if x.passed[place] != lots and _evaluate(t, b, trade, c, x, place, lots, True) > 0:
            return int(place)
    return -1


@njit(cache=True, error_model="numpy", _nrt=False)
def _keep_answer(t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch, lots: int) -> None:
    """Note the numbers of the answer where they are not noted, and what stops one lot more, where that is known."""
    for place in range(trade.path.shape[0]):
        if lots == 0:
            _keep_before(x, place)
        elif x.passed[place] != lots:
            if x.lots[place] != lots:
                _evaluate(t, b, trade, c, x, place, lots, False)
            _note(t, x, place, AFTER)
        if x.stopped[place] != lots + 1:
            for metric in range(x.last.shape[1]):
                x.marks[BINDING, place, metric] = 0


@njit(cache=True, error_model="numpy", _nrt=False)
def _keep_before(x: Scratch, place: int) -> None:
    """Note that nothing goes, so that nothing changes."""
    x.asks_fit[place] = 0
    for metric in range(x.last.shape[1]):
        x.values[AFTER, place, metric] = x.values[BEFORE, place, metric]
        x.statuses[AFTER, place, metric] = x.statuses[BEFORE, place, metric]


@njit(cache=True, error_model="numpy", _nrt=False)
def _bound_below(
    t: Arrays, b: HeldBooks, trade: Trade, c: Ceilings, x: Scratch, place: int, least: int
) -> int:  # fmt: skip
    """Return the most lots under those evaluated last in a scope, and stopped, at which all that stops may be gone."""
    row, lots = place * ROWS_A_SCOPE, x.lots[place]
    bound = lots - 1
    for metric in range(x.last.shape[1]):
        if x.marks[BINDING, place, metric] == 0:
            continue
        value, before = t.metrics[row, metric], x.values[BEFORE, place, metric]
        had = not is_missing(before, x.statuses[BEFORE, place, metric]) and not c.apart[place, metric]
        worst = _allowed(c.ceiling[place, metric], before, had)
        if is_missing(value, t.statuses[row, metric]) or value == np.inf:
            bound = min(bound, (least + lots) // 2)
            continue
        has_orders = b.worked_row[trade.path[place]] >= 0
        fits = np.nan if has_orders else lots_at_ceiling(t, trade, row, metric, lots, worst, x.times)
        if not np.isnan(fits):
            bound = min(bound, _whole(fits, least))
        elif x.last_lots[place] < 0:
            continue  # one lot less gives the second point of a line
        elif x.last[place, metric] > value and x.last[place, metric] < np.inf:
            slope = (x.last[place, metric] - value) / (x.last_lots[place] - lots)
            bound = min(bound, _whole(lots - (value - worst) / slope, least))
        else:
            bound = min(bound, (least + lots) // 2)
    return int(max(bound, least))


@njit(cache=True, error_model="numpy", _nrt=False)
def _whole(lots: float, least: int) -> int:
    """Return the whole lots in a number of them, but for rounding, at least `least`; it may be -inf."""
    return int(np.floor(lots + _ROUNDING * abs(lots))) if lots > least else least
