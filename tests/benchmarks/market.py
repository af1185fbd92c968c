"""A made market for the benchmarks: stocks with fat-tailed factor returns, their books, and quotes that never end."""

import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from config.setup import Setup
from daemon.core import Core
from daemon.edge import decode_inputs
from daemon.wiring import build_setup
from feeds.record import Input, Record

QUOTE_STEP_NS = 200_000  # 5,000 quotes a second of event time
ROOT = "firm"
_SEED = 20_240_809
_START, _END = date(2019, 1, 2), date(2026, 12, 31)
_LEAD_DAYS = 400  # of the calendar before and after what is made of today
_FIRST_SESSION = 250  # of the calendar, so that a year lies before the window
_NAV_USD = 1e8
_BATCH = 1_000
_ITEMS_MAX = 10_000  # of a snapshot; a payload has at most a megabyte
_SECTORS = 10

# Ten limits on every book, each armed on a metric that is computed, each so far away that nothing is near.
_LIMITS = (
    ("var_breach", "var_95", 1e12),
    ("var_breach", "var_99", 1e12),
    ("var_breach", "var_999", 1e12),
    ("var_breach", "es_975", 1e12),
    ("stress_failure", "worst_loss", 1e12),
    ("stress_failure", "failures", 100.0),
    ("concentration", "top_share", 0.99),
    ("leverage", "gross_leverage", 1e6),
    ("drawdown", "drawdown", 0.99),
    ("exposure", "day_loss", 1e12),
)
# Levels that large orders meet, a third to a half over what a book and its root have, so that no quote needs a look.
_NEAR: dict[str, dict[str, float]] = {
    "root": {
        "var_95": 3.8e6, "var_99": 5.9e6, "var_999": 9.3e6, "es_975": 6.2e6, "worst_loss": 1.45e8,
        "gross_leverage": 0.3,
    },
    "book": {
        "var_95": 4.5e5, "var_99": 7.5e5, "var_999": 1.2e6, "es_975": 7e5, "worst_loss": 1.7e7, "gross_leverage": 0.7,
    },
}  # fmt: skip
_HEAD = """\
base_currency: USD
clock: event
bar: {bar}
calendar: {{base: XNYS, start: "{start}", end: "{end}"}}
portfolios: [firm]
control: {{allow_unsigned: true}}
enforcement:
  mode: {mode}
  max_stress_loss: 1.0e12
  limits:
"""


@dataclass(slots=True)
class Market:
    """A core and the state of the market around it; every record goes the public way, bytes first.

    prices : (N,) level around which quotes wander; deviation : (N,) relative, mean reverting
    ts     : of the last record; n : of the last record
    step_ns : event time between two quotes
    kept   : every record that was made, where somebody wants them
    """

    setup: Setup
    core: Core
    known: set[str]
    names: list[str]
    prices: NDArray[np.float64]
    deviation: NDArray[np.float64]
    random: np.random.Generator
    books: int
    ts: int = 0
    n: int = 0
    step_ns: int = QUOTE_STEP_NS
    kept: list[Record] | None = None

    def record(self, topic: str, event: dict[str, object]) -> Record:
        """Return the next record of a topic."""
        self.n += 1
        record = Record(self.n, topic, 0, self.n, orjson.dumps(event))
        if self.kept is not None:
            self.kept.append(record)
        return record

    def decode(self, records: list[Record]) -> list[Input]:
        """Decode as the live loop and the replay do."""
        return decode_inputs(records, self.known, self.setup.config)

    def feed(self, records: Iterator[Record]) -> None:
        """Apply records in batches; none may be refused."""
        while batch := list(islice(records, _BATCH)):
            outputs = self.core.step(self.decode(batch))
            assert not outputs.rejections, outputs.rejections[0]

    def quotes(self, count: int, instruments: NDArray[np.int64] | None = None) -> Iterator[Record]:
        """Yield quotes of random instruments, or of these; mids move by some basis points around their level."""
        if instruments is None:
            instruments = self.random.integers(0, len(self.names), count)
        moves = self.random.standard_normal(count) * 2e-4
        for i, move in zip(instruments.tolist(), moves.tolist(), strict=True):
            self.deviation[i] = 0.98 * self.deviation[i] + move
            mid = float(self.prices[i] * (1.0 + self.deviation[i]))
            self.ts += self.step_ns
            yield self.record(
                "market-data",
                {
                    "type": "quote",
                    "ts": self.ts,
                    "instrument": self.names[i],
                    "bid": round(mid * 0.9999, 4),
                    "ask": round(mid * 1.0001, 4),
                },
            )

    def hold(self, *, each_book_holds_all: bool, calm: bool = True) -> None:
        """State all positions anew, every name in every book or each in one, and quote every name once."""
        items = []
        for book in range(self.books):
            for i, name in enumerate(self.names):
                if each_book_holds_all or i % self.books == book:
                    sign = -1 if self.random.random() < 0.3 else 1
                    quantity = sign * float(self.random.integers(10, 1_000))
                    items.append({"portfolio": f"{ROOT}/b{book:03}", "instrument": name, "quantity": quantity})
        self.ts += 1
        if len(items) <= _ITEMS_MAX:
            snapshot = {"type": "positions_snapshot", "ts": self.ts, "portfolio": ROOT, "snapshot_id": f"s{self.n}"}
            self.feed(iter([self.record("positions", snapshot | {"items": items})]))
        else:
            self.feed(self.record("positions", {"type": "position", "ts": self.ts} | item) for item in items)
        self.feed(self.quotes(len(self.names), np.arange(len(self.names))))
        if calm:
            self.check_calm()

    def order(self, names: int, *, open_quantity: float) -> None:
        """State a buy and a sell of so much in the first names of every book, under the same ids each time."""
        orders = []
        for book in range(self.books):
            for name in self.names[:names]:
                for side in ("buy", "sell"):
                    self.ts += 1
                    event = {"type": "order", "ts": self.ts, "portfolio": f"{ROOT}/b{book:03}", "instrument": name}
                    event |= {"order_id": f"{book}{name}{side}", "side": side, "open_quantity": open_quantity}
                    orders.append(self.record("positions", event))
        self.feed(iter(orders))
        self.check_calm()

    def check_calm(self) -> None:
        """Make sure that nothing but what is measured goes on: no breach life moves, all numbers are there."""
        arrays, scopes = self.core.state.arrays, len(self.core.state.scopes)
        assert not arrays.alive[:scopes].any(), "a breach life is not ok, so every price would be looked at"
        assert not arrays.missing[:scopes].any(), "a position has no value"

    def close_session(self) -> Iterator[Record]:
        """Yield the official closes of the open session, all at its end; the last one completes the row."""
        state = self.core.state
        calendar, session = state.base_calendar, state.window.session
        self.ts = int(calendar.closes[session])
        date = str(np.datetime64(int(calendar.dates[session]) - 719_163, "D"))
        self._move_prices()
        for name, price in zip(self.names, self.prices.tolist(), strict=True):
            close = {"type": "close", "ts": self.ts, "instrument": name, "date": date, "price": round(price, 4)}
            yield self.record("market-data", close)

    def quote_before_close(self) -> None:
        """Quote every name once in the last second of the open session, so that no mark is stale at its close."""
        state = self.core.state
        self.ts = int(state.base_calendar.closes[state.window.session]) - 10**9
        self.feed(self.quotes(len(self.names), np.arange(len(self.names))))

    def open_session(self) -> None:
        """Move the market's time to the open of the next session, so that quotes are its first hours."""
        state = self.core.state
        self.ts = int(state.base_calendar.opens[state.window.session])

    def _move_prices(self) -> None:
        """One day: a market factor, ten sectors and a Student-t rest for each name."""
        count = len(self.names)
        market = 0.008 * self.random.standard_t(5)
        sectors = 0.005 * self.random.standard_t(5, _SECTORS)
        rest = 0.012 * self.random.standard_t(5, count)
        self.prices *= 1.0 + np.clip(market + sectors[np.arange(count) % _SECTORS] + rest, -0.15, 0.15)
        self.deviation[:] = 0.0


def make_market(
    instruments: int, books: int, rows: int, *,
    until_ns: int | None = None, kept: list[Record] | None = None, fires: bool = False, bar: str = "5m",
    stops: bool = False,
) -> Market:  # fmt: skip
    """Return a market of N names with `rows` completed rows, `books` leaves under one root, and no positions yet.

    until_ns : its time at the end, ns, with every session's close before it; None: the open of the session after
    kept     : takes every record that is made
    fires    : limits of VaR, one of each action, are under what every book has
    stops    : most of the ten limits are near and enforced, so that they stop large orders
    """
    first = _FIRST_SESSION
    setup = make_setup(fires=fires, bar=bar, stops=stops)
    if until_ns is not None:
        today = datetime.fromtimestamp(until_ns / 1e9, tz=UTC).date()
        setup = make_setup(today - timedelta(days=_LEAD_DAYS + rows * 3 // 2), today + timedelta(days=_LEAD_DAYS))
        first = bisect_left(setup.calendars[0].closes_sorted, until_ns) - rows - 1
    names = [f"S{i:04}" for i in range(instruments)]
    random = np.random.default_rng(_SEED)
    prices = np.exp(random.uniform(np.log(20.0), np.log(400.0), instruments))
    known = {calendar.code for calendar in setup.calendars}
    market = Market(setup, Core(setup), known, names, prices, np.zeros(instruments), random, books, kept=kept)
    market.ts = int(setup.calendars[0].opens[first])
    market.feed(
        market.record(
            "reference",
            {
                "type": "instrument",
                "ts": market.ts,
                "instrument": name,
                "kind": "equity",
                "currency": "USD",
                "calendar": "XNYS",
                "sector": f"sector-{i % _SECTORS}",
            },
        )
        for i, name in enumerate(names)
    )
    for _ in range(rows + 1):  # the first gives levels only
        market.feed(market.close_session())
    assert market.core.state.rows == min(rows, setup.config.window.rows), market.core.state.rows
    if until_ns is None:
        market.open_session()
    else:
        market.ts = until_ns
    market.feed(
        market.record(
            "positions",
            {"type": "nav", "ts": market.ts, "portfolio": f"{ROOT}/b{book:03}", "nav": _NAV_USD, "currency": "USD"},
        )
        for book in range(books)
    )
    return market


def make_config(
    start: date = _START, end: date = _END, *, fires: bool = False, bar: str = "5m", stops: bool = False
) -> str:
    """Return the configuration as YAML; its calendars begin and end with these days."""
    firing = [
        f"    - {{id: fires_{action}, scope: '**', sensor: var_breach, metric: {metric},"
        f" levels: [{{at: 1.0, clear_at: 0.9, action: {action}}}]}}"
        for metric, action in (("var_975", "warn"), ("es_99", "throttle"), ("es_95", "halt"))
        if fires
    ]
    action = "throttle" if stops else "warn"
    lines = [
        f"    - {{id: {name}_{metric}, scope: {scope}, sensor: {sensor}, metric: {metric},"
        f" levels: [{{at: {_NEAR[name].get(metric, at) if stops else at}, action: {action}}}]}}"
        for name, scope in (("root", ROOT), ("book", f"{ROOT}/*"))
        for sensor, metric, at in _LIMITS
    ]
    mode = "full" if stops else "monitoring"
    return _HEAD.format(start=start, end=end, bar=bar, mode=mode) + "\n".join(lines + firing) + "\n"


def make_setup(
    start: date = _START, end: date = _END, *, fires: bool = False, bar: str = "5m", stops: bool = False
) -> Setup:
    """Return what a core under `make_config` is built from."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "benchmark.yaml"
        path.write_text(make_config(start, end, fires=fires, bar=bar, stops=stops))
        return build_setup(path)
