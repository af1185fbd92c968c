"""The state machine's own rules: time, timers, slow work, commands, and what one step lets out."""

from collections.abc import Sequence

import pytest

from config.setup import Setup
from daemon.core import Core
from daemon.edge import decode_inputs, made_input
from daemon.slow_results import slow_result
from enforcement.records import Decision
from feeds.events import Assignment, CatchUpEnd, Tick
from feeds.record import Input
from risk.slow_work import compute
from tests.helpers import (
    HOUR_NS,
    MINUTE_NS,
    SECOND_NS,
    EventDict,
    Source,
    at_place,
    close_of,
    command,
    heartbeat,
    nav,
    open_of,
    play,
    quote,
    records_of,
    small_setup,
    snapshot,
    stock,
)
from tests.replay.made_stream import made_events, made_setup

NOON = open_of(20) + 2 * HOUR_NS
GROSS = {"id": "gross", "scope": "firm", "sensor": "exposure", "metric": "gross", "hard": True, "for": "10s",
         "levels": [{"at": 2_100.0, "action": "halt"}]}  # fmt: skip
OPENING: tuple[EventDict, ...] = (
    stock("AA"),
    snapshot({("firm", "AA"): 100.0}, NOON - 10),
    quote("AA", 20.0, NOON - 9),
    nav("firm", 50_000.0, NOON - 8),
)


def inputs(events: Sequence[Source], setup: Setup) -> list[Input]:
    return decode_inputs(records_of(events), {each.code for each in setup.calendars}, setup.config)


def transitions(events: list[Source], setup: Setup, limit: str = "gross") -> list[tuple[str, int]]:
    decisions = play(events, setup).outputs.decisions
    return [(each.transition, each.ts_decided) for each in decisions if each.limit == limit]


def test_time_is_the_largest_event_time_and_never_runs_back() -> None:
    order: EventDict = {"portfolio": "firm", "instrument": "AA", "order_id": "o", "side": "buy", "open_quantity": 1.0}
    late_order: EventDict = {"type": "order", "ts": NOON - HOUR_NS} | order
    played = play([*OPENING, heartbeat(NOON), late_order], small_setup())
    assert played.core.now_ns == NOON
    assert played.reasons() == []


def test_a_timer_fires_at_its_own_due_time_before_the_event_that_passes_it() -> None:
    """`for: 10s` passes between two events: the halt is decided when it has passed, with the numbers of then."""
    over = [quote("AA", 22.0, NOON), quote("AA", 22.0, NOON + SECOND_NS)]
    found = transitions([*OPENING, *over, heartbeat(NOON + 30 * SECOND_NS)], small_setup([GROSS]))
    assert found[-1] == ("pending>firing", NOON + 10 * SECOND_NS)
    again = transitions([*OPENING, *over, quote("AA", 20.0, NOON + 30 * SECOND_NS)], small_setup([GROSS]))
    assert ("pending>firing", NOON + 10 * SECOND_NS) in again


def test_a_price_under_the_level_before_the_timer_ends_the_breach_unfired() -> None:
    over = [quote("AA", 22.0, NOON), quote("AA", 20.0, NOON + SECOND_NS), heartbeat(NOON + 30 * SECOND_NS)]
    assert transitions([*OPENING, *over], small_setup([GROSS]))[-1] == ("pending>ok", NOON + SECOND_NS)


def test_a_fill_confirms_at_once_what_a_price_must_confirm_twice() -> None:
    setup = small_setup([GROSS | {"for": "0s"}])
    prices = [quote("AA", 22.0, NOON), quote("AA", 22.0, NOON + 1)]
    assert transitions([*OPENING, prices[0]], setup)[-1][0] == "ok>pending"
    assert transitions([*OPENING, *prices], setup)[-1] == ("pending>firing", NOON + 1)
    bought: EventDict = {"type": "position", "ts": NOON, "portfolio": "firm", "instrument": "AA", "quantity": 110.0}
    assert transitions([*OPENING, bought], setup)[-1] == ("ok>firing", NOON)


def test_a_halt_holds_in_monitoring_until_it_is_reinstated() -> None:
    halted = [*OPENING, command("halt", NOON, "c1", scope="firm")]
    assert at_place(play(halted, small_setup()).state("firm"), "trading_state.own") == "HALTED"
    freed = play([*halted, command("reinstate", NOON + 1, "c2", scope="firm")], small_setup())
    assert at_place(freed.state("firm"), "trading_state.own") == "ACTIVE"
    assert [(each.type, each.effect) for each in freed.outputs.actions] == [("halt", "enforced"), ("none", "enforced")]


def test_records_that_the_core_makes_itself_take_no_n() -> None:
    setup = small_setup(clock="wall")
    core = Core(setup)
    core.step([made_input(Assignment(epoch=3, partitions=(("market-data", 0, 0),))), made_input(Tick(ts=NOON))])
    assert (core.n, core.now_ns, core.enforcer.epoch) == (0, NOON, 3)
    core.step([*inputs(OPENING, setup), made_input(CatchUpEnd(ts=NOON + 1))])
    assert (core.n, core.now_ns) == (len(OPENING), NOON + 1)


def test_under_the_wall_clock_event_times_move_nothing_and_ticks_fire_the_timers() -> None:
    setup = small_setup([GROSS], clock="wall")
    core = Core(setup)
    core.step([made_input(Tick(ts=NOON)), *inputs(OPENING, setup)])
    over: list[Source] = [quote("AA", 22.0, NOON + SECOND_NS), quote("AA", 22.0, NOON + 20 * SECOND_NS)]
    quiet = core.step(inputs(over, setup))
    assert core.now_ns == NOON
    assert [each.transition for each in quiet.decisions] == ["ok>pending"]
    fired = core.step([made_input(Tick(ts=NOON + MINUTE_NS))])
    first = next(each for each in fired.decisions if each.limit == "gross")
    assert (first.transition, first.ts_decided) == ("pending>firing", NOON + 10 * SECOND_NS)


def test_while_a_backlog_is_caught_up_with_its_events_tell_the_time_and_fire_the_timers() -> None:
    setup = small_setup([GROSS], clock="wall")
    core = Core(setup)
    until = NOON + HOUR_NS
    core.step([made_input(Assignment(epoch=1, partitions=(), catch_up_until=until)), *inputs(OPENING, setup)])
    assert core.now_ns == NOON - 8
    over: list[Source] = [quote("AA", 22.0, NOON + SECOND_NS), quote("AA", 22.0, NOON + 20 * SECOND_NS)]
    decided = core.step(inputs(over, setup)).decisions
    assert core.now_ns == NOON + 20 * SECOND_NS
    assert [(each.transition, each.ts_decided) for each in decided if each.limit == "gross"] == [
        ("ok>pending", NOON + SECOND_NS),
        ("pending>firing", NOON + 20 * SECOND_NS),
    ]
    core.step([made_input(CatchUpEnd(ts=until + 1))])
    core.step(inputs([quote("AA", 21.0, until + 2)], setup))
    assert core.now_ns == until + 1, "from here on only ticks tell the time"


@pytest.mark.parametrize(
    "event",
    [
        stock("ZZ") | {"ts": NOON + 5},
        command("halt", NOON + 5, "c1", scope="firm"),
        quote("AA", 22.0, NOON + HOUR_NS + 1),
        quote("AA", 22.0, NOON - 20),
    ],
)
def test_reference_commands_the_future_and_what_is_late_tell_no_time_of_a_backlog(event: EventDict) -> None:
    setup = small_setup(clock="wall")
    core = Core(setup)
    begin = Assignment(epoch=1, partitions=(), catch_up_until=NOON + HOUR_NS)
    core.step([made_input(begin), *inputs(OPENING, setup)])
    core.step(inputs([event], setup))
    assert core.now_ns == NOON - 8


def test_an_epoch_is_in_actions_and_in_no_id() -> None:
    setup = small_setup([GROSS | {"for": "0s"}])
    events = [*OPENING, quote("AA", 22.0, NOON), quote("AA", 22.0, NOON + 1)]
    found = []
    for epoch in (1, 9):
        core = Core(setup)
        core.step([made_input(Assignment(epoch=epoch, partitions=()))])
        found.append(core.step(inputs(events, setup)))
    assert [[each.epoch for each in outputs.actions] for outputs in found] == [
        [1] * len(found[0].actions),
        [9] * len(found[0].actions),
    ]
    assert [each.action_id for each in found[0].actions] == [each.action_id for each in found[1].actions]
    assert found[0].decisions == found[1].decisions


def test_slow_work_that_comes_back_as_a_result_gives_the_decisions_of_slow_work_in_place() -> None:
    """Each request is answered directly after its step of one input, as a replay computes it in place."""
    events = made_events(seed=6, days=256, quoted=2, quotes=10)
    setup = made_setup()
    here, there = Core(setup), Core(setup, compute_slow_work=False)
    tail = inputs(events, setup)
    decisions: list[list[Decision]] = [[], []]
    answered = 0
    for item in tail:
        decisions[0] += here.step([item]).decisions
        outputs = there.step([item])
        decisions[1] += outputs.decisions
        waiting = list(outputs.requests)
        while waiting:
            request = waiting.pop(0)
            result = slow_result(compute(request), there.state.scopes[request.scope])
            outputs = there.step([made_input(result)])
            decisions[1] += outputs.decisions
            waiting += outputs.requests
            answered += 1
    assert answered > 5
    assert here.state.tail_results.keys() == there.state.tail_results.keys()
    kept = [[(each.scope, each.limit, each.transition) for each in side] for side in decisions]
    assert sorted(kept[0]) == sorted(kept[1])
    assert here.state_records() == there.state_records()


def test_rejections_are_counted_by_reason_and_second_in_the_audit() -> None:
    bad: list[Source] = [b"{", b"[]", b"{", quote("ZZ", 1.0, NOON)]
    events: list[Source] = [*OPENING, *bad, heartbeat(NOON + 2 * SECOND_NS), b"{"]
    counts = [record for record in play(events, small_setup()).outputs.audit if record["kind"] == "rejection"]
    second = (NOON // SECOND_NS) * SECOND_NS
    assert [(each["reason"], each["count"]) for each in counts] == [
        ("NOT_JSON", 2), ("NOT_OBJECT", 1), ("UNKNOWN_INSTRUMENT", 1), ("NOT_JSON", 1),
    ]  # fmt: skip
    assert counts[0]["ts"] == second
    assert counts[-1]["ts"] == NOON + 2 * SECOND_NS


@pytest.mark.parametrize("days", [0, 30])
def test_after_its_calendar_has_ended_the_core_goes_on_without_rows(days: int) -> None:
    last = close_of(504)
    events: list[Source] = [
        stock("AA"),
        quote("AA", 20.0, last - HOUR_NS),
        heartbeat(last + 3 * HOUR_NS + days * 24 * HOUR_NS),
    ]
    played = play(events, small_setup(portfolios=["firm"]))
    assert played.core.now_ns == last + 3 * HOUR_NS + days * 24 * HOUR_NS
