"""What is remembered of the bars of the trading day."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from risk.measures import Vector

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class EndedBar:
    """A bar that has ended.

    end_ns  : its end; share: of a base session's day
    quoted  : (n,) the instruments that take part
    returns : (n,) in base currency, 0 for all others
    """

    end_ns: int
    share: float
    quoted: Flags
    returns: Vector


@dataclass(slots=True)
class BarState:
    """The running bar, and what the ended ones of the day have done to the covariances.

    level      : price of each instrument from which its next return counts, NaN before its first: where the running bar
                 began, and the row's close for what has had no price since. rate: of its currency there, in base
                 currency; cash: paid on it since
    funded     : whether a move of its currency changes the value of the holding itself
    since_ns   : when the running bar began
    takes_part : whether the instrument has bars since the last row's close, so that its covariances fade
    faded      : of each twin, by instrument: what is left of its side of the rows' covariance
    fade       : of each twin: what would be left of the side of an instrument that took part from the beginning
    begun      : share of business time since the last row's close at which `fade` was 1
    kept       : bars that end after the open row's base close: they outlive its completion
    """

    level: Vector = field(default_factory=lambda: np.zeros(0))
    rate: Vector = field(default_factory=lambda: np.zeros(0))
    cash: Vector = field(default_factory=lambda: np.zeros(0))
    funded: Flags = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    takes_part: Flags = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    faded: list[Vector] = field(default_factory=lambda: [np.ones(0), np.ones(0)])
    since_ns: int = 0
    fade: list[float] = field(default_factory=lambda: [1.0, 1.0])
    begun: float = 0.0
    kept: list[EndedBar] = field(default_factory=list)

    def add_instrument(self) -> None:
        """Make room for one more instrument."""
        self.level, self.rate = np.append(self.level, np.nan), np.append(self.rate, np.nan)
        self.cash, self.funded = np.append(self.cash, 0.0), np.append(self.funded, np.False_)
        self.takes_part = np.append(self.takes_part, np.False_)
        self.faded = [np.append(sides, 1.0) for sides in self.faded]

    def forget(self) -> None:
        """The covariances are those of the rows again."""
        self.takes_part = np.zeros(self.level.size, dtype=np.bool_)
        self.faded = [np.ones(self.level.size), np.ones(self.level.size)]
        self.fade = [1.0, 1.0]
        self.begun = 0.0
