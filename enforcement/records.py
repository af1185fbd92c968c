"""Decisions and actions: the records that leave the enforcer, their ids and their bytes."""

from enum import StrEnum
from hashlib import blake2b
from math import inf, isnan
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from config.schema import ActionType, Mode

# JSON has no infinity and no NaN: +inf is the word, and null always means that a number is missing.
Number = float | Literal["Infinity", "-Infinity"] | None
Side = Literal["buy", "sell"]
CancelWorking = Literal["increasing", "all", "none"]
OnExpiry = Literal["restrict", "hold"]


class LifeState(StrEnum):
    """Where one level of one limit stands in one scope."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    NO_DATA = "no_data"
    ERROR = "error"  # the reading contradicts itself: a status that promises a number, and none
    LATCHED = "latched"


class Kind(StrEnum):
    """Why a decision was made."""

    TRANSITION = "transition"
    ESCALATION = "escalation"  # the data stayed away and `on_no_data` acts, or an action was not carried out
    TARGETS = "targets"
    REMINDER = "reminder"
    STANDING = "standing"  # a command changed what limits may do, or the end of one that did is near


class Effect(StrEnum):
    """What a decision does outside."""

    SHADOW = "shadow"
    ENFORCED = "enforced"
    SUPPRESSED = "suppressed"


class TradingState(StrEnum):
    """What a consumer holds for a scope, mildest first."""

    ACTIVE = "ACTIVE"
    THROTTLED = "THROTTLED"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class Target(msgspec.Struct, frozen=True):
    """The most that may be held of one instrument, in units, and the side that leads there."""

    instrument: str
    max_abs_qty: float
    allowed_side: Side


class BookTarget(msgspec.Struct, frozen=True):
    """A book's share of a parent's target: the most that this leaf under the parent may hold."""

    portfolio: str
    instrument: str
    max_abs_qty: float
    allowed_side: Side


class NoParams(msgspec.Struct, frozen=True):
    """The parameters of `none` and `warn`: an empty object."""


class ThrottleParams(msgspec.Struct, frozen=True):
    """At most `max_orders` orders in `interval_ms`, each of at most `max_notional` base currency (null: unknown)."""

    max_orders: int
    interval_ms: int
    max_notional: Number


class ReduceParams(msgspec.Struct, frozen=True):
    """Absolute targets, so that a repeat is harmless; no targets means: reduce only, no size asked.

    cancel_working : the working orders that have to go before the targets clear anything; absent: none have to
    books, clears_if : of a parent, what each book under it is to hold; of several limits together, what clears all
    """

    targets: tuple[Target, ...]
    cancel_working: CancelWorking | UnsetType = UNSET
    books: tuple[BookTarget, ...] | UnsetType = UNSET
    clears_if: str | UnsetType = UNSET


class HaltParams(msgspec.Struct, frozen=True):
    """What happens to working orders, whether to flatten, and what other active limits still ask for."""

    cancel_working: CancelWorking
    flatten: bool
    targets: tuple[Target, ...] | UnsetType = UNSET
    books: tuple[BookTarget, ...] | UnsetType = UNSET
    clears_if: str | UnsetType = UNSET


Params = NoParams | ThrottleParams | ReduceParams | HaltParams


class Component(msgspec.Struct, frozen=True):
    """One instrument's part of the statistic, in its unit; `component_var` where the statistic is a VaR."""

    instrument: str
    component_var: Number | UnsetType = UNSET
    contribution: Number | UnsetType = UNSET


class Evidence(msgspec.Struct, frozen=True):
    """What the decision rests on; `es` belongs to a VaR, `clears_if` to a level that acts.

    details : further numbers that belong to the metric, by name (Book.details); absent where it has none
    worst_book : where orders work, which of `risk.measures.BOOKS` the statistic and its parts speak of
    """

    statistic: Number
    unit: str
    status: str
    es: Number
    components: tuple[Component, ...]
    clears_if: str | None
    details: dict[str, Number] | UnsetType = UNSET
    worst_book: str | UnsetType = UNSET


class Inputs(msgspec.Struct, frozen=True):
    """Where in its inputs the core stood. Ids and decision digests leave out n, offsets and input_digest."""

    trust: str
    n: int
    ts: int
    offsets: dict[str, int]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the enforcer concluded: the same in every mode, so it knows no mode, effect or epoch.

    d            : number of the decision in its shard, from 1, without gaps
    life         : state after the transition; `transition` is "before>after"
    decided_type : what the level asks for from now on; `none` where it asks for nothing
    at           : the configured level; effective_at: the level it was held against
    digest       : blake2b-128 of the record without itself, n, offsets and input_digest
    """

    schema: str = "risk.decision"
    schema_version: int = 1
    d: int
    shard: int
    kind: Kind
    scope: str
    limit: str
    sensor: str
    metric: str
    level: str
    transition: str
    life: LifeState
    decided_type: ActionType
    params: Params
    episode_id: str
    episode_ordinal: int
    statistic: Number
    unit: str
    status: str
    utilisation: Number
    at: Number
    effective_at: Number
    override_id: str | None
    clear_at: Number
    reason_code: str
    reason: str
    evidence: Evidence
    inputs: Inputs
    input_digest: str
    model_version: str
    config_hash: str
    ts_event: int
    ts_decided: int
    digest: str = ""


class Cause(msgspec.Struct, frozen=True):
    """The decision that brought an action about."""

    limit: str
    sensor: str
    episode_id: str
    level: str
    kind: Kind
    transition: str
    decided_type: ActionType
    published_type: ActionType
    at: Number
    effective_at: Number
    override_id: str | None
    clear_at: Number


class ActiveLimit(msgspec.Struct, frozen=True):
    """One level that acts in the scope; `since` is the core time at which it began to, ns."""

    limit: str
    level: str
    since: int
    type: ActionType


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """The full state of one scope on one topic, after one decision (contracts.md, Output)."""

    schema: str = "risk.action"
    schema_version: int = 1
    action_id: str
    shard: int
    d: int
    epoch: int
    seq: int
    scope: str
    trading_state: TradingState
    allowed: tuple[str, ...]
    type: ActionType
    params: Params
    effect: Effect
    mode: Mode
    cause: Cause
    active: tuple[ActiveLimit, ...]
    reason_code: str
    reason: str
    evidence: Evidence
    inputs: Inputs
    model_version: str
    config_hash: str
    input_digest: str
    ts_event: int
    ts_decided: int
    on_expiry: OnExpiry
    requires_ack: bool
    ack_by: int | None


class Outcome(msgspec.Struct, frozen=True):
    """One decision and what it publishes: on `risk.actions` (enforced) and on `risk.actions.shadow`."""

    decision: Decision
    enforced: Action | None
    shadow: Action | None


_ENCODER = msgspec.json.Encoder()


def number(value: float) -> Number:
    """Return the value as JSON holds it: "Infinity" for +inf, None for NaN.

    >>> number(1.5), number(float("inf")), number(float("nan"))
    (1.5, 'Infinity', None)
    """
    if abs(value) == inf:
        return "Infinity" if value > 0.0 else "-Infinity"
    return None if isnan(value) else value + 0.0  # no minus before a zero


def encode(record: Decision | Action) -> bytes:
    """Return the record as one line of JSON without its newline; fields in the order of the type, always the same."""
    return _ENCODER.encode(record)


def digest_of(value: object) -> str:
    """Return blake2b-128 in hex of the value's canonical JSON (32 characters)."""
    return blake2b(_ENCODER.encode(value), digest_size=16).hexdigest()


def episode_id_of(limit: str, scope: str, ordinal: int) -> str:
    """Return the id of the ordinal-th episode of a limit in a scope."""
    return digest_of(("episode", limit, scope, ordinal))


def action_id_of(decision: Decision) -> str:
    """Return the id of the decision's action; both topics carry the same one, and no mode changes it."""
    where = (decision.shard, decision.d, decision.limit, decision.scope, decision.episode_id, decision.level)
    return digest_of(("action", *where))


def seal(decision: Decision) -> Decision:
    """Return the decision with its digest, which does not depend on n, offsets or input_digest."""
    inputs = msgspec.structs.replace(decision.inputs, n=0, offsets={})
    bare = msgspec.structs.replace(decision, inputs=inputs, input_digest="", digest="")
    return msgspec.structs.replace(decision, digest=digest_of(bare))
