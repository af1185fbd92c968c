"""Questions from other threads: answered by the loop, refused where nobody could, and never waited for in vain."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from daemon import check_desk
from daemon.check_desk import ANSWERS_AT_ONCE, WAITING_MAX, CheckDesk
from daemon.order_answer import OrderAnswer, OrderQuestion, OrderRefusedError, RefusalCode
from daemon.order_check import OrderChecker
from feeds.order_verdict import Outcome
from tests.daemon.order_desk import desk as core_of_a_desk

QUESTION = OrderQuestion(portfolio="firm/desk", instrument="A", side="buy", quantity=200.0)


def in_loop(ask: Callable[[CheckDesk], object], *, is_present: bool = True) -> tuple[object, list[str]]:
    """Open a desk in a loop, ask it from another thread, and return what came of it with the outcomes counted."""
    noted: list[str] = []
    desk = CheckDesk(lambda outcome, _seconds: noted.append(outcome))
    checker = OrderChecker(core_of_a_desk())

    async def serve() -> object:
        desk.open([checker], lambda: is_present)
        with ThreadPoolExecutor(1) as pool:
            return await asyncio.get_running_loop().run_in_executor(pool, ask, desk)

    return asyncio.run(serve()), noted


def test_a_question_of_another_thread_is_answered_by_the_loop() -> None:
    answer, noted = in_loop(lambda desk: desk.ask(QUESTION))
    assert isinstance(answer, OrderAnswer)
    assert (answer.outcome, answer.quantity, noted) == (Outcome.REDUCED, 80.0, ["reduced"])


def test_many_at_once_are_all_answered() -> None:
    """More than are answered in one go: the rest has its turn after the feed."""

    def ask(desk: CheckDesk) -> list[float]:
        return [each.result(30).quantity for each in [desk.submit(QUESTION) for _ in range(3 * ANSWERS_AT_ONCE)]]

    found, noted = in_loop(ask)
    assert found == [80.0] * (3 * ANSWERS_AT_ONCE)
    assert len(noted) == 3 * ANSWERS_AT_ONCE


def code_of(ask: Callable[[], object]) -> RefusalCode:
    with pytest.raises(OrderRefusedError) as refused:
        ask()
    return refused.value.code


def test_a_refusal_reaches_whoever_asked() -> None:
    unknown = OrderQuestion(portfolio="nobody", instrument="A", side="buy", quantity=1.0)
    code, noted = in_loop(lambda desk: code_of(lambda: desk.ask(unknown)))
    assert (code, noted) == (RefusalCode.UNKNOWN_PORTFOLIO, ["UNKNOWN_PORTFOLIO"])


def test_nothing_is_answered_from_a_backlog_or_before_the_recovery() -> None:
    code, _ = in_loop(lambda desk: code_of(lambda: desk.ask(QUESTION)), is_present=False)
    assert code is RefusalCode.NOT_READY
    closed = CheckDesk(lambda _outcome, _seconds: None)
    assert code_of(lambda: closed.ask(QUESTION)) is RefusalCode.NOT_READY


def test_a_loop_that_stands_still_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor answers it questions later that nobody waits for any more; and a queue that is full refuses at once."""
    monkeypatch.setattr(check_desk, "WAIT_MAX_S", 0.0)  # over before the loop can turn to any of them
    noted: list[str] = []
    desk = CheckDesk(lambda outcome, _seconds: noted.append(outcome))

    async def open_and_leave() -> None:
        desk.open([OrderChecker(core_of_a_desk())], lambda: True)
        codes: list[RefusalCode] = []
        stuck = threading.Thread(target=lambda: codes.append(code_of(lambda: desk.ask(QUESTION))))
        stuck.start()
        stuck.join(10)  # the loop stands still meanwhile
        assert codes == [RefusalCode.NOT_READY]
        for _ in range(WAITING_MAX - 1):
            desk.submit(QUESTION)
        full = desk.submit(QUESTION)
        assert isinstance(full.exception(), OrderRefusedError)
        desk.serve()

    asyncio.run(open_and_leave())
    assert noted == []
