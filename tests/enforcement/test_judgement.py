"""What a look at a level brings: targets, reminders, and what missing data asks for."""

from dataclasses import replace
from math import inf, nan

import numpy as np

from enforcement.records import HaltParams, ReduceParams, TradingState
from risk.measures import Status
from tests.enforcement.desk import HOUR, MINUTE, Desk, config_with, limit_with, measures_with, row_book

VAR = limit_with(action="throttle")


def test_a_reduction_carries_targets_that_clear_and_follows_the_book() -> None:
    book = row_book(7, 10)
    worst = book.evaluate("worst_loss", book.quantity)
    stress = limit_with("stress", "stress_failure", "worst_loss", at=0.8 * worst, action="reduce_position")
    desk = Desk(config_with(stress, mode="full"), book=book)
    (fired,) = desk.see(worst_loss=worst)
    targets = fired.decision.params.targets
    assert targets
    assert fired.decision.evidence.clears_if.startswith(f"{targets[0].instrument} <= ")
    assert fired.decision.evidence.components[0].contribution is not None
    assert desk.see("price", worst_loss=1.009 * worst) == []
    assert desk.see("other", worst_loss=worst) == []
    smaller = np.array([round(each * 0.999) for each in book.quantity])
    desk.book = replace(book, quantity=smaller)
    assert desk.see("other", worst_loss=worst) == []
    desk.book = replace(book, quantity=book.quantity * 2)
    assert desk.see("price", suspect=True, worst_loss=2 * worst) == []
    (moved,) = desk.see("price", worst_loss=2 * worst)
    assert moved.decision.kind == "targets"
    assert moved.decision.reason.endswith("the targets moved with the book")
    assert moved.enforced is not None
    assert moved.enforced.params == moved.decision.params
    assert desk.see("price", worst_loss=2 * worst) == []


def test_a_book_that_changes_under_the_same_statistic_is_solved_again() -> None:
    book = row_book(7, 10)
    worst = book.evaluate("worst_loss", book.quantity)
    stress = limit_with("stress", "stress_failure", "worst_loss", at=0.8 * worst, action="reduce_position")
    desk = Desk(config_with(stress), book=book)
    desk.see(worst_loss=worst)
    desk.book = replace(book, quantity=-book.quantity * 3)
    (moved,) = desk.see("other", worst_loss=worst)
    assert moved.decision.kind == "targets"


def test_an_infinite_statistic_is_solved_once() -> None:
    leverage = limit_with("lev", "leverage", "gross_leverage", at=4.0, action="reduce_position")
    desk = Desk(config_with(leverage))
    assert len(desk.see(gross_leverage=inf)) == 1
    assert desk.see("price", gross_leverage=inf) == []
    assert desk.see("other", gross_leverage=inf) == []


def test_a_drawdown_asks_to_reduce_without_targets_and_says_why() -> None:
    drawdown = limit_with("dd", "drawdown", "drawdown", at=0.1, action="reduce_position")
    (outcome,) = Desk(config_with(drawdown)).see(drawdown=0.2)
    assert outcome.decision.params == ReduceParams(())
    assert outcome.decision.evidence.clears_if.startswith("no reduction clears a drawdown")
    assert outcome.decision.evidence.components == ()


def test_a_halt_is_remembered_once_a_session_on_the_topics_that_hold_it() -> None:
    halting = limit_with(action="halt")
    desk = Desk(config_with(halting, mode="full"))
    desk.see(var_99=3e5)
    assert desk.see(var_99=3e5) == []
    desk.session += 1
    (reminder,) = desk.see(var_99=3e5)
    assert (reminder.decision.kind, reminder.decision.params) == ("reminder", HaltParams("increasing", flatten=False))
    assert reminder.enforced is not None
    assert reminder.shadow is not None
    assert desk.see(var_99=3e5) == []
    shadowed = Desk(config_with(halting))
    shadowed.see(var_99=3e5)
    shadowed.session += 1
    (reminder,) = shadowed.see(var_99=3e5)
    assert reminder.enforced is None
    assert reminder.shadow is not None


def test_missing_data_is_held_then_restricts_then_gives_back_what_was_held() -> None:
    desk = Desk(config_with(VAR, mode="full"))
    invalid = measures_with(var_99=nan, trust="stale", statuses={"var_99": Status.INVALID})
    desk.see(measures=invalid)
    assert desk.outcomes[-1].enforced is None
    desk.wait(15 * MINUTE)
    escalation = desk.outcomes[-1]
    assert (escalation.decision.kind, escalation.decision.reason_code) == ("escalation", "DATA_STALE")
    assert escalation.decision.evidence.clears_if == "data is back"
    assert escalation.enforced is not None
    assert (escalation.enforced.type, escalation.enforced.params) == ("reduce_position", ReduceParams(()))
    desk.see(var_99=1e5)
    back = desk.outcomes[-1]
    assert (back.decision.transition, back.decision.reason_code) == ("no_data>ok", "MODEL_UNAVAILABLE")
    assert back.enforced is not None
    assert back.enforced.type == "none"


def test_missing_data_does_not_end_a_breach() -> None:
    desk = Desk(config_with(VAR, mode="full"))
    desk.see(var_99=3e5)
    desk.see(measures=measures_with(var_99=0.0, statuses={"var_99": Status.INSUFFICIENT}))
    assert desk.enforcer.trading_states("firm").own is TradingState.THROTTLED
    desk.wait(24 * HOUR)
    assert desk.enforcer.trading_states("firm").own is TradingState.THROTTLED
