"""Stories of books and money: empty, unknown, without a rate, in many currencies."""

from tests.oracle.stream import BOOK, HOUR_NS, NAVS, Stream


def empty_book() -> Stream:
    """firm/empty has a nav and no position, all the time; firm/desk is emptied by a snapshot on day 60."""
    stream = Stream(seed=9)
    stream.open(navs={**NAVS, "firm/empty": 250_000.0})
    stream.days(0, 60)
    at = stream.open_of(60) - HOUR_NS
    stream.add("positions_snapshot", at, portfolio="firm/desk", snapshot_id="flat", as_of=at, items=[])
    stream.mark("desk_empty")
    stream.days(60, 90)
    return stream


def unknown_book() -> Stream:
    """`other` trades and has a nav, and no snapshot until day 60."""
    stream = Stream(seed=10)
    stream.open()
    stream.days(0, 20)
    stream.add("nav", stream.open_of(20), portfolio="other", nav=500_000.0, currency="USD")
    stream.add("position", portfolio="other", instrument="S1", quantity=500.0)
    stream.mark("other_unknown")
    stream.days(20, 60)
    at = stream.open_of(60)
    stream.add("positions_snapshot", at, portfolio="other", snapshot_id="s1",
               items=[{"portfolio": "other", "instrument": "S1", "quantity": 450.0}])  # fmt: skip
    stream.mark("other_known")
    stream.days(60, 85)
    return stream


def currency_without_rate() -> Stream:
    """LONDON is held from the start; GBPUSD is known from day 50, and priced at that day's close."""
    stream = Stream(seed=11)
    stream.list_stock("LONDON", 12.0, currency="GBP", sector="Financials")
    stream.open(book=(*BOOK, ("firm/fund", "LONDON", 3000.0)))
    stream.days(0, 50)
    stream.mark("no_rate")
    stream.list_stock("GBPUSD", 1.3, kind="fx", base="GBP", quote="USD", closes="official")
    stream.mark("pair_without_price")
    stream.days(50, 51)
    stream.mark("rate")
    stream.days(51, 90)
    return stream


def currencies_and_margin() -> Stream:
    """Direct, inverted, crossed rates; a future, an inverse perpetual; working orders; a parent with its own nav."""
    stream = Stream(seed=12)
    pair: dict[str, object] = {"kind": "fx", "closes": "official"}
    stream.list_stock("EURUSD", 1.1, base="EUR", quote="USD", **pair)
    stream.list_stock("USDJPY", 108.0, base="USD", quote="JPY", currency="JPY", **pair)
    stream.list_stock("EURCHF", 1.08, base="EUR", quote="CHF", currency="CHF", **pair)
    stream.list_stock("PARIS", 60.0, currency="EUR", sector="Energy")
    stream.list_stock("OSAKA", 5000.0, currency="JPY", sector="Financials")
    stream.list_stock("ZURICH", 300.0, currency="CHF", sector="Health Care")
    stream.list_stock("FESX", 3400.0, kind="future", currency="EUR", multiplier=10.0)
    stream.list_stock(
        "COINPERP", 9000.0, kind="perpetual", multiplier=100.0, contract="inverse", settle_currency="COIN"
    )
    held = (("PARIS", 500.0), ("OSAKA", 40.0), ("ZURICH", -60.0), ("FESX", -2.0), ("COINPERP", 150.0), ("EURUSD", 5e4))
    stream.open(book=(*BOOK, *(("firm/abroad", name, quantity) for name, quantity in held)),
                navs={**NAVS, "firm/abroad": 300_000.0})  # fmt: skip
    stream.days(0, 60)
    stream.add("order", stream.open_of(60), portfolio="firm/abroad", instrument="ZURICH", order_id="o1", side="sell",
               open_quantity=100.0)  # fmt: skip
    stream.add("order", portfolio="firm/fund", instrument="S0", order_id="o2", side="buy", open_quantity=5000.0)
    stream.mark("orders")
    stream.fill(60, "firm/abroad", "ZURICH", "sell", 40.0, "f1", order_id="o1")
    stream.fill(60, "firm/abroad", "COINPERP", "buy", 20.0, "f2")
    stream.mark("order_filled_in_part")
    stream.days(60, 80)
    stream.add("nav", stream.open_of(80), portfolio="firm", nav=1_800_000.0, currency="USD")
    stream.mark("parent_nav")
    stream.add("nav", portfolio="firm/abroad", nav=280_000.0, currency="EUR", flow=10_000.0)
    stream.mark("child_flow")
    stream.days(80, 100)
    return stream
