"""Command ids are forgotten when no command of their time may count any more, and no copy of a command ever counts."""

import random
from collections import Counter

from daemon.core import Core
from daemon.edge import decode_inputs, made_input
from enforcement.approvals import CLOSED_MAX, Approvals, Request
from enforcement.overrides import ENDED_MAX, Overrides
from enforcement.overrides import Override as InForce
from feeds.events import Assignment, CatchUpEnd, Tick
from feeds.record import Input
from tests.daemon.command_desk import at, desk_setup, opening, override, priced, raised, said
from tests.helpers import DAY_NS, HOUR_NS, EventDict, play, records_of

NAMES = ("halt", "reinstate", "mode", "pin")


def spoken(name: str, hour: int) -> EventDict:
    """A command that nothing but its age or its copies can have refused; its id is of its name and hour."""
    minute, id_ = 60.0 * hour, f"{name}{hour}"
    match name:
        case "mode":
            return said(name, minute, id_, mode="monitoring")
        case "pin":
            return override(minute, id_, minute + 200, kind="pin_state", scope="firm/b", state="REDUCING")
        case _:
            return said(name, minute, id_, scope="firm/a")


def counts(core: Core, event: EventDict) -> bool:
    inputs = decode_inputs(records_of([event]), {"XNYS"}, core.state.config)
    return not core.step(inputs).rejections


def remembered(core: Core) -> int:
    """Ids in memory; the daemon shows none of them, so the test has to look inside."""
    return len(core.handlers._refusals._commands)


def test_no_copy_counts_twice_whenever_it_comes() -> None:
    """Commands come in any order, up to half a day after they were signed, many of them again and again."""
    core, chance = Core(desk_setup()), random.Random(20261122)
    core.step(decode_inputs(records_of(opening()), {"XNYS"}, core.state.config))
    counted: set[str] = set()
    outcomes: Counter[str] = Counter()
    for hour in range(60):
        core.step(decode_inputs(records_of([priced(60.0 * hour)]), {"XNYS"}, core.state.config))
        for _ in range(8):
            name, late = chance.choice(NAMES), chance.choice((0, 0, 1, 1, 2, 12))
            event = spoken(name, max(0, hour - late))
            is_copy, is_stale = str(event["command_id"]) in counted, min(late, hour) > 1 and name != "halt"
            outcomes["copy" if is_copy else "stale" if is_stale else "counts"] += 1
            assert counts(core, event) == (not is_copy and not is_stale), (hour, late, name)
            if not is_copy and not is_stale:
                counted.add(str(event["command_id"]))
    assert min(outcomes[each] for each in ("copy", "stale", "counts")) > 30


def test_memory_holds_an_hour_what_is_in_use_and_halts() -> None:
    core = Core(desk_setup())
    events = [*opening(), *raised(0, "long", 60 * 60, 3.0), said("halt", 0, "h", scope="firm/b")]
    events += [each for hour in range(1, 50) for each in (spoken("mode", hour), priced(60.0 * hour + 1))]
    for event in events:
        core.step(decode_inputs(records_of([event]), {"XNYS"}, core.state.config))
    assert remembered(core) == len({"long", "h", "mode48", "mode49"})
    again = override(60.0 * 49 + 2, "long", 60 * 60, kind="pin_state", scope="firm/a", state="HALTED")
    assert not counts(core, again), "the id of an override in force is not free"


def test_who_ends_what_is_over_is_told_what_became_of_it() -> None:
    asked = {"kind": "limit_increase", "scope": "firm/a", "limit": "lev", "value": 3.0}
    commands = [*raised(0, "up", 600, 3.0), override(1, "alone", 600, **asked)]
    others = [each for hour in range(1, 15) for each in (priced(60.0 * hour), spoken("mode", hour))]
    ends = [said("override_end", 14 * 60 + 5, f"end {name}", override_id=name) for name in ("up", "alone", "else")]
    in_order = sorted([*commands, *others, *ends], key=lambda event: int(str(event["ts"])))
    run = play([*opening(), *in_order], desk_setup())
    told = [rejection.detail.rpartition(": ")[2] for _, rejection in run.outputs.rejections]
    assert told == ["it expired", "nobody approved it in time", "nobody asked for it of late"]


def test_of_what_is_over_the_last_thousand_are_remembered() -> None:
    approvals: Approvals[str] = Approvals()
    for number in range(CLOSED_MAX + 5):
        approvals.ask(Request(str(number), "ana", "anything", asked_ns=number, lapses_ns=number + 1))
        approvals.close(str(number), "it was withdrawn")
    assert list(approvals.closed) == [str(number) for number in range(5, CLOSED_MAX + 5)]
    overrides = Overrides()
    for number in range(ENDED_MAX + 5):
        overrides.begin(InForce(str(number), "suppress", "firm", number, number + 1, "ana", "a test", limit="lev"))
        overrides.end(str(number), "it expired")
    assert list(overrides.ended) == [str(number) for number in range(5, ENDED_MAX + 5)]


def test_a_copy_in_the_backlog_of_a_restart_does_not_count_though_commands_of_a_backlog_may_be_old() -> None:
    setup = desk_setup()
    setup = type(setup)(
        setup.config.model_copy(update={"clock": "wall"}), setup.calendars, setup.scenarios, setup.crises
    )  # fmt: skip
    core, config = Core(setup), setup.config

    def take(*inputs: Input) -> list[str]:
        return [each.reason.value for _, each in core.step(list(inputs)).rejections]

    def read(*events: EventDict) -> list[Input]:
        return decode_inputs(records_of(list(events)), {"XNYS"}, config)

    start, later = at(-30), at(0) + 5 * DAY_NS
    old, held = said("reinstate", 0, "old", scope="firm/a"), said("reinstate", 24 * 60, "held", scope="firm/a")
    take(made_input(Assignment(epoch=1, catch_up_until=start, partitions=())), *read(*opening()))
    take(made_input(CatchUpEnd(ts=start)), made_input(Tick(ts=at(0))))
    assert take(*read(old)) == []
    take(made_input(Tick(ts=at(0) + 3 * HOUR_NS)), *read(said("halt", 180, "h", scope="firm/b")))
    take(made_input(Assignment(epoch=2, catch_up_until=later, partitions=())))
    assert take(*read(old)) == ["STALE_COMMAND"], "its id is forgotten, so its time is refused"
    assert take(*read(held)) == [], "sent while the daemon was down"
    assert take(*read(held)) == ["DUPLICATE_COMMAND"]
    take(made_input(CatchUpEnd(ts=later)), made_input(Tick(ts=later)))
    assert take(*read(held)) == ["DUPLICATE_COMMAND"]
    assert take(*read(held | {"command_id": "x"})) != []
