"""The smallest quantities along a path of reduction that bring an excess to zero, in whole lots."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from enforcement.paths import CapPath, Path, ray
from risk.measures import Vector

# The reduction found is at most this share larger than the smallest along its path (one lot where lots are coarser).
PRECISION = 2e-4
COARSE_LOT = 0.01  # a lot of more than this share of what an instrument trades is handled as a step of its own
_WORTH_ASKING = 1e-3  # a lot of less than this share of all that is traded is not asked for back
# Where rounding to lots alone clears, the crossing is at t = 0: a search must end all the same.
_STEP_MIN = 1e-9
_COARSE_STEPS = 32
_TAIL_STEPS = 16
_JAGGED_STEPS = 128  # of a small book: the more names, the less one of them bends a quantile, and the dearer each step
_JAGGED_STEPS_MIN = 24
_JAGGED_NAMES = 50
_RAY_STEPS = 24
_RAY_END = (0.97, 0.98, 0.985, 0.99, 0.995)
_ROUNDINGS = (1.0, 0.5)  # toward zero, and to the next whole lot: of a hedged book either may clear sooner
_ROUNDS_MAX = 4
_GIVE_BACK_ROUNDS_MAX = 12

Flags = NDArray[np.bool_]
Excess = Callable[[Vector], float]


def smallest_clearing(
    path: Path | CapPath, excess: Excess, *, worth: Vector | None = None, is_jagged: bool = False
) -> Vector | None:
    """Return the quantities at the first t of the path with `excess <= 0`, or None.

    A first crossing, not any crossing: cutting contributors past their hedges makes many statistics rise again. The
    path is walked in steps, and the step that crosses is bisected. Where no step clears, the lowest point between
    the steps beside the best one is looked for, because a convex dip may be narrower than a step. What whole lots cut
    too much is given back, and the straight line to the answer is walked too: on it nothing smaller clears.

    worth     : (m,) exposure of one lot, base currency; lots count alike where it is not given
    is_jagged : a quantile of a sample falls and rises along a path, so that it is walked in finer steps
    """
    found = _first(path, excess, worth, _steps(path, excess, is_jagged=is_jagged))
    if found is None:
        return None
    if not _is_bent(path, found):
        return found
    count = max(_jagged_steps(path) // 2, _RAY_STEPS) if is_jagged else _RAY_STEPS
    steps = sorted({*(step / count for step in range(1, count)), *_RAY_END})
    for rounding in _ROUNDINGS:
        shorter = _first(ray(path, found, rounding), excess, worth, steps, dips=False)
        found = found if shorter is None else shorter
    return found


def _first(
    path: Path | CapPath, excess: Excess, worth: Vector | None, steps: list[float], *, dips: bool = True
) -> Vector | None:
    """Return the quantities at the first crossing that the steps show, tightened; None where they show none."""
    before = 0.0
    lowest = (np.inf, 0.0, 0.0, 0.0)
    for index, t in enumerate(steps):
        over = excess(path.at(t))
        if over <= 0.0:
            return _tightened(path, excess, worth, _bisect(path.at, excess, before, t))
        if over < lowest[0]:
            lowest = (over, before, t, steps[min(index + 1, len(steps) - 1)])
        before = t
    if not dips:
        return None
    _, left, _, right = lowest
    dip = _lowest(path, excess, left, right)
    if excess(path.at(dip)) <= 0.0:
        return _tightened(path, excess, worth, _bisect(path.at, excess, left, dip))
    return None


def _steps(path: Path | CapPath, excess: Excess, *, is_jagged: bool) -> list[float]:
    """Return the t to try: the closed form of a linear statistic first, then even steps to 1, then ever longer ones."""
    steps = [step / _COARSE_STEPS for step in range(1, _COARSE_STEPS + 1)]
    if path.length > 1.0:
        steps += [path.length ** (step / _TAIL_STEPS) for step in range(1, _TAIL_STEPS + 1)]
    here, there = excess(path.at(0.0)), excess(path.at(steps[0]))
    if np.isfinite(here) and np.isfinite(there) and there < here:
        # A straight line through the first two points: exact for linear books, a lower bound for convex statistics.
        guess = steps[0] * here / (here - there)
        around = {guess * (1.0 - PRECISION / 4), guess * (1.0 + PRECISION / 4)}
        if is_jagged:
            count = _jagged_steps(path)
            around |= {2.0 * guess * step / count for step in range(1, count + 1)}
            around |= {step / count for step in range(1, count + 1)}
        steps = sorted({*steps, *(min(t, path.length) for t in around)})
    return steps


def _jagged_steps(path: Path | CapPath) -> int:
    return max(_JAGGED_STEPS_MIN, _JAGGED_STEPS * _JAGGED_NAMES // max(path.quantity.size, _JAGGED_NAMES))


def _is_bent(path: Path | CapPath, found: Vector) -> bool:
    """Say whether the straight line to what was found is another way than the path: a name is flat, or lots are coarse.

    The path of the largest names is bent wherever it ends.
    """
    cut = np.abs(path.quantity) - np.abs(found)
    given = cut > 0.0
    is_flat = np.any(given & (found == 0.0))
    return isinstance(path, CapPath) or bool(is_flat) or bool(np.any(given & (path.lot > COARSE_LOT * cut)))


def _bisect(at: Callable[[float], Vector], excess: Excess, left: float, right: float) -> tuple[float, float]:
    """Return (left, right) closed in: `right` clears and is at most PRECISION over `left`, which does not."""
    while right - left > max(PRECISION * right, _STEP_MIN):
        middle = 0.5 * (left + right)
        if excess(at(middle)) <= 0.0:
            right = middle
        else:
            left = middle
    return left, right


def _lowest(path: Path | CapPath, excess: Excess, left: float, right: float) -> float:
    """Return the t with the smallest excess between left and right, for a statistic with one dip there."""
    while right - left > max(PRECISION * right, _STEP_MIN):
        third = (right - left) / 3.0
        if excess(path.at(left + third)) <= excess(path.at(right - third)):
            right -= third
        else:
            left += third
    return 0.5 * (left + right)


def _tightened(path: Path | CapPath, excess: Excess, worth: Vector | None, crossing: tuple[float, float]) -> Vector:
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
        left, right = _bisect(mixed, excess, 0.0, right)
        cleared = mixed(right)
    return _given_back(path, excess, path.lot if worth is None else worth, cleared)


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
