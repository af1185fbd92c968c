"""Name the field whose presence or type is wrong in a parsed record, and the group of topics its `type` belongs to."""

import math
import types
from collections.abc import Mapping
from typing import Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from feeds.events import Command, InputEvent, Proxy, SnapshotItem
from feeds.record import RejectReason

DETAIL_CHARACTERS_MAX = 80
INSTRUMENT_CHARACTERS_MAX = 256
TIME_FIELDS = frozenset({"ts", "as_of", "ex_ts", "expires_at"})

EVENT_TYPES: dict[str, type[msgspec.Struct]] = {struct.__struct_config__.tag: struct for struct in get_args(InputEvent)}

_GROUPS: dict[str, tuple[str, ...]] = {
    "market_data": ("quote", "trade", "close", "indicator", "heartbeat"),
    "positions": ("position", "positions_snapshot", "fill", "fill_cancel", "order", "nav"),
    "reference": ("instrument", "adjustment"),
    "control": tuple(name for name, struct in EVENT_TYPES.items() if issubclass(struct, Command)),
    "acks": ("ack",),
}
GROUP_OF_TYPE: dict[str, str] = {name: group for group, names in _GROUPS.items() for name in names}
"""The field of `config.schema.Topics` that holds the topic of each `type`; a heartbeat may come on any."""


class Fault(NamedTuple):
    """What is wrong with a record: the reason code and a sentence with field, value and bound."""

    reason: RejectReason
    detail: str


def shorten(value: object) -> str:
    """Return the value as printable text of at most 80 characters."""
    # A cut before `repr` keeps a megabyte of text from being escaped; containers are cut after.
    text = repr(value[:DETAIL_CHARACTERS_MAX] if isinstance(value, str) else value)
    return text if len(text) <= DETAIL_CHARACTERS_MAX else text[: DETAIL_CHARACTERS_MAX - 3] + "..."


def name_of_instrument(value: object) -> str | None:
    """Return the value where it can name an instrument, else None."""
    if isinstance(value, str) and 0 < len(value) <= INSTRUMENT_CHARACTERS_MAX and value.isprintable():
        return value
    return None


def shape_fault(struct: type[msgspec.Struct], members: Mapping[str, object], prefix: str = "") -> Fault | None:
    """Return the first missing, mistyped, infinite or (on control) unknown field; None where the shape is right."""
    fields = msgspec.structs.fields(struct)
    for field in fields:
        if field.name in members:
            fault = _field_fault(prefix + field.name, field.name, field.type, members[field.name])
            if fault is not None:
                return fault
        elif field.required:
            return Fault(RejectReason.MISSING_FIELD, f"{prefix}{field.name} is missing")
    if struct.__struct_config__.forbid_unknown_fields:
        known = {"type", *(field.name for field in fields)}
        for name in members:
            if name not in known:
                return Fault(RejectReason.UNKNOWN_FIELD, f"field {shorten(name)} is unknown, and refused on control")
    return None


def _field_fault(path: str, name: str, kind: object, value: object) -> Fault | None:
    allowed = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    if value is None:
        return None if type(None) in allowed else _mistyped(path, kind, value)
    if name in TIME_FIELDS and isinstance(value, float) and math.isinf(value):
        return Fault(RejectReason.BAD_TIMESTAMP, f"{path} must be in [0, 2^63), got {value}")
    if float in allowed and isinstance(value, float | int) and not isinstance(value, bool):
        return _finite_fault(path, value)
    for choice in allowed:
        if get_origin(choice) is Literal:
            return _choice_fault(path, get_args(choice), value)
        if choice is Proxy:
            return shape_fault(Proxy, value, f"{path}.") if isinstance(value, dict) else _mistyped(path, kind, value)
        if get_origin(choice) is tuple:
            return _items_fault(path, get_args(choice)[0], value)
        if isinstance(choice, type) and type(value) is choice:
            return None
    return _mistyped(path, kind, value)


def _finite_fault(path: str, value: float) -> Fault | None:
    try:
        is_finite = math.isfinite(value)
    except OverflowError:  # an integer beyond the largest double
        is_finite = False
    return None if is_finite else Fault(RejectReason.NOT_FINITE, f"{path} must be finite, got {value}")


def _choice_fault(path: str, choices: tuple[object, ...], value: object) -> Fault | None:
    if not isinstance(value, str):
        return _mistyped(path, str, value)
    if value in choices:
        return None
    names = ", ".join(str(choice) for choice in choices)
    return Fault(RejectReason.OUT_OF_BOUNDS, f"{path} must be one of {names}, got {shorten(value)}")


def _items_fault(path: str, kind: object, value: object) -> Fault | None:
    if not isinstance(value, list):
        return _mistyped(path, list, value)
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            return _mistyped(f"{path}[{index}]", dict, item)
        if kind is SnapshotItem:
            fault = shape_fault(SnapshotItem, item, f"{path}[{index}].")
            if fault is not None:
                return fault
    return None


_TYPE_NAMES = {
    int: "an integer",
    float: "a number",
    str: "a string",
    bool: "a boolean",
    list: "a list",
    dict: "an object",
}


def _mistyped(path: str, kind: object, value: object) -> Fault:
    choices = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    names = [_TYPE_NAMES[choice] for choice in choices if isinstance(choice, type) and choice in _TYPE_NAMES]
    if type(None) in choices:
        names.append("null")
    expected = " or ".join(names) if names else "an object"
    return Fault(RejectReason.WRONG_FIELD_TYPE, f"{path} must be {expected}, got {shorten(value)}")
