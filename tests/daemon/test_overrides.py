"""Overrides in the core: what they change, for whom, and that they end by themselves."""

import pytest

from tests.daemon.command_desk import (
    LEVERAGE,
    at,
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
from tests.helpers import HOUR_NS

BREACH = trades(1, 150.0)  # leverage 2.5 in firm/a, 1.75 in firm


def test_an_increase_keeps_a_limit_from_firing_and_shows_in_decisions_what_it_was_held_against() -> None:
    run = played(raised(0, "up", 60, 3.0), BREACH, trades(5, 100.0), priced(70))
    assert told(run.outputs.actions) == [(5.0, "halt")]
    [halt] = sent(run.outputs.actions)
    assert (halt.cause.at, halt.cause.effective_at, halt.cause.override_id) == (2.0, 3.0, "up")
    assert halt.cause.clear_at == pytest.approx(2.7)


def test_what_breaches_at_the_end_of_an_increase_acts_at_that_moment() -> None:
    """No price, no fill and no confirmation is waited for, not even where the limit has to last for an hour."""
    run = played(raised(0, "up", 30, 3.0), BREACH, priced(31), setup=desk_setup({**LEVERAGE, "for": HOUR_NS}))
    assert told(run.outputs.actions) == [(30.0, "halt")]
    assert sent(run.outputs.actions)[0].cause.override_id is None
    assert [each["change"] for each in records(run, "override")] == ["begun", "reminder", "expired"]


def test_a_firing_limit_stops_by_an_increase_through_its_own_life() -> None:
    run = played(BREACH, raised(5, "up", 600, 3.0), priced(5.5), priced(6.5), priced(7))
    assert told(run.outputs.actions) == [(1.0, "halt"), (6.02, "none")]
    changes = [each.transition for each in run.outputs.decisions if each.limit == "lev" and each.scope == "firm/a"]
    assert changes[-3:] == ["ok>firing", "firing>recovering", "recovering>ok"]


def test_an_increase_of_a_book_is_of_that_book_and_one_of_a_parent_is_the_parents() -> None:
    run = played(raised(0, "up", 60, 3.0, scope="firm"), BREACH, priced(2))
    assert told(run.outputs.actions) == [(1.0, "halt")]
    assert told(run.outputs.actions, "firm") == []
    everywhere = played(raised(0, "up", 60, 3.0, scope="**"), BREACH, priced(2))
    assert told(everywhere.outputs.actions) == []


def test_a_suppressed_limit_is_decided_and_told_in_shadow_and_never_acts() -> None:
    kept = override(0, "no", 30, kind="suppress", scope="firm/a", limit="lev")
    run = played(kept, BREACH, priced(31))
    assert told(run.outputs.actions) == [(30.0, "halt")]
    assert told(run.outputs.shadow)[0] == (1.0, "halt")
    first = sent(run.outputs.shadow)[0]
    assert (first.effect, first.cause.override_id) == ("suppressed", "no")
    plain = played(BREACH, priced(31))
    assert told(plain.outputs.actions) == [(1.0, "halt")]


def test_a_suppression_of_what_acts_releases_it_at_once_and_says_so() -> None:
    run = played(BREACH, override(5, "no", 30, kind="suppress", scope="firm/*", limit="lev"), priced(31))
    assert told(run.outputs.actions) == [(1.0, "halt"), (5.0, "none"), (30.0, "halt")]
    released = sent(run.outputs.actions)[1]
    assert (released.trading_state, released.reason_code, released.cause.override_id) == (
        "ACTIVE", "OPERATOR_OVERRIDE", "no",
    )  # fmt: skip
    assert (released.cause.decided_type, released.cause.published_type) == ("halt", "none")


@pytest.mark.parametrize(
    ("state", "action"), [("THROTTLED", "throttle"), ("REDUCING", "reduce_position"), ("HALTED", "halt")]
)
@pytest.mark.parametrize("mode", ["monitoring", "full"])
def test_a_pinned_book_is_held_in_every_mode_until_the_pin_expires(state: str, action: str, mode: str) -> None:
    pin = override(0, "pin", 30, kind="pin_state", scope="firm/a", state=state)
    run = played(pin, priced(31), setup=desk_setup(mode=mode))
    assert told(run.outputs.actions) == [(0.0, action), (30.0, "none")]
    assert sent(run.outputs.actions)[0].trading_state == state
    assert sent(run.outputs.actions)[0].cause.limit == "operator_pin"
    assert sent(run.outputs.actions)[0].evidence.clears_if == "the override ends"


def test_a_pinned_parent_holds_its_books_along_the_path() -> None:
    run = played(override(0, "pin", 30, kind="pin_state", scope="firm", state="HALTED"), priced(1))
    states = run.core.enforcer.trading_states("firm/a")
    assert (states.own, states.effective) == ("ACTIVE", "HALTED")


def test_a_book_that_comes_later_is_held_by_a_pin_of_its_path() -> None:
    pin = override(0, "pin", 30, kind="pin_state", scope="firm/*", state="REDUCING")
    run = played(pin, trades(5, 10.0, "firm/c"), priced(31))
    assert told(run.outputs.actions, "firm/c")[0] == (5.0, "reduce_position")
    assert sent(run.outputs.actions, "firm/c")[0].cause.limit == "operator_pin"
    assert told(run.outputs.actions, "firm/c")[-1] == (30.0, "warn")  # its NAV is not known


def test_pinned_active_lets_limits_go_but_no_hard_limit_and_no_operators_halt() -> None:
    active = [
        override(2, "go", 60, kind="pin_state", scope="**", state="ACTIVE"),
        said("approve", 3, "go+", by="bob", approves="go"),
    ]
    run = played(BREACH, active, priced(4))
    assert told(run.outputs.actions) == [(1.0, "halt"), (3.0, "none")]
    halted = played(BREACH, active, said("halt", 4, "h", scope="firm/a"), priced(5))
    assert told(halted.outputs.actions)[-1] == (4.0, "halt")
    capped = played(active, trades(5, 900.0), priced(6))
    assert told(capped.outputs.actions, "firm") == [(5.0, "halt")]
    assert told(capped.outputs.actions, "firm/a") == []
    stopped = played(BREACH, said("halt", 1.5, "h", scope="firm/a"), active, priced(5))
    assert told(stopped.outputs.actions)[-1][1] == "halt"


def test_a_pin_is_not_ended_by_a_reinstate_but_by_its_own_end() -> None:
    pin = override(0, "pin", 30, kind="pin_state", scope="firm/a", state="HALTED")
    run = played(
        pin, said("reinstate", 1, "r", scope="firm/a"), said("override_end", 5, "e", by="bob", override_id="pin")
    )
    assert told(run.outputs.actions) == [(0.0, "halt"), (5.0, "none")]
    assert records(run, "override")[-1]["change"] == "ended"
    assert records(run, "override")[-1]["by"] == "bob"


def test_the_longer_of_two_pins_of_a_state_holds_it() -> None:
    pins = [
        override(0, "long", 30, kind="pin_state", scope="firm/a", state="REDUCING"),
        override(1, "short", 10, kind="pin_state", scope="firm/a", state="REDUCING"),
        override(2, "hard", 20, kind="pin_state", scope="firm/a", state="HALTED"),
    ]
    run = played(pins, priced(31))
    assert told(run.outputs.actions) == [
        (0.0, "reduce_position"),
        (2.0, "halt"),
        (20.0, "reduce_position"),
        (30.0, "none"),
    ]


def test_a_lower_level_needs_one_person_acts_at_once_and_beats_an_increase() -> None:
    lower = override(5, "low", 20, kind="limit_increase", scope="firm/a", limit="lev", value=1.2)
    run = played(trades(1, 50.0), lower, raised(6, "up", 60, 4.0), priced(21), priced(22.5))
    assert told(run.outputs.actions) == [(5.0, "halt"), (21.0, "none")]
    assert sent(run.outputs.actions)[0].cause.effective_at == 1.2


def test_the_later_of_two_increases_counts_and_the_earlier_again_after_it() -> None:
    run = played(raised(0, "a", 60, 4.0), raised(0.5, "b", 20, 2.2), BREACH, priced(22), priced(61))
    assert told(run.outputs.actions) == [(1.0, "halt"), (21.0, "none"), (60.0, "halt")]
    assert [each.cause.override_id for each in sent(run.outputs.actions)] == ["b", "a", None]


def test_a_reminder_says_what_would_act_when_the_override_ends() -> None:
    run = played(raised(0, "up", 600, 3.0), BREACH, priced(595))
    [reminder] = [each for each in records(run, "override") if each["change"] == "reminder"]
    assert reminder["ts"] == at(540)
    assert reminder["over_level_in"] == ["firm/a"]
