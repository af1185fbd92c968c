"""Failures that other systems had (enforcement.md): each is refused here by name."""

from dataclasses import replace
from math import nan

import pytest

from enforcement.records import ReduceParams, TradingState
from risk.measures import Status
from tests.enforcement.desk import HOUR, MINUTE, Desk, config_with, limit_with, measures_with, row_book

HALT = limit_with(action="halt")


def test_one_bad_price_never_halts_a_book() -> None:
    desk = Desk(config_with(HALT, mode="full"))
    desk.see("price", var_99=9e9)
    desk.see("price", var_99=1e5)
    desk.see("price", var_99=9e9)
    desk.see("price", suspect=True, var_99=9e9)
    desk.see("price", var_99=1e5)
    assert [outcome for outcome in desk.outcomes if outcome.enforced or outcome.shadow] == []
    assert desk.transitions() == ["var_99.hard ok>pending", "var_99.hard pending>ok"] * 2


def test_one_bad_price_never_halts_a_book_by_staying_for_long_enough() -> None:
    desk = Desk(config_with(limit_with(action="halt", **{"for": MINUTE}), mode="full"))
    desk.see("price", var_99=9e9)
    desk.wait(HOUR)
    assert desk.transitions() == ["var_99.hard ok>pending"]
    desk.see("price", var_99=9e9)
    assert desk.transitions()[-1] == "var_99.hard pending>firing"


@pytest.mark.parametrize("missing", [False, True])
def test_a_target_that_is_held_names_the_other_side_after_the_position_has_turned(missing: bool) -> None:
    """A reduction held while it recovers, or while data is missing, must not point a short book to the sell side."""
    book = row_book(9, 8, long_only=True)
    limit = limit_with("s", "exposure", "gross", at=1.0, action="reduce_position")
    desk = Desk(config_with(limit, mode="full"), book=book)
    desk.see(gross=book.evaluate("gross", book.quantity))
    desk.see(measures=measures_with(statuses={"gross": Status.INVALID}) if missing else measures_with(gross=0.5))
    held = desk.outcomes[-1].decision.params
    assert {target.allowed_side for target in held.targets} == {"sell"}
    desk.book = replace(book, quantity=-book.quantity)
    (outcome,) = desk.see(measures=desk.measures)
    assert (outcome.decision.kind, {target.allowed_side for target in outcome.enforced.params.targets}) == (
        "targets", {"buy"},
    )  # fmt: skip
    assert desk.see("price", measures=desk.measures) == []


@pytest.mark.parametrize("value", [0.0, nan])
@pytest.mark.parametrize("status", [Status.INSUFFICIENT, Status.INVALID])
def test_missing_data_is_not_read_as_zero_and_clears_nothing(value: float, status: Status) -> None:
    desk = Desk(config_with(HALT, mode="full"))
    desk.see(var_99=3e5)
    desk.see(measures=measures_with(var_99=value, statuses={"var_99": status}))
    desk.wait(99 * HOUR)
    assert desk.enforcer.trading_states("firm").own is TradingState.HALTED


def test_missing_data_never_flattens_a_book_by_itself() -> None:
    desk = Desk(config_with(limit_with("s", "stress_failure", "worst_loss", action="reduce_position"), mode="full"))
    desk.see(measures=measures_with(statuses={"worst_loss": Status.INVALID}))
    desk.wait(HOUR)
    last = desk.outcomes[-1].enforced
    assert last is not None
    assert last.params == ReduceParams(())


def test_a_halt_never_forbids_the_order_that_reduces_risk() -> None:
    desk = Desk(config_with(HALT, mode="full"))
    (outcome,) = desk.see(var_99=3e5)
    assert outcome.enforced is not None
    assert outcome.enforced.allowed == ("cancel", "reduce")


def test_a_target_names_side_and_size_so_that_no_reduction_flips_the_book() -> None:
    book = row_book(9, 8)
    limit = limit_with("s", "stress_failure", "worst_loss", at=1.0, action="reduce_position")
    desk = Desk(config_with(limit, mode="full"), book=book)
    (outcome,) = desk.see(worst_loss=book.evaluate("worst_loss", book.quantity))
    for target in outcome.decision.params.targets:
        held = book.quantity[book.instruments.index(target.instrument)]
        assert target.allowed_side == ("sell" if held > 0 else "buy")
        assert 0.0 <= target.max_abs_qty < abs(held)


def test_a_halt_is_not_forgotten_for_hours() -> None:
    desk = Desk(config_with(HALT, mode="full"))
    desk.see(var_99=3e5)
    for _ in range(3):
        desk.session += 1
        assert [outcome.decision.kind for outcome in desk.see(after_ns=24 * HOUR, var_99=3e5)] == ["reminder"]


def test_shadow_decides_and_publishes_in_shadow_but_never_acts() -> None:
    desk = Desk(config_with(HALT))
    (outcome,) = desk.see(var_99=3e5)
    assert outcome.enforced is None
    assert outcome.shadow is not None
    assert (outcome.shadow.type, outcome.shadow.requires_ack, outcome.shadow.on_expiry) == ("halt", False, "hold")
    assert desk.enforcer.trading_states("firm").own is TradingState.ACTIVE


def test_a_limit_on_the_firm_looks_at_the_firm_and_not_at_one_book() -> None:
    limit = limit_with(scope="firm", action="halt")
    desk = Desk(config_with(limit, mode="full"))
    desk.enforcer.add_scope("firm/eq", is_root=False, listed=False)
    alone = desk.enforcer.evaluate("firm/eq", measures_with("firm/eq", var_99=9e9), lambda: desk.book, desk.moment())
    assert alone == []
    assert len(desk.see(var_99=3e5)) == 1


def test_an_empty_daemon_never_calls_a_book_safe() -> None:
    desk = Desk(config_with(HALT, mode="full"))
    assert desk.enforcer.alive("firm")
    desk.see(measures=measures_with(known=False))
    desk.wait(30 * MINUTE)
    assert desk.enforcer.trading_states("firm").own is TradingState.REDUCING
