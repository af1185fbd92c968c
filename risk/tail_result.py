"""What a tail fit gives back to the scope that asked for it."""

from dataclasses import dataclass

from risk.measures import Status


@dataclass(frozen=True, slots=True)
class TailResult:
    """What came back; numbers in base currency, NaN where there is none."""

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
