"""A judge of targets that shares no code with the engine: a made market, its statistics by definition, brute force.

`Made` is a core that has seen 150 sessions of ten stocks; `asks` hands it a random book with limits that are far under
what the book has, and gives back what came out. `Judge` knows the closes that were made, and nothing of the core.
"""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from daemon.core import Core
from daemon.edge import decode_inputs
from enforcement.records import Action, Decision
from feeds.record import Record
from tests.helpers import EventDict, close, close_of, nav, play, records_of, small_setup, snapshot, stock
from tests.oracle.measures import LEVELS_PPM, Vector, expected_shortfall, value_at_risk

DAYS = 150
NAMES = tuple(f"S{number}" for number in range(10))
LOTS = (1.0, 10.0, 100.0, 0.01, 1.0, 1.0, 10.0, 0.1, 25.0, 1.0)
SECTORS = ("Energy", "Financials", "Health Care")
NAV = 1_000_000.0
LEVELS = {
    "var_95": 2_000.0, "var_99": 3_000.0, "es_95": 2_500.0, "es_99": 3_500.0, "worst_loss": 30_000.0,
    "gross": 120_000.0, "net": 20_000.0, "gross_leverage": 0.12, "net_leverage": 0.02,
}  # fmt: skip
SENSORS = {
    "var": "var_breach", "es": "var_breach", "worst": "stress_failure", "gross": "exposure", "net": "exposure",
}  # fmt: skip

Quantities = dict[tuple[str, str], float]  # by (book, instrument)
Orders = dict[tuple[str, str], tuple[float, float]]  # open buys and sells


@dataclass(frozen=True, slots=True)
class Asks:
    """What came out for one book: decisions that name targets, and the last action on the shadow topic, by scope."""

    decisions: tuple[Decision, ...]
    actions: Mapping[str, Action]


@cache
def _closes(seed: int) -> tuple[tuple[float, ...], ...]:
    """Return (DAYS, names) made closes: one market, fat tails, one name that moves against it."""
    draw = np.random.Generator(np.random.Philox(seed))
    market = draw.standard_t(3, DAYS) * 0.008
    beta = np.array([1.0, 0.8, 1.3, 0.6, 1.1, -0.7, 0.9, 1.5, 0.4, 1.0])
    moves = market[:, None] * beta + draw.standard_t(4, (DAYS, len(NAMES))) * 0.009
    prices = np.linspace(20.0, 180.0, len(NAMES)) * np.cumprod(1.0 + np.clip(moves, -0.18, 0.18), axis=0)
    return tuple(tuple(row) for row in np.round(prices, 4).tolist())


@cache
def _played(metrics: tuple[str, ...], scope: str) -> bytes:
    limits = [limit(metric, scope) for metric in metrics]
    events: list[EventDict] = [
        stock(name, lot=lot, sector=SECTORS[at % 3]) for at, (name, lot) in enumerate(zip(NAMES, LOTS, strict=True))
    ]
    events += [snapshot({}, close_of(0) - 100), nav("firm", NAV, close_of(0) - 90)]
    for day, row in enumerate(_closes(1)):
        events += [close(name, day, price) for name, price in zip(NAMES, row, strict=True)]
    core = play(events, small_setup(limits, portfolios=("firm",))).core
    return pickle.dumps(core)


def limit(metric: str, scope: str, **more: object) -> dict[str, object]:
    """Return a limit that reduces positions at the level of its metric."""
    sensor = "leverage" if metric.endswith("leverage") else SENSORS[metric.partition("_")[0]]
    levels = [{"name": "hard", "at": LEVELS[metric], "action": "reduce_position"}]
    return {"id": metric, "scope": scope, "sensor": sensor, "metric": metric, "levels": levels} | more


def asks(metrics: Sequence[str], held: Quantities, orders: Orders | None = None, *, scope: str = "firm") -> Asks:
    """Show a core with these limits on one scope a snapshot and orders; return what it asked for."""
    core: Core = pickle.loads(_played(tuple(metrics), scope))
    at = close_of(DAYS) - 3 * 3_600 * 10**9
    events: list[EventDict] = []
    for place, ((path, name), sides) in enumerate((orders or {}).items()):
        for side, quantity in zip(("buy", "sell"), sides, strict=True):
            events.append({
                "type": "order", "ts": at + place, "portfolio": path, "instrument": name, "side": side,
                "order_id": f"{path}{name}{side}", "open_quantity": quantity,
            })  # fmt: skip
    events.append(snapshot(held, at + len(events) + 1))
    decisions: list[Decision] = []
    actions: dict[str, Action] = {}
    for event in events:
        bare = records_of([event])[0]
        record = Record(core.n + 1, bare.topic, 0, -1, bare.payload)
        outputs = core.step(decode_inputs([record], {"XNYS"}, core.setup.config))
        assert not outputs.rejections, outputs.rejections
        decisions += outputs.decisions
        actions |= {action.scope: action for action in outputs.shadow}
    return Asks(tuple(decisions), actions)


class Judge:
    """The statistics of a book of NAMES, from the closes and the definitions alone."""

    def __init__(self) -> None:
        closes = np.array(_closes(1))
        self.unit: Vector = closes[-1]
        self.returns = closes[1:] / closes[:-1] - 1.0
        energy = np.array([SECTORS[at % 3] == "Energy" for at in range(len(NAMES))])
        self.shocks = [np.where(energy, -0.5, -0.4), np.where(energy, -0.3, 0.0)]
        self.covered = [np.ones(len(NAMES)), energy.astype(np.float64)]

    def statistic(
        self, metric: str, quantity: Vector, buys: Vector | None = None, sells: Vector | None = None
    ) -> float:
        """Return the metric with any of the orders filled or not, as semantics.md has the four books."""
        if buys is None or sells is None:
            return self._alone(metric, quantity)
        up, down = quantity + buys, quantity - sells
        books = [quantity, up, down, np.where(np.abs(up) >= np.abs(down), up, down)]
        return max(self._alone(metric, book) for book in books)

    def _alone(self, metric: str, quantity: Vector) -> float:
        x = quantity * self.unit
        kind, _, level = metric.partition("_")
        if kind in ("var", "es"):
            losses = -(self.returns * x).sum(axis=1)
            return (value_at_risk if kind == "var" else expected_shortfall)(losses, LEVELS_PPM[level])
        if metric == "worst_loss":
            gross = np.abs(x).sum()
            counted = [
                -(x * shock).sum()
                for shock, covered in zip(self.shocks, self.covered, strict=True)
                if not (np.abs(x) * covered).sum() < 0.8 * gross
            ]
            return float(max(counted))
        total = float(np.abs(x).sum() if kind == "gross" else abs(x.sum()))
        return total / NAV if metric.endswith("leverage") else total


def vector(held: Quantities, book: str | None = None) -> Vector:
    """Return what is held of NAMES, net over all books or of one."""
    total = np.zeros(len(NAMES))
    for (path, name), quantity in held.items():
        if book in (None, path):
            total[NAMES.index(name)] += quantity
    return total


def random_books(seed: int, books: Sequence[str], *, long_only: bool = False, share: float = 0.8) -> Quantities:
    """Return positions of a few hundred thousand in whole lots, long and short, of a share of the names."""
    draw = np.random.Generator(np.random.Philox(seed))
    unit = np.array(_closes(1)[-1])
    held: Quantities = {}
    for path in books:
        money = draw.uniform(5_000.0, 60_000.0, len(NAMES))
        sign = np.where(draw.random(len(NAMES)) < (0.0 if long_only else 0.35), -1.0, 1.0)
        taken = draw.random(len(NAMES)) < share
        taken[0] = True
        for at, name in enumerate(NAMES):
            lots = round(money[at] / unit[at] / LOTS[at])
            if taken[at] and lots > 0:
                held[path, name] = float(sign[at] * lots * LOTS[at])
    return held
