"""Every metric and status of one scope from its arrays, and whether the scope needs a look."""

import numpy as np
from numba import njit

from risk.arrays import Arrays, Fit, Scalar, Setting
from risk.kernels.tail import (
    depth_needed,
    refresh_candidates,
    sort_candidates,
    worst_expected_shortfall,
    worst_value_at_risk,
)
from risk.measures import METRIC_INDEX, METRICS

_VAR, _ES = METRIC_INDEX["var_95"], METRIC_INDEX["es_95"]
_VAR_999, _ES_999 = METRIC_INDEX["var_999"], METRIC_INDEX["es_999"]
_WORST, _FAILURES = METRIC_INDEX["worst_loss"], METRIC_INDEX["failures"]
_TOP, _HHI = METRIC_INDEX["top_share"], METRIC_INDEX["hhi"]
_GROSS_LEVERAGE, _NET_LEVERAGE = METRIC_INDEX["gross_leverage"], METRIC_INDEX["net_leverage"]
_DRAWDOWN, _GROSS, _NET = METRIC_INDEX["drawdown"], METRIC_INDEX["gross"], METRIC_INDEX["net"]
_DAY_LOSS = METRIC_INDEX["day_loss"]
_COUNT = len(METRICS)
_OK, _DEGRADED, _INSUFFICIENT, _INVALID = 0, 1, 2, 3
_NAMES_MIN = 8  # under it concentration is the largest exposure over NAV (semantics.md)
COVERAGE_MIN = 0.8  # a scenario that shocks less of gross does not count
_REFIT_SHARE = 0.05
_STALE = Setting.STALE_GROSS_MAX
_NOW, _INSTRUMENTS, _ROWS, _SCENARIOS = Scalar.NOW, Scalar.INSTRUMENTS, Scalar.ROWS, Scalar.SCENARIOS
_FIT_VAR, _FIT_ES, _FIT_REFERENCE = Fit.VAR_999, Fit.ES_999, Fit.REFERENCE_VARIANCE
_FIT_VAR_STATUS, _FIT_ES_STATUS, _FIT_GROSS = Fit.VAR_STATUS, Fit.ES_STATUS, Fit.GROSS


@njit(cache=True, error_model="numpy")
def _set(s: Arrays, p: int, metric: int, value: float, status: int) -> None:
    """Store one number; a changed status, or a value over the wake-up level, needs a look."""
    if s.statuses[p, metric] != status:
        s.statuses[p, metric] = status
        s.woken[p] = 1
    s.metrics[p, metric] = value
    if value > s.wake[p, metric]:
        s.woken[p] = 1


@njit(cache=True, error_model="numpy")
def _historical(s: Arrays, p: int, data: int, empty: bool) -> None:
    """VaR and ES at 95, 97.5 and 99 % by historical simulation; status by n(1 - p) alone."""
    rows = s.scalars[_ROWS]
    loss, candidates = s.loss[p], s.candidates[p]
    if rows > 0 and not empty:
        depth = depth_needed(rows)
        sort_candidates(loss, rows, candidates)
        if loss[candidates[depth - 1]] < s.candidate_bound[p]:
            s.candidate_bound[p] = refresh_candidates(loss, rows, candidates)
    for level in range(3):
        p_ppm = 950_000 if level == 0 else (975_000 if level == 1 else 990_000)
        tail_ppm = rows * (1_000_000 - p_ppm)
        if empty:
            _set(s, p, _VAR + level, 0.0, data)
            _set(s, p, _ES + level, 0.0, data)
        elif tail_ppm < 1_000_000:
            _set(s, p, _VAR + level, np.nan, max(data, _INSUFFICIENT))
            _set(s, p, _ES + level, np.nan, max(data, _INSUFFICIENT))
        else:
            status = max(data, _DEGRADED if tail_ppm < 10_000_000 else _OK)
            _set(s, p, _VAR + level, worst_value_at_risk(loss, rows, candidates, p_ppm), status)
            _set(s, p, _ES + level, worst_expected_shortfall(loss, rows, candidates, p_ppm), status)


@njit(cache=True, error_model="numpy")
def _tail_fit(s: Arrays, p: int, data: int, empty: bool, moved: float) -> None:
    """99.9 % by the last tail fit, scaled with the book's volatility; ask for a new fit where the book moved."""
    if empty:
        _set(s, p, _VAR_999, 0.0, data)
        _set(s, p, _ES_999, 0.0, data)
        return
    fit = s.fit[p]
    reference = fit[_FIT_REFERENCE]
    if (fit[_FIT_VAR_STATUS] >= _INSUFFICIENT and np.isnan(fit[_FIT_ES])) or not reference > 0.0:
        _set(s, p, _VAR_999, np.nan, max(data, _INSUFFICIENT))
        _set(s, p, _ES_999, np.nan, max(data, _INSUFFICIENT))
    else:
        scale = np.sqrt(max(s.variance[p], 0.0) / reference)
        _set(s, p, _VAR_999, fit[_FIT_VAR] * scale, max(data, int(fit[_FIT_VAR_STATUS])))
        infinite = fit[_FIT_ES] == np.inf
        _set(s, p, _ES_999, np.inf if infinite else fit[_FIT_ES] * scale, max(data, int(fit[_FIT_ES_STATUS])))
    if moved > _REFIT_SHARE * fit[_FIT_GROSS] and s.scalars[_ROWS] >= 250:
        s.refit[p] = 1


@njit(cache=True, error_model="numpy")
def _stress(s: Arrays, p: int, data: int, gross: float) -> None:
    """Worst scenario loss and count of failures, over the scenarios that cover the book.

    One that covers less than 80 % of gross says nothing and leaves both DEGRADED; if all do, both are INSUFFICIENT.
    """
    worst, failures, counted = -np.inf, 0.0, 0
    scenarios = s.scalars[_SCENARIOS]
    for k in range(scenarios):
        if s.covered_gross[p, k] < COVERAGE_MIN * gross:
            continue
        counted += 1
        loss = max(s.stress[p, k], s.stress[p, k] + s.stress_suspect[p, k])
        worst = max(worst, loss)
        if loss > s.scenario_limit[k]:
            failures += 1.0
    if gross == 0.0:
        worst = 0.0
    status = _OK if counted == scenarios else (_DEGRADED if counted > 0 else _INSUFFICIENT)
    _set(s, p, _WORST, worst if counted > 0 else np.nan, max(data, status))
    _set(s, p, _FAILURES, failures if counted > 0 else np.nan, max(data, status))


@njit(cache=True, error_model="numpy")
def _value(s: Arrays, p: int, data: int, gross: float, net: float, empty: bool) -> float:
    """NAV-based metrics: leverage, drawdown, the day's loss; return NAV (NaN where unknown)."""
    nav = s.value[p] if s.has_nav[p] == 1 else np.nan
    status = data if s.has_nav[p] == 1 else max(data, _INSUFFICIENT)
    if s.has_nav[p] == 1 and nav <= 0.0:
        infinite = np.inf if gross > 0.0 else (0.0 if empty else np.nan)  # nothing held is no leverage
        _set(s, p, _GROSS_LEVERAGE, infinite, status)
        _set(s, p, _NET_LEVERAGE, infinite, status)
    else:
        _set(s, p, _GROSS_LEVERAGE, 0.0 if empty else gross / nav, data if empty else status)
        _set(s, p, _NET_LEVERAGE, 0.0 if empty else abs(net) / nav, data if empty else status)
    if s.has_nav[p] == 1 and s.index_valid[p] == 1:
        index = s.index_base[p] * (s.value[p] / s.value_base[p])
        s.high_water[p] = max(s.high_water[p], index)
        _set(s, p, _DRAWDOWN, 1.0 - index / s.high_water[p], status)
    else:
        _set(s, p, _DRAWDOWN, np.nan, max(status, _INVALID if s.has_nav[p] == 1 else _INSUFFICIENT))
    _set(s, p, _DAY_LOSS, -s.day_pnl[p], data)
    return nav


@njit(cache=True, error_model="numpy")
def measure(s: Arrays, p: int) -> None:
    """Compute every metric and status of scope p, and mark it woken where it needs a look.

    Sums run in instrument order: the same book gives the same bytes on every machine.
    """
    x, y, fitted = s.exposure[p], s.sigma_x[p], s.fit_exposure[p]
    gross = net = variance = cross = cross_squares = largest = stale = suspect = proxied = moved = 0.0
    names = 0
    for i in range(s.scalars[_INSTRUMENTS]):
        size = abs(x[i])
        product = x[i] * y[i]
        gross += size
        net += x[i]
        variance += product
        cross += abs(product)
        cross_squares += product * product
        largest = max(largest, size)
        stale += size * s.untrusted[i]
        suspect += size * s.suspect[i]
        proxied += size * s.proxied[i]
        moved += abs(x[i] - fitted[i])
        names += size > 0.0
    s.variance[p] = variance
    data = _OK
    if stale > 0.0 or suspect > 0.0:
        data = _DEGRADED
    if s.missing[p] > 0 or s.known[p] == 0 or stale > s.settings[_STALE] * gross:
        data = _INVALID
    s.data_status[p] = data
    modelled = max(data, _DEGRADED if proxied > 0.0 else _OK)  # numbers that rest on the window
    empty = names == 0 and s.missing[p] == 0
    _historical(s, p, modelled, empty)
    _tail_fit(s, p, modelled, empty, moved)
    _stress(s, p, data, gross)
    nav = _value(s, p, data, gross, net, empty)
    _set(s, p, _GROSS, gross, data)
    _set(s, p, _NET, abs(net), data)
    if empty:
        _set(s, p, _TOP, 0.0, data)
    elif names >= _NAMES_MIN:
        _set(s, p, _TOP, largest / gross, data)
    elif s.has_nav[p] == 0:
        _set(s, p, _TOP, np.nan, max(data, _INSUFFICIENT))
    else:
        _set(s, p, _TOP, largest / nav if nav > 0.0 else np.inf, data)
    rows = s.scalars[_ROWS]
    known_covariance = empty or rows >= 60
    hhi_status = max(modelled, _OK if empty or rows >= 250 else (_DEGRADED if known_covariance else _INSUFFICIENT))
    if empty or cross > 0.0:
        share = cross_squares / (cross * cross) if cross > 0.0 else 0.0
        _set(s, p, _HHI, share if known_covariance else np.nan, hhi_status)
    else:
        _set(s, p, _HHI, np.nan, max(hhi_status, _INSUFFICIENT))
    if s.alive[p] == 1:
        s.woken[p] = 1
