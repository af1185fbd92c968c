"""How much of an order there may be at most before a number of a book, over its ceiling now, could be under it.

A number that is convex in the size lies over each of its tangents, so that it is over its ceiling from where it was
evaluated down to where the tangent there meets it (Kelley 1960): ES, whose slope is the mean return of its own tail
(Tasche 1999), the tail fit scaled by the deviation, the worst scenario, gross. The historical VaR, which is not convex,
is over its ceiling until enough rows have left: they are counted.
"""

import numpy as np
from numba import njit

from risk.arrays import Arrays, Floats, Ints, Scalar
from risk.kernels.budgets import COVERAGE_MIN
from risk.kernels.filled import Trade
from risk.kernels.tail import MILLION, select_smallest, worst_expected_shortfall
from risk.measures import METRIC_INDEX

_VAR, _ES = METRIC_INDEX["var_95"], METRIC_INDEX["es_95"]
_VAR_999, _ES_999 = METRIC_INDEX["var_999"], METRIC_INDEX["es_999"]
_WORST, _GROSS, _GROSS_LEVERAGE = METRIC_INDEX["worst_loss"], METRIC_INDEX["gross"], METRIC_INDEX["gross_leverage"]
_ROWS, _SCENARIOS = Scalar.ROWS, Scalar.SCENARIOS


@njit(cache=True, error_model="numpy", _nrt=False)
def lots_at_ceiling(
    t: Arrays, trade: Trade, row: int, metric: int, lots: int, ceiling: float, spare: Floats
) -> float:  # fmt: skip
    """Return the most lots at which the number can be at its ceiling, -inf where it never can; NaN: nobody can tell.

    row   : of a preview, without working orders, that was measured with `lots` filled; its number is over the ceiling
    spare : (T,) scratch
    """
    lot_exposure = trade.side * trade.lot * t.unit[trade.instrument]
    rows = min(t.scalars[_ROWS], t.loss.shape[1])
    if _VAR <= metric < _VAR + 3:
        returns, p_ppm = t.returns[trade.instrument], _tail_of(metric - _VAR)
        return float(
            lots - lots_until_quantile(t.loss[row], returns, rows, p_ppm, ceiling, lot_exposure, spare, t.member)
        )
    slope = _slope(t, trade, row, metric, rows, lot_exposure)
    if np.isnan(slope):
        return np.nan
    return float(lots - (t.metrics[row, metric] - ceiling) / slope) if slope > 0.0 else -np.inf


@njit(cache=True, error_model="numpy", _nrt=False)
def _tail_of(level: int) -> int:
    """Return the confidence of the three historical levels, in millionths."""
    return 950_000 if level == 0 else (975_000 if level == 1 else 990_000)


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def _slope(t: Arrays, trade: Trade, row: int, metric: int, rows: int, lot_exposure: float) -> float:
    """Return by how much the number grows with a lot, by a tangent; NaN where it is not known to be convex."""
    i, x = trade.instrument, t.exposure[row, trade.instrument]
    slope = np.nan
    if _ES <= metric < _ES + 3:
        returns, p_ppm = t.returns[i], _tail_of(metric - _ES)
        slope = -lot_exposure * worst_expected_shortfall(returns, rows, t.candidates[row], p_ppm)
    elif metric in (_VAR_999, _ES_999):
        variance = t.variance[row]
        slope = t.metrics[row, metric] * lot_exposure * t.sigma_x[row, i] / variance if variance > 0.0 else np.nan
    elif metric == _WORST:
        lot = trade.side * trade.lot
        slope = _slope_of_worst(
            t.stress[row], t.stress_suspect[row], t.covered_gross[row], t.shocks[i], t.scalars[_SCENARIOS],
            COVERAGE_MIN * t.metrics[row, _GROSS], lot_exposure, lot * trade.suspect_move,
        )  # fmt: skip
    elif metric in (_GROSS, _GROSS_LEVERAGE) and x != 0.0:
        slope = lot_exposure if x > 0.0 else -lot_exposure
        if metric == _GROSS_LEVERAGE:
            slope /= t.value[row]
    return slope


@njit(cache=True, error_model="numpy", _nrt=False)
def _slope_of_worst(
    losses: Floats, suspect: Floats, covered: Floats, shocks: Floats, scenarios: int, covered_min: float,
    lot_exposure: float, lot_suspect: float,
) -> float:  # fmt: skip
    """Return by how much the loss of the worst scenario grows with a lot; lot_suspect: exposure that is doubted."""
    worst, slope = -np.inf, np.nan
    for k in range(scenarios):
        loss, grows = losses[k], -lot_exposure * shocks[k]
        if suspect[k] > 0.0:
            loss += suspect[k]
            grows -= lot_suspect * shocks[k]
        if covered[k] >= covered_min and loss > worst:
            worst, slope = loss, grows
    return slope


@njit(cache=True, error_model="numpy", _nrt=False)
def lots_until_quantile(
    loss: Floats, returns: Floats, rows: int, p_ppm: int, ceiling: float, lot_exposure: float, times: Floats,
    chosen: Ints,
) -> float:  # fmt: skip
    """Return by how many lots less the VaR can be at its ceiling at the earliest, +inf where it never can.

    VaR, the k-th smallest of n losses, is over a ceiling while more than n - k of them are. Each row's loss is a line
    in the size: those over the ceiling that fall with it leave one after the other, and rows that rise only delay.

    times, chosen : (T,) scratch
    """
    over = leaving = 0
    for row in range(rows):  # without branches: which rows are over cannot be guessed
        chosen[over] = row
        over += loss[row] > ceiling
    for place in range(over):
        row = chosen[place]
        slope = -lot_exposure * returns[row]
        times[leaving] = (loss[row] - ceiling) / slope
        leaving += slope > 0.0
    needed = over - (rows - (rows * p_ppm + MILLION - 1) // MILLION)
    if needed > leaving:
        return np.inf
    return float(select_smallest(times, leaving, needed - 1)) if needed > 0 else 0.0
