"""What the daemon tells about itself once a second: for `/metrics`, `/state`, `/readyz` and `riskd status`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Condition = Literal["recovered", "assigned", "caught_up", "inputs", "publishing", "disk", "known"]
CONDITIONS: tuple[Condition, ...] = ("recovered", "assigned", "caught_up", "inputs", "publishing", "disk", "known")
# What an input's topic is, whatever the configuration calls it. Every shard reads all but the positions and their acks.
TOPIC_KINDS = ("market_data", "positions", "reference", "control", "acks")
SHARED_TOPIC_KINDS: frozenset[str] = frozenset({"market_data", "reference", "control"})
REPORT_AGE_MAX_S = 5.0  # it is made once a second; an older one says that the loop stands still
# A root without a snapshot is restricted, not a reason to take the daemon out of service.
NOT_NEEDED_TO_BE_READY: frozenset[Condition] = frozenset({"known"})


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One source of `data.sources`: core time of its last sign of life (0: none yet), and whether it is silent."""

    max_silence_ns: int
    last_ns: int
    is_silent: bool


@dataclass(frozen=True, slots=True)
class ShardReport:
    """One core, its journal and its outputs.

    n            : inputs applied; core_time_ns: what the core holds for now
    lag_records  : records not read yet, by topic kind (`market_data`, ...)
    waiting      : records that were read and wait for a slower partition
    outbox       : steps whose outputs wait to leave; oldest_s: how long the first of them waits, seconds
    seq          : last published seq, of `actions` and `shadow`
    lease_until_s: end of the leases that are out, seconds since the epoch; 0 where there is none
    instruments  : held instruments by trust; `not_fresh` the first twenty by name, with their trust
    acks         : by scope whose last action asks for an acknowledgement (`daemon.ack_records.acks_records`)
    evidence     : by limit, the fields of `enforcement.evidence.LimitEvidence`
    overrides, approvals, modes : exceptions in force, commands that wait for a second person, modes that were ordered
    """

    shard: int
    epoch: int
    n: int
    core_time_ns: int
    decisions: int
    lag_records: Mapping[str, int]
    waiting: int
    outbox: int
    oldest_s: float
    audit_waiting: int
    seq: Mapping[str, int]
    lease_until_s: float
    instruments: Mapping[str, int]
    not_fresh: Mapping[str, str]
    sources: Mapping[str, SourceReport]
    evidence: Mapping[str, Mapping[str, object]]
    acks: Mapping[str, Mapping[str, object]]
    overrides: Sequence[Mapping[str, object]] = ()
    approvals: Sequence[Mapping[str, object]] = ()
    modes: Sequence[Mapping[str, object]] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The daemon at one moment.

    at_ns    : wall time
    troubles : what is wrong, by condition; a condition that holds is absent
    shards   : in order of the positions partition
    states   : state records of every scope (contracts.md), shard by shard, parents first
    """

    at_ns: int
    troubles: Mapping[Condition, str]
    shards: tuple[ShardReport, ...]
    states: tuple[Mapping[str, object], ...]

    @property
    def is_ready(self) -> bool:
        """Say whether every condition holds that readiness needs."""
        return all(condition in NOT_NEEDED_TO_BE_READY for condition in self.troubles)
