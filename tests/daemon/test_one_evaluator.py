"""An exception is honoured by all who judge: the core, checks of orders, the reader for trading systems, a replay."""

import pytest

from daemon.order_answer import OrderQuestion
from daemon.order_check import OrderChecker
from enforcement.records import encode
from feeds.order_verdict import Holding, Order, Outcome
from tests.daemon.command_desk import (
    LEVERAGE,
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
from tests.daemon.order_desk import feed
from tests.feeds.actions_sample import following
from tests.helpers import EventDict, Played

FULL = trades(1, 90.0)  # leverage 1.9 in firm/a
BREACH = trades(1, 150.0)  # leverage 2.5
SMALL, LARGE = 20.0, 80.0  # leverage 2.1 and 2.7 after it, on FULL


def asked(run: Played, units: float) -> tuple[str, float]:
    """Return what may go of an order that buys in firm/a, and how much."""
    question = OrderQuestion(portfolio="firm/a", instrument="AA", side="buy", quantity=units)
    answer = OrderChecker(run.core).check(question)
    return answer.outcome.value, answer.quantity


def readers_state(run: Played, scope: str) -> str:
    """Return what a trading system acts as that has read every enforced action of the run."""
    reader = following(*[encode(action) for action in run.outputs.actions])
    return reader.standing(scope, run.core.now_ns).state.value


EXCEPTIONS: dict[str, list[EventDict]] = {
    "none": [],
    "a higher level": raised(2, "up", 60, 3.0),
    "a higher level of the firm alone": raised(2, "up", 60, 3.0, scope="firm"),
    "a lower level": [override(2, "low", 60, kind="limit_increase", scope="firm/a", limit="lev", value=1.5)],
    "kept back": [override(2, "no", 60, kind="suppress", scope="firm/*", limit="lev")],
    "throttled": [override(2, "pin", 60, kind="pin_state", scope="firm/a", state="THROTTLED")],
    "held": [override(2, "pin", 60, kind="pin_state", scope="firm/a", state="REDUCING")],
    "a parent held": [override(2, "pin", 60, kind="pin_state", scope="firm", state="HALTED")],
    "let go": [
        override(2, "go", 60, kind="pin_state", scope="firm/**", state="ACTIVE"),
        said("approve", 2.1, "go+", by="bob", approves="go"),
    ],
    "in monitoring": [said("mode", 2, "m", mode="monitoring")],
    "a parent halted": [said("halt", 2, "h", scope="firm")],
    "another limit": [
        said("limits", 2, "l", merge=True, limits=[{**LEVERAGE, "levels": [{"at": 1.5, "action": "halt"}]}])
    ],
}


@pytest.mark.parametrize("what", sorted(EXCEPTIONS))
@pytest.mark.parametrize("start", [FULL, BREACH], ids=["full", "breach"])
def test_an_exception_is_honoured_by_every_evaluator(what: str, start: EventDict) -> None:
    run = played(start, EXCEPTIONS[what], priced(4), priced(6), priced(8))
    assert run.reasons() == []
    for scope in ("firm", "firm/a", "firm/b"):
        states = run.core.enforcer.trading_states(scope)
        assert readers_state(run, scope) == states.effective.value
        assert run.state(scope)["trading_state"]["own"] == states.own.value
    reader = following(*[encode(action) for action in run.outputs.actions])
    verdict = reader.allowed(Order("firm/a", "AA", "buy", SMALL), Holding(position=250.0), run.core.now_ns)
    restricted = run.core.enforcer.trading_states("firm/a").effective in ("REDUCING", "HALTED")
    assert (verdict.outcome is Outcome.NO) == (restricted or what == "throttled")
    if restricted:
        assert asked(run, SMALL)[0] == "no"
    again = played(start, EXCEPTIONS[what], priced(4), priced(6), priced(8), batch=3)
    assert again.bytes_out() == run.bytes_out()


def test_a_question_about_an_order_is_held_against_the_level_that_is_in_force() -> None:
    assert asked(played(FULL), LARGE) == ("reduced", pytest.approx(10.0))
    assert asked(played(FULL, EXCEPTIONS["a higher level"]), LARGE) == ("go", LARGE)
    assert asked(played(FULL, EXCEPTIONS["kept back"]), LARGE) == ("go", LARGE)
    assert asked(played(FULL, EXCEPTIONS["in monitoring"]), LARGE) == ("go", LARGE)
    assert asked(played(FULL, EXCEPTIONS["let go"]), LARGE) == ("go", LARGE)
    assert asked(played(FULL, EXCEPTIONS["a lower level"]), LARGE)[0] == "no"
    assert asked(played(FULL, EXCEPTIONS["held"]), LARGE)[0] == "no"
    assert asked(played(FULL, EXCEPTIONS["a parent held"]), LARGE)[0] == "no"
    assert asked(played(FULL, EXCEPTIONS["a parent halted"]), LARGE)[0] == "no"
    ended = played(FULL, EXCEPTIONS["a higher level"], priced(61))
    assert asked(ended, LARGE) == ("reduced", pytest.approx(10.0))


def test_a_checker_that_was_asked_before_hears_of_an_exception() -> None:
    """It keeps levels between questions, and must not keep them through a command."""
    run = played(FULL)
    checker = OrderChecker(run.core)
    question = OrderQuestion(portfolio="firm/a", instrument="AA", side="buy", quantity=LARGE)
    assert checker.check(question).outcome.value == "reduced"
    feed(run.core, *EXCEPTIONS["a higher level"])
    assert checker.check(question).outcome.value == "go"


def test_the_level_in_force_stands_in_decisions_states_and_the_audit_alike() -> None:
    run = played(raised(0, "up", 60, 2.2), BREACH, priced(2))
    [halt] = sent(run.outputs.actions)
    row = next(each for each in run.state("firm/a")["limits"] if each["limit"] == "lev")
    assert row["at"] == halt.cause.effective_at == 2.2
    decision = [each for each in records(run, "decision") if each["scope"] == "firm/a"][-1]
    assert (decision["at"], decision["effective_at"], decision["override_id"]) == (2.0, 2.2, "up")
    assert told(run.outputs.actions) == [(1.0, "halt")]
