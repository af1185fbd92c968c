"""The two ratios that say how unusual the market is for one book: of its correlations, and of its volatility."""

import numpy as np
from numba import njit

from risk.arrays import Floats, Ints
from risk.measures import METRIC_INDEX

_K, _VOLATILITY = METRIC_INDEX["k_ratio"], METRIC_INDEX["vol_ratio"]
_OK, _DEGRADED, _INSUFFICIENT = 0, 1, 2
COVARIANCE_ROWS_MIN = 60
_COVARIANCE_ROWS_FULL = 250


@njit(cache=True, error_model="numpy", _nrt=False)
def model_status(rows: int, data: int, empty: bool) -> int:
    """Return the status of a number that rests on the covariance of so many rows; an empty book needs none."""
    if empty or rows >= _COVARIANCE_ROWS_FULL:
        return data
    return max(data, _DEGRADED if rows >= COVARIANCE_ROWS_MIN else _INSUFFICIENT)


@njit(cache=True, error_model="numpy", _nrt=False)
def correlation_ratio(
    fast: float, slow: float, names: int, rows: int, data: int, empty: bool, values: Floats, statuses: Ints
) -> None:
    """K = sqrt(x' D R_f D x) / sqrt(x' D R_s D x), D the fast deviations in both (models.md 11.1); 1 for one name.

    fast, slow : the two roots, base currency a day. A book that the slow correlations hedge away has no ratio.
    """
    statuses[_K] = model_status(rows, data, empty)
    if empty:
        values[_K] = 0.0
    elif rows < COVARIANCE_ROWS_MIN:
        values[_K] = np.nan
    elif names == 1:
        values[_K] = 1.0
    elif slow > 0.0:
        values[_K] = fast / slow
    else:
        values[_K] = np.nan
        statuses[_K] = max(statuses[_K], _INSUFFICIENT)


@njit(cache=True, error_model="numpy", _nrt=False)
def volatility_ratio(
    fast: float, usual: float, rows: int, data: int, empty: bool, values: Floats, statuses: Ints
) -> None:
    """Fast deviation over the root mean square of the book's losses in the window (models.md 21).

    fast, usual : base currency a day. A book whose losses were all zero has no ratio.
    """
    statuses[_VOLATILITY] = model_status(rows, data, empty)
    if empty:
        values[_VOLATILITY] = 0.0
    elif rows >= COVARIANCE_ROWS_MIN and usual > 0.0:
        values[_VOLATILITY] = fast / usual
    else:
        values[_VOLATILITY] = np.nan
        statuses[_VOLATILITY] = max(statuses[_VOLATILITY], _INSUFFICIENT)
