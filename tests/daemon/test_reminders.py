"""A halt calls itself to mind once a session, whatever halted and whether or not a price comes; no test sleeps."""

from enforcement.records import Action
from tests.daemon.ack_story import OPENING
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    EventDict,
    Played,
    close_of,
    command,
    heartbeat,
    open_of,
    play,
    quote,
    small_setup,
)

GROSS: EventDict = {"id": "gross", "scope": "firm", "sensor": "exposure", "metric": "gross", "confirm": 1}
HALT: EventDict = GROSS | {"levels": [{"at": 2_100.0, "action": "halt"}]}
FIRST = 20  # the session in which OPENING plays
NOON = open_of(FIRST) + 2 * HOUR_NS


def beats(sessions: int) -> list[EventDict]:
    """A heartbeat an hour after the open and an hour before the close of each of the sessions that follow."""
    days = range(FIRST + 1, FIRST + 1 + sessions)
    return [heartbeat(at) for day in days for at in (open_of(day) + HOUR_NS, close_of(day) - HOUR_NS)]


def reminders(played: Played, scope: str) -> list[Action]:
    return [each for each in played.outputs.actions if each.cause.kind == "reminder" and each.scope == scope]


def check_one_a_session(played: Played, sessions: int, scope: str = "firm", *, code: str) -> None:
    """Hold the reminders to one from each base close, where the next session begins, to the close after it."""
    found = reminders(played, scope)
    bounds = [(close_of(FIRST + day), close_of(FIRST + 1 + day)) for day in range(sessions)]
    assert len(found) == sessions
    assert all(begin <= each.ts_decided < end for each, (begin, end) in zip(found, bounds, strict=True))
    assert all(each.requires_ack and each.type == "halt" and each.reason_code == code for each in found)
    assert len({each.action_id for each in found}) == sessions


def test_an_operators_halt_does_so_where_no_price_comes_over_a_weekend_and_a_holiday() -> None:
    """Sessions 20 to 34 of XNYS in 2019 hold two weekends and Presidents' Day."""
    assert open_of(FIRST + 14) - open_of(FIRST) > 20 * DAY_NS
    halted = [*OPENING, command("halt", NOON, "c", scope="firm")]
    check_one_a_session(play([*halted, *beats(14)], small_setup()), 14, code="OPERATOR_HALT")


def test_a_halt_by_a_limit_does_so_with_prices_and_without() -> None:
    setup = small_setup([HALT], mode="full")
    over = [*OPENING, quote("AA", 22.0, NOON)]
    check_one_a_session(play([*over, *beats(3)], setup), 3, code="LEVERAGE_EXCEEDED")
    prices = [quote("AA", 22.0, int(str(beat["ts"])) + 1) for beat in beats(3)]
    busy = sorted([*beats(3), *prices], key=lambda event: int(str(event["ts"])))
    check_one_a_session(play([*over, *busy], setup), 3, code="LEVERAGE_EXCEEDED")


def test_a_halt_for_want_of_data_does_so() -> None:
    blind = HALT | {"sensor": "var_breach", "metric": "var_99", "on_no_data": "halt"}
    played = play([*OPENING, *beats(3)], small_setup([blind], mode="full"))
    halts = [each for each in played.outputs.actions if each.type == "halt"]
    assert [each.cause.kind for each in halts[:1]] == ["escalation"]
    first = next(day for day in range(FIRST, FIRST + 4) if halts[0].ts_decided < open_of(day + 1))
    assert len(reminders(played, "firm")) == FIRST + 3 - first


def test_a_parent_reminds_for_its_children_which_are_halted_through_it() -> None:
    played = play([*OPENING, command("halt", NOON, "c", scope="firm"), *beats(3)], small_setup())
    assert reminders(played, "firm/a") == []
    assert len(reminders(played, "firm")) == 3
    states = {each["scope"]: each["trading_state"] for each in played.core.state_records()}
    child = states["firm/a"]
    assert isinstance(child, dict)
    assert (child["own"], child["effective"]) == ("ACTIVE", "HALTED")
