"""What each topic is told, in the stages between shadow and full."""

from enforcement.effects import Stage
from enforcement.records import HaltParams, ThrottleParams, TradingState
from risk.measures import Status
from tests.enforcement.desk import MINUTE, Desk, config_with, limit_with, measures_with

HALT = limit_with(action="halt")


def soft_desk() -> Desk:
    desk = Desk(config_with(HALT, mode="gradual"))
    desk.enforcer.stages["var_99", "firm"] = Stage.SOFT
    return desk


def test_a_soft_halt_is_a_throttle_outside_and_a_halt_in_shadow() -> None:
    (outcome,) = soft_desk().see(var_99=3e5)
    assert outcome.enforced is not None
    assert (outcome.enforced.type, outcome.enforced.params) == ("throttle", ThrottleParams(10, 1_000, 100_000.0))
    assert (outcome.enforced.cause.decided_type, outcome.enforced.cause.published_type) == ("halt", "throttle")
    assert outcome.enforced.active[0].type == "throttle"
    assert outcome.shadow is not None
    assert (outcome.shadow.type, outcome.shadow.params) == ("halt", HaltParams("increasing", flatten=False))
    assert (outcome.shadow.cause.published_type, outcome.shadow.mode) == ("halt", "gradual")


def test_a_soft_halt_is_not_remembered_outside_where_nothing_is_halted() -> None:
    desk = soft_desk()
    desk.see(var_99=3e5)
    desk.session += 1
    (reminder,) = desk.see(var_99=3e5)
    assert reminder.enforced is None
    assert reminder.shadow is not None


def test_missing_data_that_escalates_is_told_outside_also_where_soft_caps_it() -> None:
    desk = soft_desk()
    desk.see(var_99=3e5)
    desk.see(measures=measures_with(statuses={"var_99": Status.INVALID}))
    (escalation,) = desk.wait(15 * MINUTE)
    assert escalation.decision.kind == "escalation"
    assert escalation.enforced is not None
    assert escalation.enforced.type == "throttle"


def test_evidence_anywhere_in_the_tree_enforces_the_restriction_of_an_unknown_root() -> None:
    below = limit_with(scope="firm/*", action="halt")
    for stages, state in (({}, "ACTIVE"), ({("var_99", "firm/eq"): Stage.SOFT}, "REDUCING")):
        desk = Desk(config_with(below, mode="gradual"))
        desk.enforcer.stages.update(stages)
        desk.see(measures=measures_with(known=False))
        assert desk.enforcer.trading_states("firm").own == TradingState(state)


def test_a_pending_or_recovering_level_is_decided_and_not_published() -> None:
    desk = Desk(config_with(HALT, mode="full"))
    desk.see("price", var_99=3e5)
    desk.see("price", var_99=3e5)
    desk.see("price", var_99=1e5)
    told = {outcome.decision.transition: outcome.enforced is not None for outcome in desk.outcomes}
    assert told == {"ok>pending": False, "pending>firing": True, "firing>recovering": False}
