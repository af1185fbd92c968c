"""Reverse stress by a multiplier: how many times a scenario must come for a given loss."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.optimize import brentq

from risk.measures import Status, Vector

MULTIPLIER_MIN, MULTIPLIER_MAX = 0.01, 5.0
POINTS = 64
LOSS_TOLERANCE = 1e-6  # of NAV: how far the loss at the answer may be from the loss that was asked for
_RATIO = 1.103673954305283  # (5 / 0.01) ** (1 / 63), written out: a power of the platform's could differ in a bit
_MULTIPLIER_TOLERANCE = 1e-14

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
    64 multipliers are tried in order and the first interval that crosses is solved by Brent's method (Brent 1973), so
    that a book whose loss rises and falls gives its first crossing. A peak between two of them, 10 % apart, is missed.
    Where the loss jumps over the target the answer is just behind the jump. A loss that is not finite is INVALID.
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
    reached = np.flatnonzero(seen >= target)
    if reached.size == 0:
        return ReverseStress(False, None, float(seen.max()), ReverseReason.NOT_REACHED, Status.OK)
    first = int(reached[0])
    if first == 0:
        return ReverseStress(True, MULTIPLIER_MIN, float(seen[0]), ReverseReason.EXCEEDS_AT_MIN, Status.OK)
    multiplier = _crossing(losses, target, float(_TRIED[first - 1]), float(_TRIED[first]), LOSS_TOLERANCE * nav)
    return ReverseStress(True, multiplier, _loss_at(losses, multiplier), ReverseReason.OK, Status.OK)


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
