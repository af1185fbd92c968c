"""Sensor, made for a test: how much of its NAV would the book lose on a bad day? The eleventh is this file."""

from dataclasses import dataclass
from typing import ClassVar, Self

from config.schema import Limit
from config.sensor_facts import DefaultLimit, Metric, Outcome, SensorFacts
from risk.measures import Measures
from sensors.reading import Reading


@dataclass(frozen=True, slots=True)
class ShortfallShare:
    """Is ES 95 % too large a share of NAV? A number of its own, from two that the core has."""

    metric: str
    levels: tuple[float, ...]

    facts: ClassVar[SensorFacts] = SensorFacts(
        "shortfall_share",
        (
            Metric(
                "es_95_of_nav", "ES 95% of NAV", "mean loss of the worst 5 % of days over NAV", "share",
                "SHORTFALL_SHARE_EXCEEDED", clear=(0.8, 1.0), is_whole=True, confirm=1,
                irreducible="no targets are solved for a share of NAV",
            ),
        ),
        (DefaultLimit("shortfall_share", "es_95_of_nav", 0.03, "warn"),),
        Outcome(10, "a loss of at least 3 % of NAV"),
    )  # fmt: skip

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:  # noqa: ARG003 -- all sensors are bound alike; a share has no currency
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels))

    def read(self, measures: Measures) -> Reading:
        """Return the share against its levels; without a NAV it is NaN."""
        share = measures.value("es_95") / measures.nav
        reason = f"ES 95% of NAV {share:.2%}"
        status = measures.status("es_95")
        return Reading(
            "shortfall_share", self.metric, share, status, "share", self.levels, share / self.levels[0], reason
        )
