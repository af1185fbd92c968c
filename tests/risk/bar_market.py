"""A market of every kind of instrument, and the covariance that a reader of its prices alone would work out."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from config.setup import Setup
from risk.measures import Matrix
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    EventDict,
    calendar,
    close,
    close_of,
    open_of,
    quote,
    small_setup,
    snapshot,
    stock,
    trade,
)

BAR_NS, NIGHT = 30 * MINUTE_NS, 0.2
DECAYS = (0.94, 0.99)
FIRST, WARM = 200, 4  # sessions of XNYS; closes alone
HALF_DAY = next(day for day in range(FIRST, 300) if close_of(day) - open_of(day) < 4 * HOUR_NS)  # after Thanksgiving
KEPT: EventDict = {"max_age": 20 * DAY_NS}
COIN: EventDict = {
    "kind": "perpetual",
    "contract": "inverse",
    "multiplier": 100.0,
    "settle_currency": "XBT",
    "base": "XBT",
}
INSTRUMENTS = (
    stock("EURUSD", kind="fx", base="EUR", quote="USD", **KEPT),
    stock("AA", **KEPT),
    stock("BB", **KEPT),
    stock("QUIET", **KEPT),
    stock("PARIS", currency="EUR", **KEPT),
    stock("FUT", kind="future", multiplier=50.0, currency="EUR", **KEPT),
    stock("LINEAR", kind="perpetual", closes="official", **KEPT),
    stock("INVERSE", closes="official", **COIN, **KEPT),
)
NAMES = tuple(str(each["instrument"]) for each in INSTRUMENTS)
MARGINED, IN_EURO = ("FUT", "LINEAR", "INVERSE"), ("PARIS", "FUT")
BOOKS = {
    ("firm/tape", "AA"): 100.0, ("firm/tape", "BB"): -80.0, ("firm/tape", "PARIS"): 30.0,
    ("firm/quiet", "QUIET"): 50.0, ("firm/both", "QUIET"): 50.0, ("firm/both", "AA"): -60.0, ("firm/both", "FUT"): 1.0,
    ("firm/coins", "LINEAR"): 5.0, ("firm/coins", "INVERSE"): -20.0,
}  # fmt: skip


def bars_setup(base: str = "XNYS", night: float = NIGHT) -> Setup:
    made = small_setup(bar=BAR_NS, covariance={"overnight_weight": night})
    dates = made.config.calendar.model_copy(update={"base": base})
    calendars = (calendar(base),) if base == "XNYS" else (calendar(base), calendar())
    return Setup(made.config.model_copy(update={"calendar": dates}), calendars, made.scenarios)


@dataclass(slots=True)
class Market:
    """Prices at random times, and what a reader of them alone would say of the covariance.

    told : by name, (ts, price) of every quote and trade since the start; official: of the last row, by name
    """

    walk: random.Random
    night: float = NIGHT
    base: str = "XNYS"
    events: list[EventDict] = field(default_factory=list)
    told: dict[str, list[tuple[int, float]]] = field(default_factory=lambda: {name: [] for name in NAMES})
    prices: dict[str, float] = field(default_factory=lambda: dict.fromkeys(NAMES, 50.0) | {"EURUSD": 1.1})
    official: dict[str, float] = field(default_factory=dict)
    row_close: int = 0
    ts: int = 0

    def put(self, event: EventDict, at: int = 0) -> None:
        """Append an event at `at`, or a microsecond after the last one."""
        self.ts = max(self.ts + 1_000, at)
        self.events.append(event | {"ts": self.ts})
        if event["type"] in ("quote", "trade"):
            name = str(event["instrument"])
            self.told[name].append((self.ts, self.prices[name]))

    def open(self) -> None:
        """Reference data, first prices, positions, and some rows of closes."""
        self.ts = close_of(FIRST - 1) + HOUR_NS
        for event in INSTRUMENTS:
            self.put(event)
        self.put(quote("EURUSD", self.prices["EURUSD"], 0))
        for name in NAMES[1:]:
            self.put(close(name, FIRST - 1, self.prices[name]))
        self.put(snapshot(BOOKS, 0))
        for day in range(FIRST, FIRST + WARM):
            self.price("EURUSD", open_of(day) + HOUR_NS)
            self.settle(day)

    def price(self, name: str, at: int, sigma: float = 0.004) -> None:
        """A quote or a trade of one name."""
        self.prices[name] *= 1.0 + self.walk.gauss(0.0, sigma)
        make = quote if self.walk.random() < 0.7 or self.told[name] else trade
        self.put(make(name, self.prices[name], 0), at)

    def settle(self, day: int) -> None:
        """The official closes of a session, which complete its row."""
        for name in NAMES[1:]:
            self.prices[name] *= 1.0 + self.walk.gauss(0.0, 0.01)
            self.put(close(name, day, self.prices[name]), close_of(day) + MINUTE_NS)
            self.official[name] = self.prices[name]
        self.official["EURUSD"] = next(price for ts, price in reversed(self.told["EURUSD"]) if ts < close_of(day))
        self.row_close = close_of(day)

    def takes_part(self, name: str, end: int) -> bool:
        """Say whether the name had a price since the row's close, before `end`."""
        return any(self.row_close <= ts < end for ts, _ in self.told[name])

    def value(self, name: str, end: int) -> tuple[float, float]:
        """Return the last price before `end`, of the row where there is none since, and the rate of its currency."""
        seen = [price for ts, price in self.told[name] if self.row_close <= ts < end]
        rate = self.value("EURUSD", end)[0] if name in IN_EURO else 1.0
        return (seen[-1] if seen else self.official[name]), rate

    def covariance(self, daily: Matrix, decay: float) -> Matrix:
        """Return L daily L and the sum over the bars that have ended by now."""
        ended = [(end, share) for end, share in bar_ends(self.night) if self.row_close < end <= self.ts]
        passed = sum(share for _, share in ended)
        part = [bool(ended) and self.takes_part(name, ended[-1][0]) for name in NAMES]
        side = np.where(part, decay ** (passed / 2.0), 1.0)
        total = daily * np.outer(side, side)
        before = {name: self.value(name, self.row_close) for name in NAMES}
        for end, share in ended:
            passed -= share
            returns = np.zeros(len(NAMES))
            for i, name in enumerate(NAMES):
                if self.takes_part(name, end):
                    now, then = self.value(name, end), before[name]
                    own, rate = now[0] / then[0], now[1] / then[1]
                    returns[i] = (own - 1.0) * rate if name in MARGINED else own * rate - 1.0
                    before[name] = now
            weight = (1.0 - decay**share) / share if share else -np.log(decay)
            total = total + decay**passed * weight * np.outer(returns, returns)
        return np.asarray(total)


def bar_ends(night: float) -> Iterator[tuple[int, float]]:
    """Yield (end, share) of every bar of the two years: the closed time, then pieces of the session."""
    sessions = calendar()
    for opened, closed in zip(sessions.opens.tolist(), sessions.closes.tolist(), strict=True):
        yield opened, night
        at = opened
        while at < closed:
            end = min(at + BAR_NS, closed)
            yield end, (1.0 - night) * (end - at) / (closed - opened)
            at = end
