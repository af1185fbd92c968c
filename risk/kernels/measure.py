"""Every metric and status of one scope from its arrays, and whether the scope needs a look.

Helpers take rows, not the state: handing eighty arrays to each would cost more than the arithmetic.
"""

import numpy as np
from numba import njit

from risk.arrays import Arrays, Fit, Floats, Ints, Scalar, Setting
from risk.kernels.book import BOOK_COUNT
from risk.kernels.budgets import BOUND_MARGIN, COVERAGE_MIN, NAMES_MIN, REFIT_ROWS_MIN, REFIT_SHARE, set_budget
from risk.kernels.liquidity import liquidity_metrics, turnover_metric
from risk.kernels.ratios import COVARIANCE_ROWS_MIN, correlation_ratio, model_status, volatility_ratio
from risk.kernels.sums import book_sums, count_held, distance, flagged_sums, scaled_product, sum_of_squares
from risk.kernels.tail import (
    depth_needed,
    renew_candidates,
    sort_candidates,
    worst_expected_shortfall,
    worst_value_at_risk,
)
from risk.kernels.worst import LARGER, copy_row, take_worst
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
_STALE, _UNKNOWN, _WORKING = Setting.STALE_GROSS_MAX, Setting.UNKNOWN_GROSS_MAX, Scalar.WORKING
_INSTRUMENTS, _ROWS, _SCENARIOS, _FLAGGED = Scalar.INSTRUMENTS, Scalar.ROWS, Scalar.SCENARIOS, Scalar.FLAGGED
_FIT_VAR, _FIT_ES, _FIT_REFERENCE = Fit.VAR_999, Fit.ES_999, Fit.REFERENCE_VARIANCE
_FIT_VAR_STATUS, _FIT_ES_STATUS, _FIT_GROSS = Fit.VAR_STATUS, Fit.ES_STATUS, Fit.GROSS
_RATIO, _RATIO_SURE = METRIC_INDEX["tail_ratio"], METRIC_INDEX["tail_ratio_sure"]
_FIT_RATIO, _FIT_RATIO_SURE = Fit.RATIO, Fit.RATIO_SURE


@njit(cache=True, error_model="numpy", _nrt=False)
def _historical(
    loss: Floats, candidates: Ints, member: Ints, bound: float, rows: int, data: int, empty: bool, values: Floats,
    statuses: Ints,
) -> float:  # fmt: skip
    """VaR and ES at 95, 97.5 and 99 % by historical simulation; status by n(1 - p) alone. Return the bound."""
    if rows > 0 and not empty:
        depth = depth_needed(rows)
        sort_candidates(loss, rows, candidates)
        if loss[candidates[depth - 1]] < bound:
            bound = renew_candidates(loss, rows, candidates, member)
    for level in range(3):
        p_ppm = 950_000 if level == 0 else (975_000 if level == 1 else 990_000)
        tail_ppm = rows * (1_000_000 - p_ppm)
        if empty:
            values[_VAR + level] = values[_ES + level] = 0.0
            status = data
        elif tail_ppm < 1_000_000:
            values[_VAR + level] = values[_ES + level] = np.nan
            status = max(data, _INSUFFICIENT)
        else:
            values[_VAR + level] = worst_value_at_risk(loss, rows, candidates, p_ppm)
            values[_ES + level] = worst_expected_shortfall(loss, rows, candidates, p_ppm)
            status = max(data, _DEGRADED if tail_ppm < 10_000_000 else _OK)
        statuses[_VAR + level] = statuses[_ES + level] = status
    return bound


@njit(cache=True, error_model="numpy", _nrt=False)
def _tail_fit(fit: Floats, variance: float, data: int, empty: bool, values: Floats, statuses: Ints) -> None:
    """99.9 % by the last tail fit, scaled with the book's volatility; the tail ratio, which no scale changes."""
    reference = fit[_FIT_REFERENCE]
    if empty:
        values[_VAR_999] = values[_ES_999] = 0.0
        statuses[_VAR_999] = statuses[_ES_999] = data
        values[_RATIO] = values[_RATIO_SURE] = 0.0
        statuses[_RATIO] = statuses[_RATIO_SURE] = data
    elif (fit[_FIT_VAR_STATUS] >= _INSUFFICIENT and np.isnan(fit[_FIT_ES])) or not reference > 0.0:
        values[_VAR_999] = values[_ES_999] = np.nan
        statuses[_VAR_999] = statuses[_ES_999] = max(data, _INSUFFICIENT)
        values[_RATIO] = values[_RATIO_SURE] = np.nan
        statuses[_RATIO] = statuses[_RATIO_SURE] = max(data, _INSUFFICIENT)
    else:
        scale = np.sqrt(max(variance, 0.0) / reference)
        values[_VAR_999] = fit[_FIT_VAR] * scale
        values[_ES_999] = np.inf if fit[_FIT_ES] == np.inf else fit[_FIT_ES] * scale
        statuses[_VAR_999] = max(data, int(fit[_FIT_VAR_STATUS]))
        statuses[_ES_999] = max(data, int(fit[_FIT_ES_STATUS]))
        values[_RATIO], values[_RATIO_SURE] = fit[_FIT_RATIO], fit[_FIT_RATIO_SURE]
        for metric in (_RATIO, _RATIO_SURE):  # a book whose VaR 99 % is no loss has none
            known = not np.isnan(values[metric])
            statuses[metric] = statuses[_ES_999] if known else max(data, _INSUFFICIENT)


@njit(cache=True, error_model="numpy", _nrt=False)
def _stress(
    losses: Floats, suspect: Floats, covered: Floats, limits: Floats, scenarios: int, data: int, gross: float,
    values: Floats, statuses: Ints,
) -> None:  # fmt: skip
    """Worst scenario loss and count of failures, over the scenarios that cover the book.

    One that covers less than 80 % of gross says nothing and leaves both DEGRADED; if all do, both are INSUFFICIENT.
    """
    worst, failures, counted = -np.inf, 0.0, 0
    for k in range(scenarios):
        if covered[k] < COVERAGE_MIN * gross:
            continue
        counted += 1
        loss = max(losses[k], losses[k] + suspect[k])
        worst = max(worst, loss)
        if loss > limits[k]:
            failures += 1.0
    if gross == 0.0:
        worst = 0.0
    status = _OK if counted == scenarios else (_DEGRADED if counted > 0 else _INSUFFICIENT)
    values[_WORST] = worst if counted > 0 else np.nan
    values[_FAILURES] = failures if counted > 0 else np.nan
    statuses[_WORST] = statuses[_FAILURES] = max(data, status)


@njit(cache=True, error_model="numpy", _nrt=False)
def _leverage(
    nav: float, has_nav: bool, gross: float, net: float, data: int, empty: bool, values: Floats, statuses: Ints
) -> None:
    """Gross and net leverage; a NAV at or under zero is infinite leverage for whoever holds anything."""
    status = data if has_nav else max(data, _INSUFFICIENT)
    if has_nav and nav <= 0.0:
        infinite = np.inf if gross > 0.0 else (0.0 if empty else np.nan)  # nothing held is no leverage
        values[_GROSS_LEVERAGE] = values[_NET_LEVERAGE] = infinite
    else:
        values[_GROSS_LEVERAGE] = 0.0 if empty else gross / nav
        values[_NET_LEVERAGE] = 0.0 if empty else abs(net) / nav
        status = data if empty else status
    statuses[_GROSS_LEVERAGE] = statuses[_NET_LEVERAGE] = status


@njit(cache=True, error_model="numpy", _nrt=False)
def _drawdown(
    index: float, high_water: float, has_nav: bool, valid: bool, data: int, values: Floats, statuses: Ints
) -> float:
    """Drawdown of the flow-adjusted index; return its high-water mark, which a broken index leaves."""
    if has_nav and valid:
        high_water = max(high_water, index)
        values[_DRAWDOWN] = 1.0 - index / high_water
        statuses[_DRAWDOWN] = data
    else:
        values[_DRAWDOWN] = np.nan
        statuses[_DRAWDOWN] = max(data, _INVALID if has_nav else _INSUFFICIENT)
    return high_water


@njit(cache=True, error_model="numpy", _nrt=False)
def _top_share(
    largest: float, gross: float, nav: float, has_nav: bool, names: int, data: int, empty: bool, values: Floats,
    statuses: Ints,
) -> None:  # fmt: skip
    """Largest exposure over gross, over NAV where there are fewer than eight names."""
    statuses[_TOP] = data
    if empty:
        values[_TOP] = 0.0
    elif names >= NAMES_MIN:
        values[_TOP] = largest / gross
    elif not has_nav:
        values[_TOP] = np.nan
        statuses[_TOP] = max(data, _INSUFFICIENT)
    else:
        values[_TOP] = largest / nav if nav > 0.0 else np.inf


@njit(cache=True, error_model="numpy", _nrt=False)
def _hhi(cross: float, cross_squares: float, rows: int, data: int, empty: bool, values: Floats, statuses: Ints) -> None:
    """Herfindahl index of the component VaR; status by the rows behind the covariance."""
    status = model_status(rows, data, empty)
    if empty or cross > 0.0:
        share = cross_squares / (cross * cross) if cross > 0.0 else 0.0
        values[_HHI] = share if empty or rows >= COVARIANCE_ROWS_MIN else np.nan
        statuses[_HHI] = status
    else:
        values[_HHI] = np.nan
        statuses[_HHI] = max(status, _INSUFFICIENT)


@njit(cache=True, error_model="numpy", _nrt=False)
def _compare(values: Floats, fresh: Ints, statuses: Ints, wake: Floats, low: Floats) -> bool:
    """Take over the fresh statuses; True where one has changed, or a value is not between its two levels."""
    woken = False
    for metric in range(_COUNT):
        if statuses[metric] != fresh[metric]:
            statuses[metric] = fresh[metric]
            woken = True
        if values[metric] > wake[metric] or values[metric] <= low[metric]:
            woken = True
    return woken


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def _read_book(s: Arrays, p: int) -> None:
    """Compute every metric of book p, its statuses in the making (`fresh`) and its budget.

    Sums run in fixed lanes: the same book gives the same bytes on every machine.
    """
    x, count = s.exposure[p], s.scalars[_INSTRUMENTS]
    gross, net, variance, cross, cross_squares, largest = book_sums(x, s.sigma_x[p], count, s.sums_scratch)
    names = count_held(x, count)
    stale = suspect = proxied = 0.0
    if s.scalars[_FLAGGED] > 0:
        stale, suspect, proxied = flagged_sums(x, s.untrusted, s.suspect, s.proxied, count)
    s.variance[p] = variance
    is_blind = s.missing[p] > 0 or s.known[p] == 0 or stale > s.settings[_STALE] * gross
    s.data_status[p] = data = _INVALID if is_blind else (_DEGRADED if stale > 0.0 or suspect > 0.0 else _OK)
    modelled = max(data, _DEGRADED if proxied > 0.0 else _OK)  # numbers that rest on the window
    empty = names == 0 and s.missing[p] == 0
    values, fresh, rows = s.metrics[p], s.fresh[p], s.scalars[_ROWS]
    for metric in range(_COUNT):
        fresh[metric] = s.statuses[p, metric]
    s.candidate_bound[p] = _historical(
        s.loss[p], s.candidates[p], s.member, s.candidate_bound[p], rows, modelled, empty, values, fresh
    )
    # a book that no row and no covariance moves, such as cash of the base currency, has no tail and no names at risk
    riskless = empty or (variance == 0.0 and rows > 0 and cross == 0.0 and s.loss[p, s.candidates[p, 0]] == 0.0)
    _tail_fit(s.fit[p], variance, modelled, riskless, values, fresh)
    moved_max = REFIT_SHARE * s.fit[p, _FIT_GROSS]
    if not riskless and rows >= REFIT_ROWS_MIN and not s.moved[p] * (1.0 + BOUND_MARGIN) <= moved_max:
        s.moved[p] = distance(x, s.fit_exposure[p], count)
        if s.moved[p] > moved_max:
            s.refit[p] = 1
    _stress(
        s.stress[p], s.stress_suspect[p], s.covered_gross[p], s.scenario_limit, s.scalars[_SCENARIOS], data, gross,
        values, fresh,
    )  # fmt: skip
    has_nav = s.has_nav[p] == 1
    nav = s.value[p] if has_nav else np.nan
    _leverage(nav, has_nav, gross, net, data, empty, values, fresh)
    index = s.index_base[p] * (nav / s.value_base[p]) if has_nav else np.nan
    s.high_water[p] = _drawdown(index, s.high_water[p], has_nav, s.index_valid[p] == 1, data, values, fresh)
    values[_DAY_LOSS], values[_GROSS], values[_NET] = -s.day_pnl[p], gross, abs(net)
    fresh[_DAY_LOSS] = fresh[_GROSS] = fresh[_NET] = data
    _top_share(largest, gross, nav, has_nav, names, data, empty, values, fresh)
    _hhi(cross, cross_squares, rows, modelled, riskless, values, fresh)
    aligned = scaled_product(x, s.align, s.slow_x[p], count, s.sums_scratch)
    squares = sum_of_squares(s.loss[p], min(rows, s.loss.shape[1]), s.sums_scratch)
    fast, slow, usual = np.sqrt(max(variance, 0.0)), np.sqrt(max(aligned, 0.0)), np.sqrt(squares / max(rows, 1))
    correlation_ratio(fast, slow, names, rows, modelled, riskless, values, fresh)
    volatility_ratio(fast, usual, rows, modelled, riskless, values, fresh)
    liquidity_metrics(s.liquid[p], gross, s.settings[_UNKNOWN], data, empty, values, fresh)
    turnover_metric(s.traded[p], nav, s.nav_row[p], has_nav, data, values, fresh)
    s.largest[p], s.names[p], s.spent[p, :] = largest, names, 0.0
    is_told = set_budget(
        values, s.wake[p], s.stress[p], s.stress_suspect[p], s.covered_gross[p], s.scenario_limit,
        s.scalars[_SCENARIOS], largest, names, variance, cross, cross_squares, fast, slow, usual, s.liquid[p],
        s.settings[_UNKNOWN], s.budget[p],
    )  # fmt: skip
    s.settled[p] = int(is_told and not riskless and stale == 0.0 and suspect == 0.0 and proxied == 0.0)


@njit(cache=True, error_model="numpy", _nrt=False)
def _read_worked(s: Arrays, p: int) -> None:
    """Compute the books that working orders could make of scope p, and make the worst of each number the scope's.

    They share the scope's NAV and tail fit. Where what is held bears no risk the fit is of the larger |q|.
    """
    first = s.worked_row[p]
    for book in range(first + 1, first + BOOK_COUNT):
        s.known[book], s.has_nav[book], s.value[book] = s.known[p], s.has_nav[p], s.value[p]
        s.nav_row[book] = s.nav_row[p]
        copy_row(s.fit, p, book)
        copy_row(s.wake, p, book)
        s.moved[book] = 0.0
        if book == first + LARGER and s.variance[p] == 0.0:
            s.moved[book] = np.inf
            copy_row(s.fit_exposure, p, book)
        _read_book(s, book)
        if s.refit[book] == 1:
            s.refit[book], s.refit[p] = 0, 1
    take_worst(s, p)


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def measure(s: Arrays, p: int) -> None:
    """Compute every metric and status of scope p, and mark it woken where it needs a look."""
    _read_book(s, p)
    if s.scalars[_WORKING] > 0 and s.worked_row[p] >= 0:
        _read_worked(s, p)
    is_watched = s.alive[p] == 1 and s.dozing[p] == 0
    if _compare(s.metrics[p], s.fresh[p], s.statuses[p], s.wake[p], s.doze_low[p]) or is_watched:
        s.woken[p] = 1
