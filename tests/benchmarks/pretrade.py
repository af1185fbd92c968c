"""A question about an order, as the daemon answers it in process: which part of it may go, and which limit stops it."""

import time

import numpy as np

from daemon.order_answer import OrderQuestion
from daemon.order_check import OrderChecker
from tests.benchmarks.decisions import quiet_collector
from tests.benchmarks.figures import Bound, Figure
from tests.benchmarks.market import ROOT, Market, make_market

QUESTIONS = 20_000
WARM_QUESTIONS = 200
_SIZES = (1.0, 10.0, 100.0, 1_000.0, 100_000.0, 1_000_000.0)  # units; the largest are cut


def pretrade() -> Figure:
    """Random orders in a book under its root; a quote goes through the core before each, so that caches are not kept.

    One in three is so large that limits of VaR, ES, stress and leverage cut it.
    """
    market = make_market(500, 10, 757, stops=True)
    market.hold(each_book_holds_all=True)
    checker, random = OrderChecker(market.core), np.random.default_rng(11)
    took, cut = np.empty(QUESTIONS), 0
    questions = [_question(market, random) for _ in range(QUESTIONS + WARM_QUESTIONS)]
    for question in questions[:WARM_QUESTIONS]:
        checker.check(question)
    with quiet_collector():
        cpu = 0
        for at, (record, question) in enumerate(zip(market.quotes(QUESTIONS), questions[WARM_QUESTIONS:], strict=True)):
            market.core.step(market.decode([record]))
            begun, cpu_begun = time.perf_counter_ns(), time.thread_time_ns()
            answer = checker.check(question)
            took[at] = time.perf_counter_ns() - begun
            cpu += time.thread_time_ns() - cpu_begun
            cut += answer.quantity < question.quantity
    load = f"N=500; T=756; 10 limits on a book and on its root; {cut / QUESTIONS:.0%} of the orders are cut"
    goals = (Bound("p99", 100.0),)
    return Figure("may this order go", "µs", took / 1e3, load, goals=goals, cpu=cpu / 1e3 / QUESTIONS)


def _question(market: Market, random: np.random.Generator) -> OrderQuestion:
    return OrderQuestion(
        portfolio=f"{ROOT}/b{random.integers(market.books):03}", instrument=market.names[random.integers(500)],
        side="buy" if random.random() < 0.5 else "sell", quantity=float(random.choice(_SIZES)),
    )  # fmt: skip
