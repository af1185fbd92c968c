"""Finds the sensor that a limit names, and says in which order limits are evaluated."""

from typing import ClassVar, Protocol, Self, runtime_checkable

from config.schema import Limit
from risk.measures import Measures
from sensors import SENSORS
from sensors.exposure import Exposure
from sensors.reading import Reading


class SensorType(Protocol):
    """What every sensor class offers, so that a new one needs its own file and its place in SENSORS, no more."""

    name: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]]

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


def watched() -> tuple[type[SensorType], ...]:
    """Return every class that limits may name, in evaluation order: hard caps first, then the sensors."""
    return (Exposure, *SENSORS)


def sensor_named(name: str) -> type[SensorType] | None:
    """Return the sensor of that name, or None where this release has none."""
    for sensor in watched():
        if sensor.name == name:
            return sensor
    return None


def evaluation_order(name: str) -> int:
    """Return the place of a watched sensor in evaluation order."""
    return [sensor.name for sensor in watched()].index(name)
