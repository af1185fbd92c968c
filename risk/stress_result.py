"""What the nightly stress of one scope gives back: every figure with its status, as values that JSON can hold."""

from dataclasses import dataclass

from risk.measures import Status

NAMES_SHOWN = 5  # of the largest contributors and of proxies; the rest is counted


@dataclass(frozen=True, slots=True)
class ReverseFigure:
    """How many times one scenario must come for the loss; multiplier in [0.01, 5]. Of `ReverseStress`."""

    scenario: str
    feasible: bool
    multiplier: float | None
    loss: float | None
    reason: str | None
    status: Status


@dataclass(frozen=True, slots=True)
class FactorFigure:
    """One name's part in the most plausible stress: its relative move, and what it costs in base currency."""

    instrument: str
    move: float
    loss: float


@dataclass(frozen=True, slots=True)
class PlausibleFigure:
    """The most plausible move that costs `loss`; odds a day. DEGRADED: a price would have to fall by over 99.99 %."""

    loss: float | None
    distance: float | None
    normal_odds: float | None
    student_odds: float | None
    factors: tuple[FactorFigure, ...]
    status: Status


@dataclass(frozen=True, slots=True)
class CorrelationFigure:
    """VaR 99 %, one day, normal, at one level of correlation stress; base currency."""

    level: str
    weight: float
    together: float
    adversarial: float
    worst: float


@dataclass(frozen=True, slots=True)
class CorrelationFigures:
    """All levels, the bound that no correlation passes, and the largest: the metric `stressed_var`."""

    mean_correlation: float | None
    levels: tuple[CorrelationFigure, ...]
    undiversified: float | None
    worst: float | None
    status: Status


@dataclass(frozen=True, slots=True)
class CrisisFigure:
    """Buy and hold through one crisis; P&L in base currency, a loss is negative; *_on: ordinal of the
    session, None for the last close before it and where there is no number."""

    crisis: str
    sessions: int
    coverage: float
    final: float | None
    worst: float | None
    worst_on: int | None
    drawdown: float | None
    peak_on: int | None
    trough_on: int | None
    worst_day: float | None
    worst_day_on: int | None
    proxied: tuple[str, ...]  # "NAME by what stands for it", the largest positions first
    proxied_count: int
    excluded: tuple[str, ...]
    excluded_count: int
    status: Status


@dataclass(frozen=True, slots=True)
class StressResult:
    """What came back for one scope.

    as_of_ns : core time of the book that it speaks of; rows: completed rows behind the covariance
    """

    id: str
    digest: str
    scope: int
    as_of_ns: int
    rows: int
    reverse: tuple[ReverseFigure, ...]
    plausible: PlausibleFigure
    correlation: CorrelationFigures
    crises: tuple[CrisisFigure, ...]
