"""State records and the `/state` document as typed values: what metrics and `riskd status` read of them."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

Shown = float | Literal["Infinity", "-Infinity"] | None  # null is a number that riskd does not have


def as_float(value: Shown) -> float:
    """Return a number of a record as a float: NaN where there is none.

    >>> as_float(1.5), as_float("Infinity"), as_float(None)
    (1.5, inf, nan)
    """
    return math.nan if value is None else float(value)


class NumberView(msgspec.Struct, frozen=True):
    """A number and how far it may be trusted."""

    value: Shown
    status: str


class StressView(msgspec.Struct, frozen=True):
    """Loss of one scenario, and the share of gross exposure that it shocks."""

    loss: Shown
    coverage: Shown


class ReverseView(msgspec.Struct, frozen=True):
    """How many times a scenario must come for the configured loss; null where five times do not reach it."""

    multiplier: Shown
    status: str


class PlausibleView(msgspec.Struct, frozen=True):
    """How far the most plausible ruinous move is, in standard deviations."""

    distance: Shown


class CorrelationLevelView(msgspec.Struct, frozen=True):
    """VaR 99 at one level of correlation stress."""

    worst: Shown


class CorrelationView(msgspec.Struct, frozen=True):
    """VaR 99 under correlation stress, by level."""

    var_99: dict[str, CorrelationLevelView]


class CrisisView(msgspec.Struct, frozen=True):
    """P&L of the untouched book in a crisis, at its lowest: a loss is negative."""

    worst: Shown


class NightlyView(msgspec.Struct, frozen=True):
    """The nightly stress of one scope; `as_of` is core time, ns, null before the first."""

    as_of: int | None
    reverse: dict[str, ReverseView]
    plausible: PlausibleView
    correlation: CorrelationView
    crises: dict[str, CrisisView]


class LimitView(msgspec.Struct, frozen=True):
    """One level of one limit. `since` is core time, ns; `at` is in the metric's unit."""

    limit: str
    level: str
    life: str
    utilisation: Shown
    stage: str
    at: Shown
    action: str
    since: int
    reason: str


class TradingStateView(msgspec.Struct, frozen=True):
    """Trading state along the path: of risk.actions, and of the shadow topic."""

    effective: str
    shadow_effective: str


class BacktestView(msgspec.Struct, frozen=True):
    """Completed rows that were compared with the VaR before them, and those that passed it."""

    observations: int
    exceptions: int


class ScopeView(msgspec.Struct, frozen=True):
    """The state record of one scope; its other fields are left aside."""

    ts: int
    scope: str
    known: bool
    trust: str
    trading_state: TradingStateView
    nav: Shown
    var: dict[str, dict[str, NumberView]]
    es: dict[str, dict[str, NumberView]]
    stress: dict[str, StressView]
    nightly_stress: NightlyView
    metrics: dict[str, NumberView]
    limits: list[LimitView]
    backtest: dict[str, BacktestView]
    shard: int


class SourceView(msgspec.Struct, frozen=True):
    """One watched source, times in ns."""

    max_silence_ns: int
    last_ns: int
    is_silent: bool


class EvidenceView(msgspec.Struct, frozen=True):
    """What a limit has shown so far, as `enforcement.evidence.LimitEvidence` describes it."""

    sensor: str
    episodes: int
    live_weeks: float
    false: int
    stage_weeks: float
    resolved: int
    rate_per_week: Shown
    rate_upper: Shown
    readiness: Shown
    cusum: float
    precision: Shown
    stage: str
    false_causes: dict[str, int]
    modes: list[str]
    lacks: list[str]


class SaidView(msgspec.Struct, frozen=True):
    """The last word of a consumer on an action; residual in units, null where it did not say."""

    result: str
    residual: float | None


class MissingView(msgspec.Struct, frozen=True):
    """Since when an acknowledgement is missing, core time, ns, and why: silent, refused or partial."""

    since: int
    why: str


class AcksView(msgspec.Struct, frozen=True):
    """How the last action of a scope stands with its acknowledgements, as `daemon.ack_records` describes it."""

    action_id: str
    asked: int | None
    ack_by: int | None
    open: bool
    owing: list[str]
    said: dict[str, SaidView]
    missing: MissingView | None
    contradictions: list[str]


class OverrideView(msgspec.Struct, frozen=True):
    """An exception in force, as `daemon.command_records.override_record` has it; times in ns."""

    override_id: str
    override: str
    scope: str
    limit: str | None
    level: str | None
    value: float | None
    state: str | None
    expires_at: int
    actor: str
    approved_by: str | None
    reason: str


class ApprovalView(msgspec.Struct, frozen=True):
    """A command that waits for a second person until `lapses_at`, ns."""

    command_id: str
    command: str
    actor: str
    reason: str
    lapses_at: int
    fields: dict[str, object]


class ModeOrderView(msgspec.Struct, frozen=True):
    """A mode that an operator ordered: of one limit or of all, in some scopes or in all."""

    mode: str
    limit: str | None
    scope: str | None
    command_id: str


class ShardView(msgspec.Struct, frozen=True):
    """One shard, as `daemon.report.ShardReport` describes it."""

    shard: int
    epoch: int
    n: int
    core_time_ns: int
    decisions: int
    lag_records: dict[str, int]
    waiting: int
    outbox: int
    oldest_s: float
    audit_waiting: int
    seq: dict[str, int]
    lease_until_s: float
    instruments: dict[str, int]
    not_fresh: dict[str, str]
    sources: dict[str, SourceView]
    evidence: dict[str, EvidenceView]
    acks: dict[str, AcksView]
    overrides: list[OverrideView] = []
    approvals: list[ApprovalView] = []
    modes: list[ModeOrderView] = []


class StateDocument(msgspec.Struct, frozen=True):
    """What `/state` answers."""

    schema_version: int
    at_ns: int
    is_ready: bool
    troubles: dict[str, str]
    shards: list[ShardView]
    states: list[ScopeView]


def evidence_views(evidence: Mapping[str, Mapping[str, object]]) -> dict[str, EvidenceView]:
    """Return evidence by limit as typed values."""
    return msgspec.convert(evidence, type=dict[str, EvidenceView])


def ack_views(acks: Mapping[str, Mapping[str, object]]) -> dict[str, AcksView]:
    """Return acknowledgements by scope as typed values."""
    return msgspec.convert(acks, type=dict[str, AcksView])


def scope_views(states: Sequence[Mapping[str, object]]) -> list[ScopeView]:
    """Return state records as typed values; msgspec.ValidationError where one is none, which is a bug of ours."""
    return msgspec.convert(states, type=list[ScopeView])
