"""What it costs to sell a book: spreads learnt from quotes, and each position's part of the sums over a book.

A position costs its value times half the spread plus its impact, at most the whole value (risk/liquidity.py). The sums
of a scope move with each position, so that a measurement reads them and adds nothing up.
"""

import numpy as np
from numba import njit

from risk.arrays import Arrays, Floats, Ints, Liquid, Scalar, Setting
from risk.measures import BOOKS, METRIC_INDEX

SPREAD_OBSERVED, SPREAD_QUOTED, SPREAD_REFERENCE = 0, 1, 2
IMPACT_SQRT, IMPACT_KYLE = 0, 1
_COST, _SLOW, _UNPRICED, _UNSIZED = Liquid.COST, Liquid.SLOW, Liquid.UNPRICED, Liquid.UNSIZED
_RULE, _SIGMAS, _QUOTES_MIN = Setting.SPREAD_RULE, Setting.SPREAD_SIGMAS, Setting.SPREAD_QUOTES_MIN
_SPREAD_FACTOR, _IMPACT_RULE, _IMPACT_FACTOR = Setting.SPREAD_FACTOR, Setting.IMPACT_RULE, Setting.IMPACT_FACTOR
_INSTRUMENTS, _SCOPES, _WORKING, _BOOK_COUNT = Scalar.INSTRUMENTS, Scalar.SCOPES, Scalar.WORKING, len(BOOKS)
_VAR_99 = METRIC_INDEX["var_99"]
_LIQUIDITY_COST, _SLOW_SHARE, _TURNOVER = (
    METRIC_INDEX[name] for name in ("liquidity_cost", "days_to_liquidate_share", "turnover")
)
_OK, _DEGRADED, _INSUFFICIENT, _INVALID = 0, 1, 2, 3
ROUNDING_OF_GROSS = 1e-9  # of gross: a cost under it is none


@njit(cache=True, error_model="numpy", _nrt=False)
def spread_estimate(
    count: float, mean: float, squares: float, reference: float, count_min: float, sigmas: float
) -> float:
    """Return the relative spread of what was quoted, of the reference where too little was; NaN where neither is known.

    count   : quotes seen, those of earlier rows at less than 1 each; mean, squares: of their spreads, weighted alike,
              squares of the distances from the mean
    """
    if count < count_min and not np.isnan(reference):
        return reference
    if count > 0.0:
        return float(mean + sigmas * np.sqrt(max(squares, 0.0) / count))
    return np.nan


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def refresh_spread(s: Arrays, i: int) -> bool:
    """Set the spread that instrument i's costs are computed with; True where it is another than before."""
    before = float(s.spread[i])
    s.spread[i] = spread_estimate(
        s.spread_count[i], s.spread_mean[i], s.spread_squares[i], s.spread_reference[i], s.settings[_QUOTES_MIN],
        s.settings[_SIGMAS],
    )  # fmt: skip
    after = float(s.spread[i])
    return not (after == before or (np.isnan(before) and np.isnan(after)))


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def observe_spread(s: Arrays, i: int, mid: float, bid: float) -> bool:
    """Take in the spread of an accepted quote (Welford 1962); True where the costs of instrument i change by it.

    The caller then moves every position in it: `move_spread`, or `move_price`, which comes to the same.
    """
    if s.settings[_RULE] == SPREAD_REFERENCE or not mid > 0.0:
        return False
    spread = 2.0 * (mid - bid) / mid
    if s.settings[_RULE] == SPREAD_QUOTED:
        s.spread_count[i], s.spread_mean[i] = s.settings[_QUOTES_MIN], spread
    else:
        distance = spread - s.spread_mean[i]
        s.spread_count[i] += 1.0
        s.spread_mean[i] += distance / s.spread_count[i]
        s.spread_squares[i] += distance * (spread - s.spread_mean[i])
    was_known = not np.isnan(s.spread[i])
    changed: bool = refresh_spread(s, i)
    if changed and not was_known:
        for p in range(s.scalars[_SCOPES]):
            if s.quantity[p, i] != 0.0:
                rebuild_liquidity(s, p)
                s.settled[p] = 0  # another status is possible
        if s.scalars[_WORKING] > 0:
            _rebuild_worked(s, i)
    return changed


@njit(cache=True, error_model="numpy", _nrt=False)
def _rebuild_worked(s: Arrays, i: int) -> None:
    """Do the same for what working orders could make of the scopes."""
    for p in range(s.scalars[_SCOPES]):
        first = s.worked_row[p]
        if first >= 0:
            for book in range(first + 1, first + _BOOK_COUNT):
                if s.quantity[book, i] != 0.0:
                    rebuild_liquidity(s, book)
                    s.settled[p] = 0


@njit(cache=True, error_model="numpy", _nrt=False)
def age_spreads(s: Arrays) -> None:
    """Let what was quoted before a row count half as much as before; the caller rebuilds the books."""
    if s.settings[_RULE] != SPREAD_OBSERVED:
        return
    for i in range(s.scalars[_INSTRUMENTS]):
        s.spread_count[i] *= 0.5
        s.spread_squares[i] *= 0.5
        refresh_spread(s, i)


@njit(cache=True, error_model="numpy", _nrt=False)
def cost_rate(
    held: float, spread: float, variance: float, per_adv: float, impact_rule: float, impact_factor: float
) -> float:
    """Return the cost of selling |quantity| `held`, over its value, uncapped; NaN where spread or volume is unknown.

    spread : relative, already multiplied; variance : of a day; per_adv : 1 / average daily volume in units
    """
    sold = held * per_adv
    if impact_rule == IMPACT_SQRT:
        return float(0.5 * spread + impact_factor * np.sqrt(max(variance, 0.0) * sold))
    return float(0.5 * spread + 0.5 * impact_factor * np.sqrt(max(variance, 0.0)) * sold)


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def move_liquidity(s: Arrays, p: int, i: int) -> None:
    """Bring scope p's sums up to date after its position in i, or what i costs, has changed; O(1)."""
    sums, part = s.liquid[p], s.liquid_part[p, i]
    size, held = abs(s.exposure[p, i]), abs(s.quantity[p, i])
    rate = cost_rate(
        held, s.spread[i] * s.settings[_SPREAD_FACTOR], s.sigma[i, i], s.per_adv[i], s.settings[_IMPACT_RULE],
        s.settings[_IMPACT_FACTOR],
    )  # fmt: skip
    cost = size * rate if rate < 1.0 else size  # at most its value, also where nothing is known
    slow = size if held > s.slow_above[i] else 0.0
    unpriced = size if np.isnan(rate) else 0.0
    unsized = size if s.slow_above[i] < 0.0 else 0.0
    sums[_COST] += cost - part[_COST]
    sums[_SLOW] += slow - part[_SLOW]
    sums[_UNPRICED] += unpriced - part[_UNPRICED]
    sums[_UNSIZED] += unsized - part[_UNSIZED]
    part[_COST], part[_SLOW], part[_UNPRICED], part[_UNSIZED] = cost, slow, unpriced, unsized


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def rebuild_liquidity(s: Arrays, p: int) -> None:
    """Compute scope p's parts and sums from nothing, also after a new covariance; a sum of no parts is zero again."""
    s.liquid[p, :] = 0.0
    s.liquid_part[p, :, :] = 0.0
    for i in range(s.scalars[_INSTRUMENTS]):
        if s.exposure[p, i] != 0.0:
            move_liquidity(s, p, i)


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def move_spread(s: Arrays, i: int) -> None:
    """Bring every book that holds i up to date after its spread alone has changed."""
    for p in range(s.scalars[_SCOPES]):
        if s.quantity[p, i] != 0.0:
            move_liquidity(s, p, i)
    if s.scalars[_WORKING] > 0:
        _move_worked_spread(s, i)


@njit(cache=True, error_model="numpy", _nrt=False)
def _move_worked_spread(s: Arrays, i: int) -> None:
    """Do the same for what working orders could make of the scopes."""
    for p in range(s.scalars[_SCOPES]):
        first = s.worked_row[p]
        if first >= 0:
            for book in range(first + 1, first + _BOOK_COUNT):
                if s.quantity[book, i] != 0.0:
                    move_liquidity(s, book, i)


@njit(cache=True, error_model="numpy", _nrt=False)
def liquidity_metrics(
    sums: Floats, gross: float, unknown_max: float, data: int, empty: bool, values: Floats, statuses: Ints
) -> None:
    """Cost of selling over VaR 99 %, which stands in `values`, and the share of gross that sells slowly.

    Unknown positions count at their whole value and as slow (DEGRADED), up to a share of gross; beyond it there is
    no number.
    """
    value_at_risk, cost = values[_VAR_99], sums[_COST]
    statuses[_LIQUIDITY_COST] = statuses[_SLOW_SHARE] = data
    if empty:
        values[_LIQUIDITY_COST] = values[_SLOW_SHARE] = 0.0
        return
    statuses[_LIQUIDITY_COST] = max(data, statuses[_VAR_99])
    if sums[_UNPRICED] > unknown_max * gross or np.isnan(value_at_risk):
        values[_LIQUIDITY_COST] = np.nan
        statuses[_LIQUIDITY_COST] = max(statuses[_LIQUIDITY_COST], _INSUFFICIENT)
    else:
        none = not cost > ROUNDING_OF_GROSS * gross
        values[_LIQUIDITY_COST] = cost / value_at_risk if value_at_risk > 0.0 else (0.0 if none else np.inf)
        if sums[_UNPRICED] > 0.0:
            statuses[_LIQUIDITY_COST] = max(statuses[_LIQUIDITY_COST], _DEGRADED)
    if sums[_UNSIZED] > unknown_max * gross or not gross > 0.0:
        values[_SLOW_SHARE] = np.nan
        statuses[_SLOW_SHARE] = max(data, _INSUFFICIENT)
    else:
        values[_SLOW_SHARE] = min(max(sums[_SLOW] / gross, 0.0), 1.0)
        if sums[_UNSIZED] > 0.0:
            statuses[_SLOW_SHARE] = max(data, _DEGRADED)


@njit(cache=True, error_model="numpy", _nrt=False)
def turnover_metric(
    traded: float, nav: float, nav_row: float, has_nav: bool, data: int, values: Floats, statuses: Ints
) -> None:
    """Notional of a session's fills over the mean of the NAV now and that of the last row; NaN: a fill has no value."""
    statuses[_TURNOVER] = data
    mean = mean_nav(nav, nav_row)
    if not has_nav or np.isnan(traded):
        values[_TURNOVER] = np.nan
        statuses[_TURNOVER] = max(data, _INSUFFICIENT)
    elif not mean > 0.0:
        values[_TURNOVER] = np.nan
        statuses[_TURNOVER] = _INVALID
    else:
        values[_TURNOVER] = traded / mean


@njit(cache=True, error_model="numpy", _nrt=False)
def mean_nav(nav: float, nav_row: float) -> float:
    """Return the NAV that turnover is held against: half from the last row, all of now where that had none."""
    return nav if np.isnan(nav_row) else 0.5 * (nav + nav_row)
