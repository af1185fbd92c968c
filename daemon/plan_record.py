"""A rehearsal as plain values: `plan.json`. Same recording and configurations: the same bytes."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from daemon.explain_pass import TOPICS
from daemon.plan_actions import PlannedAction, changed_fields, record_at
from daemon.plan_command import BASE, PROPOSED, SIDES, Rehearsal, Side
from daemon.plan_evidence import FalseRate
from daemon.plan_match import Pair

SCHEMA = "riskd.plan"
SCHEMA_VERSION = 1

Row = dict[str, object]
Unit = tuple[str, str]


def plan_record(rehearsal: Rehearsal) -> Row:
    """Return everything: settings by path, actions that appear, vanish or change, times and rates by limit and scope.

    Times are ns; open_ns is open time of the scope. A rate that cannot be told is null, and `why_not` says why.
    """
    difference = rehearsal.difference
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "equal": rehearsal.is_equal,
        "recording": rehearsal.asked.recording.name,
        "left_out": [each.name for each in rehearsal.left_out],
        "base_varies": rehearsal.base_varies,
        "setup_digests": rehearsal.digests,
        "settings": [{"path": each.path, "old": each.old, "new": each.new} for each in rehearsal.changes],
        "counts": {
            name: len(actions)
            for name, actions in (
                ("appear", difference.appear), ("vanish", difference.vanish), ("change", difference.change),
                ("reworded", difference.reworded), ("same", difference.same),
            )
        },
        "limits": limit_rows(rehearsal),
        "levels": level_rows(rehearsal),
        "published": {side: _published(each) for side, each in rehearsal.sides.items()},
        "appear": [_action(each) for each in difference.appear],
        "vanish": [_action(each) for each in difference.vanish],
        "change": [_pair(pair, rehearsal) for pair in difference.change],
        "reworded": [_pair(pair, rehearsal) for pair in difference.reworded],
        "same": [{"topic": one.topic, BASE: one.seq, PROPOSED: other.seq} for one, other in difference.same],
    }  # fmt: skip


def limit_rows(rehearsal: Rehearsal) -> list[Row]:
    """Return, for every limit and scope that acted or is watched, its actions and its rate under both."""
    counts = _counts(rehearsal)
    rates = {side: {(r.limit, r.scope): r for r in each.done.rates} for side, each in rehearsal.sides.items()}
    units = sorted(counts.keys() | {unit for each in rates.values() for unit in each})
    return [
        {
            "limit": unit[0],
            "scope": unit[1],
            **{name: counts[unit][name] for name in ("appear", "vanish", "change", "reworded")},
            "actions": {topic: {side: counts[unit][f"{topic} {side}"] for side in SIDES} for topic in TOPICS},
            "verification": {side: _rate(rates[side].get(unit)) for side in rehearsal.sides},
        }
        for unit in units
    ]


def level_rows(rehearsal: Rehearsal) -> list[Row]:
    """Return, for every level that fired under either, how often it began and for how much open time it fired."""
    found: dict[tuple[str, str, str], Row] = {}
    for side, each in rehearsal.sides.items():
        for firing in each.done.firings:
            row = found.setdefault((firing.limit, firing.scope, firing.level), {})
            row[side] = {"began": firing.began, "open_ns": firing.open_ns}
    nothing = {"began": 0, "open_ns": 0}
    return [
        {"limit": key[0], "scope": key[1], "level": key[2], **{side: found[key].get(side, nothing) for side in SIDES}}
        for key in sorted(found)
    ]


def _counts(rehearsal: Rehearsal) -> dict[Unit, Counter[str]]:
    counts: dict[Unit, Counter[str]] = defaultdict(Counter)
    for side, each in rehearsal.sides.items():
        for action in each.actions:
            counts[action.limit, action.scope][f"{action.topic} {side}"] += 1
    for name, action in _named(rehearsal):
        counts[action.limit, action.scope][name] += 1
    return counts


def _named(rehearsal: Rehearsal) -> Iterator[tuple[str, PlannedAction]]:
    difference = rehearsal.difference
    yield from (("appear", each) for each in difference.appear)
    yield from (("vanish", each) for each in difference.vanish)
    yield from (("change", each) for each, _ in difference.change)
    yield from (("reworded", each) for each, _ in difference.reworded)


def _published(side: Side) -> Row:
    """Return what a side's topics carry: actions by type, and core time by trading state, summed over scopes."""
    end_ns = side.done.summary["last_ts"]
    assert isinstance(end_ns, int)
    return {
        topic: {
            "by_type": dict(sorted(Counter(each.type for each in side.actions if each.topic == topic).items())),
            "state_ns": _state_times([each for each in side.actions if each.topic == topic], end_ns),
        }
        for topic in TOPICS
    }


def _state_times(actions: Sequence[PlannedAction], end_ns: int) -> dict[str, dict[str, int]]:
    """Return by scope for how long, core time in ns, it was held to each trading state, from its first action on."""
    spent: dict[str, Counter[str]] = defaultdict(Counter)
    last: dict[str, PlannedAction] = {}
    for action in actions:
        if (before := last.get(action.scope)) is not None:
            spent[action.scope][before.trading_state] += action.ts - before.ts
        last[action.scope] = action
    for scope, action in last.items():
        spent[scope][action.trading_state] += end_ns - action.ts
    return {scope: dict(sorted(times.items())) for scope, times in sorted(spent.items())}


def _rate(rate: FalseRate | None) -> Row | None:
    """Return a rate; None where the limit is not watched in the scope under this configuration."""
    if rate is None:
        return None
    return {key: value for key, value in asdict(rate).items() if key not in ("limit", "scope")}


def _action(action: PlannedAction) -> Row:
    return {
        "topic": action.topic, "seq": action.seq, "action_id": action.action_id, "ts": action.ts, "scope": action.scope,
        "limit": action.limit, "level": action.level, "kind": action.kind, "transition": action.transition,
        "type": action.type, "trading_state": action.trading_state, "reason": action.reason, "content": action.says,
    }  # fmt: skip


def _pair(pair: Pair, rehearsal: Rehearsal) -> Row:
    """Return both actions of a pair, and the fields in which they differ."""
    one, other = pair
    before: Mapping[str, object] = record_at(rehearsal.folders[BASE], one)
    after: Mapping[str, object] = record_at(rehearsal.folders[PROPOSED], other)
    return {BASE: _action(one), PROPOSED: _action(other), "fields": changed_fields(before, after)}
