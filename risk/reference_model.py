"""The slow reference model: every statistic of a frozen book from its definition, by numpy and scipy alone.

It shares nothing with the kernels, keeps nothing from one moment to the next, and is as slow as it is plain.
"""

import numpy as np
from scipy.stats import genpareto

from risk.measures import Matrix, Vector
from risk.trip import Trip, exposures

NAMES_MIN = 8
COVERAGE_MIN = 0.8
_TAILS = {"95": 0.95, "975": 0.975, "99": 0.99}
_FROM_ROWS = ("hhi", "k_ratio", "vol_ratio")
# What no quantity and no price of the moment gives back: it is of the book's past, of its costs, or of other tools.
UNVERIFIABLE = (
    "drawdown", "day_loss", "turnover", "liquidity_cost", "days_to_liquidate_share",
)  # fmt: skip
VERIFIABLE = (
    "var_95", "var_975", "var_99", "var_999", "es_95", "es_975", "es_99", "es_999", "tail_ratio", "worst_loss",
    "failures", "gross", "net", "gross_leverage", "net_leverage", "top_share", "hhi", "k_ratio", "vol_ratio",
)  # fmt: skip


def reference_statistic(trip: Trip, mark: Vector, rate: Vector, nav: float) -> float:
    """Return the trip's statistic with these marks, rates (m,) and NAV; NaN where the model has no number for it.

    Where orders worked, the largest over the four books that they could make, as semantics.md counts them.
    """
    metric = trip.cause.metric
    if metric not in VERIFIABLE or (metric in _FROM_ROWS and trip.has_bars):
        return float("nan")
    buys, sells = trip.quantity + trip.buys, trip.quantity - trip.sells
    larger = np.where(np.abs(buys) >= np.abs(sells), buys, sells)
    books = [trip.quantity]
    if trip.buys.any() or trip.sells.any():
        books += [buys, sells, larger]
    found = [_of_book(metric, trip, exposures(trip, book, mark, rate), nav) for book in books]
    return float(np.fmax.reduce(found))


def _of_book(metric: str, trip: Trip, x: Vector, nav: float) -> float:
    kind, _, level = metric.partition("_")
    gross = float(np.abs(x).sum())
    if kind in ("var", "es") or metric == "tail_ratio":
        return _tail(kind, level, -(x @ trip.returns))
    match metric:
        case "gross":
            return gross
        case "net":
            return float(abs(x.sum()))
        case "gross_leverage" | "net_leverage":
            if gross == 0.0:
                return 0.0
            return (gross if metric == "gross_leverage" else float(abs(x.sum()))) / nav if nav > 0.0 else float("inf")
        case "top_share":
            whole = gross if np.count_nonzero(x) >= NAMES_MIN else nav
            return float(np.abs(x).max()) / whole if gross > 0.0 else 0.0
        case "worst_loss" | "failures":
            return _stress(metric, trip, x, gross)
        case "hhi":
            parts = np.abs(x * (_weighted(trip.returns, trip.decay) @ x))
            return float(((parts / parts.sum()) ** 2).sum()) if parts.sum() > 0.0 else 0.0
        case _:
            return _ratio(metric, trip, x)


def _tail(kind: str, level: str, losses: Vector) -> float:
    """Return VaR, ES (Acerbi and Tasche 2002) or ES/VaR of equally likely losses; the far tail by GPD (McNeil 1997)."""
    if level == "999" or kind == "tail":
        return _far_tail(kind, losses)
    p, ordered = _TAILS[level], np.sort(losses)
    if losses.size * (1.0 - p) < 1.0 - 1e-9:
        return float("nan")
    at = int(np.ceil(losses.size * p - 1e-9)) - 1
    var = float(ordered[at])
    if kind == "var":
        return var
    return var + float((ordered[at + 1 :] - var).sum()) / (losses.size * (1.0 - p))


def _far_tail(kind: str, losses: Vector) -> float:
    """Return VaR or ES at 99.9 %, or ES/VaR at 99 %, of a generalized Pareto tail fitted by maximum likelihood."""
    count = max(38, int(np.ceil(0.1 * losses.size)))
    if losses.size <= 2 * count:
        return float("nan")
    ordered = np.sort(losses)
    threshold = float(ordered[-count - 1])
    shape, _, scale = genpareto.fit(ordered[-count:] - threshold, floc=0.0)
    p = 0.99 if kind == "tail" else 0.999
    reach = (losses.size * (1.0 - p) / count) ** -shape
    var = threshold + scale * (np.log(count / (losses.size * (1.0 - p))) if shape == 0.0 else (reach - 1.0) / shape)
    shortfall = float("inf") if shape >= 1.0 else (var + scale - shape * threshold) / (1.0 - shape)
    if kind == "var":
        return float(var)
    return float(shortfall) if kind == "es" else float(shortfall / var) if var > 0.0 else float("nan")


def _stress(metric: str, trip: Trip, x: Vector, gross: float) -> float:
    losses, covered = -(x @ trip.shocks), np.abs(x) @ trip.covered
    counts = covered >= COVERAGE_MIN * gross
    if not counts.any():
        return float("nan")
    if metric == "worst_loss":
        return float(losses[counts].max())
    return float((losses[counts] > trip.scenario_limits[counts]).sum())


def _ratio(metric: str, trip: Trip, x: Vector) -> float:
    """Return K, with both sides on the fast diagonal (semantics.md), or the fast sigma over that of the window."""
    if not x.any():
        return 0.0
    fast = _weighted(trip.returns, trip.decay)
    above = float(x @ fast @ x)
    if metric == "vol_ratio":
        below = float(((x @ trip.returns) ** 2).mean())
    else:
        if np.count_nonzero(x) == 1:
            return 1.0
        slow = _weighted(trip.returns, trip.slow_decay)
        sizes = np.sqrt(np.diagonal(slow))
        align = np.divide(np.sqrt(np.diagonal(fast)), sizes, out=np.zeros(sizes.size), where=sizes > 0.0)
        below = float((x * align) @ slow @ (x * align))
    return float(np.sqrt(above / below)) if below > 0.0 else float("nan")


def _weighted(returns: Matrix, decay: float) -> Matrix:
    """Return (m, m) the debiased exponentially weighted covariance of rows, oldest first (RiskMetrics 1996)."""
    rows = returns.shape[1]
    weights = (1.0 - decay) * decay ** np.arange(rows - 1, -1, -1) / (1.0 - decay**rows)
    found: Matrix = (returns * weights) @ returns.T
    return found
