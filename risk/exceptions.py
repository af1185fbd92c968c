"""Backtest of VaR: how often the book of one completed row would have lost more over the next than VaR said."""

import math
from dataclasses import dataclass, field

import numpy as np

from risk.arrays import Arrays, Floats, Ints, Scalar, Setting
from risk.kernels.exceptions import held_losses
from risk.measures import METRIC_INDEX, Matrix, Status

LEVELS: tuple[str, ...] = ("95", "99")
_COLUMNS = [METRIC_INDEX[f"var_{level}"] for level in LEVELS]


@dataclass(frozen=True, slots=True)
class RowException:
    """A row in which a scope's static book lost more than a VaR of the row before; money in base currency.

    value_at_risk : by level, NaN where there was none; exceeded: the levels whose VaR the loss passed
    """

    scope: int
    loss: float
    value_at_risk: tuple[float, ...]
    exceeded: tuple[str, ...]


@dataclass(slots=True)
class Backtest:
    """The books and VaR numbers of the last completed row, and the counts since the start.

    The loss is hypothetical P&L: yesterday's exposures times today's returns, no trade of the day in it (Basel
    Committee 1996). VaR is the primary of the positions alone: working orders make no loss before they are filled.

    held : (P, N) exposures; value_at_risk: (P, L), NaN where its status was worse than DEGRADED
    row  : rows completed when they were kept, -1 before the first
    observations, exceptions : (P, L) counts; loss, gross, blind: (P,) of the last comparison
    compared : (P,) 1 where the row completed last was held against the book of the row before
    """

    held: Matrix = field(default_factory=lambda: np.zeros((0, 0)))
    value_at_risk: Matrix = field(default_factory=lambda: np.full((0, len(LEVELS)), np.nan))
    row: int = -1
    observations: Ints = field(default_factory=lambda: np.zeros((0, len(LEVELS)), dtype=np.int64))
    exceptions: Ints = field(default_factory=lambda: np.zeros((0, len(LEVELS)), dtype=np.int64))
    loss: Floats = field(default_factory=lambda: np.zeros(0))
    gross: Floats = field(default_factory=lambda: np.zeros(0))
    blind: Floats = field(default_factory=lambda: np.zeros(0))
    compared: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def counts(self, p: int) -> dict[str, tuple[int, int]]:
        """Return (observations, exceptions) of scope p by level."""
        if p >= len(self.loss):  # it has seen no completed row
            return dict.fromkeys(LEVELS, (0, 0))
        pairs = zip(self.observations[p].tolist(), self.exceptions[p].tolist(), strict=True)
        return dict(zip(LEVELS, pairs, strict=True))

    def last_loss(self, p: int) -> float:
        """Return what the book that scope p held before the row completed last lost over it, NaN where not compared."""
        is_compared = p < len(self.compared) and self.compared[p] == 1
        return float(self.loss[p]) if is_compared else math.nan

    def complete(self, arrays: Arrays, rows_total: int, unseen: Ints) -> list[RowException]:
        """Compare the books kept at the last row with the row just completed, keep today's, and return exceptions.

        Call it once all scopes are measured after the row. A row that completed together with the one before it has no
        book of its own and is not compared; neither is a book without exposure, nor a loss of which more than
        `stale_gross_max` is unknown.

        rows_total : completed rows so far; unseen: (N,) 1 where the cell of the last row is unmodelled
        """
        self._grow(arrays)
        found: list[RowException] = []
        self.compared[:] = 0
        if self.row == rows_total - 1 and self.row >= 0:
            found = self._compare(arrays, (rows_total - 1) % arrays.returns.shape[1], unseen)
        scopes = int(arrays.scalars[Scalar.SCOPES])
        own = np.where(arrays.worked_row[:scopes] >= 0, arrays.worked_row[:scopes], np.arange(scopes))
        numbers, statuses = arrays.metrics[own][:, _COLUMNS], arrays.statuses[own][:, _COLUMNS]
        self.held[:], self.value_at_risk[:] = 0.0, np.nan
        self.held[:scopes] = arrays.exposure[:scopes]
        self.value_at_risk[:scopes] = np.where(statuses <= Status.DEGRADED, numbers, np.nan)
        self.row = rows_total
        return found

    def _compare(self, arrays: Arrays, slot: int, unseen: Ints) -> list[RowException]:
        scopes, count = int(arrays.scalars[Scalar.SCOPES]), int(arrays.scalars[Scalar.INSTRUMENTS])
        held_losses(
            self.held, arrays.returns, slot, unseen, scopes, count, self.loss, self.gross, self.blind
        )  # fmt: skip
        found = []
        for p in range(scopes):
            gross = float(self.gross[p])
            if gross == 0.0 or self.blind[p] > arrays.settings[Setting.STALE_GROSS_MAX] * gross:
                continue
            self.compared[p] = 1
            loss, numbers = float(self.loss[p]), tuple(self.value_at_risk[p].tolist())
            passed = [loss > number for number in numbers]  # NaN is passed by nothing
            self.observations[p] += [not math.isnan(number) for number in numbers]
            self.exceptions[p] += passed
            if any(passed):
                levels = tuple(level for level, is_passed in zip(LEVELS, passed, strict=True) if is_passed)
                found.append(RowException(p, loss, numbers, levels))
        return found

    def _grow(self, arrays: Arrays) -> None:
        """Take the size of the arrays; new scopes hold nothing and have no VaR."""
        if self.held.shape == arrays.exposure.shape:
            return
        old, capacity = self.held, len(arrays.parent)
        self.held = np.zeros(arrays.exposure.shape)
        self.held[: old.shape[0], : old.shape[1]] = old
        more = capacity - len(self.loss)
        self.value_at_risk = np.pad(self.value_at_risk, ((0, more), (0, 0)), constant_values=np.nan)
        self.observations = np.pad(self.observations, ((0, more), (0, 0)))
        self.exceptions = np.pad(self.exceptions, ((0, more), (0, 0)))
        self.loss, self.gross, self.blind = (np.zeros(capacity) for _ in range(3))
        self.compared = np.zeros(capacity, dtype=np.int64)
