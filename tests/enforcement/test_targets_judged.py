"""Targets as a judge sees them: whole streams in, actions out, every number computed a second time, by brute force."""

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from enforcement.records import Decision, Params, ReduceParams, Target
from tests.enforcement.target_judge import (
    LEVELS,
    LOTS,
    NAMES,
    Asks,
    Judge,
    Orders,
    Quantities,
    asks,
    random_books,
    vector,
)
from tests.oracle.measures import Vector

JUDGE = Judge()
ROUNDING = 1.0 + 1e-9
STEPS = 150
BOOKS = ("firm/a", "firm/b", "firm/c")


def applied(held: Vector, targets: tuple[Target, ...]) -> Vector:
    """Return the quantities after the targets were met exactly; each must be smaller than the position, on its side."""
    after = held.copy()
    for target in targets:
        at = NAMES.index(target.instrument)
        assert 0.0 <= target.max_abs_qty < abs(held[at]) * ROUNDING
        assert target.allowed_side == ("sell" if held[at] > 0.0 else "buy")
        lots = target.max_abs_qty / LOTS[at]
        assert abs(lots - round(lots)) < 1e-6, f"{target} is no whole number of lots of {LOTS[at]}"
        after[at] = np.copysign(target.max_abs_qty, held[at])
    return after


def traded(before: Vector, after: Vector) -> float:
    return float((np.abs(before - after) * JUDGE.unit).sum())


def is_smallest(metric: str, clear_at: float, held: Vector, after: Vector, left: tuple[Vector, Vector] | None) -> bool:
    """Say whether nothing on the straight line to the targets clears and trades less by more than 1 % or a lot each."""
    orders = left or (None, None)
    for step in range(1, STEPS):
        on_the_way = held + (after - held) * (step / STEPS)
        if JUDGE.statistic(metric, on_the_way, *orders) <= clear_at:
            lots = (np.where(after != held, LOTS, 0.0) * JUDGE.unit).sum()
            return traded(held, after) <= 1.01 * traded(held, on_the_way) + lots
    return True


def reducing(params: Params) -> ReduceParams:
    assert isinstance(params, ReduceParams)
    return params


def fired(found: Asks, metric: str) -> Decision:
    """Return the last decision of a limit."""
    return [decision for decision in found.decisions if decision.limit == metric][-1]


def left_of(orders: Orders, held: Quantities, cancels: object) -> tuple[Vector, Vector]:
    """Return open buys and sells after the cancels that an action asks for."""
    buys, sells = (vector({key: sides[at] for key, sides in orders.items()}) for at in (0, 1))
    quantity = vector(held)
    if cancels == "all":
        return np.zeros_like(buys), np.zeros_like(sells)
    if cancels == "increasing":
        return np.minimum(buys, np.maximum(-quantity, 0.0)), np.minimum(sells, np.maximum(quantity, 0.0))
    return buys, sells


@settings(max_examples=60)
@given(st.integers(0, 100_000), st.sampled_from(sorted(LEVELS)), st.booleans(), st.sampled_from([0.2, 0.5, 0.9]))
def test_targets_clear_are_smaller_and_no_smaller_ones_on_their_line_clear(
    seed: int, metric: str, long_only: bool, share: float
) -> None:
    held = random_books(seed, ["firm"], long_only=long_only, share=share)
    quantity = vector(held)
    assume(JUDGE.statistic(metric, quantity) > LEVELS[metric] * ROUNDING)
    decision = fired(asks([metric], held), metric)
    after = applied(quantity, reducing(decision.params).targets)
    assert decision.clear_at is not None
    clear_at = float(decision.clear_at)
    assert JUDGE.statistic(metric, after) <= clear_at * ROUNDING
    assert is_smallest(metric, clear_at * ROUNDING, quantity, after, None)


@settings(max_examples=60)
@given(st.integers(0, 100_000), st.sampled_from(sorted(LEVELS)))
def test_with_working_orders_the_targets_clear_whatever_of_those_left_is_filled(seed: int, metric: str) -> None:
    held = random_books(seed, ["firm"], share=0.5)
    draw = np.random.Generator(np.random.Philox(seed + 7))
    orders: Orders = {
        ("firm", name): (float(draw.integers(0, 4)) * 100.0, float(draw.integers(0, 4)) * 100.0)
        for name in NAMES
        if draw.random() < 0.4
    }
    found = asks([metric], held, orders)
    decisions = [one for one in found.decisions if one.limit == metric and one.life == "firing"]
    assume(decisions)
    params = reducing(decisions[-1].params)
    left = left_of(orders, held, params.cancel_working)
    after = applied(vector(held), params.targets)
    clear_at = float(decisions[-1].clear_at or 0.0) * ROUNDING
    # Orders of names whose position is reduced still reduce it, as far as it is there.
    if params.cancel_working == "increasing":
        left = np.minimum(left[0], np.maximum(-after, 0.0)), np.minimum(left[1], np.maximum(after, 0.0))
    assert JUDGE.statistic(metric, after, *left) <= clear_at


SETS = (
    ("var_95", "worst_loss"), ("var_99", "net"), ("es_95", "worst_loss", "net"), ("var_99", "es_95", "gross"),
    ("worst_loss", "net", "var_95", "gross"),
)  # fmt: skip


@settings(max_examples=60)
@given(st.integers(0, 100_000), st.sampled_from(SETS), st.sampled_from([0.5, 0.9]))
def test_what_several_limits_ask_for_together_clears_each_of_them(
    seed: int, metrics: tuple[str, ...], share: float
) -> None:
    held = random_books(seed, ["firm"], share=share)
    quantity = vector(held)
    found = asks(metrics, held)
    last = {decision.limit: decision for decision in found.decisions}
    firing = [metric for metric in metrics if metric in last and last[metric].life == "firing"]
    assume(len(firing) > 1)
    params = reducing(found.actions["firm"].params)
    after = applied(quantity, params.targets)
    for metric in firing:
        assert JUDGE.statistic(metric, after) <= float(last[metric].clear_at or 0.0) * ROUNDING
        own = applied(quantity, reducing(last[metric].params).targets)
        assert (np.abs(after) <= np.abs(own) + 1e-9).all(), "never more than one of them alone allows"
    assert params.clears_if is not UNSET
    assert all(f"{metric}.hard" in params.clears_if for metric in firing)


def test_the_smallest_of_two_targets_may_clear_neither_and_then_more_is_asked_for() -> None:
    """The case that a merge by instrument gets wrong is among the random ones: its smallest together was not enough."""
    missed = 0
    for seed in range(30):
        held = random_books(seed, ["firm"], share=0.9)
        found = asks(("var_99", "net"), held)
        last = {decision.limit: decision for decision in found.decisions if decision.life == "firing"}
        if len(last) == 2:
            quantity = vector(held)
            both = [applied(quantity, reducing(decision.params).targets) for decision in last.values()]
            smallest = np.where(np.abs(both[0]) < np.abs(both[1]), both[0], both[1])
            missed += any(
                JUDGE.statistic(metric, smallest) > float(decision.clear_at or 0.0) * ROUNDING
                for metric, decision in last.items()
            )
    assert missed > 3


@settings(max_examples=60)
@given(st.integers(0, 100_000), st.sampled_from([*[(metric,) for metric in sorted(LEVELS)], *SETS]))
def test_a_parents_targets_are_met_when_every_book_under_it_meets_its_share(
    seed: int, metrics: tuple[str, ...]
) -> None:
    """Some of what is held is booked on the parent itself, and long and short books net out."""
    held = random_books(seed, ("firm/eq/a", "firm/eq/b", "firm/eq"), share=0.6)
    quantity = vector(held)
    found = asks(metrics, held, scope="firm/eq")
    last = {decision.limit: decision for decision in found.decisions if decision.scope == "firm/eq"}
    firing = [metric for metric in metrics if metric in last and last[metric].life == "firing"]
    assume(firing)
    params = reducing(found.actions["firm/eq"].params)
    net = applied(quantity, params.targets)
    assert params.books is not UNSET
    after = dict(held)
    for share in params.books:
        path = "firm/eq" if share.portfolio == "firm/eq/_self" else share.portfolio
        before = held[path, share.instrument]
        assert 0.0 <= share.max_abs_qty < abs(before)
        assert share.allowed_side == ("sell" if before > 0.0 else "buy")
        lots = share.max_abs_qty / LOTS[NAMES.index(share.instrument)]
        assert abs(lots - round(lots)) < 1e-6
        after[path, share.instrument] = float(np.copysign(share.max_abs_qty, before))
    assert vector(after) == pytest.approx(net, abs=1e-6)
    for metric in firing:
        assert JUDGE.statistic(metric, vector(after)) <= float(last[metric].clear_at or 0.0) * ROUNDING


def test_the_books_of_a_parent_give_in_proportion_to_what_they_hold_of_the_side_that_is_reduced() -> None:
    held: Quantities = {("firm/a", "S0"): 6_000.0, ("firm/b", "S0"): 3_000.0, ("firm/c", "S0"): -2_000.0}
    params = reducing(fired(asks(["gross"], held), "gross").params)
    net = params.targets[0].max_abs_qty
    assert params.books is not UNSET
    shares = {share.portfolio: share.max_abs_qty for share in params.books}
    assert shares.keys() == {"firm/a", "firm/b"}
    assert shares["firm/a"] + shares["firm/b"] - 2_000.0 == net
    assert shares["firm/a"] == pytest.approx(2.0 * shares["firm/b"], abs=1.0)


def test_a_leaf_has_no_books_under_it_and_one_limit_needs_no_word_for_all() -> None:
    params = reducing(fired(asks(["gross"], random_books(3, ["firm"])), "gross").params)
    assert (params.books, params.clears_if) == (UNSET, UNSET)
    assert b"books" not in msgspec.json.encode(params)
