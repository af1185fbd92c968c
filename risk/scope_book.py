"""One scope's book for the enforcer: what each position contributes to a metric, and the metric of a smaller book."""

import copy
import math
from functools import partial
from typing import Self

import numpy as np

from risk.additive import additive_of
from risk.arrays import Fit
from risk.book import Along, Flags, Metric, Orders, has_details
from risk.components import historical_parts, shortfall_parts
from risk.crisis_history import crisis_windows
from risk.historical import LEVELS, expected_shortfall, tail_count_ppm, value_at_risk
from risk.instruments import can_trade
from risk.kernels.budgets import COVERAGE_MIN
from risk.kernels.evaluate import losses_of, sigma_times, stress_of
from risk.kernels.liquidity import ROUNDING_OF_GROSS
from risk.liquidity_view import liquidity_details, position_costs, slow_shares
from risk.measures import Matrix, Vector
from risk.moved_book import Fading, MovedBook, Moving
from risk.open_orders import NAMES_MIN, OpenOrders, kept_under
from risk.portfolios import leaves_under
from risk.ratios import RATIOS, ratio_components, ratio_of
from risk.scaled_shocks import scaled_shocks
from risk.state import RiskState
from risk.stress_book import StressBook, stress_book
from risk.stress_metrics import METRICS_OF_STRESS
from risk.stress_metrics import components as stress_parts
from risk.stress_metrics import evaluate as stress_metric

_P_PPM = dict(LEVELS)


class ScopeBook:
    """The read-only view `risk.book.Book` of scope p; it speaks of the moment at which it was made."""

    def __init__(self, state: RiskState, p: int, left: OpenOrders | None = None) -> None:
        """Take the book as it stands; left: what is left of its orders, in its order of instruments (None: all)."""
        arrays, working = state.arrays, state.working.get(p, {})
        self._state, self._p = state, p
        self.scope = state.scopes[p]
        self._leaves: tuple[tuple[str, ...], Matrix] | None = None
        self._stress_book: StressBook | None = None
        self._moved: dict[str, MovedBook] = {}
        self._parts: dict[str, Vector] = {}
        self._held = np.flatnonzero(state.named(p) & (arrays.unit[: len(state.terms)] != 0.0))
        self.instruments: tuple[str, ...] = tuple(state.terms[i].name for i in self._held)
        self.quantity: Vector = arrays.quantity[p, self._held].copy()
        self._is_held: Flags = self.quantity != 0.0
        self._is_covered: Flags = np.all(arrays.covered[self._held] == 1.0, axis=0)
        self.unit: Vector = arrays.unit[self._held].copy()
        self.lot: Vector = np.array([state.terms[i].lot for i in self._held], dtype=np.float64)
        terms = [state.terms[i] for i in self._held]
        self.can_trade: Flags = np.array([can_trade(each, state.config.base_currency) for each in terms], dtype=bool)
        open_ = [working.get(int(i), (0.0, 0.0)) for i in self._held]
        self._orders = OpenOrders(*np.array(open_, dtype=np.float64).reshape(-1, 2).T) if left is None else left
        self.buys: Vector = self._orders.buys
        self.sells: Vector = self._orders.sells

    def without(self, orders: Orders) -> Self:
        """Return the book after orders were cancelled; what is left then only ever reduces."""
        none = np.zeros_like(self.buys)
        left = kept_under(self._state, self._p, self._held) if orders == "increasing" else OpenOrders(none, none)
        return type(self)(self._state, self._p, left)

    def reduced(self, quantity: Vector) -> Self:
        """Return the book as it would be with these quantities (m,), its orders as they are."""
        book = copy.copy(self)
        book.quantity, book._parts = quantity.copy(), {}
        return book

    def part(self, scope: str) -> Self:
        """Return the book of a scope below this one."""
        return type(self)(self._state, self._state.scope_index[scope])

    @property
    def leaves(self) -> tuple[str, ...]:
        """Return the books below that hold any of it; none where the scope is itself a leaf."""
        return self._below()[0]

    @property
    def held_in(self) -> Matrix:
        """Return (leaves, m) what each of them holds."""
        return self._below()[1]

    def _below(self) -> tuple[tuple[str, ...], Matrix]:
        """Return the leaves under a parent that hold any of it, and what they hold, taken when first asked for."""
        if self._leaves is None:
            state = self._state
            parts = [] if state.arrays.leaf[self._p] == 1 else leaves_under(state, self._p)
            held: Matrix = state.arrays.quantity[parts][:, self._held]
            some = np.flatnonzero(np.any(held != 0.0, axis=1))
            self._leaves = tuple(state.scopes[parts[at]] for at in some), held[some]
        return self._leaves

    def moving(self, metric: str) -> Metric:
        """Return `evaluate` of the metric but for rounding, cheap where quantities (m,) differ little in turn."""
        moving = self._moving(metric)
        return partial(self.evaluate, metric) if moving is None else moving

    def fading(self, metric: str, weight: Vector) -> Along | None:
        """Return the metric of the book as it fades: x_i(t) = x_i · max(0, 1 - t·w_i); None where that is not cheap."""
        moving = self._moving(metric)
        return None if moving is None else Fading(moving, self.quantity, weight)

    def _moving(self, metric: str) -> Moving | None:
        additive = additive_of(self._state, self._p, self._held, metric)
        if additive is None:
            return None
        moved = self._moved.setdefault(additive.family, MovedBook(additive.moves, self.quantity.size))
        return Moving(metric, additive, moved, self.unit, self._orders)

    def names(self, quantity: Vector) -> int:
        """Return how many names there are with these quantities, and the orders at their larger |q|."""
        return int(np.count_nonzero(self._orders.books(quantity)[-1]))

    def components(self, metric: str) -> Vector:
        """Return (m,) contributions to the metric in its unit; they sum to it where it is homogeneous.

        Of the book, out of those that working orders could make, in which the metric is at its worst.
        """
        if metric not in self._parts:
            worst = self._orders.worst(metric, self.quantity, partial(self._evaluate, metric))
            self._parts[metric] = self._components(metric, self._orders.books(self.quantity)[worst])
        return self._parts[metric]

    def evaluate(self, metric: str, quantity: Vector) -> float:
        """Return the metric with these quantities (m,) and the orders at their worst, everything else unchanged."""
        books = self._orders.books(quantity)
        if metric == "failures" and len(books) > 1:
            return self._failures_of(books)
        return self._orders.worst_value(metric, quantity, partial(self._evaluate, metric))

    def _failures_of(self, books: tuple[Vector, ...]) -> float:
        """Return how many scenarios cost some book more than their limit; NaN where a book has no number."""
        failed: set[int] = set()
        for quantity in books:
            losses = self._scenario_losses(quantity * self.unit)
            if not losses:
                return math.nan
            failed |= {k for k, loss in losses.items() if loss > self._state.arrays.scenario_limit[k]}
        return float(len(failed))

    def _components(self, metric: str, quantity: Vector) -> Vector:
        x = quantity * self.unit
        kind, _, level = metric.partition("_")
        if kind in ("var", "es") and level in _P_PPM:
            return self._tail_components(kind, level, x)
        if metric in METRICS_OF_STRESS:
            parts, held = np.zeros(x.size), self._is_held
            parts[held] = stress_parts(self._for_stress(), metric, self._state.config.stress)
            return parts
        if metric in ("worst_loss", "failures"):
            losses = self._scenario_losses(x)
            if not losses:
                return np.zeros(x.size)
            shocks: Vector = self._state.arrays.shocks[self._held, max(losses, key=lambda k: losses[k])]
            return -x * shocks
        if metric == "liquidity_cost":
            costs, value_at_risk = self._selling_costs(quantity), self._tail("var", "99", x)
            return costs / value_at_risk if value_at_risk > 0.0 else costs
        if metric == "days_to_liquidate_share":
            return slow_shares(self._state, self._held.tolist(), quantity)
        if metric in ("net", "net_leverage"):
            scale = 1.0 if metric == "net" else 1.0 / self._nav()
            return x * (math.copysign(1.0, math.fsum(x.tolist())) * scale)
        if metric == "top_share":
            parts = np.zeros(x.size)
            if x.size:
                top = int(np.argmax(np.abs(x)))
                parts[top] = self._evaluate(metric, quantity)
            return parts
        if metric == "hhi":
            risk = np.abs(x * sigma_times(self._state.arrays, self._held, x))
            total = math.fsum(risk.tolist())
            return np.asarray((risk / total) ** 2) if total > 0.0 else np.zeros(x.size)
        if metric in RATIOS:
            return ratio_components(self._state, self._held, x, metric)
        scale = 1.0 / self._nav() if metric == "gross_leverage" else 1.0
        return np.abs(x) * scale

    def _evaluate(self, metric: str, quantity: Vector) -> float:
        """Return the metric of quantities (m,) with no order open."""
        x = quantity * self.unit
        arrays, held = self._state.arrays, self._held
        kind, _, level = metric.partition("_")
        if kind in ("var", "es") and level in _P_PPM:
            return self._tail(kind, level, x)
        if metric in METRICS_OF_STRESS:
            return stress_metric(self._for_stress(), metric, x[self._is_held], self._state.config.stress)
        if metric in ("worst_loss", "failures"):
            losses = self._scenario_losses(x)
            if not losses:
                return math.nan
            if metric == "worst_loss":
                return max(losses.values())
            return float(sum(loss > arrays.scenario_limit[k] for k, loss in losses.items()))
        gross, net = math.fsum(np.abs(x).tolist()), abs(math.fsum(x.tolist()))
        if metric == "gross":
            return gross
        if metric == "net":
            return net
        if metric in ("gross_leverage", "net_leverage"):
            return (gross if metric == "gross_leverage" else net) / self._nav() if gross > 0.0 else 0.0
        if metric == "top_share":
            largest = float(np.abs(x).max()) if x.size else 0.0
            names = int(np.count_nonzero(x))
            whole = gross if names >= NAMES_MIN else self._nav()
            return largest / whole if gross > 0.0 else 0.0
        if metric == "hhi":
            risk = np.abs(x * sigma_times(arrays, held, x))
            total = math.fsum(risk.tolist())
            return math.fsum(((risk / total) ** 2).tolist()) if total > 0.0 else 0.0
        if metric in RATIOS:
            return ratio_of(self._state, self._held, x, metric)
        if metric == "liquidity_cost":
            return self._liquidity_cost(quantity, gross)
        if metric == "days_to_liquidate_share":
            return math.fsum(slow_shares(self._state, self._held.tolist(), quantity).tolist())
        return math.nan  # drawdown, the day's loss, turnover: no quantity changes what has happened

    def details(self, metric: str) -> tuple[tuple[str, float], ...]:
        """Return further numbers that belong to the metric, by name: what evidence tells of liquidity."""
        return liquidity_details(self._state, self._p) if has_details(metric) else ()

    def _selling_costs(self, quantity: Vector) -> Vector:
        state = self._state
        parts = position_costs(state, self._held.tolist(), quantity, state.config.liquidity.state)
        return np.array([part.total for part in parts], dtype=np.float64)

    def _liquidity_cost(self, quantity: Vector, gross: float) -> float:
        if gross == 0.0:
            return 0.0
        cost = math.fsum(self._selling_costs(quantity).tolist())
        value_at_risk = self._tail("var", "99", quantity * self.unit)
        if math.isnan(value_at_risk) or value_at_risk > 0.0:
            return cost / value_at_risk
        return math.inf if cost > ROUNDING_OF_GROSS * gross else 0.0

    def _for_stress(self) -> StressBook:
        """Return the positions for the stress tools, made when they are first asked for: orders are not in it."""
        if self._stress_book is None:
            self._stress_book = stress_book(
                self._state, self._p, scaled_shocks(self._state), crisis_windows(self._state)
            )
        return self._stress_book

    def _nav(self) -> float:
        arrays = self._state.arrays
        nav = float(arrays.value[self._p]) if arrays.has_nav[self._p] == 1 else math.nan
        return nav if not nav <= 0.0 else math.nan

    def _scenario_losses(self, x: Vector) -> dict[int, float]:
        """Return the loss in each scenario that covers the book well enough to count, as the kernel has it."""
        arrays, held = self._state.arrays, self._held
        sizes = np.abs(x)
        gross = math.fsum(sizes.tolist())
        return {
            k: float(stress_of(arrays, held, x, k))
            for k in range(len(self._state.scenarios))
            if self._is_covered[k] or not math.fsum((sizes * arrays.covered[held, k]).tolist()) < COVERAGE_MIN * gross
        }

    def _variance(self, x: Vector) -> float:
        return math.fsum((x * sigma_times(self._state.arrays, self._held, x)).tolist())

    def _tail(self, kind: str, level: str, x: Vector) -> float:
        if not np.any(x):
            return 0.0
        if level == "999":
            fit = self._state.arrays.fit[self._p]
            fitted = float(fit[Fit.VAR_999 if kind == "var" else Fit.ES_999])
            if math.isinf(fitted):  # no scale makes an infinite-mean tail finite
                return fitted
            reference = float(fit[Fit.REFERENCE_VARIANCE])
            if not reference > 0.0:  # the book that was fitted bears no risk: the kernel has no number either
                return math.nan
            return fitted * math.sqrt(max(self._variance(x), 0.0) / reference)
        rows = self._state.rows
        if tail_count_ppm(rows, _P_PPM[level]) < 1_000_000:
            return math.nan
        losses = losses_of(self._state.arrays, self._held, x, rows)
        return (value_at_risk if kind == "var" else expected_shortfall)(losses, _P_PPM[level])

    def _tail_components(self, kind: str, level: str, x: Vector) -> Vector:
        if x.size == 0:
            return np.zeros(0)
        if level == "999":
            y = sigma_times(self._state.arrays, self._held, x)
            variance = math.fsum((x * y).tolist())
            return np.asarray(x * y * (self._tail(kind, level, x) / variance)) if variance > 0.0 else np.zeros(x.size)
        arrays, held, rows = self._state.arrays, self._held, self._state.rows
        if rows == 0:
            return np.zeros(x.size)
        parts = historical_parts if kind == "var" else shortfall_parts
        return parts(
            losses_of(arrays, held, x, rows), lambda few: -x[:, None] * arrays.returns[np.ix_(held, few)], _P_PPM[level]
        ).values
