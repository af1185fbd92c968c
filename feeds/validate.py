"""The bounds of every field that a type cannot express: times, paths, dates, names and numbers."""

import datetime
import math
import re
from collections.abc import Callable, Iterator

import msgspec

from config.names import NAME_CHARACTERS_MAX
from feeds import events
from feeds.record import RejectReason
from feeds.shape import Fault, shorten

TS_END_NS = 1 << 63
NUMBER_MAX = 1e18  # keeps quantity * multiplier * price * fx, and its square, far inside a double
FACTOR_MIN, FACTOR_MAX = 1e-9, 1e9
TEXT_CHARACTERS_MAX = 4096
RESERVED_LEAF = "_self"

Rule = Callable[[str, object], Fault | None]
"""Takes the field's path and its value, never None."""

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def value_fault(event: events.InputEvent) -> Fault | None:
    """Return the first field out of its bounds as a fault, or None; O(fields), O(items) for a snapshot."""
    fault = _struct_fault(event, "")
    if fault is not None:
        return fault
    match event:
        case events.Quote(bid=bid, ask=ask) if bid > ask:
            return Fault(RejectReason.CROSSED_QUOTE, f"bid must be at most ask, got bid {bid} and ask {ask}")
        case events.PositionsSnapshot():
            return next(_items_faults(event), None)
        case events.Instrument(proxy=events.Proxy() as proxy):
            return _struct_fault(proxy, "proxy.")
        case events.LimitsCommand(limits=()):
            return Fault(RejectReason.OUT_OF_BOUNDS, "limits must have at least 1 item, got 0")
        case _:
            return None


def path_fault(path: str, value: object, *, is_input: bool = True) -> Fault | None:
    """Check a portfolio's path: non-empty parts between slashes; the reserved leaf `_self` is refused in inputs."""
    assert isinstance(value, str)
    parts = value.split("/")
    if not 0 < len(value) <= NAME_CHARACTERS_MAX or not value.isprintable():
        bound = f"1 to {NAME_CHARACTERS_MAX} printable characters"
        return Fault(RejectReason.BAD_PATH, f"{path} must have {bound}, got {len(value)}: {shorten(value)}")
    if not all(part.strip() == part != "" for part in parts):
        bound = "non-empty parts between single slashes, without outer blanks"
        return Fault(RejectReason.BAD_PATH, f"{path} must have {bound}, got {shorten(value)}")
    if is_input and RESERVED_LEAF in parts:
        return Fault(RejectReason.BAD_PATH, f"{path} must not use the reserved part {RESERVED_LEAF}, got {value!r}")
    return None


def is_iso_date(value: str) -> bool:
    """Say whether the text is a day of the calendar in the long ISO form, such as 2024-08-09."""
    if _ISO_DATE.fullmatch(value) is None:
        return False
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _struct_fault(struct: msgspec.Struct, prefix: str) -> Fault | None:
    for name, rule in _RULES[type(struct)]:
        value: object = getattr(struct, name)
        if value is None or value is msgspec.UNSET:
            continue
        fault = rule(prefix + name, value)
        if fault is not None:
            return fault
    return None


def _items_faults(snapshot: events.PositionsSnapshot) -> Iterator[Fault]:
    subtree = snapshot.portfolio + "/"
    seen: set[tuple[str, str]] = set()
    for index, item in enumerate(snapshot.items):
        fault = _struct_fault(item, f"items[{index}].")
        if fault is not None:
            yield fault
        if item.portfolio != snapshot.portfolio and not item.portfolio.startswith(subtree):
            bound = f"under {snapshot.portfolio!r}"
            yield Fault(RejectReason.BAD_PATH, f"items[{index}].portfolio must lie {bound}, got {item.portfolio!r}")
        key = (item.portfolio, item.instrument)
        if key in seen:
            pair = f"{item.portfolio!r}, {item.instrument!r}"
            yield Fault(RejectReason.OUT_OF_BOUNDS, f"items[{index}] must name a pair once, got {pair} again")
        seen.add(key)


# --- rules


def _time(path: str, value: object) -> Fault | None:
    assert isinstance(value, int)
    if 0 <= value < TS_END_NS:
        return None
    return Fault(RejectReason.BAD_TIMESTAMP, f"{path} must be in [0, 2^63), got {shorten(value)}")


def _date(path: str, value: object) -> Fault | None:
    assert isinstance(value, str)
    if is_iso_date(value):
        return None
    return Fault(RejectReason.BAD_DATE, f"{path} must be a day such as 2024-08-09, got {shorten(value)}")


def _text(characters_max: int) -> Rule:
    def rule(path: str, value: object) -> Fault | None:
        assert isinstance(value, str)
        if 0 < len(value) <= characters_max and value.isprintable():
            return None
        bound = f"1 to {characters_max} printable characters"
        return Fault(RejectReason.OUT_OF_BOUNDS, f"{path} must have {bound}, got {len(value)}: {shorten(value)}")

    return rule


def _number(low: float = -NUMBER_MAX, high: float = NUMBER_MAX, *, above: float | None = None) -> Rule:
    """A number in [low, high], or in (above, high]."""
    bound = f"[{low:g}, {high:g}]" if above is None else f"({above:g}, {high:g}]"

    def rule(path: str, value: object) -> Fault | None:
        assert isinstance(value, float | int)
        if not math.isfinite(value):
            return Fault(RejectReason.NOT_FINITE, f"{path} must be finite, got {value}")
        if low <= value <= high and (above is None or value > above):
            return None
        return Fault(RejectReason.OUT_OF_BOUNDS, f"{path} must be in {bound}, got {shorten(value)}")

    return rule


def _scope(path: str, value: object) -> Fault | None:
    return path_fault(path, value, is_input=False)  # outputs name the implicit leaf, so a command may


_NAME = _text(NAME_CHARACTERS_MAX)
_REASON = _text(TEXT_CHARACTERS_MAX)
_ANY = _number()
_FROM_ZERO = _number(low=0.0)
_POSITIVE = _number(above=0.0)
_FACTOR = _number(FACTOR_MIN, FACTOR_MAX)
_DURATION = _number(low=1, high=TS_END_NS - 1)

_COMMAND: dict[str, Rule] = {
    "ts": _time,
    "actor": _NAME,
    "reason": _REASON,
    "command_id": _NAME,
    "sig": _NAME,
    "deployment": _NAME,
}
_BOOKED: dict[str, Rule] = {"ts": _time, "portfolio": path_fault, "instrument": _NAME}

_RULES_BY_FIELD: dict[type[msgspec.Struct], dict[str, Rule]] = {
    events.Quote: {
        "ts": _time, "instrument": _NAME, "bid": _ANY, "ask": _ANY, "bid_size": _FROM_ZERO, "ask_size": _FROM_ZERO,
    },
    events.Trade: {"ts": _time, "instrument": _NAME, "price": _ANY, "size": _FROM_ZERO},
    events.Close: {"ts": _time, "instrument": _NAME, "date": _date, "price": _ANY},
    events.Indicator: {"ts": _time, "name": _NAME, "value": _ANY},
    events.Position: {**_BOOKED, "quantity": _ANY, "as_of": _time},
    events.SnapshotItem: {"portfolio": path_fault, "instrument": _NAME, "quantity": _ANY},
    events.PositionsSnapshot: {"ts": _time, "portfolio": path_fault, "snapshot_id": _NAME, "as_of": _time},
    events.Fill: {**_BOOKED, "quantity": _POSITIVE, "price": _ANY, "fill_id": _NAME, "order_id": _NAME},
    events.FillCancel: {"ts": _time, "portfolio": path_fault, "fill_id": _NAME},
    events.Order: {**_BOOKED, "order_id": _NAME, "open_quantity": _FROM_ZERO},
    events.Nav: {"ts": _time, "portfolio": path_fault, "nav": _ANY, "currency": _NAME, "flow": _ANY},
    events.Proxy: {"instrument": _NAME, "beta": _ANY},
    events.Instrument: {
        "ts": _time, "instrument": _NAME, "currency": _NAME, "multiplier": _POSITIVE, "calendar": _NAME,
        "base": _NAME, "quote": _NAME, "settle_currency": _NAME, "lot": _POSITIVE, "tick": _POSITIVE,
        "min_price": _ANY, "sector": _NAME, "adv": _FROM_ZERO, "spread": _FROM_ZERO, "max_age": _DURATION,
        "duration": _ANY, "underlying": _NAME, "strike": _ANY, "expiry": _date,
    },
    events.Adjustment: {"ts": _time, "instrument": _NAME, "ex_ts": _time, "price_factor": _FACTOR, "cash": _ANY},
    events.Label: {**_COMMAND, "episode_id": _NAME, "scope": _scope, "confidence": _number(0.0, 1.0)},
    events.ModeCommand: {**_COMMAND, "limit": _NAME, "scope": _scope},
    events.Override: {
        **_COMMAND, "scope": _scope, "expires_at": _time, "limit": _NAME, "level": _NAME, "value": _POSITIVE,
    },
    events.OverrideEnd: {**_COMMAND, "override_id": _NAME, "scope": _scope},
    events.Halt: {**_COMMAND, "scope": _scope},
    events.Reinstate: {**_COMMAND, "scope": _scope, "limit": _NAME},
    events.ResetHwm: {**_COMMAND, "scope": _scope},
    events.Approve: {**_COMMAND, "approves": _NAME, "scope": _scope},
    events.LimitsCommand: _COMMAND,
    events.Heartbeat: {"ts": _time, "source": _NAME},
    events.Ack: {"ts": _time, "action_id": _NAME, "consumer": _NAME, "residual": _ANY, "scope": _scope},
}  # fmt: skip
_RULES = {struct: tuple(rules.items()) for struct, rules in _RULES_BY_FIELD.items()}
