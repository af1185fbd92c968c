"""Sensor: is the book much more volatile than it usually is?"""

from dataclasses import dataclass
from typing import ClassVar, Self

from config.schema import Limit
from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading


@dataclass(frozen=True, slots=True)
class Volatility:
    """How far is the volatility of these days over that of the whole window, for the book as it is now?

    Formula : sqrt(x' Sigma x) / sqrt(mean L_t^2); Sigma is the fast EWMA covariance, L the losses that today's book
              would have had in each row of the window. Through the day Sigma moves in business time, so that a quiet
              night and a busy session are each held against what is usual for them
    Unit    : multiple (x); about 1 on a usual day
    Source  : models.md 21; RiskMetrics (1996)
    Missing : under 60 rows INSUFFICIENT, under 250 DEGRADED. An empty, known book reads 0.

    >>> import numpy as np
    >>> from risk.measures import METRICS
    >>> values, statuses = np.full(len(METRICS), 2.4), np.zeros(len(METRICS), np.int64)
    >>> measures = Measures("firm", values, statuses, names=9, nav=9e6, known=True, trust="fresh")
    >>> Volatility("vol_ratio", (2.0,)).read(measures).reason
    'volatility ratio 2.40x'
    """

    metric: str
    levels: tuple[float, ...]

    facts: ClassVar[SensorFacts] = SensorFacts(
        "volatility",
        (
            Metric(
                "vol_ratio", "volatility ratio", "volatility now over that of the window", "x", "VOLATILITY_SPIKE",
                clear=(1.6, 2.0),
            ),
        ),
        (DefaultLimit("volatility_ratio", "vol_ratio", 2.0, "warn"),),
        Outcome(5, "realised volatility at least 1.5 times the window's"),
        (2008, 2020),
    )  # fmt: skip

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:  # noqa: ARG003 -- all sensors are bound alike; a ratio has no currency
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels))

    def read(self, measures: Measures) -> Reading:
        """Return the ratio against its levels."""
        return read_metric(self.facts, self.metric, measures, levels=self.levels, unit="x")
