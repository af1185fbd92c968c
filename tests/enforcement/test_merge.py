"""What several active limits ask for together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from enforcement.merge import Demand, allowed_in, merge, most_severe, severity
from enforcement.records import HaltParams, NoParams, Params, ReduceParams, Target, ThrottleParams, TradingState

THROTTLE = ThrottleParams(10, 1_000, 100_000.0)
REDUCE = ReduceParams((Target("A", 50.0, "sell"), Target("B", 10.0, "buy")))
HALT = HaltParams("increasing", flatten=False)


def demand(kind: str, params: Params, name: str = "x") -> Demand:
    return Demand(name, "hard", 5, kind, params)  # type: ignore[arg-type] -- written out in each test


def test_nothing_active_is_all_clear() -> None:
    merged = merge([])
    assert (merged.type, merged.params, merged.trading_state, merged.active) == ("none", NoParams(), "ACTIVE", ())


def test_a_warning_restricts_nothing() -> None:
    assert merge([demand("warn", NoParams())]).trading_state is TradingState.ACTIVE


def test_the_most_severe_type_wins_and_every_limit_is_listed() -> None:
    merged = merge([demand("warn", NoParams(), "a"), demand("halt", HALT, "b"), demand("throttle", THROTTLE, "c")])
    assert (merged.type, merged.trading_state) == ("halt", TradingState.HALTED)
    assert [(each.limit, each.type, each.since) for each in merged.active] == [
        ("a", "warn", 5), ("b", "halt", 5), ("c", "throttle", 5),
    ]  # fmt: skip


def test_the_slower_of_two_throttles_and_the_lower_ceiling_hold() -> None:
    slow = ThrottleParams(1, 1_000, None)
    assert merge([demand("throttle", THROTTLE), demand("throttle", slow)]).params == ThrottleParams(1, 1_000, 100_000.0)
    assert merge([demand("throttle", slow)]).params == slow


def test_the_smallest_target_per_instrument_holds() -> None:
    other = ReduceParams((Target("B", 4.0, "buy"), Target("C", 1.0, "sell"), Target("A", 60.0, "sell")))
    merged = merge([demand("reduce_position", REDUCE), demand("reduce_position", other)])
    assert merged.params == ReduceParams((Target("A", 50.0, "sell"), Target("B", 4.0, "buy"), Target("C", 1.0, "sell")))
    assert merged.trading_state is TradingState.REDUCING


def test_a_halt_keeps_the_targets_of_other_limits() -> None:
    merged = merge([demand("reduce_position", REDUCE), demand("halt", HALT)])
    assert merged.params == HaltParams("increasing", flatten=False, targets=REDUCE.targets)
    assert merge([demand("halt", HALT)]).params == HaltParams("increasing", flatten=False, targets=UNSET)


def test_orders_that_a_reduction_counts_as_gone_have_to_go_in_every_merge() -> None:
    """The targets clear only without them, so nothing milder may stand beside."""
    first, second = ReduceParams(REDUCE.targets, "increasing"), ReduceParams((), "all")
    assert merge([demand("reduce_position", first), demand("reduce_position", REDUCE)]).params == first
    assert merge([demand("reduce_position", first), demand("reduce_position", second)]).params == ReduceParams(
        REDUCE.targets, "all"
    )
    assert merge([demand("reduce_position", second), demand("halt", HaltParams("none", flatten=False))]).params == (
        HaltParams("all", flatten=False)
    )


def test_the_stricter_of_two_halts_holds() -> None:
    flattening = HaltParams("none", flatten=True)
    assert merge([demand("halt", HALT), demand("halt", flattening)]).params == HaltParams("increasing", flatten=True)


@pytest.mark.parametrize("state", list(TradingState))
def test_cancelling_and_reducing_are_always_allowed(state: TradingState) -> None:
    assert {"cancel", "reduce"} <= set(allowed_in(state))
    assert ("increase" in allowed_in(state)) == (state in (TradingState.ACTIVE, TradingState.THROTTLED))


@given(st.lists(st.sampled_from(list(TradingState)), min_size=1))
def test_the_most_severe_state_is_not_milder_than_any(states: list[TradingState]) -> None:
    order = list(TradingState)
    assert order.index(most_severe(states)) == max(order.index(state) for state in states)


def test_severity_is_ordered() -> None:
    kinds = ("none", "warn", "throttle", "reduce_position", "halt")
    assert [severity(kind) for kind in kinds] == [0, 1, 2, 3, 4]
