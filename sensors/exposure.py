"""Hard caps on exposure and on the day's loss: of the sensors' shape, but not one of the ten."""

from dataclasses import dataclass
from typing import ClassVar, Self

from config.schema import Limit
from risk.measures import Measures
from sensors.metric_reading import read_metric
from sensors.reading import Reading

_TITLES: dict[str, str] = {"gross": "gross exposure", "net": "net exposure", "day_loss": "loss of the day"}


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

    name: ClassVar[str] = "exposure"
    metrics: ClassVar[tuple[str, ...]] = tuple(_TITLES)

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:
        """Bind the sensor to a limit's metric and levels."""
        return cls(limit.metric, tuple(level.at for level in limit.levels), currency)

    def read(self, measures: Measures) -> Reading:
        """Return the exposure or the day's loss against its cap."""
        title = _TITLES[self.metric]
        return read_metric(self.name, title, self.metric, measures, levels=self.levels, unit=self.unit)
