"""What a checker keeps between two questions: it answers as one that has just been made, and leaves no trace."""

import pickle
from collections.abc import Iterator
from functools import cache

import pytest

from daemon.core import Core
from daemon.edge import decode_inputs
from daemon.order_answer import OrderQuestion, OrderRefusedError, RefusalCode, answer_json
from daemon.order_check import OrderChecker
from daemon.outputs import Outputs
from enforcement.records import TradingState
from feeds.record import Record
from tests.benchmarks.market import make_market
from tests.daemon.order_desk import desk, feed
from tests.helpers import EventDict, close_of, command, fill, quote, snapshot, stock

QUESTIONS = [
    OrderQuestion(portfolio=portfolio, instrument=name, side=side, quantity=quantity)
    for portfolio in ("firm", "firm/desk")
    for name in ("A", "B", "NEW")
    for side in ("buy", "sell")
    for quantity in (10.0, 500.0)
]
QUOTES = 60


def told(checker: OrderChecker, question: OrderQuestion) -> bytes:
    """All that a client is told."""
    try:
        return answer_json(checker.check(question))
    except OrderRefusedError as refusal:
        return refusal.code.value.encode()


def happenings() -> list[EventDict]:
    """Fills, orders, a halt and its end, a name more, and a book that becomes the parent of another."""
    at = close_of(0) + 1
    fills = [fill("firm/desk", "A", 20.0, 100.0, "f1", at), fill("firm/desk/new", "A", 5.0, 100.0, "f2", at + 5)]
    order: EventDict = {"type": "order", "ts": at + 1, "portfolio": "firm/desk", "instrument": "A", "order_id": "o1",
                        "side": "buy", "open_quantity": 30.0}  # fmt: skip
    return [
        quote("A", 101.0, at), fills[0], order, command("halt", at + 2, "h", scope="firm/desk"),
        command("reinstate", at + 3, "r", scope="firm/desk"), stock("MORE"), fills[1], quote("B", 39.0, at + 6),
        snapshot({("firm/desk", "A"): 1.0, ("firm/desk/new", "B"): 1.0}, at + 7),
    ]  # fmt: skip


def test_a_checker_that_has_been_asked_before_answers_as_a_new_one() -> None:
    core = desk()
    checker = OrderChecker(core)
    seen = {told(checker, question) for question in QUESTIONS}
    for event in happenings():
        feed(core, event)
        answers = [told(checker, question) for question in QUESTIONS]
        assert answers == [told(OrderChecker(core), question) for question in QUESTIONS], event["type"]
        seen.update(answers)
    assert len(seen) > 4 * len(QUESTIONS)  # something did change


def test_a_halt_between_two_questions_is_seen() -> None:
    core = desk()
    checker, at = OrderChecker(core), close_of(0) + 1
    question = OrderQuestion(portfolio="firm/desk", instrument="A", side="buy", quantity=10.0)
    free = checker.check(question)
    again = checker.check(question)
    assert again.states is free.states, "nothing was published"
    feed(core, command("halt", at, "h", scope="firm/desk"))
    held = checker.check(question)
    assert (free.states.effective, held.states.effective) == (TradingState.ACTIVE, TradingState.HALTED)
    assert (free.quantity, held.quantity) == (10.0, 0.0)


def test_a_portfolio_that_has_left_for_another_shard_is_unknown_at_once() -> None:
    core = desk()
    checker = OrderChecker(core)
    question = OrderQuestion(portfolio="firm/desk", instrument="A", side="buy", quantity=10.0)
    checker.check(question)
    core.handlers.leave_root("firm")
    with pytest.raises(OrderRefusedError) as refused:
        checker.check(question)
    assert refused.value.code is RefusalCode.UNKNOWN_PORTFOLIO


@cache
def market_bytes() -> tuple[bytes, tuple[Record, ...]]:
    """A calm core whose books prices move within their budgets, and the quotes that come next."""
    market = make_market(12, 2, 260)
    market.hold(each_book_holds_all=True)
    return pickle.dumps((market.core, market.known)), tuple(market.quotes(QUOTES))


def quoted() -> Iterator[tuple[Core, Outputs, int]]:
    """Yield a core of its own after each quote, what it let out, and the quote's place."""
    stored, records = market_bytes()
    core, known = pickle.loads(stored)
    for at, record in enumerate(records):
        yield core, core.step(decode_inputs([record], known, core.setup.config)), at


def asked_of(core: Core, at: int) -> OrderQuestion:
    """Some order of one of two books."""
    name = core.moved.state.terms[at % 12].name
    return OrderQuestion(portfolio=f"firm/b{at % 2:03}", instrument=name, side="buy", quantity=50.0)


def test_a_core_that_is_asked_decides_as_one_that_is_not() -> None:
    """A question measures the books of its own path alone: nothing that leaves the core hangs on who was measured."""
    checker, behind = None, 0
    for one, other in zip(quoted(), quoted(), strict=True):
        asked, outputs, at = one
        assert outputs == other[1]
        behind += asked.moved.is_behind
        checker = checker or OrderChecker(asked)
        if at % 3:
            checker.check(asked_of(asked, at))
        if at == QUOTES - 1:
            assert asked.state_records() == other[0].state_records()
    assert behind > QUOTES / 2, "no book was left unmeasured"


def test_numbers_of_a_question_are_those_of_the_state() -> None:
    """Where a price has moved books that nobody has measured since; and only those of the path are measured then."""
    checker, left = None, 0
    for core, _, at in quoted():
        state, checker = core.moved.state, checker or OrderChecker(core)
        answer = checker.check(asked_of(core, at))
        left += int(state.arrays.unmeasured.sum())
        rows = [state.scope_index[each] for each in answer.scopes]
        assert answer.before.values.tobytes() == core.state.arrays.metrics[rows].tobytes()
    assert left > QUOTES / 2
