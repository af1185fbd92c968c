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
    """Is the worst scenario's loss over its limit, are too many over theirs, or did the night's stress find too much?

    Formula : worst_loss = max_k L_k; failures = #{k : L_k > limit_k}; L_k = -(V(shocked by k) - V)
              Once a night: stressed_var, the worst VaR 99 % under correlation stress; crisis_loss, the worst loss since
              its start of any replayed crisis; reverse_closeness = 1 / the smallest multiple of a scenario that costs
              the configured share of NAV (over 1: the scenario alone does)
    Unit    : base currency for losses; a count for failures; a multiple (x) for closeness. "More than 3" is a level at
              3: trips are strict
    Source  : models.md 11.3, 12.1 to 12.5 and 21
    Missing : a position without a value makes it INVALID: no number. A scenario without coverage lowers its status.
              No night yet, no history of any crisis, no NAV: INSUFFICIENT.

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
            Metric(
                "stressed_var", "VaR 99% 1d under correlation stress",
                "VaR 99 with correlations stressed, worst of all levels, each night", "money", "STRESS_LOSS_EXCEEDED",
            ),
            Metric(
                "crisis_loss", "worst loss of a replayed crisis",
                "worst loss of the book in a replayed crisis, each night", "money", "STRESS_LOSS_EXCEEDED",
            ),
            Metric(
                "reverse_closeness", "closeness of the nearest ruinous scenario",
                "1 over how many times a scenario must come for a ruinous loss, each night", "x",
                "STRESS_LOSS_EXCEEDED",
            ),
        ),
        (
            DefaultLimit(
                "stress_loss", "worst_loss", 1_000_000.0, "reduce_position", "max_stress_loss", "stress_limits"
            ),
            DefaultLimit("scenario_failures", "failures", 3.0, "warn", "max_scenario_failures", "stress_limits"),
        ),
        Outcome(20, "a loss of at least a quarter of the worst scenario's", counts=False),
    )  # fmt: skip

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels), currency)

    def read(self, measures: Measures) -> Reading:
        """Return the statistic against its levels."""
        told = self.facts.metric(self.metric).unit
        unit = self.unit if told == "money" else told
        return read_metric(self.facts, self.metric, measures, levels=self.levels, unit=unit)
