"""The codes of docs/metrics.md in words and colours, for Grafana's value mappings."""

from collections.abc import Mapping
from dataclasses import dataclass

from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    SpecialValueMap,
    SpecialValueMatch,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)


@dataclass(frozen=True, slots=True)
class Code:
    """What one value of a gauge is called, and how it is coloured."""

    value: int
    name: str
    colour: str


LIMIT_LIFE = (
    Code(0, "ok", "green"),
    Code(1, "pending", "yellow"),
    Code(2, "recovering", "blue"),
    Code(3, "no_data", "purple"),
    Code(4, "error", "dark-purple"),
    Code(5, "firing", "red"),
    Code(6, "latched", "dark-red"),
)
LIMIT_STAGE = (
    Code(0, "SHADOW", "text"),
    Code(1, "SOFT", "yellow"),
    Code(2, "FULL", "blue"),
)
TRADING_STATE = (
    Code(0, "ACTIVE", "green"),
    Code(1, "THROTTLED", "yellow"),
    Code(2, "REDUCING", "orange"),
    Code(3, "HALTED", "red"),
)
DATA_TRUST = (
    Code(0, "fresh", "green"),
    Code(1, "stale", "yellow"),
    Code(2, "suspect", "orange"),
    Code(3, "missing", "red"),
)
NUMBER_STATUS = (
    Code(0, "OK", "green"),
    Code(1, "DEGRADED", "yellow"),
    Code(2, "INSUFFICIENT", "purple"),
    Code(3, "INVALID", "red"),
)
HOLDS = (Code(0, "NO", "red"), Code(1, "yes", "green"))
# Not a metric: the overview numbers severities so that the gravest alert stands first.
SEVERITY = (Code(1, "info", "blue"), Code(2, "warning", "orange"), Code(3, "critical", "red"))
NO_ANSWER = "riskd does not answer"


def mapped(codes: tuple[Code, ...]) -> list[ValueMapping]:
    """Return the value mapping that shows the codes as their names in their colours."""
    return [ValueMap({str(code.value): ValueMappingResult(code.name, code.colour, None, code.value) for code in codes})]


def unanswered() -> ValueMapping:
    """Return the value mapping of a figure without a value; without one it has the colour of the lowest step: green."""
    result = ValueMappingResult(NO_ANSWER, "red", None, 0)
    return SpecialValueMap(DashboardSpecialValueMapOptions(SpecialValueMatch.NULL, result))


def told(texts: Mapping[str, str]) -> list[ValueMapping]:
    """Return the value mapping that shows a text in place of a name; a name without a text stays as it is."""
    return [
        ValueMap(
            {name: ValueMappingResult(text, None, None, index) for index, (name, text) in enumerate(texts.items())}
        )
    ]
