"""Which sensor spoke first in each dated crisis, which came late, and which said nothing: read from the decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from config.crises import Crisis
from config.schema import Limit
from daemon.firing import DAY_NS, Interval, Key

Verdict = Literal["spoke", "held", "late", "silent"]

LATE_DAYS = 30  # calendar days after its end within which a sensor still speaks of the crisis, too late
_ORDER: tuple[Verdict, ...] = ("spoke", "held", "late", "silent")
_EPOCH_ORDINAL = datetime(1970, 1, 1, tzinfo=UTC).toordinal()


@dataclass(frozen=True, slots=True)
class Voice:
    """What one sensor said of one crisis.

    verdict  : spoke: began to fire in it; held: fired since before and brought no news; late: within LATE_DAYS after
               its end; silent
    key      : the level that did so first; None where all were silent
    since_ns : when that level began to fire; day: calendar days from the last close before the fall to it
    """

    sensor: str
    verdict: Verdict
    key: Key | None = None
    since_ns: int = 0
    day: int = 0


def covered(crises: Sequence[Crisis], first_ts: int, last_ts: int) -> list[Crisis]:
    """Return the crises that the recording holds whole."""
    return [crisis for crisis in crises if first_ts <= _begin_ns(crisis) and _end_ns(crisis) - DAY_NS <= last_ts]


def voices(crisis: Crisis, intervals: Sequence[Interval], limits: Sequence[Limit]) -> list[Voice]:
    """Return what each sensor with a limit said, the first to speak first; then held, late and silent ones."""
    sensor_of = {limit.id: limit.sensor for limit in limits}
    found = {sensor: Voice(sensor, "silent") for sensor in dict.fromkeys(sensor_of.values())}
    for interval in intervals:  # by their beginning
        sensor = sensor_of.get(interval.key.limit)
        verdict = _verdict(crisis, interval)
        if sensor is None or _ORDER.index(verdict) >= _ORDER.index(found[sensor].verdict):
            continue
        day = interval.start_ns // DAY_NS - (crisis.start_day - _EPOCH_ORDINAL)
        found[sensor] = Voice(sensor, verdict, interval.key, interval.start_ns, day)
    return sorted(found.values(), key=lambda voice: (_ORDER.index(voice.verdict), voice.since_ns))


def voice_records(crisis: Crisis, spoken: Sequence[Voice]) -> dict[str, object]:
    """Return the crisis and its voices as the summary holds them."""
    first = spoken[0] if spoken and spoken[0].verdict == "spoke" else None
    return {
        "title": crisis.title,
        "start": crisis.start,
        "end": crisis.end,
        "source": crisis.source,
        "first": None if first is None else first.sensor,
        "sensors": {voice.sensor: _record(voice) for voice in spoken},
    }


def voice_words(sensors: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return what was said of one crisis as short lines: who spoke and when, who held, came late, was silent."""
    spoke = [
        f"{name} +{said['day']} d ({said['scope']} {said['limit']})"
        for name, said in sensors.items()
        if said["verdict"] == "spoke"
    ]
    lines = [f"first {spoke[0]}" + "".join(f", {each}" for each in spoke[1:])] if spoke else ["nobody spoke in it"]
    for verdict, words in (("held", "firing since before"), ("late", "late"), ("silent", "silent")):
        named = [
            f"{name} +{said['day']} d" if verdict == "late" else name
            for name, said in sensors.items()
            if said["verdict"] == verdict
        ]
        if named:
            lines.append(f"{words}: {', '.join(named)}")
    return lines


def _record(voice: Voice) -> dict[str, object]:
    if voice.key is None:
        return {"verdict": voice.verdict}
    date = datetime.fromtimestamp(voice.since_ns // 10**9, tz=UTC).date().isoformat()
    place = {"scope": voice.key.scope, "limit": voice.key.limit, "level": voice.key.level}
    return {"verdict": voice.verdict, "date": date, "day": voice.day, **place}


def _verdict(crisis: Crisis, interval: Interval) -> Verdict:
    begin, end = _begin_ns(crisis), _end_ns(crisis)
    if interval.start_ns < begin:
        return "held" if interval.end_ns is None or interval.end_ns > begin else "silent"
    if interval.start_ns < end:
        return "spoke"
    return "late" if interval.start_ns < end + LATE_DAYS * DAY_NS else "silent"


def _begin_ns(crisis: Crisis) -> int:
    """Return the end, UTC, of the day of the last close before the fall."""
    return (crisis.start_day - _EPOCH_ORDINAL + 1) * DAY_NS


def _end_ns(crisis: Crisis) -> int:
    """Return the end, UTC, of its last day."""
    return (crisis.end_day - _EPOCH_ORDINAL + 1) * DAY_NS
