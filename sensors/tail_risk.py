"""Sensor: is a loss beyond VaR much worse than VaR?"""

from dataclasses import dataclass
from typing import ClassVar, Self

from config.schema import Limit
from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading

_SHAPE = "no smaller book clears a tail ratio: it is the shape of the losses, not their size; hold other things"


@dataclass(frozen=True, slots=True)
class TailRisk:
    """How much worse than VaR is the mean loss beyond it, by the law fitted to the worst losses of the current book?

    It is noisy: of 756 rows of t(4), whose ratio is 1.39, 18 % show more than 1.5. So it takes five fits in a row to
    fire, each of them a new estimate; quotes between two fits say nothing new and confirm nothing. The strict form
    reads `tail_ratio_sure`: over a level where at least 80 % of resampled histories are, and the estimate itself.

    Formula : tail_ratio = ES_99 / VaR_99 = 1/(1 - xi) for VaR far out; GPD over the worst tenth of the window
    Unit    : multiple of VaR (x); 1.15 for a normal law, 1.5 in the limit for xi = 1/3, the tail of t(3)
    Source  : models.md 6 and 21; McNeil and Frey (2000); Efron (1979)
    Missing : under 250 rows or 30 losses above the threshold, or VaR_99 <= 0: INSUFFICIENT. xi >= 1: +inf, which trips.

    >>> import numpy as np
    >>> from risk.measures import METRICS
    >>> values, statuses = np.full(len(METRICS), 1.62), np.zeros(len(METRICS), np.int64)
    >>> measures = Measures("firm", values, statuses, names=9, nav=1e7, known=True, trust="fresh", fits=3)
    >>> reading = TailRisk("tail_ratio", (1.5,)).read(measures)
    >>> reading.reason, reading.utilisation
    ('ES over VaR at 99% 1.62x', 1.08)
    """

    metric: str
    levels: tuple[float, ...]

    facts: ClassVar[SensorFacts] = SensorFacts(
        "tail_risk",
        (
            Metric(
                "tail_ratio", "ES over VaR at 99%", "ES over VaR at 99 %: how heavy the tail is", "x",
                "TAIL_RATIO_EXCEEDED", clear=(1.40, 1.5), confirm=5, confirmed_by="fits", irreducible=_SHAPE,
                strict="tail_ratio_sure",
            ),
            Metric(
                "tail_ratio_sure", "ES over VaR at 99%, exceeded with 80% probability,",
                "the ES over VaR at 99 % that four of five resampled histories exceed", "x", "TAIL_RATIO_EXCEEDED",
                clear=(1.40, 1.5), confirm=5, confirmed_by="fits", irreducible=_SHAPE,
            ),
        ),
        (DefaultLimit("tail_ratio", "tail_ratio", 1.5, "throttle", "max_tail_ratio", "stress_limits"),),
        Outcome(20, "a day that loses more than VaR 99 %", counts=False),
        (2008, 2020),
    )  # fmt: skip

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:  # noqa: ARG003 -- all sensors are bound alike; a multiple has no currency
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels))

    def read(self, measures: Measures) -> Reading:
        """Return the ratio against its levels."""
        return read_metric(self.facts, self.metric, measures, levels=self.levels, unit="x")
