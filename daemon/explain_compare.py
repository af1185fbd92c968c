"""Byte for byte: what the inputs give of an action against each record of it, and where they differ, by field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import orjson

from daemon.explain_claims import Claim, Source, record_of
from daemon.explain_pass import Recomputed, Topic

Verdict = Literal["match", "differs", "missing", "superseded", "unexplained"]
What = Literal["action", "decision"]
# What one journal of a run tells and a raw recording cannot: where the records came from, and how often riskd began.
NOT_IN_A_RECORDING: Mapping[str, str] = {
    "epoch": "a recording holds no assignment, so that every replay of one is in epoch 1",
    "inputs.n": "a recording numbers its own lines",
    "inputs.offsets": "a recording of bare events has no offsets",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: as it is recorded, and as the inputs give it; `why` where a cause is known, else empty."""

    field: str
    recorded: object
    recomputed: object
    why: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One record of the action held against the recomputed one.

    what    : action or decision: what the record is of
    verdict : match: every byte; differs; missing: it should be there and is not; superseded: the topic keeps the newest
              record of a scope, and holds a newer one; unexplained: it is there, and the inputs give none
    """

    source: Source
    topic: Topic
    what: What
    place: str
    verdict: Verdict
    differences: tuple[Difference, ...] = ()

    @property
    def is_good(self) -> bool:
        """Say whether it takes nothing from the match."""
        return self.verdict in ("match", "superseded")


def compare_value(claim: Claim, recomputed: Recomputed, *, is_raw: bool) -> Comparison:
    """Hold a whole action, from a topic or a file, against the recomputed one."""
    return _compare(claim.source, claim, "action", claim.line, recomputed.value, is_raw=is_raw)


def compare_audit(claim: Claim, recomputed: Recomputed, *, is_raw: bool) -> Comparison:
    """Hold an action's audit line against the recomputed record; `n` and `h` are the log's own, and its chain's."""
    return _compare("audit", claim, "action", claim.line, as_line(recomputed.audit, claim.line), is_raw=is_raw)


def compare_decision(place: str, line: bytes, recomputed: Recomputed, *, is_raw: bool) -> Comparison:
    """Hold the audit line of the action's decision against the recomputed record."""
    expected = as_line(recomputed.decision_audit, line)
    action = recomputed.action
    claim = Claim("audit", place, recomputed.topic, action.action_id, action.shard, line)
    return _compare("audit", claim, "decision", line, expected, is_raw=is_raw)


def as_line(body: bytes, line: bytes) -> bytes:
    """Return a recomputed audit record as it would stand in the place of `line`: with that place's `n` and `h`."""
    record = record_of(line)
    head, tail = orjson.dumps({"n": record.get("n")})[:-1], orjson.dumps({"h": record.get("h")})[1:]
    return head + b"," + body[1:-1] + b"," + tail


def missing(
    source: Source, topic: Topic, place: str, *, what: What = "action", verdict: Verdict = "missing"
) -> Comparison:
    """Return that a source lacks what the inputs give."""
    return Comparison(source, topic, what, place, verdict)


def unexplained(claim: Claim) -> Comparison:
    """Return that a record is there which the inputs do not give."""
    return Comparison(claim.source, claim.topic, "action", claim.place, "unexplained")


def differences(recorded: bytes, recomputed: bytes, *, is_raw: bool) -> tuple[Difference, ...]:
    """Return the fields in which two records differ; for bytes that differ with equal fields, that."""
    before, after = dict(_leaves(record_of(recorded), "")), dict(_leaves(record_of(recomputed), ""))
    fields = [name for name in after if name not in before or before[name] != after[name]]
    fields += [name for name in before if name not in after]
    if not fields:
        return (Difference("(form)", "not the canonical bytes", "canonical"),)
    return tuple(
        Difference(name, before.get(name, "(absent)"), after.get(name, "(absent)"), _cause(name, is_raw=is_raw))
        for name in fields
    )


def is_of_origin_alone(comparisons: Sequence[Comparison]) -> bool:
    """Say whether all that differs is what a raw recording cannot tell."""
    found = [each for comparison in comparisons for each in comparison.differences]
    return bool(found) and all(each.why for each in found)


def _compare(source: Source, claim: Claim, what: What, recorded: bytes, expected: bytes, *, is_raw: bool) -> Comparison:
    if recorded == expected:
        return Comparison(source, claim.topic, what, claim.place, "match")
    found = differences(recorded, expected, is_raw=is_raw)
    return Comparison(source, claim.topic, what, claim.place, "differs", found)


def _cause(name: str, *, is_raw: bool) -> str:
    if not is_raw:
        return ""
    return next((why for field, why in NOT_IN_A_RECORDING.items() if name == field or name.startswith(f"{field}.")), "")


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Yield (path, value) of everything that is no object and no list, and of empty ones."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from _leaves(each, f"{path}[{index}]")
    else:
        yield path, value
