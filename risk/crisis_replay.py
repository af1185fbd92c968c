"""Historical replay: what the book of now would have gone through in a named crisis, bought and held."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from risk.kernels.budgets import COVERAGE_MIN
from risk.kernels.stress import buy_and_hold, mark_flags
from risk.measures import IntVector, Matrix, Status, Vector
from risk.proxies import CellFlag

Flags = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class CrisisReplay:
    """P&L of the untouched book from the last close before the crisis, base currency; a loss is negative here.

    coverage  : exposure with a return in every row, over gross; 1 for an empty book
    final     : P&L at the end; worst : lowest since the start (0 where it never lost), at `worst_at`
    drawdown  : largest fall from a peak to a later trough, >= 0, the start being a peak; worst_day : lowest of a row
    *_at      : index of the row, -1 for the start itself
    excluded  : (m,) held names without history for some row
    proxied   : (m,) held names of which some rows are a proxy's
    pnl       : (rows,) since the start
    Status: INSUFFICIENT under 80 % coverage or without rows; DEGRADED where something is left out or stood in for.
    """

    pnl: Vector
    coverage: float
    final: float
    worst: float
    worst_at: int
    drawdown: float
    peak_at: int
    trough_at: int
    worst_day: float
    worst_day_at: int
    excluded: NDArray[np.bool_]
    proxied: NDArray[np.bool_]
    status: Status


def replay_crisis(exposure: Vector, returns: Matrix, flags: Flags, columns: IntVector) -> CrisisReplay:
    """Return what buy and hold of the exposures does over the rows: V_t = Σ x_i Π (1 + r_i), compounded.

    exposure       : (m,) base currency, finite; columns : (m,) where each name is in `returns` and `flags`
    returns, flags : (rows, N) base-currency returns and their CellFlag
    A name without history (UNMODELLED or NONE in any row) is left out whole and lowers the coverage; it is never zero.
    Margined names compound as their price does. Models.md 12.5.
    """
    is_held = exposure != 0.0
    missing = _with_flag(flags, columns, CellFlag.UNMODELLED, CellFlag.NONE)
    excluded = missing & is_held
    proxied = _with_flag(flags, columns, CellFlag.PROXIED, CellFlag.PROXIED) & is_held & ~missing
    held = np.where(missing, 0.0, exposure)
    sizes, covered = _total(np.abs(exposure)), _total(np.abs(held))
    coverage = covered / sizes if sizes > 0.0 else 1.0
    rows = returns.shape[0]
    pnl = np.zeros(rows)
    buy_and_hold(returns, columns, held, np.zeros(held.size), pnl)
    status = Status.DEGRADED if bool(excluded.any() or proxied.any()) else Status.OK
    if rows == 0 or coverage < COVERAGE_MIN:
        status = Status.INSUFFICIENT
    if not np.isfinite(pnl).all():
        status, pnl = Status.INVALID, np.zeros(rows)
    path = np.concatenate((np.zeros(1), pnl))
    peaks = np.maximum.accumulate(path)
    trough = int(np.argmax(peaks - path))
    days = np.diff(path)
    worst, worst_day = int(np.argmin(path)), int(np.argmin(days)) if rows else -1
    return CrisisReplay(
        pnl=pnl,
        coverage=coverage,
        final=float(path[-1]),
        worst=float(path[worst]),
        worst_at=worst - 1,
        drawdown=float(peaks[trough] - path[trough]),
        peak_at=int(np.argmax(path[: trough + 1])) - 1,
        trough_at=trough - 1,
        worst_day=float(days[worst_day]) if rows else 0.0,
        worst_day_at=worst_day,
        excluded=excluded,
        proxied=proxied,
        status=status,
    )


def _with_flag(flags: Flags, columns: IntVector, first: CellFlag, second: CellFlag) -> NDArray[np.bool_]:
    found = np.zeros(columns.size, dtype=np.int64)
    mark_flags(flags, columns, int(first), int(second), found)
    return np.asarray(found == 1)


def _total(values: Vector) -> float:
    """Return the sum in the order of the names."""
    total = 0.0
    for value in values.tolist():
        total += value
    return total
