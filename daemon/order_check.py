"""May this order go? Trading state, reducing part and limits of the whole path, on the core as it stands; read only.

What reduces the position of the order's own portfolio always goes, whatever the state, the limits or the data: an
enforcer that stops what lowers risk makes it worse. Of the rest as much goes as the trading state and all limits of the
path let through.
"""

import math
from collections.abc import Callable
from functools import partial

import msgspec
import numpy as np

from daemon.core import Core
from daemon.moved_books import PathReader
from daemon.order_answer import OrderAnswer, OrderQuestion, OrderRefusedError, RefusalCode, Seen, check_question
from daemon.order_path import HeldTo, NamesBeforeAndWith, OrderPath
from daemon.order_standing import standing_of_path
from daemon.order_words import explain, no_verdicts
from enforcement.order_limits import OrderLimits, Verdict
from enforcement.records import TradingState
from enforcement.standings import TradingStates
from feeds.order_verdict import Holding, Order, OrdersSent, Outcome, free_to_reduce, judge, units
from risk.kernels.fitting import BEFORE, Ceilings
from risk.measures import Measures
from risk.preview import Fitted, Numbers, Preview, Proposal, is_multiple, lots_in
from risk.trust import scope_trust

_NOTHING_SENT = OrdersSent()  # riskd does not see what is sent: rates are counted by who sends
_NO_ORDERS = (0.0, 0.0)
_KEPT_MAX = 4_096  # portfolios that are remembered, and ceilings of each


class OrderChecker:
    """Answers for one core, between two of its steps; a question changes nothing that a decision could see.

    What stays as it is between two questions is kept (`OrderPath`); numbers are brought up to date of the path alone.
    """

    def __init__(self, core: Core) -> None:
        self._core, self._enforcer, self._state = core, core.enforcer, core.moved.state
        self._preview = Preview(self._state)
        self._reader = PathReader(core.moved)
        self._paths: dict[str, OrderPath] = {}
        self._limits = OrderLimits(core.enforcer, core.setup.config.pretrade.stops_from)

    def knows(self, portfolio: str) -> bool:
        """Say whether the portfolio lives in this core."""
        p = self._state.scope_index.get(portfolio)
        return p is not None and not self._core.is_elsewhere(p)

    def check(self, question: OrderQuestion) -> OrderAnswer:
        """Return how much of the order may go.

        Raises OrderRefusedError: an unknown portfolio or instrument, a quantity that is no positive number; and, where
        the order does more than reduce, one that is no multiple of the lot, or an instrument that has expired.
        """
        check_question(question)
        path, asked = self._path_of(question.portfolio), question.quantity
        order = self._place(question, path)
        state, states = self._reader.measure(path.rows), path.states.now()
        allowed, why = asked, ""
        if order.least < asked:
            self._refuse_increase(question, order)
            if states.effective is not TradingState.ACTIVE:
                allowed, why = self._allowed_by_state(question, order, path, states)
        fitted, tell = self._fit(order, allowed, path)
        size = fitted.size
        outcome = Outcome.GO if size >= asked else Outcome.REDUCED if size else Outcome.NO
        core, enforcer = self._core, self._enforcer
        return OrderAnswer(
            question=question, outcome=outcome, quantity=size, reducing=order.least, allowed_by_state=allowed,
            by_state=why, states=states, trust=scope_trust(state, path.path[-1]), explain=tell, scopes=path.scopes,
            fitted=fitted, seen=Seen(core.shard, enforcer.epoch, core.n, enforcer.decisions, core.now_ns),
        )  # fmt: skip

    def _path_of(self, portfolio: str) -> OrderPath:
        """Return the path of a portfolio that lives here; found once, as long as the tree is the same."""
        state = self._state
        path = self._paths.get(portfolio)
        if path is None or not path.is_of(state.arrays, len(state.scopes)):
            if not self.knows(portfolio):
                detail = f"no portfolio {portfolio!r} holds anything here: a position or a snapshot makes it known"
                raise OrderRefusedError(RefusalCode.UNKNOWN_PORTFOLIO, detail)
            if len(self._paths) >= _KEPT_MAX:
                self._paths.clear()
            path = self._paths[portfolio] = OrderPath(state, self._enforcer, portfolio)
        elif path.root in self._core.handlers.elsewhere:
            del self._paths[portfolio]
            return self._path_of(portfolio)
        return path

    def _place(self, question: OrderQuestion, path: OrderPath) -> Proposal:
        """Return the order by index, with what reduces what its own portfolio has of the instrument."""
        state, leaf = self._state, path.leaf
        i = state.instrument_index.get(question.instrument)
        if i is None:
            detail = f"no instrument {question.instrument!r} in the reference data"
            raise OrderRefusedError(RefusalCode.UNKNOWN_INSTRUMENT, detail)
        held, buys, sells = self._holds(leaf, i)
        least = free_to_reduce(held, buys, sells, question.side) if held else 0.0
        return Proposal(
            path.path, leaf is not None and leaf not in state.only_ordered, i, 1.0 if question.side == "buy" else -1.0,
            state.terms[i].lot, question.quantity, min(question.quantity, least),
        )  # fmt: skip

    def _holds(self, leaf: int | None, i: int) -> tuple[float, float, float]:
        """Return what the portfolio holds of an instrument, and what is open of its buys and sells."""
        if leaf is None:
            return 0.0, 0.0, 0.0
        state = self._state
        buys, sells = state.working.get(leaf, {}).get(i, _NO_ORDERS) if state.working else _NO_ORDERS
        return float(state.arrays.quantity[leaf, i]), buys, sells

    def _refuse_increase(self, question: OrderQuestion, order: Proposal) -> None:
        terms = self._state.terms[order.instrument]
        if not terms.active:
            detail = f"instrument {terms.name} has expired: only what reduces a position in it may go"
            raise OrderRefusedError(RefusalCode.EXPIRED_INSTRUMENT, detail)
        if not is_multiple(question.quantity, terms.lot):
            asked, lot = units(question.quantity), units(terms.lot)
            detail = f"quantity must be a multiple of the lot {lot} of {terms.name}, got {asked}"
            raise OrderRefusedError(RefusalCode.LOT, detail)

    def _allowed_by_state(
        self, question: OrderQuestion, order: Proposal, path: OrderPath, states: TradingStates
    ) -> tuple[float, str]:
        """Return what the trading state of the path lets through, in lots beyond what reduces, and why no more."""
        unit = abs(float(self._state.arrays.unit[order.instrument]))
        asked = Order(
            question.portfolio, question.instrument, question.side, question.quantity,
            question.quantity * unit if unit > 0.0 else None,
        )  # fmt: skip
        if path.standing is None or path.standing[0] is not states:
            path.standing = (states, standing_of_path(self._enforcer, path.scopes[0]))
        holding = Holding(*self._holds(path.leaf, order.instrument))
        verdict = judge(path.standing[1], asked, holding, _NOTHING_SENT, 0)
        if verdict.outcome is Outcome.GO:
            return question.quantity, ""
        allowed = max(order.least, lots_in(verdict.quantity, order.lot) * order.lot)
        return min(allowed, question.quantity), verdict.reason

    def _fit(
        self, order: Proposal, allowed: float, path: OrderPath
    ) -> tuple[Fitted, Callable[[], tuple[Verdict, ...]]]:
        """Return what fits of at most `allowed`, and what explains it."""
        held, least, size = self._held_to(order, path), order.least, order.size
        is_judged = least < size and allowed >= size
        fitted = self._preview.fit(order, held.ceilings, searches=is_judged)
        own: list[Verdict] = self._own_verdicts(order, fitted, held) if held.has_own else []
        tell: Callable[[], tuple[Verdict, ...]] = no_verdicts
        if own or fitted.is_loud:
            known = self._state.arrays.known[path.rows].tolist()
            tell = partial(explain, self._limits, held, fitted, own, known, is_spared=least >= size)
        if is_judged and fitted.size >= size and any(each.says == "stops" for each in own):
            allowed = least  # a sensor computes its number itself: how much fits is not sought
        if allowed >= size:
            return fitted, tell
        return self._fit_part(order, held.ceilings, allowed, fitted), tell

    def _fit_part(self, order: Proposal, ceilings: Ceilings, allowed: float, whole: Fitted) -> Fitted:
        """Return what fits of a part of an order; the numbers of the whole order are those of `whole`."""
        if allowed == 0.0:
            return msgspec.structs.replace(whole.with_after(whole, BEFORE), size=0.0)
        part = self._preview.fit(
            msgspec.structs.replace(order, size=allowed), ceilings, searches=allowed > order.least
        )  # fmt: skip
        return part.with_whole(whole)

    def _held_to(self, order: Proposal, path: OrderPath) -> HeldTo:
        """Return what each scope is held to; made once for every path, as long as names and standings are the same."""
        version, traded, i = self._enforcer.standing_version, order.side * order.size, order.instrument
        if version != path.version:
            path.version = version
            path.held.clear()
        names = tuple([self._preview.names(p, i, traded) for p in path.path])
        known = path.held.get(names)
        if known is not None:
            return known
        if len(path.held) >= _KEPT_MAX:
            path.held.clear()
        path.held[names] = found = self._look_up(path, names)
        return found

    def _look_up(self, path: OrderPath, names: NamesBeforeAndWith) -> HeldTo:
        levels = [self._limits.levels(scope, now) for scope, (_, now) in zip(path.scopes, names, strict=True)]
        apart = [  # a book of other names may have its concentration in another unit
            self._limits.levels(scope, before).told != each.told
            for scope, (before, _), each in zip(path.scopes, names, levels, strict=True)
        ]
        ceilings = Ceilings(
            ceiling=np.array([each.ceiling for each in levels]), missing=np.array([each.missing for each in levels]),
            apart=np.array(apart), told=np.array([each.told for each in levels]),
            watched=np.array([each.watched for each in levels]),
        )  # fmt: skip
        return HeldTo(names, tuple(levels), ceilings, any(each.has_own for each in levels))

    def _own_verdicts(self, order: Proposal, fitted: Fitted, held: HeldTo) -> list[Verdict]:
        """Return what the limits say whose number their sensor computes itself."""
        found: list[Verdict] = []
        for place, (p, (before, now)) in enumerate(zip(order.path, held.names, strict=True)):
            if held.levels[place].has_own:
                was = self._measures(p, fitted.before, place, before)
                found += self._limits.own_verdicts(was, self._measures(p, fitted.whole, place, now))
        return found

    def _measures(self, p: int, numbers: Numbers, place: int, names: int) -> Measures:
        state = self._state
        nav = float(state.arrays.value[p]) if state.arrays.has_nav[p] == 1 else math.nan
        return Measures(
            state.scopes[p], numbers.values[place], numbers.statuses[place], names, nav,
            known=bool(state.arrays.known[p]), trust=scope_trust(state, p),
        )  # fmt: skip
