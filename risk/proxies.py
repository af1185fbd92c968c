"""Stand-ins for returns that were not seen: a named proxy, else the sector's mean, else that of kind and currency."""

import math
from enum import IntEnum

import numpy as np

from risk.covariance import join
from risk.instruments import coin_name, coin_of
from risk.kernels.book import rebuild
from risk.measures import Vector
from risk.state import RiskState
from risk.trust import refresh_flags


class CellFlag(IntEnum):
    """What a cell of the return window is."""

    NONE = 0
    OBSERVED = 1
    PROXIED = 2
    CLOSED = 3
    UNMODELLED = 4


def proxy_weights(state: RiskState, i: int, flags: np.ndarray[tuple[int, ...], np.dtype[np.int8]]) -> dict[int, float]:
    """Return the weights of the observed cells that stand for instrument i in one row; empty where none can.

    flags : (N,) CellFlag of the row; a proxied cell is never a source
    """
    terms = state.terms[i]
    if terms.proxy is not None:
        j = state.instrument_index.get(terms.proxy[0])
        if j is not None and j != i and flags[j] == CellFlag.OBSERVED:
            return {j: terms.proxy[1]}
    groups = (
        [j for j, other in enumerate(state.terms) if terms.sector is not None and other.sector == terms.sector],
        [j for j, other in enumerate(state.terms) if other.kind == terms.kind and other.currency == terms.currency],
    )
    for group in groups:
        members = [j for j in group if j != i and flags[j] == CellFlag.OBSERVED]
        if members:
            return dict.fromkeys(members, 1.0 / len(members))
    return {}


def proxied_return(weights: dict[int, float], cells: Vector) -> float:
    """Return the weighted sum of the source cells; cells: (N,) base-currency returns of the row."""
    return math.fsum(weight * float(cells[j]) for j, weight in weights.items())


def count_flags(state: RiskState, i: int) -> None:
    """Count the cells of instrument i that a proxy stands for, and those that nothing stands for."""
    flags = state.window.flags[i, : state.rows]
    state.window.stand_ins[i] = int(np.count_nonzero(flags == CellFlag.PROXIED))
    state.window.unmodelled[i] = int(np.count_nonzero(flags == CellFlag.UNMODELLED))


def fill_history(state: RiskState, i: int) -> None:
    """Give an instrument that joins a full window of proxied rows, and its place in the covariance."""
    arrays, window = state.arrays, state.window
    if state.terms[i].kind == "cash" and state.terms[i].currency == state.config.base_currency:
        window.flags[i, : state.rows] = CellFlag.CLOSED
        return
    weights: dict[int, float] = {}
    for row in range(state.rows):
        weights = proxy_weights(state, i, window.flags[:, row])
        arrays.returns[i, row] = proxied_return(weights, arrays.returns[:, row])
        window.flags[i, row] = CellFlag.PROXIED if weights else CellFlag.UNMODELLED
    count_flags(state, i)
    if window.rows_total == 0:
        return
    newest = (window.rows_total - 1) % arrays.returns.shape[1]
    _join(state, i, proxy_weights(state, i, window.flags[:, newest]))
    if (coin := coin_of(state.terms[i])) is not None:
        _fill_coin(state, state.instrument_index[coin_name(coin)], i)


def _fill_coin(state: RiskState, cash: int, contract: int) -> None:
    """The coin has moved as its contract has, in every row that tells nothing of the coin itself."""
    flags, rows = state.window.flags, state.rows
    blank = np.flatnonzero((flags[cash, :rows] == CellFlag.NONE) | (flags[cash, :rows] == CellFlag.UNMODELLED))
    state.arrays.returns[cash, blank] = state.arrays.returns[contract, blank]
    flags[cash, blank] = flags[contract, blank]
    count_flags(state, cash)
    refresh_flags(state, cash)
    if blank.size == rows:
        _join(state, cash, {contract: 1.0})
    else:
        _bound(state, cash)


def _join(state: RiskState, i: int, weights: dict[int, float]) -> None:
    """Give instrument i its place in the covariance, by its weights, and the bounds of its window."""
    join(state, i, weights)
    _bound(state, i)


def _bound(state: RiskState, i: int) -> None:
    """Bring the bounds of instrument i's window up to date, and every book that holds it."""
    arrays = state.arrays
    arrays.returns_min[i] = min(0.0, float(arrays.returns[i, : state.rows].min()))
    arrays.returns_max[i] = max(0.0, float(arrays.returns[i, : state.rows].max()))
    for p in state.concerned(i):
        for book in state.books_of(p):
            rebuild(arrays, book)
        state.dirty.add(p)
