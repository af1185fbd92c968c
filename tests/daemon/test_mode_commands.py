"""The command `mode`: for whom it counts, and what becomes of breaches under way."""

import pytest

from tests.daemon.command_desk import LEVERAGE, desk_setup, played, priced, records, said, sent, told, trades

BREACH = trades(1, 150.0)


def full(minute: float, command_id: str, **fields: object) -> list[dict[str, object]]:
    return [
        said("mode", minute, command_id, mode="full", **fields),
        said("approve", minute + 0.5, f"{command_id}+", by="bob", approves=command_id),
    ]


def test_full_acts_at_once_on_a_breach_under_way() -> None:
    run = played(BREACH, full(5, "m"), setup=desk_setup(mode="monitoring"))
    assert told(run.outputs.actions) == [(5.5, "halt")]
    action = sent(run.outputs.actions)[0]
    assert (action.mode, action.reason_code, action.cause.kind) == ("full", "OPERATOR_MODE", "standing")
    [change] = records(run, "mode_change")
    assert (change["mode"], change["actor"], change["approved_by"]) == ("full", "ana", "bob")


def test_monitoring_releases_what_was_enforced_and_says_so_to_those_who_hold_it() -> None:
    run = played(BREACH, said("mode", 5, "m", mode="monitoring"), priced(6))
    assert told(run.outputs.actions) == [(1.0, "halt"), (5.0, "none")]
    assert sent(run.outputs.actions)[-1].trading_state == "ACTIVE"
    assert not run.core.enforcer.is_enforced("firm/a")


def test_gradual_leaves_what_evidence_has_earned() -> None:
    run = played(BREACH, said("mode", 5, "m", mode="gradual"), priced(6))
    assert told(run.outputs.actions) == [(1.0, "halt"), (5.0, "none")]
    climbing = records(run, "mode_change")[0]["climbing"]
    assert {"limit": "lev", "scope": "firm/a", "climbs": True} in climbing


def test_a_hard_limit_and_an_operators_halt_act_on_in_monitoring() -> None:
    run = played(said("halt", 1, "h", scope="firm/a"), said("mode", 2, "m", mode="monitoring"), trades(3, 900.0))
    assert told(run.outputs.actions)[-1] == (1.0, "halt")
    assert told(run.outputs.actions, "firm") == [(3.0, "halt")]


def test_a_mode_may_be_of_one_limit_in_one_book() -> None:
    both = [BREACH, trades(1.5, 150.0, "firm/b")]
    run = played(both, full(5, "m", limit="lev", scope="firm/b"), setup=desk_setup(mode="monitoring"))
    assert told(run.outputs.actions) == []
    assert told(run.outputs.actions, "firm/b") == [(5.5, "halt")]


@pytest.mark.parametrize("fields", [{}, {"limit": "lev"}])
def test_a_later_wider_word_takes_the_place_of_a_narrower_one(fields: dict[str, object]) -> None:
    run = played(BREACH, full(5, "m", limit="lev", scope="firm/*"), said("mode", 8, "n", mode="monitoring", **fields),
                 setup=desk_setup(mode="monitoring"))  # fmt: skip
    assert told(run.outputs.actions) == [(5.5, "halt"), (8.0, "none")]
    assert records(run, "mode_change")[-1]["replaces"] == ["m"]


def test_the_mode_of_a_limits_own_configuration_yields_to_a_word_on_that_limit_alone() -> None:
    setup = desk_setup({**LEVERAGE, "mode": "monitoring"}, mode="monitoring")
    assert told(played(BREACH, full(5, "m"), setup=setup).outputs.actions) == []
    assert told(played(BREACH, full(5, "m", limit="lev"), setup=setup).outputs.actions) == [(5.5, "halt")]


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        ("UNKNOWN_LIMIT", {"limit": "nobody"}),
        ("OUT_OF_BOUNDS", {"limit": "cap"}),
        ("OUT_OF_BOUNDS", {"limit": "operator_halt"}),
        ("UNKNOWN_PORTFOLIO", {"scope": "firm/z"}),
        ("UNKNOWN_PORTFOLIO", {"limit": "lev", "scope": "z/**"}),
    ],
)
def test_a_mode_of_nothing_is_refused(reason: str, fields: dict[str, object]) -> None:
    assert played(said("mode", 0, "m", mode="monitoring", **fields)).reasons() == [reason]


def test_a_limit_that_the_configuration_pins_in_shadow_stays_there() -> None:
    setup = desk_setup({**LEVERAGE, "pinned_shadow": True}, mode="monitoring")
    assert played(said("mode", 0, "m", mode="full", limit="lev"), setup=setup).reasons() == ["OUT_OF_BOUNDS"]
    assert told(played(BREACH, full(5, "m"), setup=setup).outputs.actions) == []
