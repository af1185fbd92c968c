"""Σ of the moment, fast and slow: the rows' covariance aged by business time, and the bars since the last row."""

import math
from dataclasses import dataclass

import numpy as np

from config.setup import Setup
from tests.oracle.bars import Bars
from tests.oracle.market import Market
from tests.oracle.rows import Rows
from tests.oracle.window import Matrix, Window, covariance, rows_that_count, window


@dataclass(frozen=True, slots=True)
class Covariances:
    """Covariances per day at one moment.

    names      : (m,) of both matrices
    fast, slow : (m, m)
    """

    names: list[str]
    fast: Matrix
    slow: Matrix


@dataclass(slots=True)
class RowCovariances:
    """The windows and Σ_d of the last completed row; computed once for each version of the rows and set of names."""

    setup: Setup
    market: Market
    rows: Rows
    window_key: tuple[int, int] = (-1, -1)
    daily_key: tuple[int, int] = (-1, -1)
    full: Window | None = None
    daily: Covariances | None = None

    def _key(self) -> tuple[int, int]:
        return self.rows.version, sum(1 for facts in self.market.instruments.values() if facts.price is not None)

    def window(self) -> Window:
        """Return the window of the risk numbers, filled."""
        if self.full is None or self.window_key != self._key():
            self.window_key = self._key()
            self.full = window(self.market, self.rows, self.setup.config.window.rows)
        return self.full

    def on_rows(self) -> Covariances:
        """Return both Σ_d of the last completed row."""
        if self.daily is not None and self.daily_key == self._key():
            return self.daily
        self.daily_key, config = self._key(), self.setup.config
        decays = (config.covariance.decay, config.covariance.slow_decay)
        recent = window(self.market, self.rows, rows_that_count(max(decays)))
        known = np.nan_to_num(recent.returns, nan=0.0)  # a name with a hole in the window is left out of every book
        size, total = len(recent.names), len(self.rows.rows)
        fast, slow = (
            covariance(known[-rows_that_count(decay) :], decay, total) if total else np.zeros((size, size))
            for decay in decays
        )
        self.daily = Covariances(recent.names, fast, slow)
        return self.daily

    def daily_sigma(self, name: str) -> float | None:
        """Return the daily volatility of one instrument after the last completed row; None without one."""
        daily = self.on_rows()
        if not self.rows.rows or name not in daily.names:
            return None
        place = daily.names.index(name)
        return math.sqrt(float(daily.fast[place, place]))

    def at(self, bars: Bars, now: int) -> Covariances:
        """Return both matrices at `now`."""
        daily, config = self.on_rows(), self.setup.config.covariance
        names = daily.names
        return Covariances(
            names,
            through_the_day(daily.fast, names, bars, config.decay, now),
            through_the_day(daily.slow, names, bars, config.slow_decay, now),
        )


def through_the_day(daily: Matrix, names: list[str], bars: Bars, decay: float, now: int) -> Matrix:
    """Return λ^u Σ_d + Σ_k λ^(u−u_k) (1−λ^τ_k)/τ_k r_k r_kᵀ for the names with bars, and Σ_d for those without.

    Between the two λ^(u/2) Σ_d, so that the whole is D Σ_d D plus the bars: PSD, and Σ_d where nothing is quoted.
    """
    elapsed = bars.business_time(now)
    has_bars = np.array([bars.has_bars(name) for name in names], dtype=np.bool_)
    scale = np.where(has_bars, decay ** (elapsed / 2.0), 1.0)
    total: Matrix = daily * np.outer(scale, scale)
    for bar in bars.kept:
        moved = bars.returns(bar)
        row = np.array([moved.get(name, 0.0) for name in names], dtype=np.float64)
        total += (
            decay ** (elapsed - bars.business_time(bar.span.end)) * _weight(decay, bar.span.share) * np.outer(row, row)
        )
    return total


def _weight(decay: float, share: float) -> float:
    """Return (1−λ^τ)/τ, −ln λ where closed time is worth nothing."""
    return (1.0 - decay**share) / share if share > 0.0 else -math.log(decay)
