"""Sensor: is the book too large for its equity?"""

from dataclasses import dataclass
from typing import ClassVar, Self

from config.schema import Limit
from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading


@dataclass(frozen=True, slots=True)
class Leverage:
    """Is the exposure of the book too large a multiple of its net asset value?

    Formula : gross_leverage = sum|x| / NAV; net_leverage = |sum x| / NAV; +inf where NAV <= 0 and x is not zero
    Unit    : multiple of NAV (x)
    Source  : models.md 21
    Missing : no NAV yet is INSUFFICIENT: no number, never 0.

    >>> import numpy as np
    >>> from risk.measures import METRICS
    >>> values, statuses = np.full(len(METRICS), np.inf), np.full(len(METRICS), 3)
    >>> measures = Measures("firm", values, statuses, names=9, nav=-1.0, known=True, trust="fresh")
    >>> reading = Leverage("gross_leverage", (4.0,)).read(measures)
    >>> reading.statistic > reading.levels[0], reading.reason
    (True, 'gross leverage infinity')
    """

    metric: str
    levels: tuple[float, ...]

    facts: ClassVar[SensorFacts] = SensorFacts(
        "leverage",
        (
            Metric("gross_leverage", "gross leverage", "gross exposure over NAV", "x", "LEVERAGE_EXCEEDED"),
            Metric("net_leverage", "net leverage", "net exposure over NAV", "x", "LEVERAGE_EXCEEDED"),
        ),
        (DefaultLimit("leverage_gross", "gross_leverage", 4.0, "throttle"),),
        Outcome(10, "a margin call, free margin under 10 %, or a loss of at least 3 % of NAV"),
    )

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:  # noqa: ARG003 -- all sensors are bound alike; a multiple has no currency
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels))

    def read(self, measures: Measures) -> Reading:
        """Return the leverage against its levels."""
        return read_metric(self.facts, self.metric, measures, levels=self.levels, unit="x")
