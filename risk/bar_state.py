"""What is remembered of the bars of the trading day."""

from dataclasses import dataclass, field

from risk.measures import Vector


@dataclass(frozen=True, slots=True)
class EndedBar:
    """A bar that has ended.

    end_ns  : its end; share: of a base session's day
    quoted  : (n,) 1.0 for the instruments that take part
    returns : (n,) in base currency, 0 for all others
    """

    end_ns: int
    share: float
    quoted: Vector
    returns: Vector


@dataclass(slots=True)
class BarState:
    """The running bar, and what the ended ones of the day have done to the covariances.

    level      : price of each instrument from which its next return counts, NaN before its first: where the running bar
                 began, and the row's close for what has had no price since. rate: of its currency there, in base
                 currency; cash: paid on it since
    since_ns   : when the running bar began
    takes_part : whether the instrument has bars since the last row's close, so that its covariances fade
    faded      : of each twin, by instrument: what is left of its side of the rows' covariance
    fade       : of each twin: what would be left of the side of an instrument that took part from the beginning
    begun      : share of business time since the last row's close at which `fade` was 1
    kept       : bars that end after the open row's base close: they outlive its completion
    """

    level: list[float] = field(default_factory=list)
    cash: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    since_ns: int = 0
    takes_part: list[bool] = field(default_factory=list)
    faded: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    fade: list[float] = field(default_factory=lambda: [1.0, 1.0])
    begun: float = 0.0
    kept: list[EndedBar] = field(default_factory=list)

    def add_instrument(self) -> None:
        """Make room for one more instrument."""
        self.level.append(float("nan"))
        self.rate.append(float("nan"))
        self.cash.append(0.0)
        self.takes_part.append(False)
        for sides in self.faded:
            sides.append(1.0)

    def forget(self) -> None:
        """The covariances are those of the rows again."""
        count = len(self.level)
        self.takes_part = [False] * count
        self.faded = ([1.0] * count, [1.0] * count)
        self.fade = [1.0, 1.0]
        self.begun = 0.0
