"""A made stream with every kind of event: closes, quotes, trades, fills, orders, FX, splits, outliers and commands."""

import random
from dataclasses import dataclass, field

from config.setup import Setup
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    SECOND_NS,
    EventDict,
    close_of,
    command,
    date_of,
    fill,
    heartbeat,
    nav,
    open_of,
    small_setup,
    stock,
)

STOCKS = tuple(f"S{number}" for number in range(8))
CALM = ("C0", "C1", "C2")
SECTORS = ("Energy", "Financials", "Health Care")
RARE = "S7"  # its quotes go stale by the general rule; they come on every sixth day alone
FIRST_DAY = 5

LIMITS: tuple[dict[str, object], ...] = (
    {"id": "var", "scope": "**", "sensor": "var_breach", "metric": "var_99", "keep_firing_for": "5m",
     "levels": [{"name": "soft", "at": 6_000, "action": "warn"}, {"name": "hard", "at": 9_000, "action": "throttle"}]},
    {"id": "var_reduce", "scope": "*/*", "sensor": "var_breach", "metric": "var_95", "on_no_data": "reduce",
     "levels": [{"at": 5_000, "action": "reduce_position"}]},
    {"id": "tail", "scope": "*", "sensor": "var_breach", "metric": "es_999",
     "levels": [{"at": 15_000, "action": "halt"}]},
    {"id": "drawdown", "scope": "**", "sensor": "drawdown", "metric": "drawdown",
     "levels": [{"at": 0.03, "action": "throttle"}]},
    {"id": "leverage", "scope": "*/*", "sensor": "leverage", "metric": "gross_leverage", "latch": True,
     "levels": [{"at": 1.05, "action": "reduce_position"}]},
    {"id": "top", "scope": "**", "sensor": "concentration", "metric": "top_share", "small_book_at": 0.25,
     "levels": [{"at": 0.2, "action": "warn"}]},
    {"id": "stress", "scope": "*", "sensor": "stress_failure", "metric": "worst_loss", "for": "1m",
     "levels": [{"at": 250_000, "action": "reduce_position"}]},
    {"id": "loss", "scope": "*/*", "sensor": "exposure", "metric": "day_loss", "hard": True,
     "levels": [{"at": 9_000, "action": "halt"}]},
)  # fmt: skip


def made_setup(mode: str = "monitoring", **config: object) -> Setup:
    """Return the setup of the made stream: limits that fire and clear often, on every kind of scope."""
    return small_setup(LIMITS, mode=mode, portfolios=("firm", "calm", "absent"), refit=7, **config)


@dataclass(slots=True)
class MadeStream:
    """Events in the making; `ts` strictly increases. Root `calm` holds only CALM, root `firm` everything else."""

    seed: int
    events: list[EventDict] = field(default_factory=list)
    prices: dict[str, float] = field(default_factory=dict)
    splits: list[str] = field(default_factory=list)
    walk: random.Random = field(init=False)
    ts: int = open_of(FIRST_DAY) - 3 * HOUR_NS

    def __post_init__(self) -> None:
        self.walk = random.Random(self.seed)

    def put(self, event: EventDict, at: int = 0) -> None:
        """Append an event at `at`, or a microsecond after the last one."""
        self.ts = max(self.ts + 1_000, at)
        self.events.append(event | {"ts": self.ts})

    def open(self) -> None:
        """Reference data, a snapshot of both roots, navs."""
        for place, name in enumerate(STOCKS + CALM):
            extra: EventDict = {"proxy": {"instrument": "S0", "beta": 1.1}} if name == "S1" else {}
            if name != RARE:
                extra["max_age"] = 4 * DAY_NS
            self.put(stock(name, sector=SECTORS[place % 3] if name in STOCKS else "Utilities", **extra))
            self.prices[name] = 30.0 + 7.0 * place
        self.put(stock("EURUSD", kind="fx", base="EUR", quote="USD", max_age=4 * DAY_NS))
        self.put(stock("PARIS", currency="EUR", sector="Energy", max_age=4 * DAY_NS))
        self.put(stock("FUT", kind="future", multiplier=50.0, max_age=4 * DAY_NS))
        coin: EventDict = {"kind": "perpetual", "contract": "inverse", "multiplier": 100.0, "settle_currency": "XBT"}
        self.put(stock("COIN", calendar="24/7", max_age=4 * DAY_NS, **coin))
        self.prices |= {"EURUSD": 1.1, "PARIS": 55.0, "FUT": 900.0, "COIN": 5_000.0}
        books = {
            "firm/fund": {name: 400.0 + 40.0 * place for place, name in enumerate(STOCKS)},
            "firm/desk": {name: 500.0 if place % 2 else -450.0 for place, name in enumerate(STOCKS[:6])}
            | {"FUT": -1.0},
            "firm/abroad": {"PARIS": 600.0, "EURUSD": 20_000.0, "COIN": 50.0},
            "calm/a": dict.fromkeys(CALM, 700.0),
        }
        for root in ("firm", "calm"):
            rows = [
                {"portfolio": path, "instrument": name, "quantity": quantity}
                for path, book in books.items()
                if path.startswith(root + "/")
                for name, quantity in book.items()
            ]
            self.put({"type": "positions_snapshot", "portfolio": root, "snapshot_id": "opening", "items": rows})
        navs = {"firm/fund": 250_000.0, "firm/desk": 220_000.0, "firm/abroad": 70_000.0, "calm/a": 180_000.0}
        for path, value in navs.items():
            self.put(nav(path, value, 0))
        self.put({"type": "indicator", "name": "VIX", "value": 14.0})

    def day(self, day: int, *, quotes: int = 0) -> None:
        """Play one session: `quotes` quotes and trades, what desks do in it, and the closes."""
        at = open_of(day) + MINUTE_NS
        names = [name for name in (*STOCKS, *CALM, "FUT", "PARIS", "EURUSD", "COIN") if name != RARE or day % 6 == 0]
        for _ in range(quotes):
            at += self.walk.randrange(1, 120) * SECOND_NS
            self.tick(self.walk.choice(names), at)
        if quotes:
            self.trading(day, at + MINUTE_NS, self.walk.choice([name for name in STOCKS if name in names]))
        for name in ("EURUSD", "COIN"):
            self.quote(name, self.step(name, 0.004), close_of(day) - MINUTE_NS)
        for name in (*STOCKS, *CALM, "PARIS", "FUT"):
            price = self.step(name, 0.016)
            if not (day % 11 == 3 and name == "S1"):  # a close that never comes: a proxy stands for it
                at = close_of(day) + 10**6
                self.put({"type": "close", "instrument": name, "date": date_of(day), "price": price}, at)
        while self.splits:  # two for one from tomorrow on
            name = self.splits.pop()
            self.prices[name] = round(self.prices[name] / 2.0, 4)
        if day % 11 == 3:
            self.put(heartbeat(0), close_of(day) + 3 * HOUR_NS)

    def step(self, name: str, sigma: float) -> float:
        """Move a price by a random step and return it."""
        self.prices[name] = round(self.prices[name] * (1.0 + self.walk.gauss(0.0, sigma)), 4)
        return self.prices[name]

    def quote(self, name: str, mid: float, at: int) -> None:
        """Append a quote around `mid`."""
        half = mid * 1e-4
        self.put({"type": "quote", "instrument": name, "bid": mid - half, "ask": mid + half}, at)

    def tick(self, name: str, at: int) -> None:
        """Append a quote, a trade, or an outlier that three prices confirm or one withdraws."""
        draw = self.walk.random()
        if draw < 0.02:
            wild = self.prices[name] * self.walk.choice((0.6, 1.5))
            for factor in (1.0, 1.001, 0.999)[: self.walk.choice((1, 3))]:
                self.quote(name, wild * factor, at)
        elif draw < 0.25:
            self.put({"type": "trade", "instrument": name, "price": self.step(name, 0.001), "size": 10}, at)
        else:
            self.quote(name, self.step(name, 0.001), at)

    def trading(self, day: int, at: int, name: str) -> None:
        """Append what desks and people do in a session: every kind of event in turn."""
        path = self.walk.choice(("firm/fund", "firm/desk"))
        order: EventDict = {
            "type": "order",
            "portfolio": path,
            "instrument": name,
            "order_id": f"o{day}",
            "side": "buy",
        }
        self.put(order | {"open_quantity": 300.0}, at)
        self.put(fill(path, name, 120.0, self.prices[name], f"f{day}", 0, order_id=f"o{day}"))
        self.put(fill("calm/a", "C0", -15.0 if day % 2 else 14.0, self.prices["C0"], f"g{day}", 0))
        self.quote(name, self.step(name, 0.001), 0)
        kind = day % 8
        if kind == 0:
            self.put({"type": "fill_cancel", "portfolio": path, "fill_id": f"f{day}"})
        elif kind == 1:
            self.put(nav("firm/fund", 260_000 + 100 * day, 0, flow=5_000.0))
        elif kind == 2:
            split: EventDict = {"type": "adjustment", "instrument": name, "ex_ts": open_of(day + 1) - HOUR_NS}
            self.put(split | {"price_factor": 0.5, "cash": 0.1})
            self.splits.append(name)
        elif kind == 3:
            self.put(command("halt", 0, f"h{day}", scope="firm/desk"))
        elif kind == 4:
            self.put(command("reinstate", 0, f"r{day}", scope="firm/desk"))
        elif kind == 5:
            self.put({"type": "position", "portfolio": path, "instrument": name, "quantity": 350.0})
        elif kind == 6:
            self.put(command("reset_hwm", 0, f"w{day}", scope="firm/fund"))
            self.put({"type": "ack", "action_id": "ab", "consumer": "oms", "result": "applied"})
        else:
            self.put({"type": "position", "portfolio": "firm/fund/new", "instrument": "S3", "quantity": 40.0})


def made_events(seed: int = 1, *, days: int = 40, quoted: int = 12, quotes: int = 40) -> list[EventDict]:
    """Return the events of `days` sessions, the last `quoted` of them with quotes, trades and desks at work."""
    stream = MadeStream(seed)
    stream.open()
    for day in range(FIRST_DAY, FIRST_DAY + days):
        stream.day(day, quotes=quotes if day >= FIRST_DAY + days - quoted else 0)
    return stream.events
