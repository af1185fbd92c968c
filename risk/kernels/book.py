"""Exposures and everything linear in them, moved in place by one instrument or rebuilt whole."""

import numpy as np
from numba import njit

from risk.arrays import CANDIDATES, Arrays, Scalar
from risk.kernels.tail import refresh_candidates

REBUILD_EVERY = 16_384  # incremental updates of a scope before its sums are computed anew: rounding stays under 1e-12
_INSTRUMENTS, _SCOPES, _ROWS, _SCENARIOS = Scalar.INSTRUMENTS, Scalar.SCOPES, Scalar.ROWS, Scalar.SCENARIOS


@njit(cache=True, error_model="numpy", _nrt=False)
def rebuild(s: Arrays, p: int) -> None:
    """Compute scope p's exposures, loss vector, sigma times exposure, stress losses and candidates from nothing."""
    count, rows = s.scalars[_INSTRUMENTS], min(s.scalars[_ROWS], s.loss.shape[1])
    loss, sigma_x, stress, covered = s.loss[p], s.sigma_x[p], s.stress[p], s.covered_gross[p]
    loss[:] = 0.0
    sigma_x[:] = 0.0
    stress[:] = 0.0
    covered[:] = 0.0
    for i in range(count):
        x = s.quantity[p, i] * s.unit[i]
        s.exposure[p, i] = x
        if x == 0.0:
            continue
        returns, sigma = s.returns[i], s.sigma[i]
        for row in range(rows):
            loss[row] -= x * returns[row]
        for j in range(count):
            sigma_x[j] += x * sigma[j]
        for k in range(s.scalars[_SCENARIOS]):
            stress[k] -= x * s.shocks[i, k]
            covered[k] += abs(x) * s.covered[i, k]
    s.moved[p] = np.inf
    s.updates[p] = (p * 97) % REBUILD_EVERY  # scopes take their turns, so that no single event pays for all
    s.candidate_bound[p] = refresh_candidates(loss, rows, s.candidates[p]) if rows > 0 else -np.inf


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def move_exposure(s: Arrays, p: int, i: int) -> None:
    """Bring scope p's numbers up to date after quantity[p, i] or unit[i] has changed; O(N + T + S)."""
    old = s.exposure[p, i]
    new = s.quantity[p, i] * s.unit[i]
    d = new - old
    if d == 0.0:
        return
    s.updates[p] += 1
    if s.updates[p] >= REBUILD_EVERY or abs(d) > 1e6 * abs(new) or abs(d) > 1e6 * abs(old) > 0.0:
        rebuild(s, p)  # a large cut leaves the rounding of what was large: start anew
        return
    s.exposure[p, i] = new
    s.moved[p] += abs(d)
    rows, count = min(s.scalars[_ROWS], s.loss.shape[1]), s.scalars[_INSTRUMENTS]
    loss, returns, sigma, sigma_x = s.loss[p], s.returns[i], s.sigma[i], s.sigma_x[p]
    for row in range(rows):
        loss[row] -= d * returns[row]
    for j in range(count):
        sigma_x[j] += d * sigma[j]
    shift = abs(new) - abs(old)
    for k in range(s.scalars[_SCENARIOS]):
        s.stress[p, k] -= d * s.shocks[i, k]
        s.covered_gross[p, k] += shift * s.covered[i, k]
    if rows > CANDIDATES:
        worst = -d * s.returns_min[i] if d > 0.0 else -d * s.returns_max[i]
        s.candidate_bound[p] += worst + 1e-15 * abs(d)


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
