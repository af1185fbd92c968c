"""A book whose gross a price moves over its limits and back, in mode full: what acknowledgements are tried on."""

from collections.abc import Sequence

from config.setup import Setup
from enforcement.records import Action
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    SECOND_NS,
    EventDict,
    Played,
    heartbeat,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

NOON = open_of(20) + 2 * HOUR_NS
GROSS: EventDict = {
    "id": "gross",
    "scope": "firm",
    "sensor": "exposure",
    "metric": "gross",
    "confirm": 1,
    "keep_firing_for": "0s",
}
THROTTLE: EventDict = GROSS | {"levels": [{"at": 2_100.0, "action": "throttle"}]}
REDUCE: EventDict = GROSS | {"levels": [{"at": 2_100.0, "action": "reduce_position"}]}
HALT: EventDict = GROSS | {"levels": [{"at": 2_100.0, "action": "halt"}]}
OPENING: tuple[EventDict, ...] = (
    stock("AA", max_age=4 * DAY_NS),
    stock("BB", max_age=4 * DAY_NS),
    snapshot({("firm/a", "AA"): 100.0}, NOON - 10 * SECOND_NS),
    quote("AA", 20.0, NOON - 9 * SECOND_NS),
    quote("BB", 10.0, NOON - 9 * SECOND_NS + 1),
    nav("firm/a", 50_000.0, NOON - 8 * SECOND_NS),
)
OVER = quote("AA", 22.0, NOON)
UNDER = quote("AA", 18.8, NOON + HOUR_NS)


def story_setup(limit: EventDict = THROTTLE, *, mode: str = "full", **acks: object) -> Setup:
    """Return the setup of the book with one limit; `acks` is the section of the configuration."""
    setup = small_setup([limit], mode=mode)
    enforcement = setup.config.enforcement
    told = type(enforcement.acks).model_validate(acks)
    config = setup.config.model_copy(update={"enforcement": enforcement.model_copy(update={"acks": told})})
    return Setup(config, setup.calendars, setup.scenarios)


def ack(action_id: str, ts: int, result: str = "applied", consumer: str = "oms", **fields: object) -> EventDict:
    """An acknowledgement."""
    return {"type": "ack", "ts": ts, "action_id": action_id, "consumer": consumer, "result": result} | fields


def at(seconds: float, event: EventDict) -> EventDict:
    """Return the event so long after NOON."""
    return event | {"ts": NOON + round(seconds * SECOND_NS)}


def beat(seconds: float) -> EventDict:
    """A heartbeat so long after NOON."""
    return heartbeat(NOON + round(seconds * SECOND_NS))


def actions_of(events: Sequence[EventDict], setup: Setup) -> list[Action]:
    """Return what is published on `risk.actions`."""
    return play([*OPENING, *events], setup).outputs.actions


def follow_ups(played: Played) -> list[tuple[str, str]]:
    """Return (change, reason) of every follow-up in the audit."""
    return [(str(each["change"]), str(each["reason"])) for each in played.outputs.audit if each["kind"] == "follow_up"]


def with_acks(events: Sequence[EventDict], setup: Setup) -> list[EventDict]:
    """Return events in which each ack of "#k" names the k-th enforced action of what comes before, from 0."""
    told: list[EventDict] = []
    for event in events:
        wanted = str(event.get("action_id", ""))
        named: EventDict = {}
        if wanted.startswith("#"):
            actions = actions_of([*told, heartbeat(int(str(event["ts"])))], setup)
            named = {"action_id": actions[int(wanted[1:])].action_id}
        told.append(event | named)
    return told


def played_story(events: Sequence[EventDict], setup: Setup, *, batch: int = 1_000) -> Played:
    """Play the opening and the events, with acknowledgements by place."""
    return play([*OPENING, *with_acks(events, setup)], setup, batch=batch)
