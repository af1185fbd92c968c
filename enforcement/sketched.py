"""The smallest quantities along a path of fading positions, found on unrounded books that cost little.

On the unrounded path the first crossing is found by many cheap points; whole lots are sought near it only, and the
straight line to the answer is looked at the same way until nothing earlier on it clears.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from enforcement.lots import PRECISION, Excess, closed_in, settled, tightened
from enforcement.paths import Path, ray
from risk.book import Along
from risk.measures import Vector

Sketch = Callable[[Vector], Along | None]
"""From the weights (m,) of a path to its excess at ascending times, unrounded; None where that is not cheap."""

_EVEN_STEPS = 128
_JAGGED_STEPS = 512  # a quantile falls and rises with every row that changes its place: less, the more names there are
_JAGGED_NAMES = 50
_TAIL_STEPS = 48
_CHUNK = 64
_CLOSER_STEPS = 16
_CLOSER_ROUNDS_MAX = 4
_RAYS_MAX = 6
_NEAR = 0.01  # as large as what is judged: within 1 % of the smallest, or a lot
_PROGRESS_MIN = 0.2  # of half the way to the line's earlier point: for less no further look is worth it
_ROUNDINGS = (1.0, 0.5, 0.0)  # toward zero, to the next lot, and away from zero: of a hedged book any may clear soonest


def smallest_sketched(
    path: Path, excess: Excess, sketch: Sketch, along: Along, worth: Vector, *, is_jagged: bool
) -> Vector | None:
    """Return the quantities at the first crossing of the path in whole lots, None where nothing on it clears.

    Then as long as something earlier on the straight line to them clears that is smaller by more than 1 % and by more
    than a lot, the whole lots beside that are tried.

    excess : of whole lots; worth: (m,) exposure of one lot
    along  : the sketch of the path
    """
    even = _EVEN_STEPS
    if is_jagged:
        even = max(even, _JAGGED_STEPS * _JAGGED_NAMES // max(path.quantity.size, _JAGGED_NAMES))
    crossing = first_crossing(along, path.length, even)
    found = None if crossing is None else _in_lots(path, excess, worth, crossing)
    if found is None:
        return None
    for _ in range(_RAYS_MAX):
        line = ray(path, found, 1.0)
        along_line = sketch(line.weight)
        assert along_line is not None, "what is cheap along a path is cheap along a line"
        earlier = first_crossing(along_line, 1.0, even)
        if earlier is None or _is_near(line, found, earlier):
            break
        shorter = _shorter(line, found, excess, worth, earlier)
        if shorter is None:
            break
        found = shorter
    return found


def _is_near(line: Path, found: Vector, earlier: float) -> bool:
    """Say whether no name is cut by more than 1 % and by more than a lot beyond what the line cuts so early."""
    cut = np.abs(line.quantity) - np.abs(found)
    return bool(np.all((1.0 - earlier) * cut <= np.maximum(_NEAR * earlier * cut, line.lot)))


def _shorter(line: Path, found: Vector, excess: Excess, worth: Vector, earlier: float) -> Vector | None:
    """Return smaller whole lots that clear, beside the point of the line that does; None where none were found."""
    before = _traded(line, found, worth)
    least, best, wanted = before, None, before * (1.0 - 0.5 * (1.0 - earlier))
    for attempt in (*_ROUNDINGS, None):
        if attempt is None:
            after = settled(line, excess, worth, earlier)
        else:
            after = _in_lots(replace(line, rounding=attempt), excess, worth, earlier)
        traded = np.inf if after is None else _traded(line, after, worth)
        if traded < least:
            least, best = traded, after
        if least <= wanted:
            break
    return best if least <= before - _PROGRESS_MIN * (before - wanted) else None


def _traded(line: Path, after: Vector, worth: Vector) -> float:
    return float(((np.abs(line.quantity) - np.abs(after)) / line.lot * worth).sum())


def _in_lots(path: Path, excess: Excess, worth: Vector, guess: float) -> Vector | None:
    crossing = closed_in(path.at, excess, guess, path.length)
    return None if crossing is None else tightened(path, excess, worth, crossing)


def first_crossing(along: Along, length: float, even: int) -> float | None:
    """Return the first time at which the excess is not over zero; None where no step shows one.

    even : how many steps there are up to 1; from there to `length` they become longer
    """
    steps = np.arange(0, even + 1) / even
    if length > 1.0:
        steps = np.concatenate((steps, length ** (np.arange(1, _TAIL_STEPS + 1) / _TAIL_STEPS)))
    over = np.empty(0)
    for first in range(0, steps.size, _CHUNK):
        over = np.concatenate((over, along(steps[first : first + _CHUNK])))
        clears = np.flatnonzero(over[first:] <= 0.0)
        if clears.size:
            at = first + int(clears[0])
            return _closer(along, float(steps[max(at - 1, 0)]), float(steps[at]))
    lowest = int(np.nanargmin(over)) if np.any(~np.isnan(over)) else 0
    return _dip(along, float(steps[max(lowest - 1, 0)]), float(steps[min(lowest + 1, steps.size - 1)]))


def _closer(along: Along, left: float, right: float) -> float:
    """Return the first crossing between a time that does not clear and one that does, which it is at most."""
    for _ in range(_CLOSER_ROUNDS_MAX):
        if right - left <= PRECISION * right / 4:
            break
        times = left + (right - left) * np.arange(1, _CLOSER_STEPS + 1) / _CLOSER_STEPS
        times[-1] = right
        over = along(times)
        over[-1] = 0.0
        at = int(np.flatnonzero(over <= 0.0)[0])
        left, right = (left if at == 0 else float(times[at - 1])), float(times[at])
    return right


def _dip(along: Along, left: float, right: float) -> float | None:
    start = left
    for _ in range(_CLOSER_ROUNDS_MAX + 2):
        times = left + (right - left) * np.arange(0, _CLOSER_STEPS + 1) / _CLOSER_STEPS
        over = along(times)
        clears = np.flatnonzero(over <= 0.0)
        if clears.size:
            at = int(clears[0])
            return _closer(along, start if at == 0 else float(times[at - 1]), float(times[at]))
        lowest = int(np.argmin(over))
        left, right = float(times[max(lowest - 1, 0)]), float(times[min(lowest + 1, times.size - 1)])
    return None
