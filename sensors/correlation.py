"""Sensor: have correlations broken down against this book?"""

from dataclasses import dataclass, replace
from math import isnan
from typing import ClassVar, Self

from config.schema import Limit
from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading


@dataclass(frozen=True, slots=True)
class Correlation:
    """How much more risk has the book at the correlations of these days than at those of the last months?

    Formula : K = sqrt(x' D R_f D x) / sqrt(x' D R_s D x); R_f and R_s are the fast and the slow EWMA correlations, D
              the fast deviations in both, so that correlation alone is compared. Over a level, the reason also tells
              by how much the mean correlation (weighted by |x| sigma) is over the slow one; it may be negative: a
              hedged book suffers where correlations fall
    Unit    : multiple (x); 1 where nothing is unusual, and for a single name
    Source  : models.md 11.1 and 21; RiskMetrics (1996)
    Missing : under 60 rows INSUFFICIENT, under 250 DEGRADED; a book that the slow correlations hedge away has no
              ratio. An empty, known book reads 0.

    >>> import numpy as np
    >>> from risk.measures import METRICS
    >>> values, statuses = np.full(len(METRICS), 1.5), np.zeros(len(METRICS), np.int64)
    >>> measures = Measures("firm", values, statuses, 9, 9e6, True, "fresh", ask_correlation_change=lambda: 0.31)
    >>> Correlation("k_ratio", (1.25,)).read(measures).reason
    'correlation ratio K 1.50x (mean correlation +0.31)'
    """

    metric: str
    levels: tuple[float, ...]

    facts: ClassVar[SensorFacts] = SensorFacts(
        "correlation",
        (
            Metric(
                "k_ratio", "correlation ratio K", "risk at today's correlations over that at normal ones", "x",
                "CORRELATION_BREAKDOWN", clear=(1.15, 1.25), calm=1.0,
            ),
        ),
        (DefaultLimit("correlation_k", "k_ratio", 1.25, "warn"),),
        Outcome(10, "realised volatility of 10 days at least 1.25 times the slow model's"),
        (2007, 2018),
    )  # fmt: skip

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:  # noqa: ARG003 -- all sensors are bound alike; a ratio has no currency
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels))

    def read(self, measures: Measures) -> Reading:
        """Return K against its levels."""
        reading = read_metric(self.facts, self.metric, measures, levels=self.levels, unit="x")
        if measures.ask_correlation_change is None or not reading.statistic > min(self.levels):
            return reading
        change = measures.ask_correlation_change()
        if isnan(change):
            return reading
        return replace(reading, reason=f"{reading.reason} (mean correlation {change:+.2f})")
