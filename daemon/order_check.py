"""May this order go? Trading state, reducing part and limits of the whole path, on the core as it stands; read only.

What reduces the position of the order's own portfolio always goes, whatever the state, the limits or the data: an
enforcer that stops what lowers risk makes it worse. Of the rest as much goes as the trading state and all limits of the
path let through.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from daemon.core import Core
from daemon.order_answer import OrderAnswer, OrderQuestion, OrderRefusedError, RefusalCode, Seen, check_question
from daemon.order_standing import standing_of_path
from enforcement.order_limits import OrderLimits, Verdict
from enforcement.records import TradingState
from feeds.order_verdict import Holding, Order, OrdersSent, Outcome, judge, reducible
from risk.kernels.fitting import Ceilings
from risk.measures import METRICS, IntVector, Matrix, Measures, Status
from risk.preview import Fitted, Numbers, Preview, Proposal, is_multiple, lots_in
from risk.state import SELF, RiskState
from risk.trust import scope_trust

_NOTHING_SENT = OrdersSent()  # riskd does not see what is sent: rates are counted by who sends
_ROUNDING = 1.0 + 1e-12


class OrderChecker:
    """Answers for one core, between two of its steps; a question changes nothing that a decision could see."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._preview = Preview(core.state)
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
        reducing = min(question.quantity, reducible(holding, question.side)) if holding.position else 0.0
        if reducing < question.quantity:
            self._refuse_increase(question, order)
        allowed, why = question.quantity, ""
        if states.effective is not TradingState.ACTIVE and reducing < question.quantity:
            allowed, why = self._allowed_by_state(question, order, holding, path_name)
        proposal = replace(order, least=reducing)
        fitted, verdicts = self._fit(proposal, allowed)
        outcome = Outcome.GO if fitted.size >= question.quantity else Outcome.REDUCED if fitted.size else Outcome.NO
        binding = _binding(state, proposal, fitted)
        if reducing >= question.quantity:
            verdicts = [replace(each, says="spared") if each.says == "stops" else each for each in verdicts]
        return OrderAnswer(
            question=question, outcome=outcome, quantity=fitted.size, reducing=reducing, allowed_by_state=allowed,
            reason=_reason(fitted.size, question.quantity, reducing, why, verdicts, binding), states=states,
            trust=scope_trust(state, order.path[-1]), verdicts=tuple(verdicts), binding=binding,
            scopes=tuple(state.scopes[p] for p in order.path), before=fitted.before, whole=fitted.whole,
            after=fitted.after, asks_fit=tuple(state.scopes[order.path[place]] for place in fitted.asks_fit),
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
        proposal = Proposal(
            path=path, holds_now=leaf is not None and leaf not in state.only_ordered, instrument=i,
            side=1.0 if question.side == "buy" else -1.0, lot=state.terms[i].lot, size=question.quantity, least=0.0,
        )  # fmt: skip
        return proposal, Holding(held, buys, sells), state.scopes[path[0]]

    def _refuse_increase(self, question: OrderQuestion, order: Proposal) -> None:
        terms = self._core.state.terms[order.instrument]
        if not terms.active:
            detail = f"instrument {terms.name} has expired: only what reduces a position in it may go"
            raise OrderRefusedError(RefusalCode.EXPIRED_INSTRUMENT, detail)
        if not is_multiple(question.quantity, terms.lot):
            detail = f"quantity must be a multiple of the lot {terms.lot:g} of {terms.name}, got {question.quantity:g}"
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
        reducing = min(question.quantity, reducible(holding, question.side)) if holding.position else 0.0
        allowed = max(reducing, lots_in(verdict.quantity, order.lot) * order.lot)
        return min(allowed, question.quantity), verdict.reason

    def _fit(self, order: Proposal, allowed: float) -> tuple[Fitted, list[Verdict]]:
        """Return what fits of at most `allowed`, with the numbers and verdicts of the whole order."""
        held = self._held_to(order)
        is_judged = order.least < order.size and allowed >= order.size
        fitted = self._preview.fit(order, held.ceilings, searches=is_judged)
        verdicts = [] if held.is_content(fitted.whole) else self._verdicts(order, fitted, held)
        if is_judged and fitted.size >= order.size and any(each.says == "stops" for each in verdicts):
            allowed = order.least  # a sensor computes its number itself: how much fits is not sought
        if allowed >= order.size:
            return fitted, verdicts
        return self._fit_part(order, held.ceilings, allowed, fitted), verdicts

    def _fit_part(self, order: Proposal, ceilings: Ceilings, allowed: float, whole: Fitted) -> Fitted:
        """Return what fits of a part of an order; the numbers of the whole order are those of `whole`."""
        if allowed == 0.0:
            return replace(whole, size=0.0, after=whole.before, asks_fit=())
        part = self._preview.fit(replace(order, size=allowed), ceilings, searches=allowed > order.least)
        return replace(part, whole=whole.whole, stopped=whole.stopped)

    def _held_to(self, order: Proposal) -> "_HeldTo":
        """Return what each scope is held to with all of the order."""
        state, preview, traded = self._core.state, self._preview, order.side * order.size
        names = [preview.names_after(p, order.instrument, traded) for p in order.path]
        names_before = [preview.names_after(p, order.instrument, 0.0) for p in order.path]
        levels = [self._limits.levels(state.scopes[p], count) for p, count in zip(order.path, names, strict=True)]
        shape = (len(levels), len(METRICS))
        apart = np.zeros(shape, dtype=np.bool_)
        for place, (p, count) in enumerate(zip(order.path, names_before, strict=True)):
            if count != names[place]:  # a book of other names may have its concentration in another unit
                apart[place] = self._limits.levels(state.scopes[p], count).told != levels[place].told
        ceilings = Ceilings(
            np.array([each.ceiling for each in levels]), np.array([each.missing for each in levels]),
            np.empty(shape), np.empty(shape, dtype=np.int64), apart,
        )  # fmt: skip
        watched, told = np.array([each.watched for each in levels]), np.array([each.told for each in levels])
        return _HeldTo(names_before, names, ceilings, watched, told, any(each.has_own for each in levels))

    def _verdicts(self, order: Proposal, fitted: Fitted, held: "_HeldTo") -> list[Verdict]:
        found: list[Verdict] = []
        for place, p in enumerate(order.path):
            before = self._measures(p, fitted.before, place, held.names_before[place])
            whole = self._measures(p, fitted.whole, place, held.names[place])
            found += self._limits.verdicts(before, whole)
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
    """What a whole order is held to, by place on its path: names with and without it, ceilings, and lowest levels."""

    names_before: list[int]
    names: list[int]
    ceilings: Ceilings
    watched: IntVector
    told: Matrix
    has_own: bool

    def is_content(self, whole: Numbers) -> bool:
        """Say whether every number that a limit looks at is there and at or under the lowest level of any."""
        fine = (whole.values <= self.told) & (whole.statuses < Status.INSUFFICIENT)
        return not self.has_own and bool(np.all(fine | (self.watched == 0)))


def _binding(state: RiskState, order: Proposal, fitted: Fitted) -> tuple[tuple[str, str], ...]:
    if fitted.size >= order.size:
        return ()
    return tuple(
        (state.scopes[order.path[place]], METRICS[metric])
        for place, metric in zip(*(each.tolist() for each in np.nonzero(fitted.binding)), strict=True)
    )


def _reason(
    size: float, asked: float, reducing: float, by_state: str, verdicts: list[Verdict],
    binding: tuple[tuple[str, str], ...],
) -> str:  # fmt: skip
    """Return the answer in words."""
    if reducing >= asked:
        return "it reduces a position, which always passes"
    unknown = sorted({f"{each.limit} of {each.scope}" for each in verdicts if each.says == "no_number"})
    blind = f"; nobody can tell what it does to {', '.join(unknown)}" if unknown else ""
    if size >= asked:
        return f"no limit stops it{blind}"
    bound = [
        each for each in verdicts if each.says == "stops" and (not binding or (each.scope, each.metric) in binding)
    ]
    causes = [by_state] if by_state and not (binding and size * _ROUNDING < asked and bound) else []
    causes += [f"{each.limit} of {each.scope}: {each.reason} with all of it" for each in bound[:3]]
    return f"{size:g} of {asked:g} may go: {'; '.join(causes) or 'a limit stops the rest'}{blind}"
