"""Sensor: would a named stress scenario cost more than is allowed, or do too many fail?"""

from dataclasses import dataclass
from typing import ClassVar, Self

from config.schema import Limit
from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading


@dataclass(frozen=True, slots=True)
class StressFailure:
    """Is the worst scenario's loss over its limit, or are too many scenarios over theirs?

    Formula : worst_loss = max_k L_k; failures = #{k : L_k > limit_k}; L_k = -(V(shocked by k) - V)
    Unit    : base currency for the loss; a count for failures. "More than 3" is a level at 3: trips are strict
    Source  : models.md 12.1, 12.2 and 21
    Missing : a position without a value makes it INVALID: no number. A scenario without coverage lowers its status.

    >>> import numpy as np
    >>> from risk.measures import METRICS
    >>> values, statuses = np.full(len(METRICS), 3.0), np.zeros(len(METRICS), np.int64)
    >>> measures = Measures("firm", values, statuses, names=9, nav=1e7, known=True, trust="fresh")
    >>> reading = StressFailure("failures", (3.0,)).read(measures)
    >>> reading.statistic > reading.levels[0], reading.reason
    (False, 'failed stress scenarios 3')
    """

    metric: str
    levels: tuple[float, ...]
    unit: str = "USD"

    facts: ClassVar[SensorFacts] = SensorFacts(
        "stress_failure",
        (
            Metric(
                "worst_loss", "worst stress loss", "loss of the worst stress scenario", "money", "STRESS_LOSS_EXCEEDED"
            ),
            Metric(
                "failures", "failed stress scenarios", "stress scenarios over their own limit", "count",
                "SCENARIO_FAILURES_EXCEEDED",
            ),
        ),
        (
            DefaultLimit(
                "stress_loss", "worst_loss", 1_000_000.0, "reduce_position", "max_stress_loss", "stress_limits"
            ),
            DefaultLimit("scenario_failures", "failures", 3.0, "warn", "max_scenario_failures", "stress_limits"),
        ),
        Outcome(20, "a loss of at least a quarter of the worst scenario's"),
    )  # fmt: skip

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:
        """Bind the sensor to a limit's metric and levels."""
        unit = currency if limit.metric == "worst_loss" else "count"
        return cls(limit.metric, tuple(level.at for level in limit.levels), unit)

    def read(self, measures: Measures) -> Reading:
        """Return the worst loss or the count of failures against its levels."""
        unit = "count" if self.metric == "failures" else self.unit
        return read_metric(self.facts, self.metric, measures, levels=self.levels, unit=unit)
