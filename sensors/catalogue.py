"""The sensors of a release: finds the one that a limit names, and says in which order limits are evaluated."""

from dataclasses import dataclass, field
from typing import ClassVar, Protocol, Self, runtime_checkable

from config.schema import Limit
from config.sensor_facts import KnownSensors, SensorFacts
from risk.measures import METRIC_INDEX, Measures
from sensors import SENSORS
from sensors.exposure import Exposure
from sensors.reading import Reading


class SensorType(Protocol):
    """What every sensor class offers, so that a new one needs its own file and its place in SENSORS, no more."""

    facts: ClassVar[SensorFacts]

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:
        """Bind the sensor to a limit's metric and levels."""
        ...

    def read(self, measures: Measures) -> Reading:
        """Answer the question from numbers already computed."""
        ...


@runtime_checkable
class LevelsByNames(Protocol):
    """What a sensor offers besides, where its levels depend on how many names the book has."""

    def lowest_level(self) -> float:
        """Return the lowest level of any book: under it nothing needs a look."""
        ...

    def target_levels(self, names: int) -> tuple[float, ...]:
        """Return the levels that a reduced book of so many names has to be under."""
        ...


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sensor classes that limits may name, in evaluation order.

    A metric that is not one of `risk.measures.METRICS` is the sensor's own: it computes it from those when it reads,
    so its scopes are looked at after every event, and no smaller book can be solved for it (`Metric.irreducible`).
    """

    sensors: tuple[type[SensorType], ...]
    known: KnownSensors = field(init=False, repr=False)  # what a configuration may name

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", KnownSensors(tuple(sensor.facts for sensor in self.sensors)))
        for metric in self.known.metrics():
            if metric.name not in METRIC_INDEX and not metric.irreducible:
                raise ValueError(f"metric {metric.name} is the sensor's own, so it must say why it is irreducible")

    def named(self, name: str) -> type[SensorType] | None:
        """Return the sensor of that name, or None where there is none."""
        return next((sensor for sensor in self.sensors if sensor.facts.name == name), None)

    def order(self, name: str) -> int:
        """Return the place of a sensor in evaluation order."""
        return [sensor.facts.name for sensor in self.sensors].index(name)


# Hard caps come first; they are not one of the ten.
SHIPPED = Catalogue((Exposure, *SENSORS))
