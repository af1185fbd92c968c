"""Sensor: is the value at risk, or the expected shortfall, of the book over its limit?"""

from dataclasses import dataclass
from typing import ClassVar, Self

from config.schema import Limit
from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading


def _var(level: str, confidence: str, odds: str) -> Metric:
    says = f"loss of one day passed 1 day in {odds} (VaR {confidence})"
    return Metric(f"var_{level}", f"VaR {confidence}% 1d", says, "money", "VAR_LIMIT_BREACHED")


def _shortfall(level: str, confidence: str, share: str) -> Metric:
    says = f"mean loss of the worst {share} % of days (ES {confidence})"
    return Metric(f"es_{level}", f"ES {confidence}% 1d", says, "money", "ES_LIMIT_BREACHED")


@dataclass(frozen=True, slots=True)
class VarBreach:
    """Is the one-day VaR (or ES) of the current book, by the level's primary model, over its limit?

    Formula : VaR_a = inf{l : P(L <= l) >= a}; ES_a = mean of the worst 1 - a of losses; L in base currency
    Unit    : base currency, loss positive; negative for a book that gains in its quantile
    Source  : McNeil, Frey and Embrechts, Quantitative Risk Management (2015), ch. 2; models.md 2, 6 and 21
    Missing : INSUFFICIENT or INVALID is no number: it neither trips nor clears. ES = +inf (infinite-mean tail) trips.

    >>> import numpy as np
    >>> from risk.measures import METRICS
    >>> values, statuses = np.full(len(METRICS), 210_000.0), np.zeros(len(METRICS), np.int64)
    >>> measures = Measures("firm", values, statuses, names=9, nav=1e7, known=True, trust="fresh")
    >>> reading = VarBreach("var_99", (200_000.0,)).read(measures)
    >>> reading.statistic > reading.levels[0], reading.utilisation, reading.reason
    (True, 1.05, 'VaR 99% 1d 210.00k')
    """

    metric: str
    levels: tuple[float, ...]
    unit: str = "USD"

    facts: ClassVar[SensorFacts] = SensorFacts(
        "var_breach",
        (
            _var("95", "95", "20"), _var("975", "97.5", "40"), _var("99", "99", "100"), _var("999", "99.9", "1,000"),
            _shortfall("95", "95", "5"), _shortfall("975", "97.5", "2.5"), _shortfall("99", "99", "1"),
            _shortfall("999", "99.9", "0.1"),
        ),
        (
            DefaultLimit("var_95", "var_95", 100_000.0, "warn", "var_95_limit", "var_limits"),
            DefaultLimit("var_99", "var_99", 200_000.0, "throttle", "var_99_limit", "var_limits"),
            DefaultLimit("var_999", "var_999", 500_000.0, "halt", "var_999_limit", "var_limits"),
        ),
        Outcome(10, "a cumulative loss of at least half the VaR 99 % at the trip", counts=False),
    )  # fmt: skip

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels), currency)

    def read(self, measures: Measures) -> Reading:
        """Return the VaR or ES against its levels."""
        return read_metric(self.facts, self.metric, measures, levels=self.levels, unit=self.unit)
