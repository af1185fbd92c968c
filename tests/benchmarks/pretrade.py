"""A question about an order, as the daemon answers it in process: which part of it may go, and which limit stops it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.order_answer import OrderAnswer, OrderQuestion, OrderRefusedError, answer_json
from daemon.order_check import OrderChecker
from tests.benchmarks.decisions import quiet_collector
from tests.benchmarks.figures import Bound, Figure
from tests.benchmarks.market import ROOT, Market, make_market

QUESTIONS = 20_000
WARM_QUESTIONS = 200
ENCODED_EVERY = 10
HALTED = f"{ROOT}/b009"
PIECE_STEPS = 3_000  # of plain Python between questions, as in `jitter`
BLOCK = 100  # questions, and pieces after them
_SIZE_MAX = 6.0  # as a power of ten, units
_UNKNOWN, _ODD, _CLOSING = 0.02, 0.03, 0.4  # shares of the questions


@dataclass(frozen=True, slots=True)
class _Asked:
    """What became of the questions, in order; µs.

    took, bare          : of the answer; of pieces of plain Python, a block of them after a block of questions
    encoded             : of some answers as JSON, after all questions
    kind                : go, reduces, cut, no, refused
    behind              : questions that found books which nobody had measured since a price moved them
    CPU time is not taken: asking for it is a system call, after which an answer takes 10 µs more.
    """

    took: NDArray[np.float64]
    bare: NDArray[np.float64]
    encoded: NDArray[np.float64]
    kind: NDArray[np.str_]
    behind: int


def pretrade() -> list[Figure]:
    """Random orders in books under a root; a quote goes through the core before each, so that it is another state.

    Instrument, size and side are drawn for each; none is left out, refused ones neither. From the
    middle on one book of ten is halted; `behind` says how many found books that wait to be measured.
    """
    market = make_market(500, 10, 757, stops=True)
    market.hold(each_book_holds_all=True)
    checker, random = OrderChecker(market.core), np.random.default_rng(11)
    questions = [_question(market, random) for _ in range(QUESTIONS + WARM_QUESTIONS)]
    for question in questions[:WARM_QUESTIONS]:
        _answer(checker, question)
    asked = _ask(market, checker, questions[WARM_QUESTIONS:])
    return _figures(asked)


def _ask(market: Market, checker: OrderChecker, questions: Sequence[OrderQuestion]) -> _Asked:
    took, bare, answers = np.empty(QUESTIONS), np.empty(QUESTIONS), list[OrderAnswer]()
    kinds, behind = list[str](), 0
    with quiet_collector():
        for at, (record, question) in enumerate(zip(market.quotes(QUESTIONS), questions, strict=True)):
            market.core.step(market.decode([record]))
            if at == QUESTIONS // 2:
                _halt_one(market)
            behind += market.core.moved.is_behind
            begun = time.perf_counter_ns()
            answer = _answer(checker, question)
            took[at] = time.perf_counter_ns() - begun
            if at % BLOCK == BLOCK - 1:
                bare[at + 1 - BLOCK : at + 1] = [_piece_ns() for _ in range(BLOCK)]
            kinds.append(_kind(answer))
            if answer is not None and at % ENCODED_EVERY == 0:
                answers.append(answer)
        encoded = np.array([_encoding_ns(answer) for answer in answers])
    return _Asked(took / 1e3, bare / 1e3, encoded / 1e3, np.array(kinds), behind)


def _figures(asked: _Asked) -> list[Figure]:
    shares = {name: float(np.mean(asked.kind == name)) for name in ("go", "reduces", "cut", "no", "refused")}
    mix = ", ".join(f"{share:.0%} {name}" for name, share in shares.items())
    slow = float(np.percentile(asked.took, 99.0) / np.percentile(asked.bare, 99.0))
    load = (
        f"N=500; T=756; 10 limits on a book and on its root; {mix}; books to measure first in "
        f"{asked.behind / QUESTIONS:.0%}; p99 is {slow:.1f} times that of the plain Python beside it"
    )
    goals = (Bound("median", 40.0), Bound("p99", 100.0))
    figures = [Figure("may this order go", "µs", asked.took, load, goals=goals)]
    figures += [
        Figure(f"those that are: {name}", "µs", asked.took[asked.kind == name], "of the same run")
        for name, share in shares.items()
        if share > 0.0
    ]
    figures.append(Figure("an answer as JSON, with its reasons", "µs", asked.encoded, "afterwards; not in the above"))
    load = f"sum(range({PIECE_STEPS:,})) between blocks of questions, no riskd"
    return [*figures, Figure("the machine alone, beside it", "µs", asked.bare, load)]


def _halt_one(market: Market) -> None:
    halt = {"type": "halt", "ts": market.ts, "scope": HALTED, "actor": "desk", "reason": "drill", "command_id": "1"}
    market.feed(iter([market.record("control", halt)]))


def _piece_ns() -> int:
    begun = time.perf_counter_ns()
    sum(range(PIECE_STEPS))
    return time.perf_counter_ns() - begun


def _encoding_ns(answer: OrderAnswer) -> int:
    begun = time.perf_counter_ns()
    answer_json(answer)
    return time.perf_counter_ns() - begun


def _answer(checker: OrderChecker, question: OrderQuestion) -> OrderAnswer | None:
    """Return the answer, None where the question is refused."""
    try:
        return checker.check(question)
    except OrderRefusedError:
        return None


def _kind(answer: OrderAnswer | None) -> str:
    if answer is None:
        return "refused"
    asked = answer.question.quantity
    if answer.reducing >= asked:
        return "reduces"
    return "go" if answer.quantity >= asked else "cut" if answer.quantity > 0.0 else "no"


def _question(market: Market, random: np.random.Generator) -> OrderQuestion:
    """Return an order of a size that is any power of ten alike; some close positions, a few are faulty."""
    state, book = market.core.state, f"{ROOT}/b{random.integers(market.books):03}"
    name = market.names[random.integers(len(market.names))]
    held = float(state.arrays.quantity[state.scope_index[book], state.instrument_index[name]])
    is_buy, size = random.random() < 0.5, float(round(10.0 ** random.uniform(0.0, _SIZE_MAX)))
    if random.random() < _CLOSING:
        is_buy = held < 0.0
    if random.random() < _ODD:
        size += 0.5
    if random.random() < _UNKNOWN:
        name = "NOBODY"
    return OrderQuestion(portfolio=book, instrument=name, side="buy" if is_buy else "sell", quantity=size)
