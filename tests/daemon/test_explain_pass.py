"""One pass over a journal gives every action of its run again, byte for byte, with the input and the book behind it."""

from collections import Counter
from math import copysign
from pathlib import Path

import pytest

from audit.line import canonical_json
from daemon.explain_pass import Recomputed, recompute
from daemon.explain_words import is_timer
from daemon.replay_source import open_source
from enforcement.records import encode
from feeds.events import CatchUpEnd, Halt, SlowResult, Tick
from tests.daemon.made_run import MadeRun
from tests.helpers import DAY_NS, EventDict
from tests.replay.made_stream import made_events, made_setup

Events = list[EventDict]


@pytest.fixture(scope="module")
def events() -> Events:
    return made_events(days=30, quoted=6, quotes=20)


@pytest.fixture(scope="module")
def event_run(events: Events, tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    """A run of shard 1 by event time, with a restart in between, over several segments of its journal."""
    run = MadeRun(tmp_path_factory.mktemp("event"), made_setup("full", clock="event"), shard=1)
    run.assign()
    run.take(events[:300])
    run.assign()
    run.take(events[300:])
    run.end()
    assert len(list(run.journal.glob("*.rjl"))) > 1
    return run


@pytest.fixture(scope="module")
def wall_run(events: Events, tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    """A run by the wall clock: a backlog, a day of ticks, a restart with a second backlog."""
    run = MadeRun(tmp_path_factory.mktemp("wall"), made_setup("full", clock="wall"))
    until = 350
    run.assign(catch_up_until=_ts(events[until]))
    run.take(events[:until])
    run.catch_up_end(_ts(events[until]))
    for at in range(until, len(events), 5):
        batch = events[at : at + 5]
        if at == 400:
            run.assign(catch_up_until=_ts(batch[-1]) + DAY_NS)
            run.take(batch)
            run.catch_up_end(_ts(batch[-1]))
        else:
            run.tick(_ts(batch[-1]))
            run.take(batch)
    run.end()
    return run


def _ts(event: EventDict) -> int:
    ts = event["ts"]
    assert isinstance(ts, int)
    return ts


def everything(run: MadeRun) -> list[Recomputed]:
    source = open_source(run.journal, None)
    return [each for found in recompute(source, lambda _: True) for each in found]


@pytest.fixture(scope="module")
def of_events(event_run: MadeRun) -> list[Recomputed]:
    return everything(event_run)


@pytest.fixture(scope="module")
def of_wall(wall_run: MadeRun) -> list[Recomputed]:
    return everything(wall_run)


def check_bytes(run: MadeRun, found: list[Recomputed]) -> None:
    """Every action on both topics, and its two audit records."""
    for topic, values in run.values.items():
        assert [each.value for each in found if each.topic == topic] == values
        assert len(values) > 20
    audited = [canonical_json(line) for line in run.outputs.audit]
    assert sorted(each.audit for each in found) == sorted(line for line in audited if b'"kind":"action"' in line)
    assert {each.decision_audit for each in found} <= set(audited)


def test_every_action_of_a_run_by_event_time_is_given_again(event_run: MadeRun, of_events: list[Recomputed]) -> None:
    check_bytes(event_run, of_events)
    assert {each.action.epoch for each in of_events} == {1, 2}, "before the restart and after it"
    assert {each.action.shard for each in of_events} == {1}


def test_every_action_of_a_run_by_the_wall_clock_is_given_again(wall_run: MadeRun, of_wall: list[Recomputed]) -> None:
    check_bytes(wall_run, of_wall)
    assert {each.action.epoch for each in of_wall} == {1, 2}


def test_what_a_catch_up_kept_back_names_the_input_that_decided_and_the_one_that_let_it_out(
    of_wall: list[Recomputed],
) -> None:
    kept = [each for each in of_wall if each.was_kept_back]
    assert kept
    for each in kept:
        assert isinstance(each.let_out.event, CatchUpEnd)
        assert each.woke.record.n == each.scene.decision.inputs.n > 0
    assert not any(isinstance(each.woke.event, CatchUpEnd) and each.was_kept_back for each in kept)


def test_the_input_is_the_one_that_the_decision_names(of_events: list[Recomputed], of_wall: list[Recomputed]) -> None:
    kinds: Counter[str] = Counter()
    for each in (*of_events, *of_wall):
        kinds[type(each.woke.event).__name__] += 1
        decision = each.scene.decision
        if each.woke.record.n:
            assert each.woke.record.n == decision.inputs.n
            place = f"{each.woke.record.topic}-{each.woke.record.partition}"
            assert decision.inputs.offsets[place] == each.woke.record.offset
        else:
            assert isinstance(each.woke.event, (Tick, CatchUpEnd, SlowResult))
        if not is_timer(each) and each.woke.record.n:
            assert decision.ts_event == getattr(each.woke.event, "ts", None)
    assert {"Quote", "Close", "Fill", "Tick", "PositionsSnapshot"} <= set(kinds)
    assert any(is_timer(each) for each in of_events)
    assert "model_available" in {each.action.cause.limit for each in of_wall}


def test_the_scene_has_the_numbers_that_the_decision_was_made_on(of_events: list[Recomputed]) -> None:
    compared = 0
    for each in of_events:
        decision, metrics = each.scene.decision, each.scene.state["metrics"]
        assert isinstance(metrics, dict)
        if each.action.reason_code == "ACK_MISSING":  # it follows the decision, with the numbers of its own moment
            assert each.scene.state["ts"] == each.action.ts_decided > decision.ts_decided
            continue
        assert each.scene.state["ts"] == decision.ts_decided
        assert each.scene.episode[-1] is decision
        assert {one.episode_id for one in each.scene.episode} == {decision.episode_id}
        if decision.metric in metrics and decision.status in ("OK", "DEGRADED") and decision.limit != "top":
            assert metrics[decision.metric] == {"value": decision.statistic, "status": decision.status}
            compared += 1
    assert compared > 20


def test_met_targets_do_to_the_book_what_the_scene_says(of_events: list[Recomputed]) -> None:
    """From the definition, on the state record alone: gross over NAV with every target met exactly."""
    checked = 0
    for each in of_events:
        check = each.scene.reduction
        if check is None or check.metric != "gross_leverage" or check.cancels != "none":
            continue
        exposures, nav = each.scene.state["exposures"], each.scene.state["nav"]
        assert isinstance(exposures, dict)
        assert isinstance(nav, float)
        at_most = {target.instrument: target for target in check.targets}
        left = [
            abs(exposure) * (at_most[name].max_abs_qty / abs(at_most[name].quantity) if name in at_most else 1.0)
            for name, exposure in exposures["by_instrument"].items()
        ]
        if "working" not in each.scene.state:
            assert check.after == pytest.approx(sum(left) / nav, rel=1e-9)
            checked += 1
        assert check.does_clear == (check.after <= check.clear_at)
        assert all(copysign(1.0, t.quantity) == (1.0 if t.allowed_side == "sell" else -1.0) for t in check.targets)
    assert checked > 0


def test_a_witness_changes_no_byte(events: Events, event_run: MadeRun, of_events: list[Recomputed]) -> None:
    """The run had none; every action, and every decision that its digest chain holds, came out the same."""
    digests = {each.scene.decision.d: each.scene.decision.digest for each in of_events}
    told = {decision.d: decision.digest for decision in event_run.outputs.decisions}
    assert digests.items() <= told.items()
    assert [encode(each.action) for each in of_events if each.topic == "actions"] == event_run.values["actions"]


def test_only_wanted_actions_are_kept(event_run: MadeRun, of_events: list[Recomputed]) -> None:
    wanted = of_events[len(of_events) // 2].action.action_id
    source = open_source(event_run.journal, None)
    found = [each for one in recompute(source, lambda each: each == wanted) for each in one]
    assert [(each.topic, each.value) for each in found] == [
        (each.topic, each.value) for each in of_events if each.action.action_id == wanted
    ]
    assert {each.topic for each in found} == {"actions", "shadow"}


def test_a_halt_by_a_person_names_its_command(tmp_path: Path, events: Events) -> None:
    run = MadeRun(tmp_path, made_setup("monitoring", clock="event"))
    run.assign()
    run.take(events[:60])
    ts = _ts(events[59]) + 1_000
    command: EventDict = {"type": "halt", "ts": ts, "actor": "ana", "reason": "drill", "command_id": "c1"}
    run.take([command | {"scope": "firm/desk"}])
    run.end()
    halts = [each for each in everything(run) if each.action.cause.limit == "operator_halt"]
    assert [each.topic for each in halts] == ["actions", "shadow"], "a halt is hard: it acts in every mode"
    assert all(isinstance(each.woke.event, Halt) for each in halts)
    assert halts[0].action.reason == "halted by ana: drill"
