"""Whole lots near a crossing: where a path in lots clears, without what a lot cuts more than is needed."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from enforcement.paths import CapPath, Path
from risk.measures import Vector

# The reduction found is at most this share larger than the smallest along its path (one lot where lots are coarser).
PRECISION = 2e-4
COARSE_LOT = 0.01  # a lot of more than this share of what an instrument trades is handled as a step of its own
_WORTH_ASKING = 1e-3  # a lot of less than this share of all that is traded is not asked for back
# Where rounding to lots alone clears, the crossing is at t = 0: a search must end all the same.
STEP_MIN = 1e-9
_STRIDE = 8.0
_ROUNDS_MAX = 4
_GIVE_BACK_ROUNDS_MAX = 12
_SETTLED_NAMES_MAX = 32
_SETTLED_MOVES_MAX = 8

Flags = NDArray[np.bool_]
Excess = Callable[[Vector], float]
Places = Callable[[float], Vector]


def closed_in(at: Places, excess: Excess, guess: float, end: float) -> tuple[float, float] | None:
    """Return (left, right) around the crossing nearest to a guess, closed in; None where nothing from it on clears.

    Rounding moves a crossing by little, so that it is looked for in ever longer strides away from the guess. That
    nothing clears at 0 is taken as known.
    """
    stride = max(PRECISION * guess, STEP_MIN)
    left = right = guess
    if excess(at(guess)) <= 0.0:
        while left > 0.0:
            left = max(0.0, right - stride)
            if left == 0.0 or excess(at(left)) > 0.0:
                break
            right, stride = left, stride * _STRIDE
        return bisected(at, excess, left, right)
    while right < end:
        left, right = right, min(end, right + stride)
        if excess(at(right)) <= 0.0:
            return bisected(at, excess, left, right)
        stride *= _STRIDE
    return None


def bisected(at: Places, excess: Excess, left: float, right: float) -> tuple[float, float]:
    """Return (left, right) closed in: `right` clears and is at most PRECISION over `left`, which does not."""
    while right - left > max(PRECISION * right, STEP_MIN):
        middle = 0.5 * (left + right)
        if excess(at(middle)) <= 0.0:
            right = middle
        else:
            left = middle
    return left, right


def tightened(path: Path | CapPath, excess: Excess, worth: Vector | None, crossing: tuple[float, float]) -> Vector:
    """Return the quantities where the path crosses, without what a coarse lot cuts beyond the crossing.

    Where the crossing is the step of a coarse lot, the step is taken and the others go back as far as it allows; then
    single lots are given back, the dearest first.
    """
    left, right = crossing
    size = np.abs(path.quantity)
    cleared = path.at(right)
    held: Flags = np.zeros(size.size, dtype=bool)
    for _ in range(_ROUNDS_MAX):
        stays = np.where(held, cleared, path.at(left))
        is_coarse = path.lot > COARSE_LOT * (size - np.abs(cleared))
        stepped = ~held & is_coarse & (stays != cleared)
        if not np.any(stepped):
            break
        held |= stepped
        fixed, kept = held.copy(), cleared.copy()

        def mixed(t: float, fixed: Flags = fixed, kept: Vector = kept) -> Vector:
            return np.where(fixed, kept, path.at(t))

        if excess(mixed(0.0)) <= 0.0:
            cleared = mixed(0.0)
            break
        closed = closed_in(mixed, excess, right, right)
        assert closed is not None, "what cleared before a name was held clears with it"
        left, right = closed
        cleared = mixed(right)
    return _given_back(path, excess, path.lot if worth is None else worth, cleared)


def settled(path: Path, excess: Excess, worth: Vector, t: float) -> Vector | None:
    """Return whole lots near the path at t that clear, by single lots from the nearest; None where a few do not.

    Each lot is the one, up or down, that brings the excess down the most for its worth. It is for books of few coarse
    lots, in which no way of rounding them all alike clears.
    """
    now = replace(path, rounding=0.5).at(t)
    cut = np.abs(path.quantity) - np.abs(path.at(t))
    places = np.flatnonzero((path.weight > 0.0) & (path.lot > COARSE_LOT * cut)).tolist()
    if len(places) > _SETTLED_NAMES_MAX:
        return None
    over = excess(now)
    for _ in range(_SETTLED_MOVES_MAX):
        if over <= 0.0:
            return _given_back(path, excess, worth, now)
        tried = [(place, moved, excess(moved)) for place in places for moved in _one_lot_away(path, now, place)]
        rates = [(over - max(after, 0.0)) / worth[place] for place, _, after in tried]
        if not rates or max(rates) <= 0.0:
            return None
        _, now, over = tried[int(np.argmax(rates))]
    return None


def _one_lot_away(path: Path, now: Vector, place: int) -> list[Vector]:
    """Return the books in which one name has a lot less or a lot more, at most its position."""
    held, size, lot = abs(now[place]), abs(path.quantity[place]), path.lot[place]
    return [
        _replaced(now, np.copysign(np.full(now.size, each), path.quantity), [place])
        for each in (held - lot, min(size, held + lot))
        if each >= 0.0 and each != held
    ]


def _given_back(path: Path | CapPath, excess: Excess, worth: Vector, cleared: Vector) -> Vector:
    """Return the quantities after every single lot that is not needed was given back, the dearest first."""
    size = np.abs(path.quantity)
    cut = size - np.abs(cleared)
    traded = float((cut / path.lot * worth).sum())
    places = [at for at in np.argsort(-worth, kind="stable").tolist() if cut[at] > 0.0]
    places = [at for at in places if worth[at] > _WORTH_ASKING * traded]
    more = np.copysign(np.minimum(size, np.abs(cleared) + path.lot), path.quantity)
    for _ in range(_GIVE_BACK_ROUNDS_MAX):
        if not places:
            break
        count = _largest_prefix(partial(_clears_with, excess, cleared, more), places)
        cleared = _replaced(cleared, more, places[:count])
        places = places[count + 1 :]
    return cleared


def _clears_with(excess: Excess, cleared: Vector, more: Vector, places: list[int]) -> bool:
    return excess(_replaced(cleared, more, places)) <= 0.0


def _largest_prefix(clears: Callable[[list[int]], bool], places: list[int]) -> int:
    """Return how many of the first places clear together; the answer for none is known to."""
    if clears(places):
        return len(places)
    low, high = 0, len(places)
    while high - low > 1:
        middle = (low + high) // 2
        if clears(places[:middle]):
            low = middle
        else:
            high = middle
    return low


def _replaced(quantity: Vector, other: Vector, places: list[int]) -> Vector:
    changed = quantity.copy()
    changed[places] = other[places]
    return changed
