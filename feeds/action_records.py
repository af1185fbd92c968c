"""What a consumer reads of `risk.actions` and `risk.leases`: typed records, and a value for what cannot be read.

These types are the reader's own and import nothing of riskd: a trading system takes them without riskd's heavy parts.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Annotated, Literal

import msgspec

SELFTEST_ROOT = "_selftest"  # roots that begin so hold nothing: riskd breaches them to try the way

Side = Literal["buy", "sell"]
ActionType = Literal["none", "warn", "throttle", "reduce_position", "halt"]
CancelWorking = Literal["none", "increasing", "all"]
OnExpiry = Literal["restrict", "hold"]

_Count = Annotated[int, msgspec.Meta(ge=0)]
_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Amount = Annotated[float, msgspec.Meta(ge=0)]


class TradingState(StrEnum):
    """What a consumer holds for a scope, mildest first."""

    ACTIVE = "ACTIVE"
    THROTTLED = "THROTTLED"
    REDUCING = "REDUCING"
    HALTED = "HALTED"

    @property
    def severity(self) -> int:
        """0 for ACTIVE to 3 for HALTED."""
        return _STATES.index(self)


_STATES = tuple(TradingState)
_CANCEL_ORDER: tuple[CancelWorking, ...] = ("none", "increasing", "all")
_STATE_OF_TYPE: dict[ActionType, TradingState] = {
    "none": TradingState.ACTIVE,
    "warn": TradingState.ACTIVE,
    "throttle": TradingState.THROTTLED,
    "reduce_position": TradingState.REDUCING,
    "halt": TradingState.HALTED,
}


class Throttle(msgspec.Struct, frozen=True):
    """At most `max_orders` orders in `interval_ms`, each of at most `max_notional` base currency (None: unknown)."""

    max_orders: _Count
    interval_ms: Annotated[int, msgspec.Meta(gt=0)]
    max_notional: _Amount | Literal["Infinity"] | None

    @property
    def ceiling(self) -> float | None:
        """The largest notional of one order, base currency; None where riskd does not know it."""
        return inf if self.max_notional == "Infinity" else self.max_notional


class Target(msgspec.Struct, frozen=True):
    """The most that may be held of one instrument, in units, and the side that leads there."""

    instrument: _Name
    max_abs_qty: _Amount
    allowed_side: Side


class BookTarget(msgspec.Struct, frozen=True):
    """A book's share of a parent's target: the most that this book, a leaf under the parent, may hold of it, units."""

    portfolio: _Name
    instrument: _Name
    max_abs_qty: _Amount
    allowed_side: Side


class ActiveLimit(msgspec.Struct, frozen=True):
    """One level that acts in the scope; `since` is core time, ns."""

    limit: str
    level: str
    since: int
    type: ActionType


class Lease(msgspec.Struct, frozen=True):
    """riskd's promise that it watches a scope.

    last_seq    : of the partition when the lease was written
    valid_until : wall time, ns since the epoch
    on_expiry   : None where the lease does not say; the scope's actions tell then
    """

    scope: _Name
    epoch: _Count
    last_seq: _Count
    valid_until: _Count
    on_expiry: OnExpiry | None = None
    schema: Literal["risk.lease"] = "risk.lease"
    schema_version: Literal[1] = 1


class _NoParams(msgspec.Struct, frozen=True):
    """`none` and `warn` ask for nothing."""


class _ReduceParams(msgspec.Struct, frozen=True):
    targets: tuple[Target, ...]
    cancel_working: CancelWorking = "none"
    books: tuple[BookTarget, ...] = ()


class _HaltParams(msgspec.Struct, frozen=True):
    cancel_working: CancelWorking = "increasing"
    flatten: bool = False
    targets: tuple[Target, ...] = ()
    books: tuple[BookTarget, ...] = ()


_Params = Throttle | _ReduceParams | _HaltParams | _NoParams
_PARAMS: dict[ActionType, type[_Params]] = {
    "none": _NoParams,
    "warn": _NoParams,
    "throttle": Throttle,
    "reduce_position": _ReduceParams,
    "halt": _HaltParams,
}


class _Wire(msgspec.Struct, frozen=True):
    schema: Literal["risk.action"]
    schema_version: Literal[1]
    action_id: _Name
    epoch: _Count
    seq: Annotated[int, msgspec.Meta(ge=1)]
    scope: _Name
    trading_state: TradingState
    type: ActionType
    params: msgspec.Raw
    effect: Literal["enforced", "shadow", "suppressed"]
    active: tuple[ActiveLimit, ...]
    reason_code: str
    reason: str
    on_expiry: OnExpiry
    requires_ack: bool
    ack_by: int | None


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """The whole state of one scope as riskd published it; the record after it replaces it.

    throttle : set for a throttle alone
    targets  : of a reduction or a halt, in order of the instrument; of a parent they are net
    books    : of a parent, what each book under it may hold so that its targets are met
    ack_by   : core time by which riskd expects the acknowledgement, ns; None where it expects none
    """

    action_id: str
    epoch: int
    seq: int
    scope: str
    trading_state: TradingState
    type: ActionType
    is_enforced: bool
    throttle: Throttle | None
    targets: tuple[Target, ...]
    books: tuple[BookTarget, ...]
    cancel_working: CancelWorking
    flatten: bool
    active: tuple[ActiveLimit, ...]
    reason_code: str
    reason: str
    on_expiry: OnExpiry
    requires_ack: bool
    ack_by: int | None

    @property
    def is_selftest(self) -> bool:
        """Say whether riskd tries the way to here and back (`riskd selftest`): acknowledge it, and do nothing else."""
        return self.scope.split("/", 1)[0].startswith(SELFTEST_ROOT)

    @property
    def limit(self) -> str | None:
        """The limit to blame: the first of the most severe that act in the scope; None where none does."""
        worst = max(self.active, key=lambda active: _STATE_OF_TYPE[active.type].severity, default=None)
        return None if worst is None else worst.limit


@dataclass(frozen=True, slots=True)
class UnknownRecord:
    """A record that this reader does not understand, with what could be read of it; the rest is None."""

    why: str
    action_id: str | None
    epoch: int | None
    seq: int | None
    scope: str | None
    trading_state: TradingState | None


_WIRE = msgspec.json.Decoder(_Wire)
_LEASE = msgspec.json.Decoder(Lease)


def read_action(value: bytes | None) -> ActionRecord | UnknownRecord:
    """Return the record, or what is left of it: a tombstone, another schema, an unknown type, broken bytes."""
    try:
        wire = _WIRE.decode(value or b"")
        params = msgspec.json.decode(bytes(wire.params), type=_PARAMS[wire.type])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _unknown(value, str(error))
    of_type = _STATE_OF_TYPE[wire.type]
    halt = params if isinstance(params, _HaltParams) else None
    return ActionRecord(
        action_id=wire.action_id,
        epoch=wire.epoch,
        seq=wire.seq,
        scope=wire.scope,
        # A record that contradicts itself is taken at its worst.
        trading_state=max(wire.trading_state, of_type, key=lambda state: state.severity),
        type=wire.type,
        is_enforced=wire.effect == "enforced",
        throttle=params if isinstance(params, Throttle) else None,
        targets=params.targets if isinstance(params, _ReduceParams | _HaltParams) else (),
        books=params.books if isinstance(params, _ReduceParams | _HaltParams) else (),
        cancel_working=params.cancel_working if isinstance(params, _ReduceParams | _HaltParams) else "none",
        flatten=halt is not None and halt.flatten,
        active=wire.active,
        reason_code=wire.reason_code,
        reason=wire.reason,
        on_expiry=wire.on_expiry,
        requires_ack=wire.requires_ack,
        ack_by=wire.ack_by,
    )


def read_lease(value: bytes | None) -> Lease | None:
    """Return the lease; None where the bytes are none, which leaves the lease before it to run out."""
    try:
        return _LEASE.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def strictest_cancel(choices: tuple[CancelWorking, ...]) -> CancelWorking:
    """Return the one that cancels most; `none` of nothing."""
    return max(choices, key=_CANCEL_ORDER.index, default="none")


def _unknown(value: bytes | None, why: str) -> UnknownRecord:
    """Pick out what can be read; what has another type than we expect counts as not there."""
    try:
        members = msgspec.json.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        members = None
    fields: dict[str, object] = members if isinstance(members, dict) else {}
    action_id, scope, state = fields.get("action_id"), fields.get("scope"), fields.get("trading_state")
    return UnknownRecord(
        why="a deleted record" if not value else why,
        action_id=action_id if isinstance(action_id, str) and action_id else None,
        epoch=_count(fields.get("epoch")),
        seq=_count(fields.get("seq")),
        scope=scope if isinstance(scope, str) and scope else None,
        trading_state=TradingState(state) if isinstance(state, str) and state in _STATES else None,
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
