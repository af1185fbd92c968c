"""Turnover: its reading, a desk that trips it, and one that never does."""

from sensors.turnover import Turnover
from tests.enforcement.desk import limit_with, measures_with
from tests.helpers import (
    HOUR_NS,
    EventDict,
    close_of,
    fill,
    heartbeat,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

LIMIT = {
    "id": "turnover",
    "scope": "*",
    "sensor": "turnover",
    "metric": "turnover",
    "levels": [{"at": 2.0, "action": "warn"}],
}
NOON = open_of(20) + HOUR_NS
OPENING: tuple[EventDict, ...] = (
    stock("AA", max_age=10**18), snapshot({("firm", "AA"): 100.0}, NOON - 9), quote("AA", 20.0, NOON - 8),
    nav("firm", 10_000.0, NOON - 7),
)  # fmt: skip


def transitions(events: list[EventDict]) -> list[tuple[str, int]]:
    decisions = play([*OPENING, *events], small_setup([LIMIT])).outputs.decisions
    return [
        (each.transition, each.ts_decided) for each in decisions if each.limit == "turnover" and each.ts_decided >= NOON
    ]


def test_turnover_is_a_multiple_of_nav() -> None:
    reading = Turnover.of(limit_with("t", "turnover", "turnover", at=2.0), "EUR").read(measures_with(turnover=3.0))
    assert (reading.unit, reading.reason, reading.utilisation) == ("x", "turnover of a session 3.00x", 1.5)


def test_a_churned_book_trips_and_recovers_when_its_fills_are_a_session_old() -> None:
    """Nothing but a clock comes after the fills."""
    churn = [fill("firm", "AA", 300.0 * (-1) ** n, 20.0, f"f{n}", NOON + n) for n in range(4)]
    found = transitions([*churn, heartbeat(close_of(21))])
    due = open_of(21) + HOUR_NS
    assert found[0] == ("ok>firing", NOON + 3), "two sides of four fills of 6,000 on 10,000"
    assert found[1] == ("firing>recovering", due + 1), "1.2x are left when the second fill has gone"
    assert found[2][0] == "recovering>ok"


def test_a_year_of_ordinary_trading_says_nothing() -> None:
    year = []
    for day in range(21, 270):
        noon = open_of(day) + HOUR_NS
        year += [quote("AA", 20.0, noon), fill("firm", "AA", 200.0 * (-1) ** day, 20.0, f"f{day}", noon + 1)]
    assert transitions(year) == []
