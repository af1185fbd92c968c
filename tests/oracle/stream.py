"""A maker of small event streams: seeded prices on real sessions, and a book of two portfolios under one root."""

import datetime
import functools
import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from config.calendars import build_calendar
from config.scenarios import Scenario
from config.schema import CalendarConfig, Config
from config.setup import Setup
from tests.oracle.sessions import Sessions, sessions_of

EventDict = dict[str, object]

START, END = "2019-01-02", "2020-12-31"
MINUTE_NS = 60 * 10**9
HOUR_NS = 60 * MINUTE_NS
SECTORS = ("Energy", "Financials", "Health Care")
STOCKS = tuple(f"S{number}" for number in range(8))
BOOK = (
    *(("firm/fund", name, 1000.0 + 100.0 * place) for place, name in enumerate(STOCKS)),
    *(("firm/desk", name, 800.0 if place % 2 else -700.0) for place, name in enumerate(STOCKS[:6])),
)
NAVS = {"firm/fund": 1_000_000.0, "firm/desk": 400_000.0}


@functools.cache
def sessions(code: str) -> Sessions:
    return sessions_of(build_calendar(code, START, END))


def setup() -> Setup:
    """Return the setup of every story: XNYS, US dollars, two roots watched, two scenarios."""
    config = Config(calendar=CalendarConfig(base="XNYS", start=START, end=END), portfolios=("firm", "other"))
    crash = Scenario("crash", "Crash", (("equity", -0.4), ("Energy", -0.5), ("future", -0.3), ("fx.EURUSD", -0.1)),
                     1, "made for the stories", "2019-01-01", 0.02, "crisis")  # fmt: skip
    energy = Scenario("energy", "Energy only", (("Energy", -0.3),), 1, "made for the stories", "2019-01-01", 0.05,
                      "normal", 50_000.0)  # fmt: skip
    return Setup(config, (build_calendar("XNYS", START, END),), (crash, energy))


@dataclass(slots=True)
class Stream:
    """Events in the making; `ts` moves strictly forward whatever is asked for.

    moments : name of a point worth looking at -> n of the event after which it is
    """

    seed: int
    first: int = 170  # index of the first session in XNYS, September 2019
    events: list[EventDict] = field(default_factory=list)
    moments: dict[str, int] = field(default_factory=dict)
    prices: dict[str, float] = field(default_factory=dict)
    calendars: dict[str, str] = field(default_factory=dict)
    ts: int = 0
    walk: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.walk = random.Random(self.seed)
        self.ts = self.open_of(0) - 60 * MINUTE_NS

    # --- time

    def open_of(self, day: int) -> int:
        return sessions("XNYS").opens[self.first + day]

    def close_of(self, day: int) -> int:
        return sessions("XNYS").closes[self.first + day]

    def date_of(self, day: int) -> int:
        return sessions("XNYS").dates[self.first + day]

    def add(self, event_type: str, at: int | None = None, /, **fields: object) -> None:
        """Append an event at `at`, or one microsecond after the last one, whichever is later."""
        self.ts = max(self.ts + 1_000, at or 0)
        self.events.append({"type": event_type, "ts": self.ts, **fields})

    def mark(self, moment: str) -> None:
        self.moments[moment] = len(self.events)

    # --- opening

    def list_stock(self, name: str, price: float, **fields: object) -> None:
        """Add a reference event; `fields` override."""
        reference: EventDict = {"kind": "equity", "currency": "USD", "calendar": "XNYS"} | fields
        self.add("instrument", instrument=name, **reference)
        self.prices[name] = price
        self.calendars[name] = str(reference["calendar"])

    def open(self, book: Iterable[tuple[str, str, float]] = BOOK, navs: dict[str, float] | None = None) -> None:
        """Reference data of eight stocks, a snapshot of the root, navs."""
        for place, name in enumerate(STOCKS):
            if name not in self.prices:
                self.list_stock(name, 40.0 + 15.0 * place, sector=SECTORS[place % 3])
        items = [{"portfolio": path, "instrument": name, "quantity": quantity} for path, name, quantity in book]
        self.add("positions_snapshot", portfolio="firm", snapshot_id="opening", items=items)
        for path, nav in (NAVS if navs is None else navs).items():
            self.add("nav", portfolio=path, nav=nav, currency="USD")

    # --- days

    def step(self, name: str) -> float:
        """Move one price by its daily step: a common part is left out, the walks are independent."""
        self.prices[name] = round(self.prices[name] * (1.0 + self.walk.gauss(0.0003, 0.015)), 4)
        return self.prices[name]

    def close_day(self, day: int, without: Iterable[str] = ()) -> None:
        """Step every name whose market has that date and let its close come, one millisecond apart."""
        date, left_out = self.date_of(day), set(without)
        for place, (name, code) in enumerate(self.calendars.items()):
            if sessions(code).index_of_date(date) is None:
                continue
            self.step(name)
            if name not in left_out:
                self.close(name, date, self.close_of(day) + (place + 1) * 1_000_000)

    def close(self, name: str, date: int, at: int | None = None) -> None:
        self.add("close", at, instrument=name, date=iso(date), price=self.prices[name])

    def quote(self, name: str, mid: float, at: int) -> None:
        self.add("quote", at, instrument=name, bid=round(mid - 0.01, 4), ask=round(mid + 0.01, 4))

    def days(self, start: int, end: int) -> None:
        for day in range(start, end):
            self.close_day(day)

    def fill(self, day: int, path: str, name: str, side: str, quantity: float, fill_id: str, **fields: str) -> None:
        """A fill at the last price plus two cents, half an hour after the open."""
        order: EventDict = {"portfolio": path, "instrument": name, "side": side, "quantity": quantity} | fields
        price = round(self.prices[name] + 0.02, 4)
        self.add("fill", self.open_of(day) + 30 * MINUTE_NS, price=price, fill_id=fill_id, **order)

    def quoted_hours(self, day: int, count: int, names: tuple[str, ...]) -> None:
        """Quotes near yesterday's close, an hour apart, the last well before the close."""
        for hour in range(1, count + 1):
            for place, name in enumerate(names):
                mid = round(self.prices[name] * (1.0 + self.walk.gauss(0.0, 0.002)), 4)
                self.quote(name, mid, self.open_of(day) + hour * HOUR_NS + place * 1_000_000)


def iso(date: int) -> str:
    return datetime.date.fromordinal(date).isoformat()
