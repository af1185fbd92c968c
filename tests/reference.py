"""Slow references of the models: other formulas than the code's, in plain Python, fractions and scipy."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.stats import genpareto

from risk.measures import Matrix, Vector

PPM = 1_000_000


def slow_value_at_risk(losses: Vector, p_ppm: int) -> float:
    """Return the smallest loss l with P(L <= l) >= p, by counting for each loss in turn."""
    values: list[float] = sorted(losses.tolist())
    needed = Fraction(p_ppm, PPM)
    return next(v for v in values if Fraction(sum(other <= v for other in values), len(values)) >= needed)


def slow_expected_shortfall(losses: Vector, p_ppm: int) -> float:
    """Return the worst n·(1-p) losses' mean in fractions: whole losses first, then a part of the next one."""
    tail = Fraction(losses.size * (PPM - p_ppm), PPM)
    left, total = tail, Fraction(0)
    for value in sorted(losses.tolist(), reverse=True):
        part = min(Fraction(1), left)
        total += part * Fraction(value)
        left -= part
    return float(total / tail) if tail >= 1 else max(losses.tolist())


def slow_minimised_shortfall(losses: Vector, p_ppm: int) -> float:
    """Return min over v of v + Σ(L - v)⁺/t, which is attained at one of the losses (Rockafellar and Uryasev 2000)."""
    tail = losses.size * (PPM - p_ppm) / PPM
    return min(float(v + np.maximum(losses - v, 0.0).sum() / tail) for v in losses)


def slow_interval_ranks(n: int, p_ppm: int) -> tuple[int, int]:
    """Return the ranks by the binomial distribution summed in fractions."""
    p = Fraction(p_ppm, PPM)
    total = Fraction(0)
    low = None
    for successes in range(n + 1):
        total += math.comb(n, successes) * p**successes * (1 - p) ** (n - successes)
        if low is None and total >= Fraction(25, 1000):
            low = successes
        if total >= Fraction(975, 1000):
            assert low is not None
            return low, successes + 1
    raise AssertionError("a distribution sums to 1")


def slow_mean_of_quantiles(quantile: Callable[[float], float], p_ppm: int) -> float:
    """Return 1/(1-p)·∫ VaR_u du over (p, 1): the definition of ES. `quantile` is a scipy distribution's isf."""
    tail = (PPM - p_ppm) / PPM
    # With a tail probability of tail·e^-s the singular end becomes a smooth, decaying integrand. It ends at 80, where
    # less than e^-40 is left: scipy's t.isf breaks down for smaller probabilities.
    value, _ = quad(lambda s: float(quantile(tail * math.exp(-s))) * math.exp(-s), 0.0, 80.0, limit=400)
    return float(value)


def slow_log_likelihood(xi: float, beta: float, excess: Vector) -> float:
    """Return the log-likelihood of a generalized Pareto law by scipy's density."""
    return float(genpareto.logpdf(excess, xi, 0.0, beta).sum())


def slow_best_beta(xi: float, excess: Vector) -> tuple[float, float]:
    """Return (β, log-likelihood) of the best scale for a shape, by a bounded search on the logarithm of β."""
    mean = float(excess.mean())
    found = minimize_scalar(
        lambda log_beta: -min(max(slow_log_likelihood(xi, mean * math.exp(log_beta), excess), -1e9), 1e9),
        bounds=(-6.0, 6.0),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return mean * math.exp(found.x), -float(found.fun)


def slow_shape(excess: Vector) -> tuple[float, float, float]:
    """Return (ξ, β, log-likelihood) of the maximum over ξ in [-0.5, 3], by two nested bounded searches."""
    found = minimize_scalar(
        lambda xi: -slow_best_beta(xi, excess)[1], bounds=(-0.5, 3.0), method="bounded", options={"xatol": 1e-9}
    )
    beta, top = slow_best_beta(found.x, excess)
    return float(found.x), beta, top


def slow_quantile_profile(gain: float, ratio: float, excess: Vector) -> float:
    """Return the largest log-likelihood of laws whose survival at `gain` is 1/ratio, over a fine grid of ξ."""
    best = -math.inf
    for xi in np.linspace(-0.5, 2.0, 2501).tolist():
        beta = gain / math.log(ratio) if abs(xi) < 1e-12 else gain * xi / (ratio**xi - 1.0)
        best = max(best, slow_log_likelihood(xi, beta, excess))
    return best


def slow_shortfall_components(contributions: Matrix, p_ppm: int) -> list[float]:
    """Return the tail mean of each instrument, row by row, worst first; rows must not tie."""
    losses = contributions.sum(axis=0)
    tail = Fraction(losses.size * (PPM - p_ppm), PPM)
    order = sorted(range(losses.size), key=lambda row: -losses[row])
    parts = []
    for line in contributions.tolist():
        left, total = max(tail, Fraction(1)), Fraction(0)
        for row in order:
            part = min(Fraction(1), left)
            total += part * Fraction(line[row])
            left -= part
        parts.append(float(total / max(tail, Fraction(1))))
    return parts


def slow_window_components(contributions: Matrix, p_ppm: int) -> list[float]:
    """Return the mean over the ranks around VaR, rescaled to VaR, with the window counted out by hand."""
    losses = contributions.sum(axis=0).tolist()
    n = len(losses)
    order = sorted(range(n), key=lambda row: losses[row])
    k = math.ceil(Fraction(n * p_ppm, PPM))
    half_width = math.ceil(math.sqrt(n) / 2)
    rows = [order[i - 1] for i in range(k - half_width, k + half_width + 1) if 1 <= i <= n]
    means = [sum(line[row] for row in rows) / len(rows) for line in contributions.tolist()]
    return [mean * losses[order[k - 1]] / sum(means) for mean in means]
