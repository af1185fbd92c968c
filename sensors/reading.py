"""What a sensor says: one statistic, its status, and the levels it is held against."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from config.sensor_facts import SensorFacts
from risk.measures import Measures, Status


@dataclass(frozen=True, slots=True)
class Reading:
    """One sensor's answer for one scope at one moment.

    statistic   : in `unit`; NaN where the status says there is no number; +inf ranks above every limit
    levels      : the levels it is held against, in the order of the limit's levels, in `unit`
    utilisation : statistic / levels[0]; NaN where there is no number
    """

    sensor: str
    metric: str
    statistic: float
    status: Status
    unit: str
    levels: tuple[float, ...]
    utilisation: float
    reason: str


class Sensor(Protocol):
    """The one shape of all sensors: a frozen dataclass that holds its levels and answers one question."""

    facts: ClassVar[SensorFacts]

    def read(self, measures: Measures) -> Reading:
        """Answer the question from numbers already computed."""
        ...
