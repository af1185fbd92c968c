"""May this order go? Trading state, reducing part and limits of the whole path, on the core as it stands; read only.

What reduces the position of the order's own portfolio always goes, whatever the state, the limits or the data: an
enforcer that stops what lowers risk makes it worse. Of the rest as much goes as the trading state and all limits of the
path let through.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from daemon.core import Core
from daemon.order_answer import OrderAnswer, OrderQuestion, OrderRefusedError, RefusalCode, Seen, check_question
from daemon.order_standing import standing_of_path
from enforcement.order_limits import Numbers as ScopeNumbers
from enforcement.order_limits import OrderLevels, OrderLimits, Verdict
from enforcement.records import TradingState
from feeds.order_verdict import Holding, Order, OrdersSent, Outcome, judge, reducible, units
from risk.kernels.fitting import Ceilings
from risk.measures import METRICS, Measures
from risk.preview import Fitted, Numbers, Preview, Proposal, is_multiple, lots_in
from risk.state import SELF
from risk.trust import scope_trust

_NOTHING_SENT = OrdersSent()  # riskd does not see what is sent: rates are counted by who sends
_KEPT_MAX = 4_096  # paths whose ceilings are remembered


class OrderChecker:
    """Answers for one core, between two of its steps; a question changes nothing that a decision could see."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._preview = Preview(core.state)
        self._held: dict[tuple[tuple[int, ...], tuple[tuple[int, int], ...]], _HeldTo] = {}
        self._limits = OrderLimits(core.enforcer, core.setup.config.pretrade.stops_from)

    def knows(self, portfolio: str) -> bool:
        """Say whether the portfolio lives in this core."""
        p = self._core.state.scope_index.get(portfolio)
        return p is not None and not self._core.is_elsewhere(p)

    def check(self, question: OrderQuestion) -> OrderAnswer:
        """Return how much of the order may go.

        Raises OrderRefusedError: an unknown portfolio or instrument, a quantity that is no positive number; and, where
        the order does more than reduce, one that is no multiple of the lot, or an instrument that has expired.
        """
        check_question(question)
        order, holding, path_name = self._place(question)
        state = self._core.state
        states = self._core.enforcer.trading_states(path_name)
        allowed, why = question.quantity, ""
        if order.least < question.quantity:
            self._refuse_increase(question, order)
            if states.effective is not TradingState.ACTIVE:
                allowed, why = self._allowed_by_state(question, order, holding, path_name)
        fitted, explain = self._fit(order, allowed)
        outcome = Outcome.GO if fitted.size >= question.quantity else Outcome.REDUCED if fitted.size else Outcome.NO
        return OrderAnswer(
            question=question, outcome=outcome, quantity=fitted.size, reducing=order.least, allowed_by_state=allowed,
            by_state=why, states=states, trust=scope_trust(state, order.path[-1]), explain=explain,
            marks=None if outcome is Outcome.GO else fitted.binding,
            scopes=tuple([state.scopes[p] for p in order.path]), before=fitted.before, whole=fitted.whole,
            after=fitted.after, asks_fit=tuple([state.scopes[order.path[place]] for place in fitted.asks_fit]),
            seen=self._seen(),
        )  # fmt: skip

    def _seen(self) -> Seen:
        core = self._core
        return Seen(core.shard, core.enforcer.epoch, core.n, core.enforcer.decisions, core.now_ns)

    def _place(self, question: OrderQuestion) -> tuple[Proposal, Holding, str]:
        """Return the order by index, what its own portfolio has of the instrument, and the scope whose state counts."""
        state = self._core.state
        if not self.knows(question.portfolio):
            detail = f"no portfolio {question.portfolio!r} holds anything here: a position or a snapshot makes it known"
            raise OrderRefusedError(RefusalCode.UNKNOWN_PORTFOLIO, detail)
        i = state.instrument_index.get(question.instrument)
        if i is None:
            detail = f"no instrument {question.instrument!r} in the reference data"
            raise OrderRefusedError(RefusalCode.UNKNOWN_INSTRUMENT, detail)
        p = state.scope_index[question.portfolio]
        leaf: int | None = p
        if state.arrays.leaf[p] == 0:  # what is booked on a parent is held by its implicit leaf, if it holds anything
            leaf = state.scope_index.get(f"{question.portfolio}/{SELF}")
        path = tuple(state.path_of(p if leaf is None else leaf))
        held = 0.0 if leaf is None else float(state.arrays.quantity[leaf, i])
        buys, sells = (0.0, 0.0) if leaf is None else state.working.get(leaf, {}).get(i, (0.0, 0.0))
        holding = Holding(held, buys, sells)
        proposal = Proposal(
            path=path, holds_now=leaf is not None and leaf not in state.only_ordered, instrument=i,
            side=1.0 if question.side == "buy" else -1.0, lot=state.terms[i].lot, size=question.quantity,
            least=min(question.quantity, reducible(holding, question.side)) if held else 0.0,
        )  # fmt: skip
        return proposal, holding, state.scopes[path[0]]

    def _refuse_increase(self, question: OrderQuestion, order: Proposal) -> None:
        terms = self._core.state.terms[order.instrument]
        if not terms.active:
            detail = f"instrument {terms.name} has expired: only what reduces a position in it may go"
            raise OrderRefusedError(RefusalCode.EXPIRED_INSTRUMENT, detail)
        if not is_multiple(question.quantity, terms.lot):
            asked, lot = units(question.quantity), units(terms.lot)
            detail = f"quantity must be a multiple of the lot {lot} of {terms.name}, got {asked}"
            raise OrderRefusedError(RefusalCode.LOT, detail)

    def _allowed_by_state(
        self, question: OrderQuestion, order: Proposal, holding: Holding, scope: str
    ) -> tuple[float, str]:
        """Return what the trading state of the path lets through, in lots beyond what reduces, and why no more."""
        state = self._core.state
        unit = abs(float(state.arrays.unit[order.instrument]))
        asked = Order(
            question.portfolio, question.instrument, question.side, question.quantity,
            question.quantity * unit if unit > 0.0 else None,
        )  # fmt: skip
        verdict = judge(standing_of_path(self._core.enforcer, scope), asked, holding, _NOTHING_SENT, 0)
        if verdict.outcome is Outcome.GO:
            return question.quantity, ""
        allowed = max(order.least, lots_in(verdict.quantity, order.lot) * order.lot)
        return min(allowed, question.quantity), verdict.reason

    def _fit(self, order: Proposal, allowed: float) -> tuple[Fitted, Callable[[], tuple[Verdict, ...]]]:
        """Return what fits of at most `allowed`, and what explains it."""
        held = self._held_to(order)
        is_judged = order.least < order.size and allowed >= order.size
        fitted = self._preview.fit(order, held.ceilings, searches=is_judged)
        own: list[Verdict] = self._own_verdicts(order, fitted, held) if held.has_own else []
        explain = _nothing
        if own or fitted.loud is not None:
            known = self._core.state.arrays.known[list(order.path)].tolist()
            explain = partial(_explain, self._limits, held, fitted, own, known, is_spared=order.least >= order.size)
        if is_judged and fitted.size >= order.size and any(each.says == "stops" for each in own):
            allowed = order.least  # a sensor computes its number itself: how much fits is not sought
        if allowed >= order.size:
            return fitted, explain
        return self._fit_part(order, held.ceilings, allowed, fitted), explain

    def _fit_part(self, order: Proposal, ceilings: Ceilings, allowed: float, whole: Fitted) -> Fitted:
        """Return what fits of a part of an order; the numbers of the whole order are those of `whole`."""
        if allowed == 0.0:
            return replace(whole, size=0.0, after=whole.before, asks_fit=())
        part = self._preview.fit(replace(order, size=allowed), ceilings, searches=allowed > order.least)
        return replace(part, whole=whole.whole, stopped=whole.stopped)

    def _held_to(self, order: Proposal) -> "_HeldTo":
        """Return what each scope is held to; made once for every path, as long as names and standings are the same."""
        traded, i, scopes = order.side * order.size, order.instrument, self._core.state.scopes
        names = tuple([self._preview.names(p, i, traded) for p in order.path])
        levels = [self._limits.levels(scopes[p], now) for p, (_, now) in zip(order.path, names, strict=True)]
        known = self._held.get((order.path, names))
        if known is not None and all(one is other for one, other in zip(known.levels, levels, strict=True)):
            return known
        if len(self._held) >= _KEPT_MAX:
            self._held.clear()
        apart = [  # a book of other names may have its concentration in another unit
            self._limits.levels(scopes[p], before).told != each.told
            for p, (before, _), each in zip(order.path, names, levels, strict=True)
        ]
        ceilings = Ceilings(
            ceiling=np.array([each.ceiling for each in levels]), missing=np.array([each.missing for each in levels]),
            apart=np.array(apart), told=np.array([each.told for each in levels]),
            watched=np.array([each.watched for each in levels]),
        )  # fmt: skip
        found = _HeldTo(names, tuple(levels), ceilings, any(each.has_own for each in levels))
        self._held[order.path, names] = found
        return found

    def _own_verdicts(self, order: Proposal, fitted: Fitted, held: "_HeldTo") -> list[Verdict]:
        """Return what the limits say whose number their sensor computes itself."""
        found: list[Verdict] = []
        for place, (p, (before, now)) in enumerate(zip(order.path, held.names, strict=True)):
            if held.levels[place].has_own:
                was = self._measures(p, fitted.before, place, before)
                found += self._limits.own_verdicts(was, self._measures(p, fitted.whole, place, now))
        return found

    def _measures(self, p: int, numbers: Numbers, place: int, names: int) -> Measures:
        state = self._core.state
        nav = float(state.arrays.value[p]) if state.arrays.has_nav[p] == 1 else math.nan
        return Measures(
            state.scopes[p], numbers.values[place], numbers.statuses[place], names, nav,
            known=bool(state.arrays.known[p]), trust=scope_trust(state, p),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _HeldTo:
    """What the scopes of a path are held to; names: (without, with the order) each has."""

    names: tuple[tuple[int, int], ...]
    levels: tuple[OrderLevels, ...]
    ceilings: Ceilings
    has_own: bool


def _nothing() -> tuple[Verdict, ...]:
    """Explain an order that all limits are content with."""
    return ()


def _explain(
    limits: OrderLimits, held: _HeldTo, fitted: Fitted, own: list[Verdict], known: list[int], *, is_spared: bool
) -> tuple[Verdict, ...]:
    """Return every verdict, scope by scope, those of sensors' own numbers last; all given is of the answer's moment."""
    found: list[Verdict] = []
    for place, levels in enumerate(held.levels):
        if fitted.loud is None:
            break
        numbers = ScopeNumbers(
            fitted.before.values[place].tolist(), fitted.before.statuses[place].tolist(),
            fitted.whole.values[place].tolist(), fitted.whole.statuses[place].tolist(),
            held.ceilings.apart[place].tolist(),
        )  # fmt: skip
        loud = fitted.loud[place].tolist() if known[place] else [1] * len(METRICS)
        found += limits.verdicts(levels, numbers if known[place] else numbers.unknown(), loud)
    found += own
    if is_spared:
        found = [replace(each, says="spared") if each.says == "stops" else each for each in found]
    return tuple(found)
