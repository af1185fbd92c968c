"""Stories of the trading day: quotes and trades on four calendars, coins, currencies, a half day, orders that fill."""

from tests.oracle.stream import BOOK, HOUR_NS, MINUTE_NS, NAVS, SECTORS, STOCKS, Stream, sessions

EventFields = dict[str, object]

_FIRST_DAY = 104  # of quotes; before it every quoted name has one trade a day
_LAST_DAY = 110
_QUOTED: dict[str, tuple[float, EventFields]] = {
    "EURUSD": (1.10, {"kind": "fx", "base": "EUR", "quote": "USD", "calendar": "24/7", "adv": 5e6}),
    "PARIS": (60.0, {"currency": "EUR", "calendar": "XPAR", "sector": "Energy", "adv": 40_000.0, "spread": 0.0006}),
    "FESX": (3600.0, {"kind": "future", "currency": "EUR", "calendar": "XPAR", "multiplier": 10.0, "adv": 900.0}),
    "COINUSD": (9000.0, {"kind": "fx", "base": "COIN", "quote": "USD", "calendar": "24/7", "adv": 300.0}),
    "COINLIN": (9010.0, {"kind": "perpetual", "calendar": "24/7", "adv": 250.0, "spread": 0.0002}),
    "COININV": (9005.0, {"kind": "perpetual", "calendar": "24/7", "multiplier": 100.0, "contract": "inverse",
                         "settle_currency": "COIN", "adv": 50_000.0}),
    "NYQUOTED": (75.0, {"sector": "Energy", "adv": 20_000.0}),
    "NYTRADED": (33.0, {"sector": "Financials", "adv": 1_000.0, "spread": 0.002}),
}  # fmt: skip
_HELD = (("PARIS", 800.0), ("FESX", -3.0), ("COINUSD", 4.0), ("COINLIN", -3.0), ("COININV", 250.0), ("EURUSD", 4e4),
         ("NYQUOTED", 1500.0), ("NYTRADED", -2500.0), ("TOKYO", 30.0), ("COINCASH", 2.0))  # fmt: skip


def trading_day() -> Stream:
    """A hundred and four days of closes, then six of quotes, over Thanksgiving and the half day after it."""
    stream = _opened(seed=31)
    for day in range(_FIRST_DAY, _LAST_DAY):
        _quoted_session(stream, day)
        _close_day(stream, day)
        stream.mark(f"closed_{day - _FIRST_DAY}")
    return stream


def silence_and_jumps() -> Stream:
    """Bars without a mark, the whole move in one bar, a quote out of the band, a split and a dividend at the open."""
    stream = _opened(seed=32)
    opened = stream.open_of(_FIRST_DAY)
    stream.add("adjustment", instrument="NYQUOTED", ex_ts=opened, price_factor=0.5)
    stream.add("adjustment", instrument="NYTRADED", ex_ts=opened, price_factor=1.0, cash=0.4)
    stream.prices["NYQUOTED"] = round(stream.prices["NYQUOTED"] * 0.5, 4)
    _tick(stream, "NYQUOTED", opened + MINUTE_NS)
    _tick(stream, "NYTRADED", opened + 2 * MINUTE_NS)
    stream.mark("after_the_open")
    _tick(stream, "NYQUOTED", opened + 10 * MINUTE_NS, step=0.0)
    _tick(stream, "NYQUOTED", opened + 65 * MINUTE_NS, step=0.03)
    stream.mark("whole_move_in_one_bar")
    for count in range(2):
        stream.quote("NYQUOTED", stream.prices["NYQUOTED"] * 1.5, opened + (70 + 10 * count) * MINUTE_NS)
        stream.mark(f"held_back_{count}")
    stream.quote("NYQUOTED", stream.prices["NYQUOTED"], opened + 95 * MINUTE_NS)
    _tick(stream, "S2", opened + 120 * MINUTE_NS, step=0.01)  # it only had closes so far
    stream.mark("first_quote_of_a_name_with_closes")
    stream.add("heartbeat", opened + 123 * MINUTE_NS, source="feed")
    stream.add("heartbeat", opened + 180 * MINUTE_NS, source="feed")
    stream.mark("bars_without_news")
    for place, name in enumerate(_QUOTED):
        if not name.startswith("NY"):
            _tick(stream, name, opened + (200 + place) * MINUTE_NS)
    _close_day(stream, _FIRST_DAY)
    for day in (_FIRST_DAY + 1, _FIRST_DAY + 2):
        _tick(stream, "COINUSD", stream.open_of(day) - 5 * HOUR_NS, step=-0.02)
        stream.mark(f"night_{day - _FIRST_DAY}")
        _quoted_session(stream, day)
        _close_day(stream, day, without=("S4",))
        stream.mark(f"waiting_{day - _FIRST_DAY}")
        stream.add("heartbeat", stream.close_of(day) + HOUR_NS, source="feed")
        _tick(stream, "COININV", stream.close_of(day) + 90 * MINUTE_NS, step=0.015)
        stream.mark(f"bar_before_the_row_{day - _FIRST_DAY}")
        stream.add("heartbeat", stream.close_of(day) + 3 * HOUR_NS, source="feed")
        stream.mark(f"cut_off_{day - _FIRST_DAY}")
    return stream


def _opened(seed: int) -> Stream:
    """Reference data, books, navs, and 104 days in which every quoted name trades once before the close."""
    stream = Stream(seed=seed, first=126)
    pair: EventFields = {"kind": "fx", "closes": "official"}
    stream.list_stock("USDJPY", 108.0, base="USD", quote="JPY", currency="JPY", **pair)
    stream.list_stock("TOKYO", 9000.0, currency="JPY", calendar="XTKS", sector="Energy", adv=600.0, spread=0.001)
    for name, (price, fields) in _QUOTED.items():
        reference: EventFields = {"kind": "equity", "currency": "USD", "calendar": "XNYS"}
        reference |= {"max_age": 24 * HOUR_NS} | fields
        stream.add("instrument", instrument=name, **reference)
        stream.prices[name] = price
    stream.add("instrument", instrument="COINCASH", kind="cash", currency="COIN", calendar="24/7")
    for place, name in enumerate(STOCKS[:7]):  # S7 has no volume: its books cannot say what they cost
        adv = 5_000.0 if name != "S3" else 40.0
        stream.list_stock(name, 50.0, sector=SECTORS[place % 3], adv=adv, spread=0.0015)
    stream.open(book=(*BOOK, *(("firm/mixed", name, quantity) for name, quantity in _HELD)),
                navs={**NAVS, "firm/mixed": 900_000.0})  # fmt: skip
    for day in range(_FIRST_DAY):
        for place, name in enumerate(_QUOTED):
            _tick(stream, name, stream.close_of(day) - (90 - place) * MINUTE_NS, step=0.012, trade=True)
        _close_day(stream, day)
    stream.mark("opened")
    return stream


def _close_day(stream: Stream, day: int, without: tuple[str, ...] = ()) -> None:
    """Official closes of the day: of the quoted names at the last price, then of the rest."""
    for name, (_price, fields) in _QUOTED.items():
        calendar = sessions(str(fields.get("calendar", "XNYS")))
        index = calendar.index_of_date(stream.date_of(day))
        if calendar.code != "24/7" and index is not None:
            stream.close(name, stream.date_of(day), max(calendar.closes[index], stream.close_of(day)) + 1_000_000)
    stream.close_day(day, without=without)


def _tick(stream: Stream, name: str, at: int, *, step: float | None = None, trade: bool = False) -> None:
    """A quote or trade; `step` is the relative move, drawn where None, and drawn up to it in a trade."""
    if step is None or trade:
        step = stream.walk.gauss(0.0, step or 0.002)
    stream.prices[name] = round(stream.prices[name] * (1.0 + step), 4)
    if trade:
        stream.add("trade", at, instrument=name, price=stream.prices[name], size=float(stream.walk.randint(1, 50)))
        return
    half = stream.prices[name] * stream.walk.uniform(0.00005, 0.0008)
    stream.add("quote", at, instrument=name, bid=round(stream.prices[name] - half, 5), bid_size=10.0,
               ask=round(stream.prices[name] + half, 5), ask_size=float(stream.walk.randint(1, 30)))  # fmt: skip


def _quoted_session(stream: Stream, day: int) -> None:
    """Quotes and trades at random moments from the base close before to this one, each on its own market's hours."""
    before, opened, closed = stream.close_of(day - 1), stream.open_of(day), stream.close_of(day)
    moments: list[tuple[int, str]] = []
    for name, (_price, fields) in _QUOTED.items():
        calendar = sessions(str(fields.get("calendar", "XNYS")))
        for _count in range(22):
            at = stream.walk.randint(before + 3 * HOUR_NS, closed - MINUTE_NS)
            if calendar.open_ns_between(at, at + 1) == 1:
                moments.append((at, name))
    orders = iter(_order_events(day))
    for number, (at, name) in enumerate(sorted(moments)):
        _tick(stream, name, at, trade=name == "NYTRADED" or number % 5 == 0)
        if at > opened and number % 7 == 0:
            event = next(orders, None)
            if event is not None:
                stream.add(str(event["type"]), at + 1_000, **{key: event[key] for key in event if key != "type"})
        if number % 29 == 0:
            stream.mark(f"day_{day - _FIRST_DAY}_{number}")


def _order_events(day: int) -> list[EventFields]:
    """Orders on both sides, a fill in part, the rest of it, a removal, a cancelled fill, a parent's own order."""
    mixed: EventFields = {"portfolio": "firm/mixed"}
    buy, sell = f"b{day}", f"s{day}"
    fill: EventFields = {"type": "fill", **mixed}
    return [
        {"type": "order", **mixed, "instrument": "NYQUOTED", "order_id": buy, "side": "buy", "open_quantity": 900.0},
        {"type": "order", **mixed, "instrument": "COININV", "order_id": sell, "side": "sell", "open_quantity": 600.0},
        {**fill, "instrument": "NYQUOTED", "side": "buy", "quantity": 300.0, "price": 74.9, "fill_id": f"{buy}-1",
         "order_id": buy},
        {**fill, "instrument": "COININV", "side": "sell", "quantity": 100.0, "price": 9001.0, "fill_id": f"{sell}-1",
         "order_id": sell},
        {"type": "order", "portfolio": "firm", "instrument": "S1", "order_id": "p", "side": "buy",
         "open_quantity": 400.0},
        {**fill, "instrument": "FESX", "side": "buy", "quantity": 2.0, "price": 3610.0, "fill_id": f"x{day}"},
        {"type": "fill_cancel", **mixed, "fill_id": f"x{day}"},
        {"type": "order", **mixed, "instrument": "COININV", "order_id": sell, "side": "sell", "open_quantity": 0.0},
    ]  # fmt: skip
