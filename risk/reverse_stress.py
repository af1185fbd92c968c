"""Reverse stress by a multiplier: how many times a scenario must come for a given loss."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from risk.measures import Status, Vector

MULTIPLIER_MIN, MULTIPLIER_MAX = 0.01, 5.0
POINTS = 64
LOSS_TOLERANCE = 1e-6  # of NAV: how far the loss at the answer may be from the loss that was asked for
_RATIO = 1.103673954305283  # (5 / 0.01) ** (1 / 63), written out: a power of the platform's could differ in a bit
_MULTIPLIER_TOLERANCE = 1e-14
_PEAK_TOLERANCE = 1e-10

Losses = Callable[[Vector], Vector]


class ReverseReason(StrEnum):
    """How the search ended."""

    OK = "ok"
    EXCEEDS_AT_MIN = "exceeds_at_min"
    NOT_REACHED = "not_reached"
    NO_EXPOSURE = "no_exposure"


@dataclass(frozen=True, slots=True)
class ReverseStress:
    """The smallest multiple of a scenario with at least the loss.

    multiplier : in [0.01, 5]; None where none of them reaches it, or nothing is known
    loss       : at the multiplier, base currency; where the loss is not reached the largest that was seen; None where
                 the status says that there is no number
    reason     : None where there is no number
    """

    feasible: bool
    multiplier: float | None
    loss: float | None
    reason: ReverseReason | None
    status: Status


def multipliers_tried() -> Vector:
    """Return (64,) multipliers from 0.01 to 5, evenly spaced in the logarithm: the same bytes on every machine."""
    points = np.full(POINTS, MULTIPLIER_MIN)
    for at in range(1, POINTS):
        points[at] = points[at - 1] * _RATIO
    points[-1] = MULTIPLIER_MAX
    return points


_TRIED = multipliers_tried()


def reverse_stress(losses: Losses, *, share: float, nav: float, has_exposure: bool) -> ReverseStress:
    """Return the first multiplier in [0.01, 5] at which the loss reaches `share` of NAV.

    losses : the loss at each of (k,) multipliers, base currency; need be neither linear nor monotone
    share  : of NAV, > 0; ValueError else
    nav    : base currency; NaN where it is unknown (INSUFFICIENT); INVALID at and under zero
    64 multipliers are tried in order, and the top is looked for wherever one of them loses more than its neighbours;
    the first interval that crosses is solved by Brent's method (Brent 1973), so that a book whose loss rises and falls
    gives its first crossing. What rises and falls again between two of them, 10 % apart, is missed. Where the loss
    jumps over the target the answer is just behind the jump. A loss that is not finite is INVALID.
    """
    if not share > 0.0:
        raise ValueError(f"share must be above 0, got {share}")
    if math.isnan(nav):
        return ReverseStress(False, None, None, None, Status.INSUFFICIENT)
    if nav <= 0.0:
        return ReverseStress(False, None, None, None, Status.INVALID)
    if not has_exposure:
        return ReverseStress(False, None, 0.0, ReverseReason.NO_EXPOSURE, Status.OK)
    seen = losses(_TRIED)
    if not np.isfinite(seen).all():
        return ReverseStress(False, None, None, None, Status.INVALID)
    target = share * nav
    if seen[0] >= target:
        return ReverseStress(True, MULTIPLIER_MIN, float(seen[0]), ReverseReason.EXCEEDS_AT_MIN, Status.OK)
    crossed = _first_interval(losses, seen, target)
    if crossed is None:
        return ReverseStress(False, None, float(seen.max()), ReverseReason.NOT_REACHED, Status.OK)
    multiplier = _crossing(losses, target, *crossed, LOSS_TOLERANCE * nav)
    return ReverseStress(True, multiplier, _loss_at(losses, multiplier), ReverseReason.OK, Status.OK)


def _first_interval(losses: Losses, seen: Vector, target: float) -> tuple[float, float] | None:
    """Return the first two multipliers between which the loss reaches the target; None where it never does.

    seen : (64,) losses at the multipliers tried, the first under the target
    """
    reached = np.flatnonzero(seen >= target)
    stop = int(reached[0]) if reached.size else POINTS
    for at in range(1, min(stop, POINTS - 1)):
        before, after = seen[at - 1], seen[at + 1]
        is_top = seen[at] >= max(before, after) and seen[at] > min(before, after)
        if is_top and (top := _top(losses, float(_TRIED[at - 1]), float(_TRIED[at + 1]), target)) is not None:
            return float(_TRIED[at - 1]), top
    return None if stop == POINTS else (float(_TRIED[stop - 1]), float(_TRIED[stop]))


def _top(losses: Losses, left: float, right: float, target: float) -> float | None:
    """Return the multiplier between with the largest loss, where that reaches the target (Brent 1973)."""
    found = minimize_scalar(
        lambda multiplier: -_loss_at(losses, float(multiplier)),
        bounds=(left, right),
        method="bounded",
        options={"xatol": _PEAK_TOLERANCE},
    )
    top = float(found.x)
    return top if _loss_at(losses, top) >= target else None


def _crossing(losses: Losses, target: float, left: float, right: float, tolerance: float) -> float:
    def excess(multiplier: float) -> float:
        return _loss_at(losses, multiplier) - target

    root = float(brentq(excess, left, right, xtol=_MULTIPLIER_TOLERANCE, rtol=4.0 * np.finfo(float).eps))
    if excess(root) >= -tolerance:
        return root
    while excess(root) < -tolerance and root < right:  # a jump: Brent may end at its foot
        root = min(right, root + 4.0 * _MULTIPLIER_TOLERANCE)
    return root


def _loss_at(losses: Losses, multiplier: float) -> float:
    return float(losses(np.array([multiplier]))[0])
