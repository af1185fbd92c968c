"""Small stories as event streams, one for each thing that must end as semantics.md says (issue 3, line 6)."""

from collections.abc import Callable

from tests.oracle.intraday_stories import silence_and_jumps, trading_day
from tests.oracle.money_stories import currencies_and_margin, currency_without_rate, empty_book, unknown_book
from tests.oracle.stream import BOOK, HOUR_NS, MINUTE_NS, STOCKS, Stream, iso, sessions


def plain_days() -> Stream:
    """Nothing happens: 110 sessions, a few fills, one of them cancelled, a nav with a flow."""
    stream = Stream(seed=1)
    stream.open()
    stream.days(0, 30)
    stream.fill(30, "firm/fund", "S1", "buy", 250.0, "f1")
    stream.days(30, 50)
    stream.fill(50, "firm/desk", "S2", "sell", 100.0, "f2")
    stream.days(50, 52)
    stream.add("fill_cancel", stream.open_of(52) + MINUTE_NS, portfolio="firm/desk", fill_id="f2")
    stream.mark("cancelled")
    stream.add("nav", portfolio="firm/fund", nav=1_250_000.0, currency="USD", flow=200_000.0)
    stream.mark("flow")
    stream.days(52, 110)
    return stream


def split() -> Stream:
    """S0 splits two for one, announced five sessions ahead; S1 pays cash; S3 splits three for one, told late."""
    stream = Stream(seed=2)
    stream.open()
    stream.days(0, 40)
    stream.add("adjustment", instrument="S0", ex_ts=stream.open_of(45), price_factor=0.5)
    stream.add("adjustment", instrument="S1", ex_ts=stream.open_of(50), price_factor=1.0, cash=0.75)
    stream.days(40, 45)
    stream.mark("before_split")
    stream.add("heartbeat", stream.open_of(45), source="feed")
    stream.mark("at_ex")
    stream.prices["S0"] = round(stream.prices["S0"] * 0.5, 4)
    stream.days(45, 46)
    stream.mark("split_day_closed")
    stream.days(46, 60)
    stream.mark("before_late_split")
    stream.prices["S3"] = round(stream.prices["S3"] / 3.0, 4)
    stream.days(60, 63)
    stream.mark("late_split_unknown")
    at = stream.close_of(62) + HOUR_NS
    stream.add("adjustment", at, instrument="S3", ex_ts=stream.open_of(60), price_factor=1.0 / 3.0)
    stream.mark("late_split_told")
    stream.days(63, 100)
    return stream


def holiday() -> Stream:
    """Thanksgiving has no row; TOKYO trades through it and is closed on a base session of its own."""
    stream = Stream(seed=3)
    stream.list_stock("TOKYO", 90.0, calendar="XTKS", sector="Energy")
    stream.open(book=(*BOOK, ("firm/fund", "TOKYO", 900.0)))
    tokyo = sessions("XTKS")
    for day in range(100):
        date, before = stream.date_of(day), stream.date_of(day - 1)
        for between in range(before + 1, date):  # sessions while the base was closed
            if tokyo.index_of_date(between) is not None:
                stream.step("TOKYO")
                stream.close("TOKYO", between, tokyo.close_time(between) + 1_000_000)
                stream.mark(f"tokyo_alone_{iso(between)}")
        if tokyo.index_of_date(date) is None:
            stream.mark(f"before_tokyo_closed_{iso(date)}")
        if tokyo.index_of_date(date) is not None:
            stream.step("TOKYO")
            stream.close("TOKYO", date, tokyo.close_time(date) + 1_000_000)
        for place, name in enumerate(STOCKS):
            stream.step(name)
            stream.close(name, date, stream.close_of(day) + (place + 1) * 1_000_000)
        stream.mark(f"row_{iso(date)}")
    return stream


def missing_close() -> Stream:
    """S2's close of day 70 never comes; S4's of day 80 comes after the cut-off; S5 pulls S6 as its proxy."""
    stream = Stream(seed=4)
    stream.list_stock("S5", 115.0, sector="Health Care", proxy={"instrument": "S6", "beta": 1.2})
    stream.open()
    stream.days(0, 70)
    stream.close_day(70, without=["S2"])
    stream.mark("row_waits")
    stream.add("heartbeat", stream.close_of(70) + 2 * HOUR_NS, source="feed")
    stream.mark("cut_off")
    stream.days(71, 80)
    stream.close_day(80, without=["S4"])
    stream.add("heartbeat", stream.close_of(80) + 3 * HOUR_NS, source="feed")
    stream.mark("before_late_close")
    stream.close("S4", stream.date_of(80))
    stream.mark("late_close")
    stream.days(81, 90)
    stream.close_day(90, without=["S5"])
    stream.mark("row_waits_for_next_session")
    stream.days(91, 105)
    return stream


def new_listing() -> Stream:
    """NEW is listed on day 70, bought on day 72, and has 30 sessions of its own at the end."""
    stream = Stream(seed=5)
    stream.open()
    stream.days(0, 70)
    stream.add("instrument", stream.open_of(70) - HOUR_NS, instrument="NEW", kind="equity", currency="USD",
               calendar="XNYS", sector="Energy")  # fmt: skip
    stream.prices["NEW"], stream.calendars["NEW"] = 25.0, "XNYS"
    stream.mark("listed")
    stream.days(70, 71)
    stream.mark("first_close")
    stream.days(71, 72)
    stream.fill(72, "firm/fund", "NEW", "buy", 2000.0, "f1")
    stream.mark("bought")
    stream.days(72, 100)
    stream.mark("thirty_closes")
    return stream


def stale_feed() -> Stream:
    """S0 and S1 are quoted each day; S0 falls silent at noon of day 60, then the whole feed; S7's closes stop at 70."""
    stream = Stream(seed=6)
    stream.open()
    for day in range(60):
        stream.quoted_hours(day, 3, ("S0", "S1"))
        stream.close_day(day)
    noon = stream.open_of(60) + 2 * HOUR_NS
    for name in ("S0", "S1"):
        stream.quote(name, stream.prices[name], noon)
    stream.mark("both_fresh")
    for minute in range(1, 15):
        stream.quote("S1", stream.prices["S1"], noon + minute * MINUTE_NS)
    stream.mark("s0_quiet_and_fresh")  # 14 minutes old, and the partition is alive
    stream.quote("S1", stream.prices["S1"], noon + 15 * MINUTE_NS + 1)
    stream.mark("s0_stale")
    stream.add("order", noon + 17 * MINUTE_NS, portfolio="firm/fund", instrument="S2", order_id="o1", side="buy",
               open_quantity=10.0)  # fmt: skip
    stream.mark("feed_silent")
    stream.close_day(60)
    stream.mark("closed")
    for day in range(61, 71):
        stream.quoted_hours(day, 3, ("S0", "S1"))
        stream.close_day(day)
    for day in range(71, 80):
        stream.quoted_hours(day, 3, ("S0", "S1"))
        stream.close_day(day, without=["S7"])
        stream.mark(f"s7_missing_{day - 70}")
    stream.days(80, 84)
    stream.mark("s7_back")
    return stream


def outlier_proves_true() -> Stream:
    """A quote 45 % down is held back; the third within 1 % is the new level. Next day a close settles another."""
    stream = Stream(seed=7)
    stream.open()
    for day in range(80):
        stream.quoted_hours(day, 2, ("S3", "S4"))
        stream.close_day(day)
    at, low = stream.open_of(80) + HOUR_NS, stream.prices["S3"] * 0.55
    stream.quote("S4", stream.prices["S4"], at - 1_000_000)
    stream.quote("S3", stream.prices["S3"], at)
    stream.mark("before")
    for count, price in enumerate((low, low * 1.002, low * 0.999), start=1):
        stream.quote("S3", price, at + count * 1_000_000_000)
        stream.mark(f"quote_{count}")
    stream.prices["S3"] = round(low, 4)
    stream.close_day(80)
    at = stream.close_of(81) - 5 * MINUTE_NS
    stream.quote("S3", stream.prices["S3"], at - 1_000_000)
    stream.quote("S4", stream.prices["S4"], at)
    stream.prices["S4"] = round(stream.prices["S4"] * 1.6, 4)
    stream.quote("S4", stream.prices["S4"], at + MINUTE_NS)
    stream.mark("suspect_before_close")
    stream.close_day(81)
    stream.mark("close_settles")
    stream.days(82, 90)
    return stream


def outlier_proves_false() -> Stream:
    """Two wild quotes that disagree, then an ordinary one: the mark never moved."""
    stream = Stream(seed=8)
    stream.open()
    for day in range(80):
        stream.quoted_hours(day, 2, ("S3",))
        stream.close_day(day)
    at, fair = stream.open_of(80) + HOUR_NS, stream.prices["S3"]
    stream.quote("S3", fair, at)
    stream.mark("before")
    stream.quote("S3", fair * 0.5, at + 1_000_000_000)
    stream.mark("wild_1")
    stream.quote("S3", fair * 1.9, at + 2_000_000_000)
    stream.mark("wild_2")
    stream.add("trade", at + 3_000_000_000, instrument="S3", price=round(fair * 1.89, 4))
    stream.mark("wild_3")
    stream.quote("S3", fair * 1.001, at + 4_000_000_000)
    stream.mark("settled")
    stream.close_day(80)
    stream.days(81, 90)
    return stream


STORIES: dict[str, Callable[[], Stream]] = {
    story.__name__: story
    for story in (
        plain_days,
        split,
        holiday,
        missing_close,
        new_listing,
        stale_feed,
        outlier_proves_true,
        outlier_proves_false,
        empty_book,
        unknown_book,
        currency_without_rate,
        currencies_and_margin,
        trading_day,
        silence_and_jumps,
    )
}


def events(name: str) -> list[dict[str, object]]:
    """Return the events of one story, n = 1 first; `ts` strictly increases."""
    return STORIES[name]().events
