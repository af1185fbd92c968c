"""The command `limits`: what is unchanged keeps its life, what goes says so, and what loosens takes two people."""

import pytest

from tests.daemon.command_desk import (
    CAP,
    LEVERAGE,
    desk_setup,
    override,
    played,
    priced,
    raised,
    records,
    said,
    sent,
    told,
    trades,
)
from tests.helpers import EventDict

BREACH = trades(1, 150.0)
NET: dict[str, object] = {
    "id": "net", "scope": "firm/*", "sensor": "leverage", "metric": "net_leverage",
    "levels": [{"at": 2.0, "action": "throttle"}],
}  # fmt: skip


def at_level(value: float, action: str = "halt", **more: object) -> dict[str, object]:
    return {**LEVERAGE, "levels": [{"at": value, "clear_at": 0.9 * value, "action": action}], **more}


def limits(minute: float, command_id: str, *listed: dict[str, object], merge: bool = False) -> list[EventDict]:
    """Return the command, with limits as a file has them."""
    return [said("limits", minute, command_id, limits=list(listed), merge=merge)]


def approved(minute: float, command_id: str) -> EventDict:
    return said("approve", minute, f"{command_id}+", by="bob", approves=command_id)


def test_a_lower_level_acts_at_once_and_needs_one_person() -> None:
    run = played(trades(1, 50.0), limits(5, "l", at_level(1.2), merge=True), priced(6))
    assert told(run.outputs.actions) == [(5.0, "halt")]
    assert sent(run.outputs.actions)[0].cause.at == 1.2
    [record] = records(run, "config")
    assert (record["changed"], record["added"], record["removed"]) == (["lev"], [], [])
    assert record["old_config_hash"] != record["config_hash"]
    assert sent(run.outputs.actions)[0].config_hash == record["config_hash"]


LOOSER: dict[str, tuple[bool, dict[str, object]]] = {
    "a higher level": (True, at_level(2.5)),
    "a milder action": (True, at_level(2.0, "throttle")),
    "a later firing": (True, at_level(2.0, **{"for": "60s"})),
    "another scope": (True, at_level(2.0, scope="firm")),
    "a pin in shadow": (True, at_level(2.0, pinned_shadow=True)),
    "a cap that is hard no more": (True, {**CAP, "hard": False}),
    "all others gone": (False, LEVERAGE),
    "a new limit in full mode": (True, {**NET, "mode": "full"}),
}


@pytest.mark.parametrize("what", sorted(LOOSER))
def test_what_loosens_waits_for_another_person(what: str) -> None:
    merge, limit = LOOSER[what]
    run = played(limits(5, "l", limit, merge=merge), priced(6))
    assert [each["change"] for each in records(run, "approval")] == ["requested"]
    assert records(run, "config") == []
    agreed = played(limits(5, "l", limit, merge=merge), approved(6, "l"), priced(7))
    assert len(records(agreed, "config")) == 1


def test_a_breach_under_way_of_an_unchanged_limit_goes_on_as_it_was() -> None:
    run = played(BREACH, limits(5, "l", LEVERAGE, CAP, NET), priced(6), priced(7))
    assert told(run.outputs.actions)[0] == (1.0, "halt")
    lives = [each.transition for each in run.outputs.decisions if (each.limit, each.scope) == ("lev", "firm/a")]
    assert lives[-1] == "ok>firing"
    assert run.core.enforcer.trading_states("firm/a").own == "HALTED"
    assert {bound.limit.id for bound in run.core.enforcer.bound_limits("firm/a")} >= {"net", "lev"}
    assert {active.limit for active in sent(run.outputs.actions)[-1].active} == {"lev", "net"}


def test_a_removed_limit_lets_go_and_says_so() -> None:
    run = played(BREACH, limits(5, "l", CAP), approved(6, "l"), priced(7))
    assert told(run.outputs.actions) == [(1.0, "halt"), (6.0, "none")]
    last = sent(run.outputs.actions)[-1]
    assert (last.reason_code, last.trading_state) == ("OPERATOR_LIMITS", "ACTIVE")


def test_a_milder_action_of_a_breach_under_way_is_told() -> None:
    run = played(BREACH, limits(5, "l", at_level(2.0, "throttle"), merge=True), approved(6, "l"), priced(7))
    assert told(run.outputs.actions) == [(1.0, "halt"), (6.0, "throttle")]


def test_a_limit_that_returns_counts_its_episodes_on() -> None:
    gone = [*limits(5, "l", CAP), approved(6, "l")]
    back = limits(8, "m", LEVERAGE, merge=True)
    run = played(BREACH, gone, back, priced(9), trades(9.5, 10.0))
    of_lev = [each for each in run.outputs.decisions if (each.limit, each.scope) == ("lev", "firm/a")]
    ordinals = [each.episode_ordinal for each in of_lev if each.life == "firing"]
    assert ordinals == [1, 1]  # in one session: the same episode goes on
    assert told(run.outputs.actions)[-1][1] == "halt"


def test_a_changed_limit_loses_its_overrides_and_gathers_its_evidence_anew() -> None:
    up = raised(0, "up", 60, 3.0)
    kept = override(1, "no", 60, kind="suppress", scope="firm/b", limit="lev")
    run = played(up, kept, BREACH, limits(5, "l", at_level(1.9), merge=True), priced(61))
    assert told(run.outputs.actions) == [(5.0, "halt")]
    assert [each["change"] for each in records(run, "override")] == ["begun", "begun", "ended", "ended"]
    resets = {(each["scope"], each["cause"]) for each in records(run, "evidence_reset")}
    assert ("firm/a", "limit_changed") in resets


BAD: dict[str, list[object]] = {
    "no limit at all": [{"id": "x"}],
    "an unknown key": [{**LEVERAGE, "colour": "red"}],
    "a level of nothing": [at_level(0.0)],
    "levels that fall": [
        {**LEVERAGE, "levels": [{"name": "a", "at": 2, "action": "warn"}, {"at": 1, "action": "halt"}]}
    ],
    "no such sensor": [{**LEVERAGE, "sensor": "crystal"}],
    "twice the same": [LEVERAGE, LEVERAGE],
    "a built-in id": [{**LEVERAGE, "id": "operator_halt"}],
    "a bare duration": [{**LEVERAGE, "keep_firing_for": 60}],
    "no object": [3],
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_bad_limits_are_refused_with_every_fault_and_change_nothing(what: str) -> None:
    run = played(said("limits", 0, "l", limits=BAD[what]), BREACH)
    assert run.reasons() == ["BAD_LIMITS"]
    assert "limits[" in run.outputs.rejections[0][1].detail
    assert told(run.outputs.actions) == [(1.0, "halt")]


def test_modes_decide_alike_through_a_change_of_limits() -> None:
    events = [BREACH, *limits(5, "l", at_level(2.4), NET), approved(6, "l"), trades(8, -60.0), priced(20)]
    runs = [played(events, setup=desk_setup(mode=mode)) for mode in ("monitoring", "full")]
    digests = [[each.digest for each in run.outputs.decisions] for run in runs]
    assert digests[0] == digests[1]


def test_a_refusal_fits_into_a_record_however_much_is_wrong() -> None:
    """A dead letter that no broker takes would end the daemon, and every restart would meet it again."""
    many, long = limits(5, "m", *[{}] * 5_000), limits(6, "l", {**NET, "id": "x" * 300_000})
    run = played(many, long, priced(7))
    refused = [each[1] for each in run.outputs.rejections]
    assert [each.reason for each in refused] == ["BAD_LIMITS", "BAD_LIMITS"]
    assert all(len(each.detail) < 12_000 for each in refused)
    assert refused[0].detail.endswith("more")


@pytest.mark.parametrize("name", ["\x1b[2J", "a\nb", "", "x" * 257])
@pytest.mark.parametrize("field", ["id", "scope", "rule_name"])
def test_names_that_a_command_brings_are_printable_and_bounded(name: str, field: str) -> None:
    """They stand in every record of the limit and on people's terminals."""
    run = played(limits(5, "l", {**NET, field: name}, merge=True), priced(6))
    assert run.reasons() == ["BAD_LIMITS"]


def test_what_waits_is_overtaken_by_a_change_of_its_limit() -> None:
    """Ana asks for 3 over a level of 2; eve lowers it to 1.2; bob does not agree to 3 over 1.2 by an old request."""
    asked = raised(0.1, "up", 60, 3.0)[0]
    eve = said("limits", 0.2, "t", by="eve", limits=[at_level(1.2)], merge=True)
    run = played(asked, eve, said("approve", 0.3, "y", by="bob", approves="up"), BREACH)
    assert run.reasons() == ["UNKNOWN_COMMAND"]
    assert "overtaken by t" in run.outputs.rejections[0][1].detail
    assert [each["change"] for each in records(run, "approval")] == ["requested", "overtaken"]
    assert told(run.outputs.actions) == [(1.0, "halt")]


def test_a_list_that_waits_undoes_nothing_that_was_tightened_since() -> None:
    loose = limits(0.1, "l", at_level(5.0), merge=True)
    tight = limits(0.2, "t", at_level(1.2), merge=True)
    run = played(loose, tight, said("approve", 0.3, "y", by="bob", approves="l"), BREACH)
    assert run.reasons() == ["UNKNOWN_COMMAND"]
    assert told(run.outputs.actions) == [(1.0, "halt")]


def test_what_waits_for_another_limit_goes_on_waiting() -> None:
    other = limits(0.2, "t", {**NET, "levels": [{"at": 50.0, "action": "throttle"}]}, merge=True)
    run = played(raised(0.1, "up", 60, 3.0)[0], other, said("approve", 0.3, "y", by="bob", approves="up"), BREACH)
    assert run.reasons() == []
    assert told(run.outputs.actions) == []
