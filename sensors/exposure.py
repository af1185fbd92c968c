"""Hard caps on exposure and on the day's loss: of the sensors' shape, but not one of the ten."""

from dataclasses import dataclass
from typing import ClassVar, Self

from config.schema import Limit
from config.sensor_facts import Metric, SensorFacts
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading


@dataclass(frozen=True, slots=True)
class Exposure:
    """Is the gross or net exposure, or the loss since the session's open, over an absolute cap?

    Not one of the ten sensors: it needs no model and gathers no evidence. Its limits may be `hard`, which act in every
    mode (enforcement.md, Actions).

    Formula : gross = sum|x|; net = |sum x|; day_loss = V at the last base close - V, flows taken out
    Unit    : base currency; day_loss is positive for a loss
    Source  : enforcement.md; semantics.md, Sensors
    Missing : a position without a value is INVALID: no number.

    >>> import numpy as np
    >>> from risk.measures import METRICS
    >>> values, statuses = np.full(len(METRICS), 5e6), np.zeros(len(METRICS), np.int64)
    >>> measures = Measures("firm", values, statuses, names=9, nav=9e6, known=True, trust="fresh")
    >>> Exposure("gross", (4e6,)).read(measures).utilisation
    1.25
    """

    metric: str
    levels: tuple[float, ...]
    unit: str = "USD"

    # The codes have no word of their own for hard caps: size is leverage, and a loss is a drawdown.
    facts: ClassVar[SensorFacts] = SensorFacts(
        "exposure",
        (
            Metric("gross", "gross exposure", "gross exposure", "money", "LEVERAGE_EXCEEDED"),
            Metric("net", "net exposure", "net exposure, its size", "money", "LEVERAGE_EXCEEDED"),
            Metric(
                "day_loss", "loss of the day", "loss since the last close", "money", "DRAWDOWN_EXCEEDED",
                irreducible="no reduction clears a loss of the day: it ends with the session",
            ),
        ),
    )  # fmt: skip

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels), currency)

    def read(self, measures: Measures) -> Reading:
        """Return the exposure or the day's loss against its cap."""
        return read_metric(self.facts, self.metric, measures, levels=self.levels, unit=self.unit)
