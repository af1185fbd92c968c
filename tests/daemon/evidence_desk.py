"""One book whose leverage is moved by fills alone: any number of weeks, with firings and labels where a test says."""

from config.setup import Setup
from daemon.core import MODEL_VERSION
from enforcement.records import episode_id_of
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    EventDict,
    close,
    close_of,
    command,
    fill,
    nav,
    open_of,
    quote,
    small_setup,
    snapshot,
    stock,
)

LIMIT = {
    "id": "lev", "scope": "firm", "sensor": "leverage", "metric": "gross_leverage",
    "levels": [{"at": 2.0, "action": "halt"}],
}  # fmt: skip
SENSITIVE = {"model_version": MODEL_VERSION, "sensors": {"leverage": {"faults": True}}}


def evidence_setup(*, mode: str = "gradual", sensitive: bool = True, **promotion: object) -> Setup:
    """Return a setup with one limit on the leverage of the root."""
    enforcement = {
        "mode": mode, "limits": [LIMIT], "promotion": promotion, "sensitivity": SENSITIVE if sensitive else {},
    }  # fmt: skip
    return small_setup(enforcement=enforcement, portfolios=("firm",))


def calm(days: int) -> list[EventDict]:
    """Return sessions in which nothing happens: a book of 10,000 against a NAV of 10,000, closed each day."""
    start = open_of(0) - MINUTE_NS
    events: list[EventDict] = [
        stock("AA", max_age=30 * DAY_NS),
        snapshot({("firm", "AA"): 100.0}, start),
        nav("firm", 10_000.0, start),
    ]
    for day in range(days):
        events += [quote("AA", 100.0, open_of(day) + MINUTE_NS), close("AA", day, 100.0)]
    return events


def firing(day: int, name: str, *, lasts_ns: int = HOUR_NS) -> list[EventDict]:
    """Return a firing in one session: 200 more are bought an hour after the open, and sold again."""
    at = open_of(day) + HOUR_NS
    return [
        fill("firm", "AA", 200.0, 100.0, f"{name}b", at),
        fill("firm", "AA", -200.0, 100.0, f"{name}s", at + lasts_ns),
        quote("AA", 100.0, at + lasts_ns + 2 * MINUTE_NS),
    ]


def label(ordinal: int, day: int, verdict: str, **fields: object) -> EventDict:
    """Return a label of the ordinal-th episode, half an hour after a session's close."""
    at = close_of(day) + HOUR_NS // 2
    episode = episode_id_of("lev", "firm", ordinal)
    return command("label", at, f"l{ordinal}-{at}-{verdict}", episode_id=episode, verdict=verdict, **fields)


def in_order(*parts: list[EventDict]) -> list[EventDict]:
    """Return all events by their time."""
    return sorted((event for part in parts for event in part), key=lambda event: int(str(event["ts"])))
