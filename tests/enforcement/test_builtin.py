"""Unknown roots are restricted, whatever was configured."""

import pytest

from enforcement.records import ReduceParams, TradingState
from tests.enforcement.desk import Desk, config_with, limit_with, measures_with

VAR = limit_with(action="throttle")


def test_an_unknown_root_is_restricted_until_a_snapshot_makes_it_known() -> None:
    desk = Desk(config_with(VAR, mode="full"))
    desk.see("price", suspect=True, measures=measures_with(known=False))
    first = desk.outcomes[0]
    assert (first.decision.limit, first.decision.decided_type) == ("model_available", "reduce_position")
    assert first.decision.reason == "the listed root is unknown: no positions_snapshot yet"
    assert first.decision.evidence.clears_if == "a positions_snapshot of firm arrives"
    assert first.enforced is not None
    assert (first.enforced.trading_state, first.enforced.params) == ("REDUCING", ReduceParams(()))
    assert desk.transitions()[1:] == ["var_99.hard ok>no_data"]
    desk.see(var_99=1e5)
    assert desk.transitions()[2:] == ["model_available.hard firing>ok", "var_99.hard no_data>ok"]
    assert desk.enforcer.trading_states("firm").own is TradingState.ACTIVE


@pytest.mark.parametrize(
    ("limits", "mode", "state"),
    [
        ((VAR,), "monitoring", "ACTIVE"),
        ((VAR,), "gradual", "ACTIVE"),
        ((limit_with(scope="firm/*"),), "full", "REDUCING"),
        ((limit_with(scope="other"),), "full", "ACTIVE"),
        ((limit_with("cap", "exposure", "gross", hard=True),), "monitoring", "REDUCING"),
    ],
)
def test_an_unknown_root_is_as_enforced_as_the_limits_of_its_tree(limits, mode: str, state: str) -> None:
    desk = Desk(config_with(*limits, mode=mode))
    desk.see(measures=measures_with(known=False))
    states = desk.enforcer.trading_states("firm")
    assert (states.own, states.shadow_own) == (state, TradingState.REDUCING)


def test_a_child_has_no_root_limit_but_reads_invalid_while_unknown() -> None:
    desk = Desk(config_with(limit_with(scope="**")), scope="firm/eq")
    desk.see(measures=measures_with("firm/eq", known=False, var_99=3e5))
    assert desk.transitions() == ["var_99.hard ok>no_data"]
    assert desk.outcomes[-1].decision.reason_code == "MODEL_UNAVAILABLE"
