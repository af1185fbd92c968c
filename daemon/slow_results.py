"""Slow work between the core and its surroundings: results as events, and events as results."""

import math

from feeds.events import SlowResult
from risk.measures import Status
from risk.tail_fits import KIND
from risk.tail_result import TailResult

_NUMBERS = (
    "var_999", "es_999", "var_low", "var_high", "xi", "beta", "threshold", "ratio", "ratio_sure", "ratio_probability",
    "ratio_low", "ratio_high",
)  # fmt: skip


def slow_result(result: TailResult, scope: str) -> SlowResult:
    """Return the event that carries a tail fit back to the core."""
    values: dict[str, float | int | bool | str | None] = {name: getattr(result, name) for name in _NUMBERS}
    values |= {
        "exceedances": result.exceedances, "rows": result.rows, "status": int(result.status), "reason": result.reason,
    }  # fmt: skip
    return SlowResult(kind=KIND, id=result.id, digest=result.digest, scope=scope, values=values)


def tail_result(event: SlowResult, scope: int) -> TailResult:
    """Return the tail fit that an event carries; a number that is null there is NaN here."""
    numbers = {name: _number(event.values.get(name)) for name in _NUMBERS}
    return TailResult(
        id=event.id,
        digest=event.digest,
        scope=scope,
        **numbers,
        exceedances=int(_number(event.values["exceedances"])),
        rows=int(_number(event.values["rows"])),
        status=Status(int(_number(event.values["status"]))),
        reason=str(event.values["reason"]),
    )


def _number(value: float | int | bool | str | None) -> float:
    return math.nan if value is None else float(value)
