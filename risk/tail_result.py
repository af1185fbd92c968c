"""What a tail fit gives back to the scope that asked for it."""

import math
from dataclasses import dataclass

from risk.measures import Status


@dataclass(frozen=True, slots=True)
class TailResult:
    """What came back; numbers in base currency, NaN where there is none.

    ratio, ratio_sure            : ES/VaR at 99 %, and what 80 % of resampled histories exceed (at most the ratio)
    ratio_probability            : share of resampled histories whose ratio is above 1.5
    ratio_low, ratio_high        : 5 and 95 % of their ratios
    """

    id: str
    digest: str
    scope: int
    var_999: float
    es_999: float
    var_low: float
    var_high: float
    xi: float
    beta: float
    threshold: float
    exceedances: int
    rows: int
    status: Status
    reason: str
    ratio: float = math.nan
    ratio_sure: float = math.nan
    ratio_probability: float = math.nan
    ratio_low: float = math.nan
    ratio_high: float = math.nan
