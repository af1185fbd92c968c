"""The type and parameters that one life asks for."""

from dataclasses import replace
from math import nan

import pytest

from config.schema import ActionType, Level
from enforcement.demands import decided_demand, decided_type, params_for, published_demand
from enforcement.effects import Stage
from enforcement.life import NEW_LIFE
from enforcement.merge import Demand
from enforcement.records import HaltParams, LifeState, NoParams, ReduceParams, Target, ThrottleParams

FIRING = replace(NEW_LIFE, state=LifeState.FIRING, acting_since_ns=9, nav=1e7)
BLIND = replace(NEW_LIFE, state=LifeState.NO_DATA, escalated="warn", acting_since_ns=9)


def level(action: ActionType, **params: float | str) -> Level:
    return Level(at=1.0, action=action, params=params)


def test_a_quiet_life_asks_for_nothing() -> None:
    assert decided_demand("x", level("halt"), NEW_LIFE) is None
    assert published_demand("x", level("halt"), NEW_LIFE, Stage.FULL) is None


def test_a_level_without_an_action_asks_for_nothing() -> None:
    assert decided_demand("x", level("none"), FIRING) is None


def test_the_worse_of_the_breach_and_the_missing_data_is_asked_for() -> None:
    assert decided_type(BLIND, level("halt")) == "warn"
    assert decided_type(replace(BLIND, held=LifeState.FIRING), level("halt")) == "halt"
    assert decided_type(replace(BLIND, held=LifeState.FIRING), level("none")) == "warn"


def test_a_throttle_is_one_percent_of_the_nav_at_which_it_began() -> None:
    assert params_for("throttle", FIRING, level("throttle")) == ThrottleParams(10, 1_000, 100_000.0)


@pytest.mark.parametrize(("nav", "ceiling"), [(nan, None), (-5.0, 0.0)])
def test_a_throttle_without_a_nav_has_no_ceiling_and_one_under_water_allows_no_notional(
    nav: float, ceiling: float | None
) -> None:
    assert params_for("throttle", replace(FIRING, nav=nav), level("throttle")) == ThrottleParams(10, 1_000, ceiling)


def test_a_level_may_set_its_own_parameters() -> None:
    own = level("throttle", max_orders=2, interval_ms=500, max_notional=7.0)
    assert params_for("throttle", FIRING, own) == ThrottleParams(2, 500, 7.0)
    assert params_for("halt", FIRING, level("halt", cancel_working="all", flatten=True)) == HaltParams(
        "all", flatten=True
    )
    assert params_for("halt", FIRING, level("halt", cancel_working="none")) == HaltParams("none", flatten=False)


def test_a_halt_cancels_what_increases_and_does_not_flatten() -> None:
    assert params_for("halt", FIRING, level("halt")) == HaltParams("increasing", flatten=False)


def test_a_soft_halt_is_a_throttle_outside_and_a_halt_in_shadow() -> None:
    halt = level("halt")
    assert decided_demand("x", halt, FIRING) == Demand("x", "hard", 9, "halt", HaltParams("increasing", flatten=False))
    assert published_demand("x", halt, FIRING, Stage.SOFT) == Demand(
        "x", "hard", 9, "throttle", ThrottleParams(10, 1_000, 100_000.0)
    )


def test_a_reduction_carries_the_targets_of_the_life_and_a_warning_nothing() -> None:
    life = replace(FIRING, targets=(Target("A", 1.0, "sell"),))
    assert params_for("reduce_position", life, level("reduce_position")) == ReduceParams(life.targets)
    assert params_for("warn", life, level("warn")) == NoParams()
