"""The actions of one replay as a comparison needs them, read back from its files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import cast

import msgspec
import orjson

from daemon.explain_pass import TOPICS, Topic
from enforcement.records import LifeState

# Numbers that shift as soon as anything before them does: they say nothing of what an action asks or why.
NUMBERING = ("action_id", "d", "seq", "epoch", "config_hash", "input_digest")
# What a consumer acts on, and when.
ASKED = (
    "ts_decided", "type", "params", "trading_state", "allowed", "active", "effect", "mode", "on_expiry", "requires_ack",
    "ack_by",
)  # fmt: skip

Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One action of a replay.

    asks, says : digests of what a consumer acts on, and of the whole action, both without its numbering
    position, length : of its line in the file of its topic, bytes
    """

    topic: Topic
    action_id: str
    seq: int
    ts: int
    scope: str
    limit: str
    level: str
    kind: str
    transition: str
    episode_id: str
    type: str
    trading_state: str
    reason: str
    asks: str
    says: str
    position: int
    length: int


@dataclass(frozen=True, slots=True)
class Episode:
    """From the first to the last moment, core time ns, at which a limit in a scope asked for anything, in one go."""

    limit: str
    scope: str
    id: str
    start_ns: int
    end_ns: int


class _Decided(msgspec.Struct, frozen=True):
    limit: str
    scope: str
    level: str
    life: LifeState
    decided_type: str
    episode_id: str
    ts_decided: int


def actions_of(folder: Path) -> list[PlannedAction]:
    """Return the actions of both topics in the order of their files."""
    return [each for topic in TOPICS for each in _of_topic(folder, topic)]


def record_at(folder: Path, action: PlannedAction) -> Record:
    """Return the whole action."""
    with (folder / f"{action.topic}.jsonl").open("rb") as file:
        file.seek(action.position)
        return cast(Record, orjson.loads(file.read(action.length)))


def episodes_of(folder: Path, end_ns: int) -> list[Episode]:
    """Return the episodes of every limit in every scope by their beginning; what asks still does so to `end_ns`."""
    starts: dict[tuple[str, str, str], int] = {}
    ends: dict[tuple[str, str, str], int] = {}
    lives: dict[tuple[str, str], dict[str, str]] = {}
    last: dict[tuple[str, str], str] = {}
    decoder = msgspec.json.Decoder(_Decided)
    with (folder / "decisions.jsonl").open("rb") as lines:
        for line in lines:
            decided = decoder.decode(line)
            unit, key = (decided.limit, decided.scope), (decided.limit, decided.scope, decided.episode_id)
            lives.setdefault(unit, {})[decided.level] = decided.decided_type
            if decided.decided_type != "none":
                starts.setdefault(key, decided.ts_decided)
            last[unit] = decided.episode_id
            ends[key] = decided.ts_decided
    for unit, asked in lives.items():
        if any(each != "none" for each in asked.values()):
            ends[*unit, last[unit]] = end_ns
    found = [Episode(*key, start, ends[key]) for key, start in starts.items()]
    return sorted(found, key=lambda each: (each.start_ns, each.limit, each.scope))


def contents(record: Mapping[str, object]) -> Record:
    """Return an action without its numbering."""
    kept = {key: value for key, value in record.items() if key not in NUMBERING}
    cause = cast("Mapping[str, object]", record["cause"])
    return kept | {"cause": {key: value for key, value in cause.items() if key != "episode_id"}}


def changed_fields(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Return the fields in which two actions differ beyond their numbering, those of parts as `part.field`."""
    one, other = dict(_flat(contents(before))), dict(_flat(contents(after)))
    return [name for name in one if name not in other or one[name] != other[name]] + [
        name for name in other if name not in one
    ]


def _of_topic(folder: Path, topic: Topic) -> Iterator[PlannedAction]:
    position = 0
    with (folder / f"{topic}.jsonl").open("rb") as lines:
        for line in lines:
            yield _planned(topic, orjson.loads(line), position, len(line))
            position += len(line)


def _planned(topic: Topic, record: Record, position: int, length: int) -> PlannedAction:
    cause = cast("Mapping[str, str]", record["cause"])
    return PlannedAction(
        topic=topic,
        action_id=str(record["action_id"]),
        seq=cast(int, record["seq"]),
        ts=cast(int, record["ts_decided"]),
        scope=str(record["scope"]),
        limit=cause["limit"],
        level=cause["level"],
        kind=cause["kind"],
        transition=cause["transition"],
        episode_id=cause["episode_id"],
        type=str(record["type"]),
        trading_state=str(record["trading_state"]),
        reason=str(record["reason"]),
        asks=_digest({name: record[name] for name in ASKED}),
        says=_digest(contents(record)),
        position=position,
        length=length,
    )


def _digest(value: Record) -> str:
    return blake2b(orjson.dumps(value), digest_size=16).hexdigest()


def _flat(record: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield fields, and those of an object one level down."""
    for name, value in record.items():
        if isinstance(value, Mapping) and value:
            yield from ((f"{name}.{key}", each) for key, each in value.items())
        else:
            yield name, value
