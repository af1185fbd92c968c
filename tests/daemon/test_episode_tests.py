"""What riskd finds out about episodes by itself: verification after the day's close, outcomes, both in the audit."""

import math

from config.setup import Setup
from daemon.core import Core
from daemon.edge import decode_inputs, made_input
from daemon.slow_results import slow_result
from risk.slow_work import compute
from tests.daemon.evidence_desk import calm, evidence_setup, firing, in_order
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    EventDict,
    Played,
    close,
    open_of,
    play,
    quote,
    records_of,
    small_setup,
    snapshot,
    stock,
    trade,
)

GROSS = {
    "id": "gross", "scope": "firm", "sensor": "exposure", "metric": "gross",
    "levels": [{"at": 11_000, "action": "warn"}],
}  # fmt: skip


def records(played: Played, kind: str) -> list[dict[str, object]]:
    return [each for each in played.outputs.audit if each["kind"] == kind]


def spiked(peak: float, settles: float) -> list[EventDict]:
    """A book of 10,000 whose price jumps for two quotes on the sixth day, and the close of that day."""
    start = open_of(0) - MINUTE_NS
    events: list[EventDict] = [stock("AA", max_age=30 * DAY_NS), snapshot({("firm", "AA"): 100.0}, start)]
    for day in range(9):
        price = settles if day >= 6 else 100.0
        events += [trade("AA", 100.0 if day < 6 else settles, open_of(day) + MINUTE_NS), close("AA", day, price)]
    at = open_of(6) + HOUR_NS
    events += [trade("AA", peak, at), trade("AA", peak, at + MINUTE_NS), trade("AA", settles, at + HOUR_NS)]
    return in_order(events)


def gross_setup() -> Setup:
    return small_setup([GROSS], portfolios=("firm",))


def test_a_price_that_no_close_bears_out_makes_a_false_positive_by_data_error() -> None:
    (found,) = records(play(spiked(115.0, 100.0), gross_setup()), "verification")
    assert (found["limit"], found["result"], found["cause"]) == ("gross", "false", "data_error")
    assert 10_000.0 < float(str(found["statistic"])) <= 11_000.0 == found["level"]


def test_a_price_that_stays_is_confirmed() -> None:
    (found,) = records(play(spiked(115.0, 114.0), gross_setup()), "verification")
    assert (found["result"], found["cause"]) == ("confirmed", None)
    assert found["statistic"] == 11_500.0


def test_a_breach_by_a_trade_is_confirmed_though_it_was_sold_before_the_close() -> None:
    played = play(in_order(calm(20), firing(10, "a")), evidence_setup())
    (found,) = records(played, "verification")
    assert (found["result"], found["statistic"]) == ("confirmed", 3.0)
    assert found["ts"] >= open_of(10)


def test_an_outcome_is_told_when_the_horizon_of_the_sensor_has_passed() -> None:
    played = play(in_order(calm(30), firing(10, "a")), evidence_setup())
    (found,) = records(played, "outcome")
    assert (found["limit"], found["result"], found["rows"]) == ("lev", "stayed_away", 10)
    assert math.isclose(played.core.evidence()["lev"].precision, 0.0)
    assert played.core.evidence()["lev"].false_causes["outcome"] == 1


def test_an_outcome_that_comes_is_told_at_once() -> None:
    fallen = [quote("AA", 90.0, open_of(13) + HOUR_NS), close("AA", 13, 90.0)]
    days = [
        event for event in calm(16) if not (event.get("instrument") == "AA" and int(str(event["ts"])) > open_of(13))
    ]
    (found,) = records(play(in_order(days, firing(10, "a"), fallen), evidence_setup()), "outcome")
    assert (found["result"], found["rows"]) == ("came", 4)


def test_results_that_come_back_from_outside_give_the_same_audit_and_twice_gives_nothing() -> None:
    """Live, the core asks and a journaled result answers: after the row, before whatever comes next."""
    events, setup = spiked(115.0, 100.0), gross_setup()
    inside = play(events, setup)
    core, audit = Core(setup, compute_slow_work=False), []
    for item in decode_inputs(records_of(events), {"XNYS"}, setup.config):
        outputs = core.step([item])
        audit += outputs.audit
        while outputs.requests:
            results = [
                made_input(slow_result(compute(each), core.state.scopes[each.scope])) for each in outputs.requests
            ]
            outputs = core.step(results + results)
            audit += outputs.audit
    assert [each for each in audit if each["kind"] == "verification"] == records(inside, "verification")
