"""Computes the slow work of `clock: wall` between two batches; its results are journaled inputs."""

from dataclasses import fields

from feeds.events import SlowResult
from risk.tail_fits import KIND, TailRequest, compute
from risk.tail_result import TailResult

_PLACE_FIELDS = ("id", "digest", "scope")


def slow_result(request: TailRequest, scope: str) -> SlowResult:
    """Fit the tail that the request holds; a function of the request alone.

    scope : path of the request's scope, because indices belong to one run
    """
    result = compute(request)
    values: dict[str, float | int | bool | str | None] = {}
    for field in fields(TailResult):
        if field.name not in _PLACE_FIELDS:
            value = getattr(result, field.name)
            values[field.name] = int(value) if field.name == "status" else value
    return SlowResult(kind=KIND, id=request.id, digest=request.digest, scope=scope, values=values)
