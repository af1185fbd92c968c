"""What is wrong with the daemon, by condition of its readiness, in words for whoever is on call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from daemon.report import Condition, ShardReport

STUCK_AFTER_S = 5.0  # an output that waits this long, or a broker that is away this long, is trouble
_NAMED_MAX = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """What the reporter has seen, once a second.

    low_disks : what is wrong by directory; topics : errors by partition; clock, notices : None where all is well
    """

    shards: Sequence[ShardReport]
    states: Sequence[Mapping[str, object]]
    low_disks: Mapping[str, str]
    topics: Mapping[str, str]
    is_caught_up: bool
    broker_down_s: float
    clock: str | None
    notices: str | None
    audit: Sequence[str]


def troubles_of(seen: Seen) -> dict[Condition, str]:
    """Return what is wrong, by condition; a condition that holds is absent."""
    parts: dict[Condition, list[str]] = {
        "caught_up": _behind(seen),
        "inputs": _inputs(seen),
        "publishing": _publishing(seen),
        "disk": [*seen.audit, *seen.low_disks.values()],
        "known": _unknown(seen),
    }
    return {condition: "; ".join(texts) for condition, texts in parts.items() if texts}


def _behind(seen: Seen) -> list[str]:
    if seen.is_caught_up:
        return []
    left = sum(sum(shard.lag_records.values()) + shard.waiting for shard in seen.shards)
    return [f"catching up: {left} records to go"]


def _inputs(seen: Seen) -> list[str]:
    texts = [] if seen.clock is None else [seen.clock]
    if seen.broker_down_s > STUCK_AFTER_S:
        texts.append(f"no broker answers since {seen.broker_down_s:.0f} s")
    texts += [f"{partition}: {trouble}" for partition, trouble in sorted(seen.topics.items())[:_NAMED_MAX]]
    silent = sorted({name for shard in seen.shards for name, source in shard.sources.items() if source.is_silent})
    return [*texts, f"silent: {', '.join(silent)}"] if silent else texts


def _publishing(seen: Seen) -> list[str]:
    oldest_s = max(shard.oldest_s for shard in seen.shards)
    if oldest_s > STUCK_AFTER_S:
        return [f"outputs wait to leave since {oldest_s:.0f} s"]
    return [] if seen.notices is None else [f"states or leases do not leave: {seen.notices}"]


def _unknown(seen: Seen) -> list[str]:
    unknown = [str(state["scope"]) for state in seen.states if not state["known"] and "/" not in str(state["scope"])]
    return [f"no positions snapshot yet: {', '.join(unknown[:_NAMED_MAX])}"] if unknown else []
