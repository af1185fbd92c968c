"""Instruments, their marks with freshness and quarantine, and conversion between currencies."""

from collections.abc import Callable

from config.calendars import build_calendar
from config.setup import Setup
from feeds.events import Close, Instrument, Quote, Trade
from tests.oracle.facts import InstrumentFacts, Mark
from tests.oracle.sessions import Sessions, ordinal_of, sessions_of

PriceOf = Callable[[str], float | None]


class Market:
    """Every instrument known, by name in the order of its first reference event."""

    def __init__(self, setup: Setup) -> None:
        self.config = setup.config
        self.calendars = {calendar.code: sessions_of(calendar) for calendar in setup.calendars}
        self.instruments: dict[str, InstrumentFacts] = {}
        self.pairs: dict[tuple[str, str], str] = {}
        self.contracts: dict[tuple[str, str], str] = {}  # inverse contracts by (coin, currency)
        self.delivered_ts = 0  # last time that the market data partition delivered anything
        self.sigma_of: Callable[[str], float | None] = lambda _name: None  # daily volatility, given by the rows

    def calendar(self, code: str) -> Sessions:
        """Return a calendar, built with the configured bounds where the setup does not hold it."""
        if code not in self.calendars:
            bounds = self.config.calendar
            self.calendars[code] = sessions_of(build_calendar(code, bounds.start, bounds.end))
        return self.calendars[code]

    def put(self, event: Instrument) -> None:
        """Add or replace reference data; prices stay."""
        sessions = self.calendar(event.calendar)
        known = self.instruments.get(event.instrument)
        if known is None:
            self.instruments[event.instrument] = InstrumentFacts(event, sessions)
        else:
            known.ref, known.sessions = event, sessions
        pair = pair_of(event)
        if pair is not None:
            self.pairs.setdefault(pair, event.instrument)
        coin = coin_of(event)
        if coin is not None:
            # Where no pair does, the contract prices the coin; coins won are a cash position of this made name.
            self.contracts.setdefault((coin, event.currency), event.instrument)
            name = f"cash:{coin}"
            cash = Instrument(ts=event.ts, instrument=name, kind="cash", currency=coin, calendar=event.calendar)
            self.instruments.setdefault(name, InstrumentFacts(cash, sessions))

    # --- currencies

    def rate(self, currency: str, price_of: PriceOf) -> float | None:
        """Return base currency for one unit of `currency`: direct, inverted, or one cross; None without a path."""
        base = self.config.base_currency
        if currency == base:
            return 1.0
        straight = self._one_step(currency, base, price_of)
        if straight is not None:
            return straight
        for middle in self.config.fx_via:
            if middle in (currency, base):
                continue
            first = self._one_step(currency, middle, price_of)
            second = self._one_step(middle, base, price_of)
            if first is not None and second is not None:
                return first * second
        return None

    def _one_step(self, source: str, target: str, price_of: PriceOf) -> float | None:
        direct = self.pairs.get((source, target))
        if direct is not None:
            price = price_of(direct)
            if price is not None:
                return price
        inverted = self.pairs.get((target, source))
        if inverted is not None:
            price = price_of(inverted)
            if price is not None:
                return 1.0 / price
        contract = self.contracts.get((source, target))
        return None if contract is None else price_of(contract)

    def carriers(self) -> set[str]:
        """Return the instruments whose price is, or may be, a rate."""
        return {*self.pairs.values(), *self.contracts.values()}

    def mark_of(self, name: str) -> float | None:
        return self.instruments[name].price

    def fx(self, name: str) -> float | None:
        """Return the rate of the instrument's currency at today's marks."""
        return self.rate(self.instruments[name].ref.currency, self.mark_of)

    def pairs_used(self, currency: str) -> list[str]:
        """Return the pairs that convert `currency` now; they make a position as stale as themselves."""
        used: list[str] = []

        def remember(name: str) -> float | None:
            price = self.mark_of(name)
            if price is not None:
                used.append(name)
            return price

        self.rate(currency, remember)
        return used

    # --- trust

    def is_fresh(self, facts: InstrumentFacts, mark: Mark, now: int) -> bool:
        """Judge the age of a price: open time for ticks, sessions for names that only ever had closes."""
        if facts.ref.kind == "cash":
            return True
        age = facts.sessions.open_ns_between(mark.ts, now)
        data = self.config.data
        if facts.ref.max_age is not None:
            return age < facts.ref.max_age
        if not facts.has_ticks and mark.source == "close":
            return facts.sessions.closed_between(facts.sessions.close_time(mark.date), now) < data.close_sessions
        if age < data.fresh_age:
            return True
        silence = facts.sessions.open_ns_between(self.delivered_ts, now)
        return age < data.fresh_age_quiet and silence < data.fresh_age

    def has_fresh_quote(self, facts: InstrumentFacts, now: int) -> bool:
        return facts.quote_ts is not None and self.is_fresh(facts, Mark(0.0, facts.quote_ts, "quote"), now)

    def trust(self, name: str, now: int) -> str:
        """Return fresh, stale, suspect or missing; age beats suspicion."""
        facts = self.instruments[name]
        if facts.price is None:
            return "missing"
        if facts.mark is not None and not self.is_fresh(facts, facts.mark, now):
            return "stale"
        return "suspect" if facts.suspects else "fresh"

    # --- prices in

    def take_tick(self, event: Quote | Trade, now: int) -> Mark | None:
        """Apply a quote or trade; return the new mark where it moves one (the first price included)."""
        facts = self.instruments[event.instrument]
        is_quote = isinstance(event, Quote)
        price = 0.5 * (event.bid + event.ask) if isinstance(event, Quote) else event.price
        mark = Mark(price, event.ts, "quote" if is_quote else "trade")
        facts.tick_ts = event.ts
        if facts.mark is not None and self._is_outlier(facts, price):
            facts.suspects.append(mark)
            if not self._is_confirmed(facts):
                return None
            facts.quote_ts = None
        facts.suspects = []
        facts.has_ticks, facts.accepted_ts = True, event.ts
        if is_quote:
            facts.quote_ts = event.ts
            return mark
        if self.has_fresh_quote(facts, now):
            return None
        facts.quote_ts = None
        return mark

    def _is_outlier(self, facts: InstrumentFacts, price: float) -> bool:
        assert facts.mark is not None
        sigma = self.sigma_of(facts.name) or 0.0
        band = max(self.config.data.band_sigmas * sigma, self.config.data.band_min)
        return abs(price - facts.mark.price) > band * abs(facts.mark.price)

    def _is_confirmed(self, facts: InstrumentFacts) -> bool:
        """Three consecutive prices outside the band, within 1 % of each other, are the new level."""
        last = [suspect.price for suspect in facts.suspects[-3:]]
        return len(last) == 3 and max(last) - min(last) <= self.config.data.confirm_band * abs(min(last))

    def take_close(self, event: Close) -> Mark:
        """Store a close and end a quarantine; return the close as a mark that its row, or nothing, will apply."""
        facts = self.instruments[event.instrument]
        date = ordinal_of(event.date)
        facts.add_close(date, event.price)
        if facts.suspects:
            facts.suspects = []
            facts.quote_ts = None  # the quote that the suspects doubted may not outlive the close
        return Mark(event.price, facts.sessions.close_time(date), "close", date)


def pair_of(ref: Instrument) -> tuple[str, str] | None:
    """Return (base, quote) of a currency pair: from its fields, else from a six-letter name."""
    if ref.kind != "fx":
        return None
    if ref.base is not None:
        return ref.base, ref.quote or ref.currency
    return (ref.instrument[:3], ref.instrument[3:]) if len(ref.instrument) == 6 else None


def coin_of(ref: Instrument) -> str | None:
    """Return the coin that an inverse contract settles in, None for every other instrument."""
    is_inverse = ref.kind in ("future", "perpetual") and ref.contract == "inverse"
    return ref.settle_currency or ref.base if is_inverse else None
