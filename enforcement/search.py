"""The smallest quantities along a path of reduction that bring an excess to zero, in whole lots."""

import numpy as np

from enforcement.lots import COARSE_LOT, PRECISION, STEP_MIN, Excess, bisected, tightened
from enforcement.paths import CapPath, Path, ray
from enforcement.sketched import Sketch, smallest_sketched
from risk.measures import Vector

_COARSE_STEPS = 32
_TAIL_STEPS = 16
_JAGGED_STEPS = 128  # of a small book: the more names, the less one of them bends a quantile, and the dearer each step
_JAGGED_STEPS_MIN = 24
_JAGGED_NAMES = 50
_RAY_STEPS = 24
_RAY_END = (0.97, 0.98, 0.985, 0.99, 0.995)
_ROUNDINGS = (1.0, 0.5)  # toward zero, and to the next whole lot: of a hedged book either may clear sooner


def smallest_clearing(
    path: Path | CapPath,
    excess: Excess,
    *,
    worth: Vector | None = None,
    is_jagged: bool = False,
    sketch: Sketch | None = None,
) -> Vector | None:
    """Return the quantities at the first t of the path with `excess <= 0`, or None.

    A first crossing, not any crossing: cutting contributors past their hedges makes many statistics rise again. The
    path is walked in steps, and the step that crosses is bisected. Where no step clears, the lowest point between
    the steps beside the best one is looked for, because a convex dip may be narrower than a step. What whole lots cut
    too much is given back, and the straight line to the answer is walked too: on it nothing smaller clears.

    worth     : (m,) exposure of one lot, base currency; lots count alike where it is not given
    is_jagged : a quantile of a sample falls and rises along a path, so that it is walked in finer steps
    """
    along = sketch(path.weight) if sketch is not None and isinstance(path, Path) else None
    if sketch is not None and along is not None and isinstance(path, Path):
        lots_worth = path.lot if worth is None else worth
        return smallest_sketched(path, excess, sketch, along, lots_worth, is_jagged=is_jagged)
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
            return tightened(path, excess, worth, bisected(path.at, excess, before, t))
        if over < lowest[0]:
            lowest = (over, before, t, steps[min(index + 1, len(steps) - 1)])
        before = t
    if not dips:
        return None
    _, left, _, right = lowest
    dip = _lowest(path, excess, left, right)
    if excess(path.at(dip)) <= 0.0:
        return tightened(path, excess, worth, bisected(path.at, excess, left, dip))
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


def _lowest(path: Path | CapPath, excess: Excess, left: float, right: float) -> float:
    """Return the t with the smallest excess between left and right, for a statistic with one dip there."""
    while right - left > max(PRECISION * right, STEP_MIN):
        third = (right - left) / 3.0
        if excess(path.at(left + third)) <= excess(path.at(right - third)):
            right -= third
        else:
            left += third
    return 0.5 * (left + right)
