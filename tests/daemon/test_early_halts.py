"""A kill switch that comes too early is not lost: before its book, before the time, or in another shard."""

from dataclasses import replace

import orjson

from config.control import ControlConfig
from config.schema import KafkaConfig
from config.setup import Setup
from daemon.core import Core
from daemon.edge import decode_inputs, made_input
from daemon.outputs import Outputs
from daemon.shipped import demo_config
from daemon.wiring import build_setup
from feeds.events import Assignment, CatchUpEnd, RootHome
from feeds.record import Input, Record

NOW_NS = 1_700_000_000 * 10**9


def setup_with(**parts: object) -> Setup:
    setup = build_setup(demo_config())
    config = setup.config.model_copy(update={"control": ControlConfig(allow_unsigned=True), **parts})
    return replace(setup, config=config)


def inputs_of(setup: Setup, *events: dict[str, object], first_n: int = 1) -> list[Input]:
    topics = {"halt": "control", "reinstate": "control"}
    records = [
        Record(n, topics.get(str(event["type"]), "positions"), 0, n, orjson.dumps(event))
        for n, event in enumerate(events, start=first_n)
    ]
    return decode_inputs(records, {calendar.code for calendar in setup.calendars}, setup.config)


def command(kind: str, scope: str, number: int = 1) -> dict[str, object]:
    who = {"actor": "eve", "reason": "drill", "command_id": f"c{number}"}
    return {"type": kind, "ts": NOW_NS, "scope": scope, **who}


def nav(book: str) -> dict[str, object]:
    return {"type": "nav", "ts": NOW_NS + 2, "portfolio": book, "nav": 1e6, "currency": "USD"}


def halted(outputs: Outputs) -> list[str]:
    return [action.scope for action in outputs.actions if action.trading_state == "HALTED"]


def test_a_halt_of_a_book_that_is_not_there_is_refused_and_carried_out_when_it_comes() -> None:
    setup = setup_with()
    core = Core(setup)
    outputs = core.step(inputs_of(setup, command("halt", "firm/desk"), nav("firm/other"), nav("firm/desk")))
    ((_, rejection),) = outputs.rejections
    assert "halted as soon as it does" in rejection.detail
    assert halted(outputs) == ["firm/desk"]


def test_a_reinstatement_takes_an_early_halt_back() -> None:
    setup = setup_with()
    events = (command("halt", "firm/desk"), command("reinstate", "firm/desk", 2), nav("firm/desk"))
    assert halted(Core(setup).step(inputs_of(setup, *events))) == []


def test_a_halt_that_comes_before_the_time_is_known_is_carried_out_with_the_first_tick() -> None:
    setup = setup_with(clock="wall")
    core = Core(setup, compute_slow_work=False)
    begun = core.step([made_input(Assignment(epoch=1, partitions=())), *inputs_of(setup, command("halt", "firm"))])
    assert begun.decisions == [], "nothing is decided in 1970"
    ended = core.step([made_input(CatchUpEnd(ts=NOW_NS))])
    assert halted(ended) == ["firm"]
    assert {decision.ts_decided for decision in ended.decisions} == {NOW_NS}


def test_a_root_that_lives_elsewhere_is_halted_here_no_longer() -> None:
    """The first shard held it as unknown; a reinstatement would go to its home only."""
    setup = setup_with()
    core = Core(setup)
    assert "firm" in halted(core.step(inputs_of(setup, command("halt", "firm"))))
    outputs = core.step([made_input(RootHome(root="firm", partition=1))])
    assert [action.trading_state for action in outputs.actions if action.scope == "firm"][-1] == "ACTIVE"


def test_a_root_is_listed_by_the_shard_that_the_configuration_names() -> None:
    setup = setup_with(kafka=KafkaConfig(homes={"firm": 1}))
    assert Core(setup, shard=0).state.scopes == []
    assert Core(setup, shard=1).state.scopes == ["firm"]
