"""A small desk to drive the enforcer with: measures, moments, open time, and a book that is computed for real."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil, nan

import numpy as np

from config.schema import Config, EnforcementConfig, Level, Limit
from enforcement.enforcer import Enforcer
from enforcement.ladders import TIMERS
from enforcement.moment import Moment, Wake
from enforcement.records import Decision, Outcome
from risk.book import Along, Book, Flags, Metric, Orders
from risk.measures import METRIC_INDEX, METRICS, Matrix, Measures, Status, Vector
from risk.timers import Timers

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
START = 1_700_000_000 * SECOND


class AlwaysOpen:
    """A market that never closes."""

    def advance(self, _scope: str, start_ns: int, open_ns: int) -> int:
        return start_ns + open_ns


@dataclass(frozen=True, slots=True)
class ClosedUntil:
    """A market that is closed up to one time and open ever after."""

    opens_ns: int

    def advance(self, _scope: str, start_ns: int, open_ns: int) -> int:
        return max(start_ns, self.opens_ns) + open_ns if open_ns else start_ns


def measures_with(
    scope: str = "firm",
    *,
    known: bool = True,
    nav: float = 1e7,
    names: int = 12,
    trust: str = "fresh",
    statuses: dict[str, Status] | None = None,
    **values: float,
) -> Measures:
    """Return measures that are 0 and OK except for what is named."""
    numbers, states = np.zeros(len(METRICS)), np.zeros(len(METRICS), np.int64)
    for metric, value in values.items():
        numbers[METRIC_INDEX[metric]] = value
    for metric, status in (statuses or {}).items():
        states[METRIC_INDEX[metric]] = status
    return Measures(scope, numbers, states, names, nav, known, trust)


@dataclass(frozen=True, slots=True)
class RowBook:
    """A linear book over rows of returns and scenarios of shocks: every metric from its definition.

    Of working orders every one may be filled or not, name by name in the order of the four books of semantics.md.
    """

    instruments: tuple[str, ...]
    quantity: Vector
    unit: Vector
    lot: Vector
    returns: Matrix
    shocks: Matrix
    nav: float = 1e6
    buys: Vector = field(default_factory=lambda: np.zeros(0))
    sells: Vector = field(default_factory=lambda: np.zeros(0))
    reduce_only: bool = False
    scope: str = "firm"
    fixed: tuple[str, ...] = ()
    children: tuple["RowBook", ...] = ()

    @property
    def can_trade(self) -> Flags:
        return np.array([name not in self.fixed for name in self.instruments], dtype=bool)

    @property
    def leaves(self) -> tuple[str, ...]:
        return tuple(child.scope for child in self.children)

    @property
    def held_in(self) -> Matrix:
        return np.array([child.quantity for child in self.children]).reshape(-1, len(self.instruments))

    def reduced(self, quantity: Vector) -> "RowBook":
        return replace(self, quantity=quantity)

    def part(self, scope: str) -> "RowBook":
        return next(child for child in self.children if child.scope == scope)

    def without(self, orders: Orders) -> "RowBook":
        if orders == "increasing":
            buys = np.minimum(self.buys, np.maximum(-self.quantity, 0.0))
            return replace(
                self, reduce_only=True, buys=buys, sells=np.minimum(self.sells, np.maximum(self.quantity, 0.0))
            )
        return replace(self, buys=np.zeros_like(self.quantity), sells=np.zeros_like(self.quantity))

    def books(self, quantity: Vector) -> list[Vector]:
        made = [[], [], [], []]  # type: list[list[float]]
        for q, b, s in zip(quantity.tolist(), self.buys.tolist(), self.sells.tolist(), strict=True):
            buy, sell = (min(b, max(0.0, -q)), min(s, max(0.0, q))) if self.reduce_only else (b, s)
            larger = q + buy if abs(q + buy) >= abs(q - sell) else q - sell
            for book, after in zip(made, (q, q + buy, q - sell, larger), strict=True):
                book.append(after)
        return [np.array(book) for book in made]

    def names(self, quantity: Vector) -> int:
        return int(np.count_nonzero(self.books(quantity)[3] if self.buys.size else quantity))

    def evaluate(self, metric: str, quantity: Vector) -> float:
        if not self.buys.size:
            return self._alone(metric, quantity)
        none, buys, sells, larger = self.books(quantity)
        if metric == "top_share":
            is_other = np.count_nonzero(none) < 8 <= np.count_nonzero(larger)
            return max(self._alone(metric, book) for book in ([larger] if is_other else [none, larger]))
        if metric == "failures":
            losses = np.array([-(self.shocks * (book * self.unit)).sum(axis=1) for book in (none, buys, sells, larger)])
            return float((losses.max(axis=0) > 50_000.0).sum())
        return max(self._alone(metric, book) for book in (none, buys, sells, larger))

    def moving(self, metric: str) -> Metric:
        return partial(self.evaluate, metric)

    def fading(self, metric: str, weight: Vector) -> Along | None:
        if metric in ("top_share", "failures") or self.buys.size:
            return None  # the search has to do without, too
        return lambda times: np.array(
            [self.evaluate(metric, self.quantity * np.maximum(0.0, 1.0 - t * weight)) for t in times.tolist()]
        )

    def components(self, metric: str) -> Vector:
        quantity = self.quantity
        if self.buys.size:
            quantity = max(self.books(quantity), key=lambda book: self._alone(metric, book))
        x = quantity * self.unit
        if metric in ("worst_loss", "failures"):
            losses = -(self.shocks * x)
            return np.asarray(losses[int(np.argmax(losses.sum(axis=1)))])
        if metric.startswith(("var_", "es_")):
            parts = -(self.returns * x)
            worst = np.argsort(-parts.sum(axis=1), kind="stable")
            tail = max(1, ceil(len(worst) * 0.01))
            chosen = worst[:tail] if metric.startswith("es_") else worst[max(0, tail - 5) : tail + 5]
            return np.asarray(parts[chosen].mean(axis=0))
        if metric == "net":
            return np.asarray(x * np.sign(x.sum()))
        return np.asarray(np.abs(x) / (self.nav if metric.endswith("leverage") else 1.0))

    def _alone(self, metric: str, quantity: Vector) -> float:
        x = quantity * self.unit
        if metric == "worst_loss":
            return float((-(self.shocks * x)).sum(axis=1).max())
        if metric == "failures":
            return float(((-(self.shocks * x)).sum(axis=1) > 50_000.0).sum())
        if metric.startswith(("var_", "es_")):
            losses = np.sort(-(self.returns * x).sum(axis=1))[::-1]
            tail = max(1, ceil(len(losses) * 0.01))
            return float(losses[:tail].mean() if metric.startswith("es_") else losses[tail - 1])
        if metric == "net":
            return float(abs(x.sum()))
        gross = float(np.abs(x).sum())
        if metric == "gross_leverage":
            return gross / self.nav
        if metric == "top_share":
            whole = gross if np.count_nonzero(x) >= 8 else self.nav
            return float(np.abs(x).max()) / whole if gross > 0 else 0.0
        if metric == "gross":
            return gross
        return nan

    def details(self, metric: str) -> tuple[tuple[str, float], ...]:  # noqa: ARG002 -- the shape of a book
        return ()


def row_book(seed: int, count: int, *, lot: float = 1.0, long_only: bool = False) -> RowBook:
    """Return a random book of `count` instruments over 300 rows and 4 scenarios."""
    draw = np.random.Generator(np.random.Philox(seed))
    quantity = np.floor(draw.uniform(100, 5_000, count) / lot) * lot
    if not long_only:
        quantity *= np.where(draw.uniform(size=count) < 0.4, -1.0, 1.0)
    unit = draw.uniform(5, 200, count)
    market = draw.standard_t(4, size=(300, 1)) * 0.01
    returns = market * draw.uniform(0.4, 1.6, count) + draw.standard_t(4, size=(300, count)) * 0.01
    shocks = -draw.uniform(0.05, 0.5, size=(4, count)) + draw.uniform(0, 0.2, size=(4, count))
    names = tuple(f"I{index:02d}" for index in range(count))
    nav = float(np.abs(quantity * unit).sum()) / 2.0
    return RowBook(names, quantity, unit, np.full(count, lot), returns, shocks, nav)


def limit_with(
    name: str = "var_99",
    sensor: str = "var_breach",
    metric: str = "var_99",
    levels: Sequence[Level] = (),
    *,
    at: float = 200_000.0,
    action: str = "throttle",
    **rest: object,
) -> Limit:
    """Return a limit; a single level `at` with `action` where no levels are given."""
    steps = [level.model_dump() for level in levels] or [{"at": at, "action": action}]
    return Limit.model_validate({"id": name, "sensor": sensor, "metric": metric, "levels": steps, **rest})


def config_with(*limits: Limit, mode: str = "monitoring", portfolios: tuple[str, ...] = ("firm",)) -> Config:
    """Return a configuration with these limits."""
    enforcement = EnforcementConfig.model_validate({"mode": mode, "limits": limits})
    return Config(portfolios=portfolios, enforcement=enforcement)


@dataclass(slots=True)
class Desk:
    """An enforcer with its timers, stepped as the core steps it: due timers first, each at its own time."""

    config: Config
    opens: AlwaysOpen | ClosedUntil = field(default_factory=AlwaysOpen)
    book: Book = field(default_factory=lambda: row_book(7, 10))
    scope: str = "firm"
    now_ns: int = START
    n: int = 0
    rows: int = 500
    session: int = 100
    quoted: bool = True
    timers: Timers = field(default_factory=Timers)
    outcomes: list[Outcome] = field(default_factory=list)
    enforcer: Enforcer = field(init=False)
    measures: Measures = field(default_factory=measures_with)

    def __post_init__(self) -> None:
        self.enforcer = Enforcer(self.config, 0, self.timers, self.opens)
        self.enforcer.add_scope(self.scope, is_root="/" not in self.scope, listed=True)

    def moment(self, cause: Wake = "other", *, suspect: bool = False, new_row: bool = False) -> Moment:
        offsets = (("market-data-0", self.n),)
        quoted, digest = self.quoted, f"in{self.n}"
        return Moment(
            self.n,
            self.now_ns,
            cause,
            suspect,
            lambda: quoted,
            self.rows,
            new_row,
            self.session,
            offsets,
            lambda: digest,
        )

    def wait(self, passed_ns: int) -> list[Outcome]:
        """Let time pass and fire what becomes due, with the measures as they are."""
        until, seen = self.now_ns + passed_ns, len(self.outcomes)
        while (due := self.timers.pop_due(until)) is not None:
            self.now_ns, name = due
            if name.partition("|")[0] in TIMERS:
                self.enforcer.ladders.timer(name, due[0])
                continue
            self.outcomes += self.enforcer.timer(name, due[0], self.measures, lambda: self.book, self.moment("time"))
        self.now_ns = until
        return self.outcomes[seen:]

    def see(
        self, cause: Wake = "other", *, after_ns: int = SECOND, suspect: bool = False, measures: Measures | None = None,
        **values: float,
    ) -> list[Outcome]:  # fmt: skip
        """Let time pass, then show one input: new measures if named, else values over calm ones."""
        seen = len(self.outcomes)
        self.wait(after_ns)
        self.n += 1
        self.measures = measures if measures is not None else measures_with(self.scope, **values)
        moment = self.moment(cause, suspect=suspect)
        self.outcomes += self.enforcer.evaluate(self.scope, self.measures, lambda: self.book, moment)
        return self.outcomes[seen:]

    def row(self, **values: float) -> list[Outcome]:
        """Complete a row in the next session."""
        self.rows += 1
        self.session += 1
        return self.see("other", after_ns=24 * HOUR, **values)

    def transitions(self) -> list[str]:
        """Return "limit.level transition" of every decision so far; other kinds are named instead."""
        return [described(outcome.decision) for outcome in self.outcomes]


def described(decision: Decision) -> str:
    """Return a decision in a few words."""
    what = decision.transition if decision.kind == "transition" else decision.kind
    return f"{decision.limit}.{decision.level} {what}"
