"""The closed set of metrics, the status every number carries, and the measures of one scope."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
IntVector = NDArray[np.int64]


class Status(IntEnum):
    """How far a number may be trusted; a larger value is worse."""

    OK = 0
    DEGRADED = 1
    INSUFFICIENT = 2
    INVALID = 3


METRICS: tuple[str, ...] = (
    "var_95", "var_975", "var_99", "var_999",
    "es_95", "es_975", "es_99", "es_999",
    "worst_loss", "failures", "tail_ratio", "tail_ratio_sure", "top_share", "hhi", "gross_leverage", "net_leverage",
    "liquidity_cost", "days_to_liquidate_share", "k_ratio", "vol_ratio", "drawdown", "turnover",
    "gross", "net", "day_loss",
    "stressed_var", "crisis_loss", "reverse_closeness",
)  # fmt: skip
METRIC_INDEX: dict[str, int] = {name: index for index, name in enumerate(METRICS)}
# What working orders could make of a book: nothing, all buys filled, all sells filled, each name at its larger |q|.
BOOKS: tuple[str, ...] = ("none", "buys", "sells", "larger")
# No order changes what has happened: a loss, a NAV, a fill; and the night's stress is of the positions.
UNMOVED_BY_ORDERS: frozenset[str] = frozenset(
    {"drawdown", "day_loss", "turnover", "stressed_var", "crisis_loss", "reverse_closeness"}
)
# The share of a name falls where others are added beside it, so that orders which never fill could hide a large one:
# these are taken of what is held and of each name at its larger |q|, and of no other book.
NAME_SHARES: frozenset[str] = frozenset({"top_share", "hhi"})


@dataclass(frozen=True, slots=True)
class Measures:
    """Every metric of one scope at one moment.

    values   : (len(METRICS),) NaN where there is no number; +inf is a number
    statuses : (len(METRICS),) of Status
    names    : count of instruments with an exposure, of the book at its larger |q| where orders work
    nav      : in base currency, NaN where unknown
    known    : False until a positions snapshot of the root made the tree known
    trust    : worst of the held and ordered instruments: fresh, stale, suspect or missing
    fits     : tail fits that the scope has been given so far
    ask_correlation_change : fast mean correlation of the book less the slow one, computed when somebody asks
    worst    : (len(METRICS),) index into BOOKS of the book that each metric speaks of; None without working orders
    """

    scope: str
    values: Vector
    statuses: IntVector
    names: int
    nav: float
    known: bool
    trust: str
    fits: int = 0
    ask_correlation_change: Callable[[], float] | None = None
    worst: IntVector | None = None

    def value(self, metric: str) -> float:
        """Return the metric's value, NaN where there is none."""
        return float(self.values[METRIC_INDEX[metric]])

    def status(self, metric: str) -> Status:
        """Return the metric's status."""
        return Status(int(self.statuses[METRIC_INDEX[metric]]))

    def worst_book(self, metric: str) -> str | None:
        """Return the name of the book that the metric speaks of, None without orders or where none changes it."""
        if self.worst is None or metric not in METRIC_INDEX or metric in UNMOVED_BY_ORDERS:
            return None
        return BOOKS[int(self.worst[METRIC_INDEX[metric]])]
