"""The streaming numbers against the oracle, which computes them from the raw events alone."""

import dataclasses
import itertools
import json
import random
from collections.abc import Iterable

import pytest

from config.setup import Setup
from daemon.core import Core
from daemon.edge import decode_inputs
from daemon.shipped import CRYPTO, demo_config, shipped_recording
from daemon.wiring import build_setup
from feeds.decode import topic_of_type
from feeds.events import CalendarAdded
from feeds.record import Record
from feeds.recording import read_records
from tests.oracle.compare import differences
from tests.oracle.compare_night import night_differences, night_pairs
from tests.oracle.oracle import Oracle
from tests.oracle.scenarios import STORIES
from tests.oracle.stream import setup

_LINES = 6_000  # of the shipped recording; all of it at 1,000 points: python -m tests.oracle
_POINTS = 25
_LINES_OF_COINS = 9_000


def compare_at(events: Iterable[dict[str, object]], config: Setup, points: set[int]) -> list[str]:
    """Play events through both and return what differs at the points."""
    core, oracle = Core(config), Oracle(config)
    known = {calendar.code for calendar in config.calendars}
    found: list[str] = []
    for n, event in enumerate(events, 1):
        record = Record(n, topic_of_type(str(event["type"])) or "", 0, -1, json.dumps(event).encode())
        inputs = decode_inputs([record], known, config.config)
        for item in inputs:
            if isinstance(item.event, CalendarAdded):
                added = item.event
                calendar = {"code": added.code, "dates": added.dates, "opens": added.opens, "closes": added.closes}
                oracle.apply({"type": "calendar", **calendar}, 0)
        refused = bool(core.step(inputs).rejections)
        if refused != bool(oracle.apply(event, n)):
            found.append(f"n={n} {event['type']}: refused by one alone")
        if n in points:
            for state in core.state_records():
                numbers = oracle.numbers(str(state["scope"]))
                found += [f"n={n} {event['type']}: {line}" for line in differences(state, numbers, statuses=True)]
            found += [f"n={n} {event['type']}: {line}" for line in night_differences(core.state, oracle)]
    return found


@pytest.mark.parametrize("name", sorted(STORIES))
def test_engine_tells_the_story_as_the_oracle_does(name: str) -> None:
    events = STORIES[name]().events
    points = set(random.Random(name).sample(range(1, len(events) + 1), 30)) | set(
        range(len(events) - 5, len(events) + 1)
    )
    assert compare_at(events, setup(), points) == []


def test_engine_equals_the_oracle_on_the_shipped_recording() -> None:
    lines = itertools.chain.from_iterable(read_records(shipped_recording()))
    events = [json.loads(record.payload) for record in itertools.islice(lines, _LINES)]
    points = set(random.Random(1).sample(range(1, len(events) + 1), _POINTS))
    assert compare_at(events, build_setup(demo_config()), points) == []


def test_engine_equals_the_oracle_in_the_minutes_of_coins() -> None:
    """The simulated days, which end at about line 5,400, and the first real minutes: bars of ten seconds."""
    lines = itertools.chain.from_iterable(read_records(CRYPTO.recording))
    events = [json.loads(record.payload) for record in itertools.islice(lines, _LINES_OF_COINS)]
    points = set(random.Random(2).sample(range(5_400, len(events) + 1), 10))
    assert compare_at(events, build_setup(CRYPTO.config), points) == []


def test_a_wrong_number_is_found() -> None:
    """The comparison itself must be able to fail."""
    events = STORIES["plain_days"]().events[:600]
    crooked = [
        event | {"price": float(str(event["price"])) * 1.0001} if n == 400 else event for n, event in enumerate(events)
    ]
    made = setup()  # once: it builds a calendar
    core, oracle = Core(made), Oracle(made)
    known = {calendar.code for calendar in made.calendars}
    for n, (ours, theirs) in enumerate(zip(crooked, events, strict=True), 1):
        record = Record(n, topic_of_type(str(ours["type"])) or "", 0, -1, json.dumps(ours).encode())
        core.step(decode_inputs([record], known, made.config))
        oracle.apply(theirs, n)
    assert differences(core.state_records()[0], oracle.numbers("firm"))


def test_a_wrong_figure_of_the_night_is_found() -> None:
    """A year of the shipped recording, with the crisis that it holds; the oracle is told other shares of NAV."""
    lines = itertools.chain.from_iterable(read_records(shipped_recording()))
    events = [json.loads(record.payload) for record in itertools.islice(lines, _LINES)]
    made = build_setup(demo_config())
    stress = made.config.stress.model_copy(update={"reverse_loss": 0.11, "plausible_loss": 0.26})
    other = dataclasses.replace(made, config=made.config.model_copy(update={"stress": stress}))
    core, oracle = Core(made), Oracle(other)
    known = {calendar.code for calendar in made.calendars}
    for n, event in enumerate(events, 1):
        record = Record(n, topic_of_type(str(event["type"])) or "", 0, -1, json.dumps(event).encode())
        core.step(decode_inputs([record], known, made.config))
        oracle.apply(event, n)
    found = night_differences(core.state, oracle)
    assert {line.split(":")[0].split(" ")[1] for line in found} == {"reverse", "plausible"}
    names = [name for name, _, _ in night_pairs(core.state, oracle)]
    assert "firm kuwait_1990 drawdown" in names
    assert "firm/long-short adversarial severe" in names
