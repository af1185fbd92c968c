"""The summary of a replay: what went in, what came out, and which limits fired when. No wall time, no paths."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from config.crises import Crisis
from config.schema import Limit
from daemon.firing import (
    CRISES,
    Fired,
    FiringLog,
    Interval,
    Noted,
    fired_between,
    fired_within_a_day,
    year_of,
    year_start_ns,
)
from daemon.voices import covered, voice_records, voices
from feeds.record import Input, Rejection

if TYPE_CHECKING:  # it brings the kernels, and the demo's screen needs none
    from daemon.outputs import Outputs

SCHEMA = "riskd.summary"
SCHEMA_VERSION = 1


class Tally:
    """Counts inputs and outputs as a replay goes on; `limits` say which sensors may speak, of which `crises`."""

    def __init__(self, limits: Sequence[Limit] = (), crises: Sequence[Crisis] = ()) -> None:
        self._limits, self._crises = limits, crises
        self.firing = FiringLog()
        self.sent = 0
        self.first_ts: int | None = None
        self._types: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._decisions: Counter[str] = Counter()
        self._transitions: Counter[str] = Counter()
        self._actions: Counter[str] = Counter()
        self._shadow: Counter[str] = Counter()
        self._states = 0

    def note_inputs(self, inputs: Sequence[Input]) -> None:
        """Count what goes into the core; records that riskd makes itself have n = 0 and are not counted as sent."""
        self.sent += sum(1 for item in inputs if item.record.n > 0)
        self._types.update(type(item.event).__name__ for item in inputs)
        if self.first_ts is None:
            self.first_ts = next((ts for ts in map(event_ts, inputs) if ts is not None), None)

    def note_outputs(self, outputs: "Outputs") -> None:
        """Count what came out of the core."""
        self._reasons.update(rejection.reason.value for _, rejection in outputs.rejections)
        for decision in outputs.decisions:
            self.note_decision(decision, decision.kind.value)
        for action in outputs.actions:
            self.note_action(action.type, action.effect.value)
        for action in outputs.shadow:
            self.note_shadow(action.type)

    def note_fed(self, sent: int, refused: Mapping[str, int], *, first_ts: int, by_type: Mapping[str, int]) -> None:
        """Count inputs that another process fed to the core; `refused` by reason."""
        self.sent += sent
        self.first_ts = first_ts if self.first_ts is None else self.first_ts
        self._reasons.update(refused)
        self._types.update(by_type)

    def note_decision(self, decision: Noted, kind: str) -> None:
        """Count a decision."""
        self._decisions[kind] += 1
        self._transitions[decision.transition] += 1
        self.firing.note(decision)

    def note_action(self, action_type: str, effect: str) -> None:
        """Count an action of the actions topic."""
        self._actions[f"{action_type} {effect}"] += 1

    def note_shadow(self, action_type: str) -> None:
        """Count an action of the shadow topic."""
        self._shadow[action_type] += 1

    def note_states(self, count: int) -> None:
        """Count state records."""
        self._states += count

    @property
    def rejected(self) -> int:
        """Inputs that were refused, by the decoder or by the core."""
        return self._reasons.total()

    def summary(self, end_ts: int, setup_digest: str, files: Mapping[str, object]) -> dict[str, object]:
        """Return the whole summary; `files` gives each file's size and digest by its name in the folder."""
        intervals = self.firing.intervals()
        first_ts = end_ts if self.first_ts is None else self.first_ts
        return {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "setup_digest": setup_digest,
            "first_ts": first_ts,
            "last_ts": end_ts,
            "first_time": iso_time(first_ts),
            "last_time": iso_time(end_ts),
            "inputs": {
                "sent": self.sent,
                "applied": self.sent - self.rejected,
                "rejected": self.rejected,
                "rejected_by_reason": _ordered(self._reasons),
                "by_type": _ordered(self._types),
            },
            "decisions": {
                "count": self._decisions.total(),
                "by_kind": _ordered(self._decisions),
                "by_transition": _ordered(self._transitions),
            },
            "actions": {"count": self._actions.total(), "by_type_and_effect": _ordered(self._actions)},
            "shadow": {"count": self._shadow.total(), "by_type": _ordered(self._shadow)},
            "states": self._states,
            "fired_by_year": {
                str(year): _tree(fired_between(intervals, year_start_ns(year), _end(year, end_ts)))
                for year in range(year_of(first_ts), year_of(end_ts) + 1)
            },
            "fired_in_crises": {
                name: _tree(fired_between(intervals, year_start_ns(first), _end(last, end_ts)))
                for name, first, last in crises_within(first_ts, end_ts)
            },
            "who_spoke": {
                crisis.name: voice_records(crisis, voices(crisis, intervals, self._limits))
                for crisis in covered(self._crises, first_ts, end_ts)
            },
            "fired_within_a_day": [_timed(interval, end_ts) for interval in fired_within_a_day(intervals, end_ts)],
            "still_firing": [_name(interval) for interval in intervals if interval.end_ns is None],
            "files": dict(files),
        }


def event_ts(item: Input) -> int | None:
    """Return the event time that an input carries, None for a refused one and for a result of slow work."""
    if isinstance(item.event, Rejection):
        return None
    ts: int | None = getattr(item.event, "ts", None)
    return ts


def crises_within(first_ts: int, last_ts: int) -> list[tuple[str, int, int]]:
    """Return the crises whose years the recording touches."""
    first, last = year_of(first_ts), year_of(last_ts)
    return [crisis for crisis in CRISES if first <= crisis[2] and crisis[1] <= last]


def iso_time(ts_ns: int) -> str:
    """Return a time as ISO 8601 with its seconds, UTC."""
    return datetime.fromtimestamp(ts_ns // 10**9, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _end(year: int, end_ts: int) -> int:
    """Return the end of a window: that of the year, or just after the recording's last moment."""
    return min(year_start_ns(year + 1), end_ts + 1)


def _tree(fired: Iterable[Fired]) -> dict[str, dict[str, dict[str, object]]]:
    """Return what fired as scope, limit, level."""
    tree: dict[str, dict[str, dict[str, object]]] = {}
    for item in fired:
        levels = tree.setdefault(item.key.scope, {}).setdefault(item.key.limit, {})
        levels[item.key.level] = {"began": item.began, "days": item.days, "held_over": item.held_over}
    return tree


def _name(interval: Interval) -> dict[str, object]:
    key = interval.key
    return {"scope": key.scope, "limit": key.limit, "level": key.level, "since": interval.start_ns}


def _timed(interval: Interval, end_ts: int) -> dict[str, object]:
    """Return one firing with its beginning, and how long it lasted or lasts still at the recording's end."""
    until = end_ts if interval.end_ns is None else interval.end_ns
    lasted_s = round((until - interval.start_ns) / 1e9, 3)
    return _name(interval) | {"lasted_s": lasted_s, "is_open": interval.end_ns is None}


def _ordered(counts: Counter[str]) -> dict[str, int]:
    """Return the counts by name, so that nothing depends on what came first."""
    return dict(sorted(counts.items()))
