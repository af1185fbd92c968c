"""The raw facts that the oracle keeps of one instrument, and prices moved across adjustments."""

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from enum import IntEnum

from feeds.events import Adjustment, Instrument
from tests.oracle.sessions import Sessions


class Status(IntEnum):
    """How far a number can be trusted; the larger wins."""

    OK = 0
    DEGRADED = 1
    INSUFFICIENT = 2
    INVALID = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """A price in the units of its own time `ts` (ns); `source` is quote, trade, close or fixed."""

    price: float
    ts: int
    source: str
    date: int = 0  # session of a close, as an ordinal


@dataclass(slots=True)
class Level:
    """What the next row's cell starts from.

    price    : in the units of `unit_ts`, the time of the real price it derives from
    date     : ordinal of the last session that it covers
    is_in_row: whether it was there when a row completed; before that, no cell can start from it
    """

    price: float
    unit_ts: int
    date: int
    is_in_row: bool = False


@dataclass(slots=True)
class InstrumentFacts:
    """One instrument: reference, closes, adjustments that have acted, mark, quarantine, level."""

    ref: Instrument
    sessions: Sessions
    close_dates: list[int] = field(default_factory=list)
    close_prices: dict[int, float] = field(default_factory=dict)
    acted: list[Adjustment] = field(default_factory=list)
    mark: Mark | None = None
    quote_ts: int | None = None  # last accepted quote that is still the newest word on the price
    tick_ts: int | None = None  # newest quote or trade applied, accepted or quarantined
    has_ticks: bool = False
    accepted_ts: int | None = None  # last quote or trade that was not quarantined
    suspects: list[Mark] = field(default_factory=list)
    level: Level | None = None
    closed_through: int = 0  # date of the newest close that a row has taken, for the mark as well

    @property
    def name(self) -> str:
        return self.ref.instrument

    @property
    def is_margined(self) -> bool:
        return self.ref.kind in ("future", "perpetual")

    @property
    def is_inverse(self) -> bool:
        return self.is_margined and self.ref.contract == "inverse"

    @property
    def has_model(self) -> bool:
        """Whether the first release can value the kind; options and bonds without duration are never delta-one."""
        if self.ref.kind == "bond":
            return self.ref.duration is not None
        return self.ref.kind != "option"

    @property
    def takes_mark_at_base_close(self) -> bool:
        if self.ref.closes is not None:
            return self.ref.closes == "mark"
        return self.ref.kind == "fx" or self.ref.calendar == "24/7"

    @property
    def price(self) -> float | None:
        """The mark in today's units; cash is 1 of its currency unless it was priced."""
        if self.mark is not None:
            return self.mark.price
        return 1.0 if self.ref.kind == "cash" else None

    def add_close(self, date: int, price: float) -> None:
        if date not in self.close_prices:
            insort(self.close_dates, date)
        self.close_prices[date] = price

    def newest_close(self, date_max: int) -> int | None:
        """Return the date of the newest close that is not after `date_max`."""
        index = bisect_right(self.close_dates, date_max) - 1
        return self.close_dates[index] if index >= 0 else None

    def factor(self, after: int, until: int | None = None) -> float:
        """Return the product of price factors of adjustments with `after` < ex_ts (<= `until`)."""
        product = 1.0
        for adjustment in self.acted:
            if after < adjustment.ex_ts and (until is None or adjustment.ex_ts <= until):
                product *= adjustment.price_factor
        return product

    def worth_of_one(self, start: int, end: int, price: float) -> float:
        """Return what one unit of `start` has become at `end`: new units at `price`, and cash paid on the way."""
        units, cash = 1.0, 0.0
        for adjustment in self.acted:
            if start < adjustment.ex_ts <= end:
                cash += units * (adjustment.cash or 0.0)
                units /= adjustment.price_factor
        return units * price + cash


def price_is_allowed(ref: Instrument, price: float) -> bool:
    """Apply `min_price`: unset means above zero, null lifts the rule, a number is the lowest price allowed."""
    if ref.min_price is None:
        return True
    if isinstance(ref.min_price, int | float):
        return price >= ref.min_price
    return price > 0.0
