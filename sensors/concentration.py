"""Sensor: does too much of the book hang on one name?"""

from dataclasses import dataclass
from math import inf
from typing import ClassVar, Self

from config.schema import Limit
from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading

SMALL_BOOK_NAMES = 8


@dataclass(frozen=True, slots=True)
class Concentration:
    """Is one name too large a share of the exposure, or are a few names too much of the risk?

    Formula : top_share = max|x| / sum|x|; hhi = sum of squared shares of |component VaR|. In a book of fewer than 8
              names `top_share` is max|x| / NAV (risk computes it so), held against `small_book_at`; hhi, which is at
              least 1/8 there, asks nothing: its levels are +inf, because the first metric then asks for both
    Unit    : share, in [0, 1]; max|x| / NAV may be over 1
    Source  : models.md 21; semantics.md, Sensors; Herfindahl (1950), Hirschman (1964)
    Missing : no NAV in a small book, or no component VaR, is INSUFFICIENT: no number. An empty, known book reads 0.

    >>> import numpy as np
    >>> from risk.measures import METRICS
    >>> values, statuses = np.full(len(METRICS), 0.4), np.zeros(len(METRICS), np.int64)
    >>> small = Measures("firm", values, statuses, names=5, nav=1e7, known=True, trust="fresh")
    >>> reading = Concentration("top_share", (0.20, 0.25)).read(small)
    >>> reading.levels, reading.utilisation
    ((0.5, 0.625), 0.8)
    """

    metric: str
    levels: tuple[float, ...]
    small_book_at: float = 0.5

    facts: ClassVar[SensorFacts] = SensorFacts(
        "concentration",
        (
            Metric(
                "top_share", "largest position", "share of the largest position", "share", "CONCENTRATION_EXCEEDED",
                is_whole=True,
            ),
            Metric(
                "hhi", "risk concentration (HHI)", "concentration of the risk (HHI of component VaR)", "share",
                "CONCENTRATION_EXCEEDED", is_whole=True,
            ),
        ),
        (
            DefaultLimit("concentration_top", "top_share", 0.25, "warn"),
            DefaultLimit("concentration_hhi", "hhi", 0.18, "warn"),
        ),
        Outcome(20, "the top name loses at least half of what the book loses on a day beyond VaR 95 %"),
    )  # fmt: skip

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:  # noqa: ARG003 -- all sensors are bound alike; a share has no currency
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels), limit.small_book_at)

    def levels_for(self, names: int) -> tuple[float, ...]:
        """Return the levels for a book of so many names; a small book keeps the ratios between its levels."""
        if names >= SMALL_BOOK_NAMES:
            return self.levels
        if self.metric == "hhi":
            return (inf,) * len(self.levels)
        return tuple(self.small_book_at * level / self.levels[0] for level in self.levels)

    def lowest_level(self) -> float:
        """Return the lowest level of any book: under it nothing needs a look."""
        return min(*self.levels, *self.levels_for(SMALL_BOOK_NAMES - 1))

    def target_levels(self, names: int) -> tuple[float, ...]:
        """Return the levels for a reduced book; selling names away until nothing asks is no way under an HHI."""
        return self.levels if self.metric == "hhi" else self.levels_for(names)

    def read(self, measures: Measures) -> Reading:
        """Return the share against the levels that its number of names calls for."""
        small = measures.names < SMALL_BOOK_NAMES
        of = "" if self.metric == "hhi" else (" of NAV" if small else " of gross")
        levels = self.levels_for(measures.names)
        return read_metric(self.facts, self.metric, measures, levels=levels, unit="share", of=of)
