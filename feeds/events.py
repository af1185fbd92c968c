"""The events of the input contract as typed, frozen structs; one struct per `type`."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

Side = Literal["buy", "sell"]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", gc=False):
    """What every input has: `ts`, event time in ns since the epoch, UTC."""

    ts: int


# --- market data


class Quote(Event, frozen=True, kw_only=True, tag="quote"):
    instrument: str
    bid: float
    ask: float
    bid_size: float | None = None
    ask_size: float | None = None


class Trade(Event, frozen=True, kw_only=True, tag="trade"):
    instrument: str
    price: float
    size: float | None = None


class Close(Event, frozen=True, kw_only=True, tag="close"):
    """The official close of a session; `date` is ISO (2024-08-09)."""

    instrument: str
    date: str
    price: float


class Indicator(Event, frozen=True, kw_only=True, tag="indicator"):
    name: str
    value: float


# --- positions


class Position(Event, frozen=True, kw_only=True, tag="position"):
    portfolio: str
    instrument: str
    quantity: float
    as_of: int | None = None


class SnapshotItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    portfolio: str
    instrument: str
    quantity: float


class PositionsSnapshot(Event, frozen=True, kw_only=True, tag="positions_snapshot", gc=True):
    portfolio: str
    snapshot_id: str
    as_of: int | None = None
    items: tuple[SnapshotItem, ...]


class Fill(Event, frozen=True, kw_only=True, tag="fill"):
    portfolio: str
    instrument: str
    side: Side
    quantity: float
    price: float
    fill_id: str
    order_id: str | None = None


class FillCancel(Event, frozen=True, kw_only=True, tag="fill_cancel"):
    portfolio: str
    fill_id: str


class Order(Event, frozen=True, kw_only=True, tag="order"):
    portfolio: str
    instrument: str
    order_id: str
    side: Side
    open_quantity: float


class Nav(Event, frozen=True, kw_only=True, tag="nav"):
    portfolio: str
    nav: float
    currency: str
    flow: float | None = None


# --- reference


class Proxy(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    instrument: str
    beta: float = 1.0


class Instrument(Event, frozen=True, kw_only=True, tag="instrument", gc=True):
    instrument: str
    kind: Literal["equity", "future", "perpetual", "fx", "bond", "option", "index", "cash"]
    currency: str
    multiplier: float = 1.0
    calendar: str = "XNYS"
    status: Literal["active", "expired"] = "active"
    base: str | None = None
    quote: str | None = None
    contract: Literal["linear", "inverse"] = "linear"
    settle_currency: str | None = None
    lot: float | None = None
    tick: float | None = None
    min_price: float | UnsetType | None = UNSET  # null lifts the rule that a price is above zero
    sector: str | None = None
    adv: float | None = None
    spread: float | None = None
    proxy: Proxy | None = None
    closes: Literal["official", "mark"] | None = None
    max_age: int | None = None  # ns of open time
    duration: float | None = None
    underlying: str | None = None
    strike: float | None = None
    expiry: str | None = None
    right: Literal["call", "put"] | None = None


class Adjustment(Event, frozen=True, kw_only=True, tag="adjustment"):
    instrument: str
    ex_ts: int
    price_factor: float
    cash: float | None = None


# --- control: unknown fields are refused here, and only here


class Command(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=True):
    """What every control command has; `sig` is Ed25519 over the canonical object, in hex."""

    actor: str
    reason: str
    command_id: str
    sig: str | None = None
    deployment: str | None = None  # which riskd it is said to, where that has a name


class Label(Command, frozen=True, kw_only=True, tag="label"):
    episode_id: str
    scope: str | None = None  # leads to its shard
    verdict: Literal["true", "false", "unresolved"]
    cause: Literal["data_error", "model_error", "benign_approved", "duplicate"] | None = None
    confidence: float | None = None
    outcome_known: bool | None = None


class ModeCommand(Command, frozen=True, kw_only=True, tag="mode"):
    mode: Literal["monitoring", "gradual", "full"]
    limit: str | None = None
    scope: str | None = None


class Override(Command, frozen=True, kw_only=True, tag="override"):
    kind: Literal["limit_increase", "suppress", "pin_state"]
    scope: str
    expires_at: int
    limit: str | None = None
    level: str | None = None  # its name; only where the limit has several
    value: float | None = None
    state: Literal["ACTIVE", "THROTTLED", "REDUCING", "HALTED"] | None = None


class OverrideEnd(Command, frozen=True, kw_only=True, tag="override_end"):
    """Ends an override before its time, or takes back one that still waits for an approval."""

    override_id: str  # the command_id that asked for it
    scope: str | None = None  # leads to its shard; no shard is left out where it is absent


class Halt(Command, frozen=True, kw_only=True, tag="halt"):
    scope: str


class Reinstate(Command, frozen=True, kw_only=True, tag="reinstate"):
    scope: str
    limit: str | None = None


class ResetHwm(Command, frozen=True, kw_only=True, tag="reset_hwm"):
    scope: str


class Approve(Command, frozen=True, kw_only=True, tag="approve"):
    approves: str  # the command_id that a second person agrees to
    scope: str | None = None  # leads to its shard; no shard is left out where it is absent


class LimitsCommand(Command, frozen=True, kw_only=True, tag="limits"):
    """Other limits, in the full form of the configuration: all of them, or with `merge` those that are named."""

    limits: tuple[msgspec.Raw, ...]
    merge: bool = False


# --- anywhere, and acknowledgements


class Heartbeat(Event, frozen=True, kw_only=True, tag="heartbeat"):
    source: str
    end: bool = False


class Ack(Event, frozen=True, kw_only=True, tag="ack"):
    action_id: str
    consumer: str
    result: Literal["applied", "rejected", "partial", "superseded", "expired"]
    residual: float | None = None
    scope: str | None = None  # of the action; leads to its shard, and no more: the id says what is meant


InputEvent = (
    Quote | Trade | Close | Indicator
    | Position | PositionsSnapshot | Fill | FillCancel | Order | Nav
    | Instrument | Adjustment
    | Label | ModeCommand | Override | OverrideEnd | Halt | Reinstate | ResetHwm | Approve | LimitsCommand
    | Heartbeat | Ack
)  # fmt: skip


# --- records that riskd makes itself: they take no n
class Tick(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="tick", gc=False):
    """The wall clock as an input, journaled (`clock: wall` only)."""

    ts: int


class CalendarAdded(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="calendar"):
    """Sessions of a calendar that an instrument names and the core did not know; ns and date ordinals."""

    code: str
    dates: tuple[int, ...]
    opens: tuple[int, ...]
    closes: tuple[int, ...]


class Assignment(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="assignment"):
    """Partitions given to this process; `epoch` counts journaled assignments."""

    epoch: int
    catch_up_until: int | None = None  # clock: wall: up to where events of a backlog tell the time, ns; then ticks do
    partitions: tuple[tuple[str, int, int], ...]  # topic, partition, first offset
    topic_ids: dict[str, str] = {}  # by name: a topic that is made anew has another, and other offsets


class SlowResult(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="result"):
    """What slow work gave back: `id` of the request, digest of its inputs, numbers by name."""

    kind: str
    id: str
    digest: str
    scope: str
    values: dict[str, float | int | bool | str | None]


class CatchUpEnd(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="catch_up_end"):
    """Every assigned partition has reached the end offset it had at start."""

    ts: int


class Foreign(msgspec.Struct, frozen=True, gc=False):
    """Stands for a command to a portfolio of another shard of the process: read, and no concern of this core."""


class RootHome(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="root_home"):
    """A configured root lives in another positions partition: this core need not hold it as unknown any more."""

    root: str
    partition: int


class Outage(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="outage"):
    """Neither actions nor acknowledgements can pass from here on, or can again (`clock: wall` only)."""

    ts: int
    is_over: bool


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="stop"):
    """The daemon ends in good order here; what waits in the core for its second to pass leaves now."""


MadeEvent = Tick | CalendarAdded | Assignment | SlowResult | CatchUpEnd | RootHome | Outage | Stop
