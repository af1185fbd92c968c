"""Exposures and everything linear in them, moved in place by one instrument or rebuilt whole."""

import numpy as np
from numba import njit

from risk.arrays import CANDIDATES, Arrays, Budget, Scalar
from risk.kernels.liquidity import move_liquidity, rebuild_liquidity
from risk.kernels.tail import refresh_candidates
from risk.measures import BOOKS, METRIC_INDEX

_GROSS = METRIC_INDEX["gross"]
REBUILD_EVERY = 16_384  # incremental updates of a scope before its sums are computed anew: rounding stays under 1e-12
_EXPOSURE, _TAIL, _SHOCK, _VARIANCE, _CROSS = Budget.EXPOSURE, Budget.TAIL, Budget.SHOCK, Budget.VARIANCE, Budget.CROSS
_RISK = Budget.RISK
BOOK_COUNT = len(BOOKS)
_WORKING = Scalar.WORKING
_INSTRUMENTS, _SCOPES, _ROWS, _SCENARIOS = Scalar.INSTRUMENTS, Scalar.SCOPES, Scalar.ROWS, Scalar.SCENARIOS


@njit(cache=True, error_model="numpy", _nrt=False)
def rebuild(s: Arrays, p: int) -> None:
    """Compute scope p's exposures, loss vector, sigma times exposure, stress losses and candidates from nothing."""
    count, rows = s.scalars[_INSTRUMENTS], min(s.scalars[_ROWS], s.loss.shape[1])
    loss, sigma_x, slow_x, stress, covered = s.loss[p], s.sigma_x[p], s.slow_x[p], s.stress[p], s.covered_gross[p]
    loss[:] = 0.0
    sigma_x[:] = 0.0
    slow_x[:] = 0.0
    stress[:] = 0.0
    covered[:] = 0.0
    peaks, s.sigma_peak[p] = s.sigma_peaks, 0.0
    peaks[:] = 0.0
    for i in range(count):
        x = s.quantity[p, i] * s.unit[i]
        s.exposure[p, i] = x
        if x == 0.0:
            continue
        returns, sigma, slow, aligned = s.returns[i], s.sigma[i], s.slow_sigma[i], x * s.align[i]
        for row in range(rows):
            loss[row] -= x * returns[row]
        for j in range(count):
            slow_x[j] += aligned * slow[j]
        for j in range(count):
            sigma_x[j] += x * sigma[j]
            peaks[j] = max(peaks[j], abs(sigma[j]))
        for k in range(s.scalars[_SCENARIOS]):
            stress[k] -= x * s.shocks[i, k]
            covered[k] += abs(x) * s.covered[i, k]
    for j in range(count):
        s.sigma_peak[p] = max(s.sigma_peak[p], peaks[j])
    rebuild_liquidity(s, p)
    s.moved[p], s.settled[p] = np.inf, 0
    s.updates[p] = (p * 97) % REBUILD_EVERY  # scopes take their turns, so that no single event pays for all
    s.candidate_bound[p] = refresh_candidates(loss, rows, s.candidates[p]) if rows > 0 else -np.inf


@njit(cache=True, error_model="numpy", _nrt=False)
def join_book(s: Arrays, p: int, i: int) -> None:
    """Give scope p, which does not hold instrument i, its products with the covariances that i has just got."""
    fast = slow = 0.0
    for j in range(s.scalars[_INSTRUMENTS]):
        fast += s.exposure[p, j] * s.sigma[j, i]
        slow += s.exposure[p, j] * s.align[j] * s.slow_sigma[j, i]
    s.sigma_x[p, i], s.slow_x[p, i] = fast, slow


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def move_exposure(s: Arrays, p: int, i: int) -> None:
    """Bring scope p's numbers up to date after quantity[p, i] or unit[i] has changed; O(N + T + S)."""
    old = s.exposure[p, i]
    new = s.quantity[p, i] * s.unit[i]
    d = new - old
    if d == 0.0:
        move_liquidity(s, p, i)  # its spread may be another
        return
    s.updates[p] += 1
    if s.updates[p] >= REBUILD_EVERY or abs(d) > 1e6 * abs(new) or abs(d) > 1e6 * abs(old) > 0.0:
        rebuild(s, p)  # a large cut leaves the rounding of what was large: start anew
        return
    rows, count = min(s.scalars[_ROWS], s.loss.shape[1]), s.scalars[_INSTRUMENTS]
    loss, returns, sigma, sigma_x = s.loss[p], s.returns[i], s.sigma[i], s.sigma_x[p]
    slow, slow_x, aligned = s.slow_sigma[i], s.slow_x[p], d * s.align[i]
    size, spent, own = abs(d), s.spent[p], abs(sigma_x[i])
    s.exposure[p, i] = new
    for row in range(rows):
        loss[row] -= d * returns[row]
    for j in range(count):
        sigma_x[j] += d * sigma[j]
        slow_x[j] += aligned * slow[j]
    shift, shock_max = abs(new) - abs(old), 0.0
    for k in range(s.scalars[_SCENARIOS]):
        s.stress[p, k] -= d * s.shocks[i, k]
        s.covered_gross[p, k] += shift * s.covered[i, k]
        shock_max = max(shock_max, abs(s.shocks[i, k]))
    if rows > CANDIDATES:
        worst = -d * s.returns_min[i] if d > 0.0 else -d * s.returns_max[i]
        s.candidate_bound[p] += worst + 1e-15 * size
    s.moved[p] += size
    spent[_EXPOSURE] += size
    spent[_TAIL] += size * max(-s.returns_min[i], s.returns_max[i])
    spent[_SHOCK] += size * shock_max
    spent[_VARIANCE] += size * (2.0 * own + size * abs(sigma[i]))
    # the own product, and all others: each |x| times at most the peak covariance
    spent[_CROSS] += size * (own + size * abs(sigma[i]) + s.sigma_peak[p] * (s.metrics[p, _GROSS] + spent[_EXPOSURE]))
    spent[_RISK] += size * s.deviation[i]
    if old != 0.0 and new != 0.0:
        move_liquidity(s, p, i)
    else:
        rebuild_liquidity(s, p)  # what is gone leaves no rounding behind
        s.settled[p] = 0  # another count of names
        for j in range(count):
            s.sigma_peak[p] = max(s.sigma_peak[p], abs(sigma[j]))


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def add_pnl(s: Arrays, p: int, pnl: float) -> None:
    """Add a leaf's P&L to its V and up its path: to parents with navs of their own, and to sums of known children."""
    s.day_pnl[p] += pnl
    carried = s.has_nav[p] == 1
    if carried:
        s.value[p] += pnl
    above = s.parent[p]
    while above >= 0:
        s.day_pnl[above] += pnl
        if s.own_nav[above] == 1:
            s.value[above] += pnl
            carried = True
        elif carried:
            s.value[above] += pnl
        above = s.parent[above]


@njit(cache=True, error_model="numpy", _nrt=False)
def _move_worked(s: Arrays, i: int) -> None:
    """Move the books that working orders could make, of every scope that has any; a call apart, so that it costs no
    code where there are none.
    """
    for p in range(s.scalars[_SCOPES]):
        first = s.worked_row[p]
        if first >= 0:
            for book in range(first + 1, first + BOOK_COUNT):
                if s.quantity[book, i] != 0.0:
                    move_exposure(s, book, i)


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def move_price(s: Arrays, i: int, price: float) -> None:
    """Move the mark of a linear instrument to `price`: P&L up the paths, then every book that holds it."""
    gain = (price - s.mark[i]) * s.pnl_unit[i]
    s.unit[i] = price * s.pnl_unit[i]
    s.mark[i] = price
    for p in range(s.scalars[_SCOPES]):
        quantity = s.quantity[p, i]
        if quantity != 0.0:
            if s.leaf[p] == 1:
                add_pnl(s, p, quantity * gain)
            move_exposure(s, p, i)
    if s.scalars[_WORKING] > 0:
        _move_worked(s, i)


@njit(cache=True, error_model="numpy", _nrt=False)
def move_unit(s: Arrays, i: int, unit: float, gain: float) -> None:
    """Set unit[i] and add `gain` of base currency per unit held: currencies, inverse contracts, quantities."""
    s.unit[i] = unit
    for p in range(s.scalars[_SCOPES]):
        quantity = s.quantity[p, i]
        if quantity != 0.0:
            if s.leaf[p] == 1 and gain != 0.0:
                add_pnl(s, p, quantity * gain)
            move_exposure(s, p, i)
    if s.scalars[_WORKING] > 0:
        _move_worked(s, i)
