"""The decision that asks for targets: limits of a large book fire, alone and together, and of its parents."""

import time
from collections.abc import Sequence
from functools import partial

import numpy as np

from config.schema import Config, EnforcementConfig, Limit
from enforcement.enforcer import Enforcer
from enforcement.moment import Moment
from risk.measuring import measures_of
from risk.scope_book import ScopeBook
from risk.timers import Timers
from tests.benchmarks.decisions import quiet_collector
from tests.benchmarks.figures import Figure
from tests.benchmarks.market import ROOT, Market, make_market

SHARES = (0.5, 0.7, 0.8, 0.9, 0.95)  # of what the book has, so that small and large reductions are asked for
ALONE = (("var_99",), ("es_975",), ("es_999",), ("worst_loss",), ("gross",))
TOGETHER = (("var_99", "es_95"), ("var_99", "es_95", "worst_loss", "net"))
PARENTS = (("var_99",), ("var_99", "es_95", "worst_loss", "net"))
_BOOKS, _MANY_BOOKS = 10, 50
_SENSORS = {
    "var_99": "var_breach", "es_95": "var_breach", "es_975": "var_breach", "es_999": "var_breach",
    "worst_loss": "stress_failure", "net": "exposure", "gross": "exposure",
}  # fmt: skip


class _Open:
    """A market that never closes."""

    def advance(self, scope: str, start_ns: int, open_ns: int) -> int:  # noqa: ARG002 -- the shape of open time
        return start_ns + open_ns


def reductions() -> list[Figure]:
    """One look at a scope whose limits are over their levels for the first time, from its measures to its actions."""
    market = make_market(500, _BOOKS, 757)
    market.hold(each_book_holds_all=True)
    books = [f"{ROOT}/b{at:03}" for at in range(market.books)]
    figures = [_figure("a reduction, a book", market, books, metrics) for metrics in (*ALONE, *TOGETHER)]
    figures += [_figure(f"a reduction, the root of {_BOOKS} books", market, [ROOT], metrics) for metrics in PARENTS]
    market = make_market(500, _MANY_BOOKS, 757)
    market.hold(each_book_holds_all=True, calm=False)
    return figures + [
        _figure(f"a reduction, the root of {_MANY_BOOKS} books", market, [ROOT], metrics) for metrics in PARENTS
    ]


def _figure(name: str, market: Market, scopes: Sequence[str], metrics: tuple[str, ...]) -> Figure:
    _sample(market, scopes[0], metrics, SHARES[0])  # loads what is loaded once
    with quiet_collector():
        cpu_before = time.process_time_ns()
        took = np.array([_sample(market, scope, metrics, share) for scope in scopes for share in SHARES])
        cpu = time.process_time_ns() - cpu_before
    named = ", ".join(metrics)
    load = f"N=500; T=756; targets at {min(SHARES):.0%} to {max(SHARES):.0%} of the number"
    return Figure(f"{name}: {named}", "ms", took, load, cpu=cpu / 1e6 / took.size)


def _sample(market: Market, scope: str, metrics: tuple[str, ...], share: float) -> float:
    """Return how long the look took, ms."""
    state = market.core.state
    p = state.scope_index[scope]
    measures = measures_of(state, p)
    limits = tuple(_limit(metric, scope, share * measures.value(metric)) for metric in metrics)
    enforcer = Enforcer(Config(enforcement=EnforcementConfig(limits=limits)), 0, Timers(), _Open())
    for path in state.scopes:
        enforcer.add_scope(path, is_root=path == ROOT, listed=False)
    moment = Moment(
        n=1, ts=market.ts, cause="other", suspect=False, ask_quoted=lambda: True, rows=state.window.rows_total,
        new_row=False, session=state.window.session, offsets=(), ask_digest=lambda: "made",
    )  # fmt: skip
    begun = time.perf_counter_ns()
    outcomes = enforcer.evaluate(scope, measures, partial(ScopeBook, state, p), moment)
    took = (time.perf_counter_ns() - begun) / 1e6
    assert len(outcomes) == len(metrics), f"{scope} must fire {metrics}, got {len(outcomes)} decisions"
    return took


def _limit(metric: str, scope: str, at: float) -> Limit:
    level = {"name": "hard", "at": at, "clear_at": at, "action": "reduce_position"}
    named = {"id": metric, "scope": scope, "sensor": _SENSORS[metric], "metric": metric, "levels": [level]}
    return Limit.model_validate(named)
