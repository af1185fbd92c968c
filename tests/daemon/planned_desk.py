"""Recordings and configurations to rehearse, and a plan held against two replays by a comparison of its own."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import yaml

from config.dump import dump_full
from daemon.plan_command import Asked, rehearsal
from daemon.plan_record import plan_record
from daemon.plan_runs import Done, Progress, rehearse
from daemon.replay import ReplayPlan, replay
from feeds.recording_writer import write_recording
from tests.replay.made_stream import LIMITS, made_events, made_setup

Row = dict[str, object]
Document = dict[str, object]
ASKED = (
    "ts_decided", "type", "params", "trading_state", "allowed", "active", "effect", "mode", "on_expiry", "requires_ack",
    "ack_by",
)  # fmt: skip
NUMBERS = ("action_id", "d", "seq", "epoch", "config_hash", "input_digest")


def in_process(plans: Mapping[str, ReplayPlan], progress: Progress) -> dict[str, Done]:
    """The replays one after the other: what the processes do, without starting any."""
    return {side: rehearse(plan) for side, plan in plans.items()}


class Desk:
    """A recording of some weeks, and configurations as files."""

    def __init__(self, folder: Path, *, days: int, quoted: int, quotes: int) -> None:
        self.folder = folder
        self.events = made_events(days=days, quoted=quoted, quotes=quotes)
        self.recording = folder / "recording.jsonl"
        write_recording(self.recording, [json.dumps(event).encode() for event in self.events])
        self.base = self.config("base")
        self.base_actions: dict[tuple[str, int], Row] = {}
        self._made = 0

    def config(self, name: str, change: Callable[[list[Document]], list[Document]] = list) -> Path:
        """Write a configuration with the made stream's limits as `change` leaves them."""
        document = yaml.safe_load(dump_full(made_setup("full", clock="event").config))
        limits = change(json.loads(json.dumps(LIMITS)))
        document["enforcement"] = {"mode": "full", "limits": limits}
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(document))
        return path

    def out(self) -> Path:
        """Return a folder that is not there yet."""
        self._made += 1
        return self.folder / f"out-{self._made}"


def level_of(limit: str, at: float) -> Callable[[list[Document]], list[Document]]:
    """A change of every level of a limit, to `at` times what it is."""

    def change(limits: list[Document]) -> list[Document]:
        for each in limits:
            if each["id"] == limit:
                for level in cast("list[dict[str, float]]", each["levels"]):
                    level["at"] *= at
        return limits

    return change


def stripped(action: Row) -> str:
    kept = {key: value for key, value in action.items() if key not in NUMBERS}
    cause = cast(Row, kept["cause"])
    return json.dumps(kept | {"cause": {k: v for k, v in cause.items() if k != "episode_id"}})


def replayed(desk: Desk, config: Path) -> dict[tuple[str, int], Row]:
    """The actions of one `riskd replay` by (topic, seq)."""
    out = desk.out()
    replay(ReplayPlan(recording=desk.recording, out=out, config=config))
    return {
        (topic, action["seq"]): action
        for topic in ("actions", "shadow")
        for action in map(json.loads, (out / f"{topic}.jsonl").read_bytes().splitlines())
    }


def check_plan(desk: Desk, proposed: Path) -> Row:
    """Rehearse, and hold every list against two replays; return plan.json."""
    out = desk.out()
    with rehearsal(Asked(proposed, desk.recording, desk.base, out), run=in_process) as found:
        record = cast(Row, json.loads(json.dumps(plan_record(found))))
    desk.base_actions = desk.base_actions or replayed(desk, desk.base)
    sides = {"base": desk.base_actions, "proposed": replayed(desk, proposed)}
    contents = {side: Counter(map(stripped, actions.values())) for side, actions in sides.items()}
    listed = {side: listed_on(record, side) for side in sides}
    for side, actions in sides.items():
        assert Counter(listed[side]) == Counter(actions.keys()), "every action is in exactly one list"
    same = cast("list[dict[str, int | str]]", record["same"])
    both = contents["base"] & contents["proposed"]
    assert Counter(stripped(sides["base"][str(e["topic"]), int(e["base"])]) for e in same) == both
    assert Counter(stripped(sides["proposed"][str(e["topic"]), int(e["proposed"])]) for e in same) == both
    for name, asks_alike in (("change", False), ("reworded", True)):
        for pair in cast("list[dict[str, Row]]", record[name]):
            one, other = (sides[side][place(pair[side])] for side in ("base", "proposed"))
            assert all(one[key] == other[key] for key in ASKED) is asks_alike
            assert stripped(one) != stripped(other)
            keys = ("scope", "limit", "level", "kind", "transition", "topic")
            assert [pair["base"][key] for key in keys] == [pair["proposed"][key] for key in keys]
            differing = {key for key in one if key not in NUMBERS and one[key] != other[key]}
            told = {str(field).split(".")[0] for field in cast("list[str]", pair["fields"])}
            assert told <= differing
    return record


def place(action: Row) -> tuple[str, int]:
    return str(action["topic"]), cast(int, action["seq"])


def listed_on(record: Row, side: str) -> list[tuple[str, int]]:
    alone = cast("list[Row]", record["vanish" if side == "base" else "appear"])
    pairs = [pair for name in ("change", "reworded") for pair in cast("list[dict[str, Row]]", record[name])]
    same = cast("list[dict[str, int | str]]", record["same"])
    return [
        *map(place, alone), *(place(pair[side]) for pair in pairs), *((str(e["topic"]), int(e[side])) for e in same)
    ]  # fmt: skip


def rows(record: Row, name: str) -> list[Row]:
    return cast("list[Row]", record[name])


def limits_of(record: Row, name: str) -> set[object]:
    return {each["limit"] for each in rows(record, name)}
