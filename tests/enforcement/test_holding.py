"""While a backlog is caught up with, decisions go on and only the final state of a scope leaves."""

from enforcement.records import Effect
from tests.enforcement.desk import MINUTE, Desk, config_with, limit_with, measures_with

THROTTLE = limit_with(action="throttle")


def held_desk() -> Desk:
    desk = Desk(config_with(THROTTLE, mode="full"))
    desk.see(var_99=1e5)
    desk.enforcer.hold()
    return desk


def test_a_limit_that_fires_meanwhile_is_told_once_when_the_catch_up_ends() -> None:
    desk = held_desk()
    (outcome,) = desk.see(var_99=3e5)
    assert outcome.decision.decided_type == "throttle"
    assert (outcome.enforced, outcome.shadow) == (None, None)
    desk.session += 1
    assert all(each.enforced is each.shadow is None for each in desk.see(var_99=3e5))
    now_ns = outcome.decision.ts_decided + 3 * MINUTE
    released = desk.enforcer.release(now_ns)
    assert [(a.effect, a.seq, a.type, a.ts_decided) for a in released] == [
        (Effect.ENFORCED, 1, "throttle", outcome.decision.ts_decided),
        (Effect.SHADOW, 1, "throttle", outcome.decision.ts_decided),
    ]
    assert released[0].ack_by is not None
    assert released[0].ack_by > now_ns, "nobody can acknowledge in the past"
    assert desk.enforcer.release(now_ns) == [], "told once"


def test_what_fired_and_cleared_meanwhile_is_never_told() -> None:
    desk = held_desk()
    desk.see(var_99=3e5)
    desk.see(var_99=1e4)
    desk.wait(MINUTE)
    assert desk.enforcer.trading_states("firm").own == "ACTIVE"
    assert desk.enforcer.release(desk.now_ns) == []


def test_numbers_of_the_topic_go_on_after_the_catch_up_without_a_gap() -> None:
    desk = Desk(config_with(THROTTLE, mode="full"))
    (first,) = desk.see(var_99=3e5)
    assert first.enforced is not None
    desk.enforcer.hold()
    desk.see(var_99=1e4)
    desk.wait(MINUTE)
    (enforced, shadow) = desk.enforcer.release(10**18)
    assert (enforced.seq, shadow.seq) == (2, 2)
    assert (enforced.type, enforced.active) == ("none", ())


def test_an_unknown_root_is_restricted_at_once_also_while_a_backlog_waits() -> None:
    desk = Desk(config_with(THROTTLE, mode="full"))
    desk.enforcer.hold()
    actions = [outcome.enforced for outcome in desk.see(measures=measures_with(known=False))]
    assert [action.trading_state for action in actions if action is not None] == ["REDUCING"]
    assert desk.enforcer.release(10**18) == []
