"""Questions about orders from other threads, answered by the loop between two steps of the cores."""

import asyncio
import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass, field
from typing import Protocol

from daemon.order_answer import OrderAnswer, OrderQuestion, OrderRefusedError, RefusalCode

WAIT_MAX_S = 1.0  # an answer that comes later helps nobody: who sends orders acts as in REDUCING by then
WAITING_MAX = 1_000
ANSWERS_AT_ONCE = 64  # some milliseconds: then the feed has its turn again


class Checker(Protocol):
    """Answers for one core."""

    def knows(self, portfolio: str) -> bool:
        """Say whether the portfolio lives in this core."""
        ...

    def check(self, question: OrderQuestion) -> OrderAnswer:
        """Return the answer; raises OrderRefusedError."""
        ...


@dataclass(frozen=True, slots=True)
class _Asked:
    question: OrderQuestion
    by_s: float  # of the monotonic clock: nobody waits for the answer after it
    answer: "Future[OrderAnswer]" = field(default_factory=Future)


class CheckDesk:
    """Takes questions from any thread; every question sees the core between two steps, and changes nothing.

    note : called with the outcome, or the code of a refusal, and the seconds that the answer took in the loop
    """

    def __init__(self, note: Callable[[str, float], None]) -> None:
        self._note = note
        self._asked: queue.Queue[_Asked] = queue.Queue(WAITING_MAX)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._checkers: Sequence[Checker] = ()
        self._is_present: Callable[[], bool] = lambda: False

    def open(self, checkers: Sequence[Checker], is_present: Callable[[], bool]) -> None:
        """Answer from now on, in the loop that calls this.

        is_present : says whether the backlog of every core is applied: before, nobody knows what is held
        """
        self._checkers, self._is_present = checkers, is_present
        self._loop = asyncio.get_running_loop()

    def ask(self, question: OrderQuestion) -> OrderAnswer:
        """Return the answer, within a second; from any thread but the loop's. Raises OrderRefusedError."""
        try:
            return self.submit(question).result(WAIT_MAX_S)
        except LateError as late:
            told = f"no answer within {WAIT_MAX_S:g} s: the daemon is busy with its backlog or stands still"
            raise OrderRefusedError(RefusalCode.NOT_READY, told) from late

    def submit(self, question: OrderQuestion) -> "Future[OrderAnswer]":
        """Return what becomes the answer, or raises OrderRefusedError; from any thread."""
        asked, loop = _Asked(question, time.monotonic() + WAIT_MAX_S), self._loop
        if loop is None:
            asked.answer.set_exception(OrderRefusedError(RefusalCode.NOT_READY, "recovering: no book is known yet"))
            return asked.answer
        try:
            self._asked.put_nowait(asked)
            loop.call_soon_threadsafe(self.serve)
        except queue.Full:
            told = f"{WAITING_MAX:,} questions wait already"
            asked.answer.set_exception(OrderRefusedError(RefusalCode.NOT_READY, told))
        except RuntimeError:  # the loop is closed
            asked.answer.cancel()
        return asked.answer

    def serve(self) -> None:
        """Answer what waits, in the loop: after each batch, and when a question comes while nothing else is done."""
        for _ in range(ANSWERS_AT_ONCE):
            try:
                asked = self._asked.get_nowait()
            except queue.Empty:
                return
            if time.monotonic() <= asked.by_s and asked.answer.set_running_or_notify_cancel():
                self._answer(asked)
        if self._loop is not None and not self._asked.empty():
            self._loop.call_soon(self.serve)

    def _answer(self, asked: _Asked) -> None:
        begun_s = time.perf_counter()
        try:
            answer = self._find(asked.question.portfolio).check(asked.question)
        except OrderRefusedError as refusal:
            self._note(refusal.code.value, time.perf_counter() - begun_s)
            asked.answer.set_exception(refusal)
            return
        self._note(answer.outcome.value, time.perf_counter() - begun_s)
        asked.answer.set_result(answer)

    def _find(self, portfolio: str) -> Checker:
        """Return who answers for a portfolio; whoever knows none of it says so."""
        if not self._is_present():
            told = "catching up with the backlog: what is held now is not known yet"
            raise OrderRefusedError(RefusalCode.NOT_READY, told)
        return next((each for each in self._checkers if each.knows(portfolio)), self._checkers[0])
