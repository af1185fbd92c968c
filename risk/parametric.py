"""Parametric VaR and expected shortfall: normal, and Student-t with the variance matched, as functions of sigma."""

import math
from dataclasses import dataclass
from typing import Literal

from scipy.stats import norm, t

from risk.historical import LEVELS, PPM
from risk.measures import Status

Model = Literal["normal", "student_t"]

ROWS_MIN = 60
ROWS_OK = 250
NEGATIVE_VARIANCE_MAX = 1e-12  # share of the trace that rounding may make of a variance of zero


@dataclass(frozen=True, slots=True)
class Multipliers:
    """What one standard deviation is multiplied by, per level in the order of `LEVELS`.

    value_at_risk      : (4,) quantiles of a variable with mean 0 and variance 1, > 0
    expected_shortfall : (4,) means beyond these quantiles, each above its quantile
    """

    model: Model
    value_at_risk: tuple[float, ...]
    expected_shortfall: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ParametricRisk:
    """Parametric numbers of one book, per level in the order of `LEVELS`, in the unit of sigma.

    All are NaN where the status is INSUFFICIENT or INVALID.
    """

    sigma: float
    value_at_risk: tuple[float, ...]
    expected_shortfall: tuple[float, ...]
    status: Status


def normal_multipliers() -> Multipliers:
    """Return z and φ(z)/(1-α) of the standard normal (McNeil, Frey and Embrechts 2015, example 2.14)."""
    quantiles = [float(norm.isf(_tail(p_ppm))) for _, p_ppm in LEVELS]
    means = [float(norm.pdf(z)) / _tail(p_ppm) for z, (_, p_ppm) in zip(quantiles, LEVELS, strict=True)]
    return Multipliers("normal", tuple(quantiles), tuple(means))


def student_t_multipliers(nu: float) -> Multipliers:
    """Return the multipliers of a Student-t whose variance is 1: its scale is √((ν-2)/ν).

    nu : degrees of freedom, finite, > 2 (the variance is infinite from 2 down); ValueError outside
    McNeil, Frey and Embrechts (2015), example 2.15.
    """
    if not 2 < nu < math.inf:
        raise ValueError(f"nu must be in (2, inf), got {nu}")
    scale = math.sqrt((nu - 2) / nu)
    quantiles = [float(t.isf(_tail(p_ppm), nu)) for _, p_ppm in LEVELS]
    means = [
        float(t.pdf(q, nu)) / _tail(p_ppm) * (nu + q * q) / (nu - 1)
        for q, (_, p_ppm) in zip(quantiles, LEVELS, strict=True)
    ]
    return Multipliers("student_t", tuple(scale * q for q in quantiles), tuple(scale * mean for mean in means))


def volatility(variance: float, trace: float) -> tuple[float, Status]:
    """Return the standard deviation of a variance xᵀΣx, and OK or INVALID.

    trace : Σ xᵢ²Σᵢᵢ, >= 0, in the unit of the variance: the size that rounding errors are measured by
    A negative variance within 1e-12 of the trace is rounding and counts as 0; below, or not finite: NaN, INVALID.
    """
    if not (math.isfinite(variance) and math.isfinite(trace)) or variance < -NEGATIVE_VARIANCE_MAX * trace:
        return math.nan, Status.INVALID
    return math.sqrt(max(variance, 0.0)), Status.OK


def parametric_status(rows: int) -> Status:
    """Return the status that the count of return rows allows: from 60 DEGRADED, from 250 OK."""
    if rows < ROWS_MIN:
        return Status.INSUFFICIENT
    return Status.OK if rows >= ROWS_OK else Status.DEGRADED


def parametric_risk(
    multipliers: Multipliers, *, variance: float, trace: float, rows: int, mean: float = 0.0
) -> ParametricRisk:
    """Return VaR = -mean + sigma·multiplier and the same of ES, for one day.

    variance : xᵀΣx, base currency squared
    trace    : as in `volatility`
    rows     : completed rows behind Σ
    mean     : expected P&L in base currency, finite
    """
    sigma, arithmetic = volatility(variance, trace)
    status = max(arithmetic, parametric_status(rows))
    if status >= Status.INSUFFICIENT:
        nothing = (math.nan,) * len(LEVELS)
        return ParametricRisk(math.nan, nothing, nothing, status)
    return ParametricRisk(
        sigma,
        tuple(sigma * multiplier - mean for multiplier in multipliers.value_at_risk),
        tuple(sigma * multiplier - mean for multiplier in multipliers.expected_shortfall),
        status,
    )


def _tail(p_ppm: int) -> float:
    return (PPM - p_ppm) / PPM
