"""Slow work between the core and its surroundings: results as events, and events as results."""

import math
from dataclasses import replace

import msgspec

from enforcement.records import number
from feeds.events import SlowResult
from risk.measures import Status
from risk.stress_result import StressResult
from risk.stress_work import KIND as STRESS
from risk.tail_fits import KIND as POT
from risk.tail_result import TailResult
from risk.verification_work import KIND as VERIFICATION
from risk.verification_work import VerificationResult

_NUMBERS = (
    "var_999", "es_999", "var_low", "var_high", "xi", "beta", "threshold", "ratio", "ratio_sure", "ratio_probability",
    "ratio_low", "ratio_high",
)  # fmt: skip
_FIGURES = "figures"
_STRESS = msgspec.json.Decoder(StressResult)


def slow_result(result: TailResult | StressResult | VerificationResult, scope: str) -> SlowResult:
    """Return the event that carries a result back to the core."""
    if isinstance(result, VerificationResult):
        numbers = {"statistic": number(result.statistic), "uncleaned": number(result.uncleaned)}
        return SlowResult(kind=VERIFICATION, id=result.id, digest=result.digest, scope=scope, values={**numbers})
    if isinstance(result, StressResult):
        return _of_stress(result, scope)
    values: dict[str, float | int | bool | str | None] = {name: getattr(result, name) for name in _NUMBERS}
    values |= {
        "exceedances": result.exceedances, "rows": result.rows, "status": int(result.status), "reason": result.reason,
    }  # fmt: skip
    return SlowResult(kind=POT, id=result.id, digest=result.digest, scope=scope, values=values)


def result_of(event: SlowResult, scope: int) -> TailResult | StressResult | VerificationResult:
    """Return the result that an event carries; scope: the index of the event's scope."""
    if event.kind == VERIFICATION:
        statistic, uncleaned = (_number(event.values[name]) for name in ("statistic", "uncleaned"))
        return VerificationResult(event.id, event.digest, scope, statistic, uncleaned)
    if event.kind == STRESS:
        return replace(_STRESS.decode(str(event.values[_FIGURES])), scope=scope)
    return tail_result(event, scope)


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


def _of_stress(result: StressResult, scope: str) -> SlowResult:
    """Figures nest, and the values of a result are flat: they travel as one JSON text."""
    figures = msgspec.json.encode(result).decode()
    return SlowResult(kind=STRESS, id=result.id, digest=result.digest, scope=scope, values={_FIGURES: figures})


def _number(value: float | int | bool | str | None) -> float:
    return math.nan if value is None else float(value)
