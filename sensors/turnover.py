"""Sensor: does the book trade too much for its size?"""

from dataclasses import dataclass
from typing import ClassVar, Self

from config.schema import Limit
from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading


@dataclass(frozen=True, slots=True)
class Turnover:
    """How often was the NAV bought and sold within one session?

    Formula : sum of |notional| of the fills of a rolling session of the base calendar, both sides, cancels taken
              back, over the mean of the NAV now and that of the last completed row
    Unit    : multiple of NAV (x)
    Source  : models.md 21
    Missing : no NAV yet, or a fill in a currency without a rate, is INSUFFICIENT; a NAV at or under zero INVALID.

    >>> import numpy as np
    >>> from risk.measures import METRICS
    >>> values, statuses = np.full(len(METRICS), 2.5), np.zeros(len(METRICS), np.int64)
    >>> measures = Measures("firm", values, statuses, names=9, nav=9e6, known=True, trust="fresh")
    >>> Turnover("turnover", (2.0,)).read(measures).utilisation
    1.25
    """

    metric: str
    levels: tuple[float, ...]

    facts: ClassVar[SensorFacts] = SensorFacts(
        "turnover",
        (
            Metric(
                "turnover", "turnover of a session", "traded in one session over NAV", "x", "TURNOVER_EXCEEDED",
                clear=(1.6, 2.0),
                irreducible="no reduction clears a turnover: it ends when the fills are a session old",
            ),
        ),
        (DefaultLimit("turnover", "turnover", 2.0, "warn"),),
        Outcome(5, "a cost over budget, or trading that no approved rebalance explains"),
    )  # fmt: skip

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:  # noqa: ARG003 -- all sensors are bound alike; a multiple has no currency
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels))

    def read(self, measures: Measures) -> Reading:
        """Return the turnover against its levels."""
        return read_metric(self.facts, self.metric, measures, levels=self.levels, unit="x")
