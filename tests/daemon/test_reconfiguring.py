"""Another configuration under a core that lives: what changed restarts, all else stays; and it replays byte by byte."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from config.schema import Config
from config.setup import Setup, setup_from_json, setup_to_json
from daemon.core import MODEL_VERSION, Core
from daemon.edge import configured_input, decode_inputs, journal_entries, journal_inputs
from daemon.examiner import Examiner
from feeds.record import Input
from tests.daemon.command_desk import (
    CAP,
    LEVERAGE,
    desk_setup,
    opening,
    override,
    priced,
    raised,
    records,
    said,
    told,
    trades,
)
from tests.daemon.test_limits_command import NET, approved, at_level, limits
from tests.helpers import EventDict, Played, records_of

BREACH = trades(1, 150.0)
Part = EventDict | list[EventDict] | Setup


def file_of(*limits: Mapping[str, object], mode: str = "full", **control: object) -> Setup:
    return desk_setup(*limits, mode=mode, **control)


def with_enforcement(setup: Setup, **fields: object) -> Setup:
    """Return the setup with keys of `enforcement` changed."""
    document = setup.config.model_dump(mode="json", by_alias=True)
    document["enforcement"] |= fields
    return replace(setup, config=Config.model_validate(document))


def inputs_of(parts: tuple[Part, ...]) -> list[Input]:
    """Return the opening and these parts in their order; a setup is a start with another file."""
    inputs: list[Input] = []
    events: list[EventDict] = opening()
    last = desk_setup()

    def flush() -> None:
        done = sum(1 for item in inputs if item.record.n)
        records = [
            type(each)(each.n + done, each.topic, each.partition, each.offset, each.payload)
            for each in records_of(events)
        ]
        inputs.extend(decode_inputs(records, {"XNYS"}, last.config))
        events.clear()

    for part in parts:
        if isinstance(part, Setup):
            flush()
            inputs.append(configured_input(part, MODEL_VERSION))
        else:
            events.extend([part] if isinstance(part, dict) else part)
    flush()
    return inputs


def restarted(*parts: Part, begun: Setup | None = None, batch: int = 1_000) -> Played:
    """Play a journal with later configurations among its inputs."""
    core = Core(desk_setup() if begun is None else begun)
    run = Played(core)
    inputs = inputs_of(parts)
    for start in range(0, len(inputs), batch):
        run.take(core.step(inputs[start : start + batch]))
    run.take(core.finish())
    return run


def resets(run: Played) -> set[tuple[object, object, object]]:
    steps = (*records(run, "evidence_reset"), *records(run, "demotion"))
    return {(each["limit"], each["scope"], each["cause"]) for each in steps}


def test_a_breach_under_way_of_an_unchanged_limit_goes_on_as_it_was() -> None:
    run = restarted(BREACH, file_of(LEVERAGE, CAP, NET), priced(6), priced(7))
    assert told(run.outputs.actions)[0] == (1.0, "halt")
    lives = [each.transition for each in run.outputs.decisions if (each.limit, each.scope) == ("lev", "firm/a")]
    assert lives[-1] == "ok>firing"
    assert run.core.enforcer.trading_states("firm/a").own == "HALTED"
    [record] = records(run, "config")
    assert (record["change"], record["added"], record["changed"], record["restarts"]) == ("file", ["net"], [], [])
    assert resets(run) == set()


def test_a_lower_level_acts_at_once_and_only_its_evidence_begins_anew() -> None:
    run = restarted(trades(1, 50.0), priced(5), file_of(at_level(1.2), CAP), priced(6))
    assert told(run.outputs.actions) == [(5.0, "halt")]
    assert {(limit, cause) for limit, _, cause in resets(run)} == {("lev", "limit_changed")}
    [record] = records(run, "config")
    assert record["values"] == [
        {"path": "enforcement.limits[lev].levels[hard].at", "old": 2.0, "new": 1.2},
        {"path": "enforcement.limits[lev].levels[hard].clear_at", "old": 1.8, "new": 1.08},
    ]
    assert record["old_config_hash"] != record["config_hash"] == run.outputs.actions[-1].config_hash


def test_halts_latches_and_high_water_marks_stay() -> None:
    halt = said("halt", 2, "h", scope="firm/b")
    before = restarted(BREACH, halt, priced(5))
    run = restarted(BREACH, halt, priced(5), file_of(LEVERAGE, {**CAP, "levels": [{"at": 9e4, "action": "halt"}]}))
    for scope in ("firm/a", "firm/b"):
        assert run.core.enforcer.trading_states(scope) == before.core.enforcer.trading_states(scope)
        assert run.state(scope)["metrics"] == before.state(scope)["metrics"]


@pytest.mark.parametrize("batch", [1, 7, 1_000])
def test_a_journal_with_configurations_replays_byte_by_byte(batch: int) -> None:
    parts: tuple[Part, ...] = (
        raised(0, "up", 60, 3.0), BREACH, limits(2, "l", at_level(1.9), merge=True), priced(3),
        file_of(at_level(1.5), CAP, NET), priced(4), file_of(LEVERAGE, mode="monitoring"), priced(5),
        file_of(LEVERAGE, CAP), trades(8, -120.0), priced(12),
    )  # fmt: skip
    live = restarted(*parts)
    again = Played(Core(desk_setup()))
    for_journal = [configured_input(desk_setup(), MODEL_VERSION), *inputs_of(parts)]
    inputs = journal_inputs(journal_entries(for_journal).rows())
    for start in range(0, len(inputs), batch):
        again.take(again.core.step(inputs[start : start + batch]))
    again.take(again.core.finish())
    assert again.bytes_out() == live.bytes_out()
    assert len(records(live, "config")) == 4


def test_the_file_takes_back_what_a_command_had_set_and_says_so() -> None:
    tightened = limits(2, "l", at_level(1.2), merge=True)
    run = restarted(tightened, file_of(LEVERAGE, CAP, NET), trades(5, 50.0), priced(6))
    assert told(run.outputs.actions) == []
    record = records(run, "config")[-1]
    assert (record["commanded"], record["loosened"], record["changed"]) == (["lev"], ["lev"], ["lev"])


def test_a_file_whose_limits_did_not_change_leaves_those_of_commands_alone() -> None:
    tightened = limits(2, "l", at_level(1.2), merge=True)
    other = with_enforcement(desk_setup(), acks={"within": "10s"})
    run = restarted(tightened, other, trades(5, 50.0), priced(6))
    assert told(run.outputs.actions) == [(5.0, "halt")]
    action = run.outputs.actions[-1]
    assert action.ack_by == action.ts_decided + 10 * 10**9
    assert records(run, "config")[-1]["commanded"] == []


def test_a_file_that_has_what_the_command_set_changes_nothing() -> None:
    tightened = limits(2, "l", at_level(1.2), merge=True)
    run = restarted(tightened, trades(3, 50.0), file_of(at_level(1.2), CAP), priced(6))
    assert told(run.outputs.actions) == [(3.0, "halt")]
    assert records(run, "config")[-1]["changed"] == []
    assert {cause for *_, cause in resets(run)} == {"limit_changed"}  # of the command alone
    assert len(records(run, "evidence_reset")) == len(records(restarted(tightened, priced(6)), "evidence_reset"))


def test_the_mode_of_a_file_takes_the_place_of_the_commanded_one_and_acts_at_once() -> None:
    silenced = said("mode", 2, "m", mode="monitoring")
    kept = restarted(BREACH, silenced, file_of(LEVERAGE, CAP, NET), priced(6))
    assert told(kept.outputs.actions)[-1] == (2.0, "none")
    turned = restarted(BREACH, silenced, file_of(LEVERAGE, CAP, mode="gradual"), priced(6))
    assert turned.core.enforcer.modes.orders == ()
    assert records(turned, "mode_change")[-1]["replaces"] == ["m"]
    back = restarted(BREACH, file_of(LEVERAGE, CAP, mode="monitoring"), priced(3), file_of(LEVERAGE, CAP), priced(6))
    assert [kind for _, kind in told(back.outputs.actions)] == ["halt", "none", "halt"]


def test_what_a_promotion_asks_for_begins_evidence_anew_for_the_limits_that_it_is_asked_of() -> None:
    own = {**LEVERAGE, "promotion": {"weeks_min": 8}}
    begun = desk_setup(own, CAP, mode="gradual")
    after = with_enforcement(begun, promotion={"weeks_min": 6})
    run = restarted(priced(1), after, priced(2), begun=begun)
    assert {limit for limit, *_ in resets(run)} == {"cap"}
    faster = with_enforcement(begun, false_positive_threshold_per_week=2.0)
    assert {limit for limit, *_ in resets(restarted(priced(1), faster, priced(2), begun=begun))} == {"cap", "lev"}


def test_trials_of_sensors_may_be_added_without_a_restart() -> None:
    begun = desk_setup(mode="gradual")
    shown = {"model_version": MODEL_VERSION, "sensors": {"leverage": {"faults": True}}}
    run = restarted(priced(1), with_enforcement(begun, sensitivity=shown), priced(2), begun=begun)
    assert resets(run) == set()
    watched = [each for record in records(run, "watch") for each in record["limits"]]  # type: ignore[attr-defined]
    assert watched[-1]["sensitive"] is True


def test_an_examiner_of_the_audit_log_follows_every_change() -> None:
    run = restarted(
        BREACH, file_of(at_level(1.5), CAP, NET, mode="gradual"), priced(4), file_of(LEVERAGE), priced(5),
        file_of(LEVERAGE, CAP, NET, mode="gradual"), priced(6),
    )  # fmt: skip
    examiner = Examiner()
    for record in run.outputs.audit:
        examiner.take(record)
    assert examiner.differences() == []
    for (limit, scope), unit in examiner.units.items():
        held = {each.limit: each for each in run.core.enforcer.ladders._holders[scope].units}.get(limit)
        if held is not None:
            assert (held.stage.value, held.stage_ns) == (unit.stage, unit.since)


def test_overrides_end_with_the_limit_that_they_are_of_and_requests_are_overtaken() -> None:
    kept = override(1, "no", 60, kind="suppress", scope="firm/b", limit="lev")
    asked = raised(1, "up", 60, 3.0)[0]
    run = restarted(asked, kept, file_of(at_level(1.9), CAP), approved(3, "up"), priced(61))
    assert [each["change"] for each in records(run, "override")] == ["begun", "ended"]
    assert [each["change"] for each in records(run, "approval")] == ["requested", "overtaken"]
    assert run.reasons() == ["UNKNOWN_COMMAND"]


def test_a_key_that_is_taken_away_takes_the_requests_of_its_actor_with_it() -> None:
    asked = raised(1, "up", 60, 3.0)[0]
    keys = {name: key for name, key in desk_setup().config.control.keys.items() if name != "ana"}
    run = restarted(asked, file_of(keys=keys), approved(3, "up"), said("halt", 4, "h", scope="firm/a"), priced(5))
    assert run.reasons() == ["UNKNOWN_COMMAND", "BAD_SIGNATURE"]
    assert [each["change"] for each in records(run, "approval")] == ["requested", "overtaken"]


def test_another_model_begins_the_evidence_of_every_limit_anew_in_its_stage() -> None:
    run = Played(Core(desk_setup(), model_version="1"))
    first, second = inputs_of((BREACH,)), inputs_of((BREACH, trades(4, -150.0), priced(9)))
    run.take(run.core.step(first))
    run.take(run.core.step([configured_input(desk_setup(), MODEL_VERSION)]))
    run.take(run.core.step(second[len(first) :]))
    assert {cause for *_, cause in resets(run)} == {"model_changed"}
    assert {limit for limit, *_ in resets(run)} == {"lev", "cap"}
    assert [each["change"] for each in records(run, "config")] == ["model"]
    assert run.outputs.actions[0].model_version == "1"
    assert run.outputs.actions[-1].model_version == MODEL_VERSION
    assert told(run.outputs.actions)[0] == (1.0, "halt")


def test_a_file_that_comes_before_the_first_event_is_the_one_that_decides() -> None:
    core = Core(desk_setup())
    run = Played(core)
    run.take(core.step([configured_input(file_of(at_level(1.2), CAP), MODEL_VERSION)]))
    run.take(core.step(inputs_of((trades(1, 50.0), priced(2)))))
    assert told(run.outputs.actions) == [(1.0, "halt")]
    assert resets(run) == set()


def test_the_same_configuration_again_changes_nothing() -> None:
    again = setup_from_json(setup_to_json(desk_setup()))
    assert restarted(BREACH, again, priced(5)).bytes_out() == restarted(BREACH, priced(5)).bytes_out()


def test_a_limit_that_returns_as_another_one_begins_its_evidence_anew() -> None:
    """Taken away and put back at another level it would else keep the stage that the old level had earned."""
    gone, back = file_of(CAP), file_of(at_level(1.5), CAP)
    run = restarted(priced(1), gone, priced(2), back, priced(3))
    assert {(limit, cause) for limit, _, cause in resets(run)} == {("lev", "limit_changed")}
    as_it_was = restarted(priced(1), gone, priced(2), file_of(LEVERAGE, CAP), priced(3))
    assert resets(as_it_was) == set()


def test_what_counts_as_a_failed_scenario_changes_the_number_and_begins_its_limits_anew() -> None:
    """A crash of 40 % costs the book of 10,000 4,000: over 3,000 it is a failure."""
    failures = {
        "id": "fail", "scope": "firm/*", "sensor": "stress_failure", "metric": "failures",
        "levels": [{"at": 0.5, "clear_at": 0.4, "action": "throttle"}],
    }  # fmt: skip
    begun = desk_setup(LEVERAGE, failures)
    run = restarted(priced(1), with_enforcement(begun, max_stress_loss=3_000.0), priced(2), priced(3), begun=begun)
    assert {limit for limit, *_ in resets(run)} == {"fail"}
    assert [kind for _, kind in told(run.outputs.actions)] == ["throttle"]
    fresh = restarted(priced(1), priced(2), priced(3), begun=with_enforcement(begun, max_stress_loss=3_000.0))
    assert run.state("firm/a")["metrics"] == fresh.state("firm/a")["metrics"]
    assert run.state("firm/a")["stress"] == fresh.state("firm/a")["stress"]
    back = (with_enforcement(begun, max_stress_loss=3_000.0), priced(2), priced(3), begun, priced(5), priced(6))
    assert [kind for _, kind in told(restarted(priced(1), *back, begun=begun).outputs.actions)] == ["throttle", "none"]
