"""Outcome tests: did the adverse event of a sensor's table come within its horizon, on the book frozen at the trip?

They measure how often a sensor's alarms precede what it warns of (models.md 21 and 22.3). For most, nothing bad coming
is no proof that the alarm was false, so they are kept apart from labels and verification.
"""

from dataclasses import dataclass, field
from math import isnan, nan, sqrt
from typing import Literal

import numpy as np

from risk.measures import Vector
from risk.state import RiskState
from risk.trip import Trip

Result = Literal["came", "stayed_away", "unknown"]


@dataclass(slots=True)
class OutcomeWatch:
    """The days after one trip.

    losses : of the frozen book, one a completed row, positive is a loss; NaN where too much of it had no return
    top    : what the position largest at the trip lost; wide: whether spreads were twice those of the trip
    """

    trip: Trip
    days: int
    losses: list[float] = field(default_factory=list)
    top: list[float] = field(default_factory=list)
    wide: list[float] = field(default_factory=list)

    def note_row(self, state: RiskState) -> Result | None:
        """Take in the row that has just completed; return what is known by now, None while the horizon goes on."""
        trip, held = self.trip, self.trip.columns
        slot = (state.window.rows_total - 1) % state.arrays.returns.shape[1]
        x = trip.exposure
        parts = -x * state.arrays.returns[held, slot]
        gross = float(np.abs(x).sum())
        unseen = np.array([state.window.unmodelled[int(i)] > 0 for i in held], dtype=np.bool_)
        blind = float(np.abs(x[unseen]).sum()) > state.config.data.stale_gross_max * gross
        self.losses.append(nan if blind else float(parts.sum()))
        self.top.append(nan if blind or not x.size else float(parts[int(np.argmax(np.abs(x)))]))
        self.wide.append(_widening(trip, state.arrays.spread[held], x))
        if self.has_come():
            return "came"
        if len(self.losses) < self.days:
            return None
        return "unknown" if self._is_unknown() else "stayed_away"

    def has_come(self) -> bool:
        """Say whether the adverse event of the sensor has come by now."""
        trip = self.trip
        fallen = max(_running(self.losses), default=0.0)
        worst = max((loss for loss in self.losses if not isnan(loss)), default=0.0)
        var_95, var_99 = trip.value_at_risk
        match trip.cause.sensor:
            case "var_breach":
                return fallen >= 0.5 * var_99
            case "stress_failure":
                return fallen >= 0.25 * trip.worst_loss
            case "tail_risk":
                return worst > var_99
            case "concentration":
                pairs = zip(self.losses, self.top, strict=True)
                return any(loss > var_95 and top >= 0.5 * loss for loss, top in pairs)
            case "leverage":
                return fallen >= 0.03 * trip.nav
            case "drawdown":
                return fallen >= 0.02 * trip.nav
            case "liquidity":
                return any(ratio >= 2.0 for ratio in self.wide)
            case "correlation":
                return len(self.losses) >= self.days and _root_mean_square(self.losses) >= 1.25 * trip.slow_sigma
            case "volatility":
                return len(self.losses) >= self.days and _root_mean_square(self.losses) >= 1.5 * trip.usual_sigma
            case _:
                return False

    def _is_unknown(self) -> bool:
        """Say whether the horizon ended without what it takes to tell that nothing came."""
        trip, sensor = self.trip, self.trip.cause.sensor
        needs = {
            "var_breach": trip.value_at_risk[1], "tail_risk": trip.value_at_risk[1],
            "concentration": trip.value_at_risk[0], "stress_failure": trip.worst_loss, "leverage": trip.nav,
            "drawdown": trip.nav, "correlation": trip.slow_sigma, "volatility": trip.usual_sigma,
            "liquidity": nan if all(isnan(ratio) for ratio in self.wide) else 1.0,
        }  # fmt: skip
        return isnan(needs.get(sensor, nan)) or any(isnan(loss) for loss in self.losses)


def _running(losses: list[float]) -> list[float]:
    """Return what was lost in all by the end of each day; a day without a number adds nothing."""
    return np.cumsum(np.nan_to_num(losses)).tolist() if losses else []


def _root_mean_square(losses: list[float]) -> float:
    known = [loss for loss in losses if not isnan(loss)]
    return sqrt(sum(loss * loss for loss in known) / len(known)) if known else nan


def _widening(trip: Trip, spread: Vector, x: Vector) -> float:
    """Return today's spread over that of the trip, by exposure; NaN where no held name has both."""
    both = ~np.isnan(spread) & ~np.isnan(trip.spread) & (trip.spread > 0.0)
    sizes = np.abs(x[both])
    return float((sizes * spread[both] / trip.spread[both]).sum() / sizes.sum()) if sizes.sum() > 0.0 else nan
