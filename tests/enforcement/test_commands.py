"""What an operator halts and reinstates."""

from enforcement.records import TradingState
from tests.enforcement.desk import SECOND, Desk, config_with, limit_with

VAR = limit_with(action="throttle")


def test_a_latched_halt_ends_only_by_name() -> None:
    latching = limit_with(action="halt", latch=True)
    desk = Desk(config_with(latching, mode="full"))
    desk.see(var_99=3e5)
    assert desk.enforcer.reinstate("firm", desk.measures, desk.moment(), actor="ann", reason="?") == []
    desk.see(var_99=1e5)
    desk.wait(61 * SECOND)
    assert desk.outcomes[-1].decision.evidence.clears_if == "an operator reinstates it"
    assert desk.enforcer.trading_states("firm").own is TradingState.HALTED
    other = desk.enforcer.reinstate("firm", desk.measures, desk.moment(), actor="ann", reason="?", limit="other")
    assert other == []
    (ended,) = desk.enforcer.reinstate("firm", desk.measures, desk.moment(), actor="ann", reason="checked")
    assert (ended.decision.transition, ended.decision.reason_code) == ("latched>ok", "OPERATOR_REINSTATE")
    assert ended.decision.reason == "reinstated by ann: checked"
    assert ended.enforced is not None
    assert ended.enforced.trading_state is TradingState.ACTIVE


def test_an_operator_halts_in_monitoring_and_reinstates() -> None:
    desk = Desk(config_with(VAR))
    desk.see()
    (halted,) = desk.enforcer.halt("firm", desk.measures, desk.moment(), actor="bob", reason="kill switch")
    assert halted.enforced is not None
    assert (halted.enforced.type, halted.enforced.reason) == ("halt", "halted by bob: kill switch")
    assert halted.decision.reason_code == "OPERATOR_HALT"
    assert desk.enforcer.halt("firm", desk.measures, desk.moment(), actor="bob", reason="again") == []
    assert desk.enforcer.alive("firm")
    desk.session += 1
    (reminder,) = desk.see()
    assert (reminder.decision.kind, reminder.decision.reason_code) == ("reminder", "OPERATOR_HALT")
    (ended,) = desk.enforcer.reinstate(
        "firm", desk.measures, desk.moment(), actor="ann", reason="fixed", limit="operator_halt"
    )
    assert ended.enforced is not None
    assert ended.enforced.type == "none"
    assert not desk.enforcer.alive("firm")
