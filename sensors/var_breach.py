"""Sensor: is the value at risk, or the expected shortfall, of the book over its limit?"""

from dataclasses import dataclass
from typing import ClassVar, Self

from config.schema import Limit
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading

_TITLES: dict[str, str] = {
    "var_95": "VaR 95% 1d", "var_975": "VaR 97.5% 1d", "var_99": "VaR 99% 1d", "var_999": "VaR 99.9% 1d",
    "es_95": "ES 95% 1d", "es_975": "ES 97.5% 1d", "es_99": "ES 99% 1d", "es_999": "ES 99.9% 1d",
}  # fmt: skip


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

    name: ClassVar[str] = "var_breach"
    metrics: ClassVar[tuple[str, ...]] = tuple(_TITLES)

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels), currency)

    def read(self, measures: Measures) -> Reading:
        """Return the VaR or ES against its levels."""
        title = _TITLES[self.metric]
        return read_metric(self.name, title, self.metric, measures, levels=self.levels, unit=self.unit)
