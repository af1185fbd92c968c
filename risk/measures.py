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


@dataclass(frozen=True, slots=True)
class Measures:
    """Every metric of one scope at one moment.

    values   : (len(METRICS),) NaN where there is no number; +inf is a number
    statuses : (len(METRICS),) of Status
    names    : count of instruments with an exposure
    nav      : in base currency, NaN where unknown
    known    : False until a positions snapshot of the root made the tree known
    trust    : worst of the held instruments: fresh, stale, suspect or missing
    fits     : tail fits that the scope has been given so far
    ask_correlation_change : fast mean correlation of the book less the slow one, computed when somebody asks
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

    def value(self, metric: str) -> float:
        """Return the metric's value, NaN where there is none."""
        return float(self.values[METRIC_INDEX[metric]])

    def status(self, metric: str) -> Status:
        """Return the metric's status."""
        return Status(int(self.statuses[METRIC_INDEX[metric]]))
