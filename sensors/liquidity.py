"""Sensor: could the book be sold, at what cost, and how soon?"""

from dataclasses import dataclass
from typing import ClassVar, Self

from config.schema import Limit
from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading


@dataclass(frozen=True, slots=True)
class Liquidity:
    """Is selling the book too dear beside its risk, or does too much of it take too long?

    Formula : liquidity_cost = (LVaR_99 - VaR_99) / VaR_99, LVaR = VaR + sum of half spreads and impacts, each position
              at most at its value; +inf where VaR <= 0 and selling costs anything;
              days_to_liquidate_share = share of gross with |q| / (participation ADV) over `days_max`
    Unit    : share of VaR 99 %, which may be over 1; share of gross, in [0, 1]
    Source  : models.md 14 and 21; Bangia et al. (1999); Almgren and Chriss (2000); Kyle (1985)
    Missing : positions without a volume or a spread count at their whole value and as slow, DEGRADED; over
              `unknown_gross_max` of gross INSUFFICIENT: no number. No VaR 99 % is no liquidity cost.

    >>> import numpy as np
    >>> from risk.measures import METRICS
    >>> values, statuses = np.full(len(METRICS), 0.3), np.zeros(len(METRICS), np.int64)
    >>> measures = Measures("firm", values, statuses, names=9, nav=9e6, known=True, trust="fresh")
    >>> Liquidity("liquidity_cost", (0.25,)).read(measures).reason
    'cost to sell over VaR 99% 30.00%'
    """

    metric: str
    levels: tuple[float, ...]

    facts: ClassVar[SensorFacts] = SensorFacts(
        "liquidity",
        (
            Metric(
                "liquidity_cost", "cost to sell over VaR 99%", "cost of liquidation over VaR", "share",
                "LIQUIDITY_EXCEEDED",
            ),
            Metric(
                "days_to_liquidate_share", "gross that is slow to sell",
                "share of the book that takes over 10 days to sell", "share", "LIQUIDITY_EXCEEDED", is_whole=True,
            ),
        ),
        (
            DefaultLimit("liquidity_cost", "liquidity_cost", 0.25, "warn"),
            DefaultLimit("liquidity_days", "days_to_liquidate_share", 0.10, "warn"),
        ),
        Outcome(10, "realised cost or spread at least twice the normal one on held names"),
    )  # fmt: skip

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:  # noqa: ARG003 -- all sensors are bound alike; a share has no currency
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels))

    def read(self, measures: Measures) -> Reading:
        """Return the cost or the slow share against its levels."""
        return read_metric(self.facts, self.metric, measures, levels=self.levels, unit="share")
