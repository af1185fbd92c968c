"""How far a book may move before any of its numbers could wake it: what spares most prices a whole measurement.

Every metric moves at most as far as the book has moved in some norm since it was measured: VaR and ES as far as any
row's loss, stress as any scenario's, gross as the exposures. A scope whose moves stay within its budgets has no number
over its wake-up level, no other status and no reason for a new fit, so it is measured when the run of prices ends.
What depends on P&L is compared at every price. Budgets are smaller than what they stand for by far more than rounding.
"""

import numpy as np
from numba import njit

from risk.arrays import BUDGETS, Arrays, Budget, Fit, Floats, Liquid, Scalar
from risk.kernels.liquidity import mean_nav
from risk.measures import METRIC_INDEX

_VAR, _ES = METRIC_INDEX["var_95"], METRIC_INDEX["es_95"]
_VAR_999, _ES_999 = METRIC_INDEX["var_999"], METRIC_INDEX["es_999"]
_WORST, _FAILURES = METRIC_INDEX["worst_loss"], METRIC_INDEX["failures"]
_TOP, _HHI = METRIC_INDEX["top_share"], METRIC_INDEX["hhi"]
_GROSS_LEVERAGE, _NET_LEVERAGE = METRIC_INDEX["gross_leverage"], METRIC_INDEX["net_leverage"]
_DRAWDOWN, _GROSS, _NET = METRIC_INDEX["drawdown"], METRIC_INDEX["gross"], METRIC_INDEX["net"]
_DAY_LOSS, _K, _VOLATILITY = METRIC_INDEX["day_loss"], METRIC_INDEX["k_ratio"], METRIC_INDEX["vol_ratio"]
_VAR_99, _TURNOVER = METRIC_INDEX["var_99"], METRIC_INDEX["turnover"]
_LIQUIDITY_COST, _SLOW_SHARE = METRIC_INDEX["liquidity_cost"], METRIC_INDEX["days_to_liquidate_share"]
_COST, _SLOW, _UNPRICED, _UNSIZED = Liquid.COST, Liquid.SLOW, Liquid.UNPRICED, Liquid.UNSIZED
_EXPOSURE, _TAIL, _SHOCK, _VARIANCE, _CROSS = Budget.EXPOSURE, Budget.TAIL, Budget.SHOCK, Budget.VARIANCE, Budget.CROSS
_RISK, _COLUMNS = Budget.RISK, BUDGETS
_ROWS, _FIT_GROSS = Scalar.ROWS, Fit.GROSS
NAMES_MIN = 8  # under it concentration is the largest exposure over NAV (semantics.md)
COVERAGE_MIN = 0.8  # a scenario that shocks less of gross does not count
REFIT_SHARE = 0.05
REFIT_ROWS_MIN = 250
BOUND_MARGIN = 1e-6  # far more than the rounding of any count of additions: a bound that was added up stays one
_MONEY_MARGIN = 1e-9  # of gross: rounding in sums of losses
_SHARE_MAX = 2.0  # no share of a book is larger: levels over it are never reached


@njit(cache=True, error_model="numpy", _nrt=False)
def set_budget(
    values: Floats, wake: Floats, losses: Floats, suspect: Floats, covered: Floats, limits: Floats, scenarios: int,
    largest: float, names: int, variance: float, cross: float, cross_squares: float, fast: float, slow: float,
    usual: float, liquid: Floats, unknown_max: float, budget: Floats,
) -> bool:  # fmt: skip
    """Set what a book that was just measured may spend; False where its variance is too small for its parts to tell."""
    gross = values[_GROSS]
    exposure = min(0.5 * gross, wake[_GROSS] - gross, wake[_NET] - values[_NET])
    shock = wake[_WORST] - values[_WORST] if not np.isnan(values[_WORST]) else np.inf
    for k in range(scenarios):
        distance = covered[k] - COVERAGE_MIN * gross
        exposure = min(exposure, abs(distance) / (1.0 + COVERAGE_MIN))
        if distance >= 0.0 and wake[_FAILURES] < np.inf:
            shock = min(shock, abs(limits[k] - max(losses[k], losses[k] + suspect[k])))
    if values[_FAILURES] > wake[_FAILURES]:
        shock = -np.inf
    if names >= NAMES_MIN:
        share = min(wake[_TOP], _SHARE_MAX)
        exposure = min(exposure, (share * gross - largest) / (1.0 + share))
    exposure = min(exposure, _liquidity_distance(values, wake, liquid, gross, unknown_max))
    tail = np.inf
    for level in range(3):
        for metric in (_VAR + level, _ES + level):
            if not np.isnan(values[metric]):
                tail = min(tail, wake[metric] - values[metric])
    spread = 0.75 * variance
    for metric in (_VAR_999, _ES_999):
        if values[metric] > 0.0 and values[metric] < np.inf:
            ratio = wake[metric] / values[metric]
            spread = min(spread, variance * (ratio * ratio - 1.0) if ratio > 0.0 else -np.inf)
    other = np.inf
    if not np.isnan(values[_HHI]) and wake[_HHI] < _SHARE_MAX:
        root = np.sqrt(max(wake[_HHI], 0.0))
        other = (root * cross - np.sqrt(cross_squares)) / (1.0 + root)
    risk, rows_risk = _ratio_budgets(values, wake, fast, slow, usual)
    tail = min(tail, rows_risk)
    money = _MONEY_MARGIN * gross
    less = 1.0 - BOUND_MARGIN
    budget[_EXPOSURE], budget[_TAIL], budget[_SHOCK] = (
        exposure * less - money,
        tail * less - money,
        shock * less - money,
    )
    budget[_VARIANCE], budget[_CROSS], budget[_RISK] = spread * less, other * less, risk * less - money
    return variance > 1e-3 * cross and slow > 0.0 and usual > 0.0


@njit(cache=True, error_model="numpy", _nrt=False)
def _ratio_budgets(values: Floats, wake: Floats, fast: float, slow: float, usual: float) -> tuple[float, float]:
    """Return what K and the volatility ratio leave of the book's deviation, and of any row's loss.

    A deviation is a norm of the exposures, so a move changes it at most by the deviation of what moved, and the root
    mean square of the losses at most by the largest change of a row. K stays under its level k while the move's
    deviation m holds fast + m <= k (slow - m). The ratio v of the volatilities has fast + m <= v (usual - r), where r
    is the change of a row; m and r get half of the room each.
    """
    risk, rows_risk = 0.5 * slow, 0.5 * usual
    if not np.isnan(values[_K]) and wake[_K] < np.inf:
        risk = min(risk, (wake[_K] * slow - fast) / (1.0 + wake[_K]))
    if not np.isnan(values[_VOLATILITY]) and wake[_VOLATILITY] < np.inf:
        room = 0.5 * (wake[_VOLATILITY] * usual - fast)
        risk, rows_risk = min(risk, room), min(rows_risk, room / wake[_VOLATILITY])
    return risk, rows_risk


@njit(cache=True, error_model="numpy", _nrt=False)
def _liquidity_distance(values: Floats, wake: Floats, liquid: Floats, gross: float, unknown_max: float) -> float:
    """Return how far exposures may move before the slow share wakes, or what is unknown of a book is another status."""
    distance = np.inf
    if not np.isnan(values[_SLOW_SHARE]):
        share = min(wake[_SLOW_SHARE], _SHARE_MAX)
        distance = (share * gross - liquid[_SLOW]) / (1.0 + share)
    for column in (_UNPRICED, _UNSIZED):
        if liquid[column] > 0.0:
            distance = min(distance, abs(unknown_max * gross - liquid[column]) / (1.0 + unknown_max))
    return distance


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def is_within(s: Arrays, p: int) -> bool:
    """Say whether book p has moved within its budgets since it was measured, and its budgets hold."""
    quiet = s.settled[p] == 1
    for column in range(_COLUMNS):
        quiet = quiet and s.spent[p, column] <= s.budget[p, column]
    return bool(quiet)


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def is_cost_far(s: Arrays, p: int, numbers: int) -> bool:
    """Say whether the cost of selling book p is certainly under its wake-up level; numbers: row of its own metrics."""
    level = s.wake[p, _LIQUIDITY_COST]
    if not level < np.inf or np.isnan(s.metrics[numbers, _LIQUIDITY_COST]):
        return True
    least = s.metrics[numbers, _VAR_99] - s.spent[p, _TAIL] - _MONEY_MARGIN * s.metrics[numbers, _GROSS]
    return bool(s.liquid[p, _COST] <= level * least * (1.0 - BOUND_MARGIN))


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def is_nav_far(s: Arrays, p: int, nav: float) -> bool:
    """Say whether book p is certainly under every wake-up level that stands to a NAV."""
    spent, wake = s.spent[p], s.wake[p]
    most = nav * (1.0 - BOUND_MARGIN)
    return bool(
        nav > 0.0
        and s.metrics[p, _GROSS] + spent[_EXPOSURE] <= wake[_GROSS_LEVERAGE] * most
        and s.metrics[p, _NET] + spent[_EXPOSURE] <= wake[_NET_LEVERAGE] * most
        and (s.names[p] >= NAMES_MIN or s.largest[p] + spent[_EXPOSURE] <= wake[_TOP] * most)
    )


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def is_quiet(s: Arrays, p: int) -> bool:
    """Say whether scope p, measured before and moved since, certainly needs no look; keeps its high-water mark.

    Says nothing of the books that working orders could make of it.
    """
    wake = s.wake[p]
    quiet = s.alive[p] == 0 and not -s.day_pnl[p] > wake[_DAY_LOSS] and is_within(s, p)
    if s.scalars[_ROWS] >= REFIT_ROWS_MIN:
        quiet = quiet and s.moved[p] * (1.0 + BOUND_MARGIN) <= REFIT_SHARE * s.fit[p, _FIT_GROSS]
    quiet = quiet and is_cost_far(s, p, p)
    if quiet and s.has_nav[p] == 1:
        nav = s.value[p]
        mean = mean_nav(nav, s.nav_row[p])
        quiet = mean > 0.0 and not s.traded[p] > wake[_TURNOVER] * mean * (1.0 - BOUND_MARGIN) and is_nav_far(s, p, nav)
        if quiet and s.index_valid[p] == 1:
            index = s.index_base[p] * (nav / s.value_base[p])
            s.high_water[p] = max(s.high_water[p], index)
            quiet = not 1.0 - index / s.high_water[p] > wake[_DRAWDOWN]
    return quiet
