"""Commands of a backlog (clock: wall): the control topic is read first, and each command acts at its own time."""

import pytest

from config.setup import Setup
from daemon.core import Core
from daemon.edge import decode_inputs, made_input
from daemon.outputs import Outputs
from feeds.decode import decode_accepted
from feeds.events import Assignment, CatchUpEnd, Tick
from feeds.record import Input
from tests.daemon.command_desk import at, desk_setup, opening, override, priced, raised, said, sent, trades
from tests.helpers import EventDict, records_of

END = at(100)
CONTROL = [
    *raised(0, "up", 60, 3.0),
    override(5, "pin", 30, kind="pin_state", scope="firm/c", state="HALTED"),
    said("approve", 6, "late", by="bob", approves="nobody"),
    override(10, "old", 20, kind="suppress", scope="firm/b", limit="lev"),
]
REST = [*opening(), trades(1, 150.0), trades(2, 10.0, "firm/c"), priced(15), priced(40), priced(61), priced(90)]


def wall_setup() -> Setup:
    setup = desk_setup()
    return type(setup)(
        setup.config.model_copy(update={"clock": "wall"}), setup.calendars, setup.scenarios, setup.crises
    )  # fmt: skip


def story(setup: Setup, control: list[EventDict]) -> list[Input]:
    """The assignment, the control topic whole, the rest by its time, the end of the catch-up, a tick."""
    reference = [event for event in REST if event["type"] == "instrument"]
    others = sorted((event for event in REST if event["type"] != "instrument"), key=lambda event: int(str(event["ts"])))
    decoded = decode_inputs(records_of([*reference, *control, *others]), {"XNYS"}, setup.config)
    first = made_input(Assignment(epoch=1, catch_up_until=END, partitions=()))
    return [first, *decoded, made_input(CatchUpEnd(ts=END)), made_input(Tick(ts=END + 10**9))]


def run(inputs: list[Input], batch: int) -> tuple[Core, Outputs]:
    core, whole = Core(wall_setup()), Outputs()
    for start in range(0, len(inputs), batch):
        outputs = core.step(inputs[start : start + batch])
        for name in ("decisions", "actions", "shadow", "rejections", "audit"):
            getattr(whole, name).extend(getattr(outputs, name))
    return core, whole


@pytest.mark.parametrize("control", [CONTROL, CONTROL[::-1]], ids=["in order", "partition after partition"])
def test_each_acts_at_its_own_time_whatever_the_order_in_which_it_was_read(control: list[EventDict]) -> None:
    core, outputs = run(story(wall_setup(), control), 1_000)
    told = [each for each in outputs.audit if each["kind"] == "override"]
    lines = [(each["change"], each["override_id"], each["ts"]) for each in told]
    assert [line for line in lines if line[0] == "begun"] == [
        ("begun", "up", at(1 / 60)), ("begun", "pin", at(5)), ("begun", "old", at(10)),
    ]  # fmt: skip
    assert [line[1:] for line in lines if line[0] == "expired"] == [("old", at(20)), ("pin", at(30)), ("up", at(60))]
    fired = [each for each in outputs.decisions if (each.limit, each.scope, each.life) == ("lev", "firm/a", "firing")]
    assert [each.ts_decided for each in fired] == [at(60)]
    assert [rejection.reason.value for _, rejection in outputs.rejections] == ["UNKNOWN_COMMAND"]
    assert core.enforcer.overrides.active == {}


def test_the_end_of_the_backlog_tells_what_is_in_force_then() -> None:
    held = override(5, "pin", 200, kind="pin_state", scope="firm/a", state="REDUCING")
    _, outputs = run(story(wall_setup(), [held]), 1_000)
    assert [(each.type, each.ts_decided <= END) for each in sent(outputs.actions)] == [("halt", True)]
    assert {active.limit for active in sent(outputs.actions)[0].active} == {"operator_pin", "lev"}


def test_what_expired_before_a_first_start_is_refused_and_what_has_not_acts_with_the_first_tick() -> None:
    setup = wall_setup()
    control = [
        override(0, "gone", 5, kind="pin_state", scope="firm", state="HALTED"),
        override(0, "here", 500, kind="pin_state", scope="firm", state="REDUCING"),
    ]
    inputs = decode_inputs(records_of(control), {"XNYS"}, setup.config)
    core, outputs = run([made_input(Assignment(epoch=1, partitions=())), *inputs, made_input(Tick(ts=END))], 1)
    assert [each.reason.value for _, each in outputs.rejections] == ["OUT_OF_BOUNDS"]
    assert list(core.enforcer.overrides.active) == ["here"]


def test_no_batching_changes_a_byte_and_a_journal_replays_the_same() -> None:
    inputs = story(wall_setup(), CONTROL)
    _, whole = run(inputs, 1_000)
    _, single = run(inputs, 1)
    assert single == whole
    journaled = [Input(each.record, decode_accepted(each.record.payload)) if each.record.n else each for each in inputs]
    _, again = run(journaled, 7)
    assert again == whole


def test_a_restart_goes_on_with_what_was_in_force() -> None:
    """A second assignment follows in the journal: nothing of it is in a file beside that."""
    inputs = story(wall_setup(), [override(5, "pin", 300, kind="pin_state", scope="firm/a", state="REDUCING")])
    later = [made_input(Assignment(epoch=2, partitions=())), made_input(CatchUpEnd(ts=END + 10**10))]
    core, _ = run([*inputs, *later, made_input(Tick(ts=at(299)))], 50)
    assert core.enforcer.trading_states("firm/a").own == "HALTED"
    assert list(core.enforcer.overrides.active) == ["pin"]
    core.step([made_input(Tick(ts=at(301)))])
    assert core.enforcer.overrides.active == {}
