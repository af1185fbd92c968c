"""Historical simulation: VaR, exact expected shortfall, their rank interval and status, of equally likely losses."""

import math
from functools import lru_cache

import numpy as np
from scipy.stats import binom

from risk.measures import Status, Vector

PPM = 1_000_000  # a probability is an integer count of millionths, because 1000 * (1 - 0.99) is not 10 in doubles

LEVELS: tuple[tuple[str, int], ...] = (("95", 950_000), ("975", 975_000), ("99", 990_000), ("999", 999_000))

_TAIL_OK_PPM = 10 * PPM  # expected losses beyond the quantile, in millionths
_TAIL_DEGRADED_PPM = PPM


def rank(n: int, p_ppm: int) -> int:
    """Return the ascending rank k = ⌈n·p⌉, 1-based, of the lower p-quantile of n equally likely losses.

    n     : >= 1
    p_ppm : in (0, 1000000), millionths
    Hyndman and Fan (1996) type 1. ValueError outside these ranges.
    """
    _check(n, p_ppm)
    return (n * p_ppm + PPM - 1) // PPM


def tail_count_ppm(n: int, p_ppm: int) -> int:
    """Return t = n·(1-p), the expected count of losses in the tail, in millionths; exact."""
    return n * (PPM - p_ppm)


def value_at_risk(losses: Vector, p_ppm: int) -> float:
    """Return the smallest loss l with P(L <= l) >= p: a loss that happened, never interpolated.

    losses : (n,) n >= 1, finite, a loss is positive, any order
    p_ppm  : in (0, 1000000), millionths
    The result may be negative. McNeil, Frey and Embrechts (2015), definition 2.8.
    """
    k = rank(losses.size, p_ppm)
    return float(np.partition(losses, k - 1)[k - 1])


def expected_shortfall(losses: Vector, p_ppm: int) -> float:
    """Return the mean of the worst n·(1-p) losses, the loss at the boundary counted in part.

    losses : (n,) n >= 1, finite, a loss is positive, any order
    p_ppm  : in (0, 1000000), millionths
    Acerbi and Tasche (2002), written as VaR + Σ(L - VaR)⁺ / t (Rockafellar and Uryasev 2000), which never falls
    under VaR by rounding. With t < 1 it is the largest loss. The sum is exactly rounded, so order does not matter.
    """
    k = rank(losses.size, p_ppm)
    upper = np.partition(losses, k - 1)
    var = float(upper[k - 1])
    return var + math.fsum((upper[k:] - var).tolist()) * PPM / tail_count_ppm(losses.size, p_ppm)


@lru_cache(maxsize=4096)
def interval_ranks(n: int, p_ppm: int) -> tuple[int, int]:
    """Return the ascending ranks, 1-based, of the distribution-free 95 % interval of the p-quantile.

    Rank 0 stands for -∞ and n + 1 for +∞: there n losses cannot bound the quantile at 95 %.
    n independent losses; dependence widens the truth. David and Nagaraja (2003), section 7.1.
    """
    _check(n, p_ppm)
    low, high = binom.ppf((0.025, 0.975), n, p_ppm / PPM)
    return int(low), int(high) + 1


def interval(losses: Vector, p_ppm: int) -> tuple[float, float]:
    """Return the distribution-free 95 % interval of VaR, in the unit of the losses; an end without a loss is ±∞.

    losses : (n,) n >= 1, finite, any order
    """
    low, high = interval_ranks(losses.size, p_ppm)
    ordered = np.sort(losses)
    return (
        float(ordered[low - 1]) if low >= 1 else -math.inf,
        float(ordered[high - 1]) if high <= losses.size else math.inf,
    )


def historical_status(n: int, p_ppm: int) -> Status:
    """Return how far a historical number from n rows may be trusted: by n·(1-p) alone, in exact integers.

    OK from 10, DEGRADED in [1, 10), INSUFFICIENT under 1 (95 % needs 20 rows, 99 % needs 100).
    """
    tail_ppm = tail_count_ppm(n, p_ppm)
    if tail_ppm >= _TAIL_OK_PPM:
        return Status.OK
    return Status.DEGRADED if tail_ppm >= _TAIL_DEGRADED_PPM else Status.INSUFFICIENT


def _check(n: int, p_ppm: int) -> None:
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not 0 < p_ppm < PPM:
        raise ValueError(f"p_ppm must be in (0, {PPM}), got {p_ppm}")
