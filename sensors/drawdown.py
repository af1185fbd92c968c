"""Sensor: has the book lost too much since its peak?"""

from dataclasses import dataclass
from typing import ClassVar, Self

from config.schema import Limit
from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading


@dataclass(frozen=True, slots=True)
class Drawdown:
    """How far is the flow-adjusted NAV index below its high-water mark?

    Formula : 1 - index / max(index so far); flows do not move the index; only `reset_hwm` resets the mark
    Unit    : share of the peak, in [0, 1]; over 1 where the NAV is negative
    Source  : models.md 18 and 21; semantics.md, Money
    Missing : no NAV yet is INSUFFICIENT; a NAV at or under zero makes the index INVALID: no number.

    >>> import numpy as np
    >>> from risk.measures import METRICS
    >>> values, statuses = np.full(len(METRICS), 0.1), np.zeros(len(METRICS), np.int64)
    >>> measures = Measures("firm", values, statuses, names=9, nav=9e6, known=True, trust="fresh")
    >>> reading = Drawdown("drawdown", (0.1,)).read(measures)
    >>> reading.statistic > reading.levels[0], reading.utilisation
    (False, 1.0)
    """

    metric: str
    levels: tuple[float, ...]

    facts: ClassVar[SensorFacts] = SensorFacts(
        "drawdown",
        (
            Metric(
                "drawdown", "drawdown", "fall from the high-water mark, share of NAV", "share", "DRAWDOWN_EXCEEDED",
                clear=(0.08, 0.10), is_whole=True,
                irreducible="no reduction clears a drawdown: it ends when the value recovers or the mark is reset",
            ),
        ),
        (DefaultLimit("drawdown", "drawdown", 0.10, "throttle"),),
        Outcome(20, "a further loss of at least 2 % of NAV"),
    )  # fmt: skip

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:  # noqa: ARG003 -- all sensors are bound alike; a share has no currency
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels))

    def read(self, measures: Measures) -> Reading:
        """Return the drawdown against its levels."""
        return read_metric(self.facts, self.metric, measures, levels=self.levels, unit="share")
