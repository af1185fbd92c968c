"""Durations as a person writes them, 60s or 15m or 2h, and as the program holds them, in nanoseconds."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer
from pydantic_core.core_schema import SerializationInfo, ValidationInfo

_UNITS_NS = {"ns": 1, "us": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_DURATION_NS_MAX = 100 * 366 * 86400 * 10**9


def parse_duration_ns(value: object, info: ValidationInfo) -> object:
    """Turn `2h`, `15m`, `60s`, `100ms` into nanoseconds; an integer is nanoseconds already.

    In a file that a person writes (validation context `source: yaml`) only 0 may go without its unit.
    """
    if isinstance(value, str):
        match = re.fullmatch(r"(\d{1,20}(?:\.\d{1,9})?)\s*(ns|us|ms|s|m|h|d)", value.strip(), re.ASCII)
        if match is None:
            raise ValueError(f"duration must look like 60s, 15m, 2h or 100ms, got {value!r}")
        return round(Decimal(match[1]) * _UNITS_NS[match[2]])
    if isinstance(value, int | float) and value != 0 and info.context and info.context.get("source") == "yaml":
        raise ValueError(f"duration must have its unit, such as 60s, 15m, 2h or 100ms, got {value!r}")
    return value


def duration_text(duration_ns: int) -> str:
    """Return a duration in the largest unit that holds it whole, as `parse_duration_ns` reads it."""
    unit = next(unit for unit in reversed(_UNITS_NS) if duration_ns % _UNITS_NS[unit] == 0)
    return f"{duration_ns // _UNITS_NS[unit]}{unit if duration_ns else 's'}"


def _serialize_duration(duration_ns: int, info: SerializationInfo) -> int | str:
    for_people = info.context is not None and info.context.get("durations") == "text"
    return duration_text(duration_ns) if for_people else duration_ns


DurationNs = Annotated[
    int, BeforeValidator(parse_duration_ns), Field(ge=0, le=_DURATION_NS_MAX), PlainSerializer(_serialize_duration)
]
