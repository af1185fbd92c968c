"""Makes the recording of coins: `python -m tests.recordings.make_crypto SOURCE OUT` writes the same bytes on every run.

SOURCE is the file of real quotes and trades that the notice beside the recording names.
"""

import hashlib
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import orjson

from feeds.recording_writer import write_recording
from tests.recordings.account import Event
from tests.recordings.coin_contracts import CONTRACTS, QUOTED, STABLE
from tests.recordings.coin_desks import FUNDING_RATE, MIDNIGHT_S, CoinDesks, open_books
from tests.recordings.coin_history import LAST_DATE, HistoricalCloses, simulate_closes
from tests.recordings.coin_source import BEGIN_S, END_S, SECOND_NS, SOURCE_SHA256, Market, Prices, cut, read_source

OPEN_S = BEGIN_S + 5  # when every contract has been quoted
NAV_SECOND = 5  # of every minute
STABLE_BID, STABLE_ASK = 0.9997, 0.9999  # stands still, so that whatever a book wins or loses comes from real prices
STABLE_EVERY_S = 10

_MICROSECOND_NS = 1_000


def make_events(market: Iterable[Market]) -> Iterator[bytes]:
    """Every line of the recording, in order, with strictly increasing `ts`.

    market : the real events of [BEGIN_S, END_S), thinned (coin_source.cut); made events lie in the first nanoseconds
             of a second, where no real one may be
    """
    events = list(market)
    first = {name: next(event.mid for event in events if event.instrument == name) for name in QUOTED}
    yield from _history(simulate_closes(first | {STABLE: 0.5 * (STABLE_BID + STABLE_ASK)}))
    prices = Prices()
    desks: CoinDesks | None = None
    at = 0
    for second in range(BEGIN_S, END_S):
        prices.end_second(second)
        if second == OPEN_S:
            desks = open_books(prices)
        last_ts = second * SECOND_NS - 1
        for event in _of_second(second, desks, prices):
            last_ts += 1
            yield encode({"type": event["type"], "ts": last_ts} | event)
        while at < len(events) and events[at].ts < (second + 1) * SECOND_NS:
            assert events[at].ts > last_ts, f"a made event lies in the way of the real one at {events[at].ts}"
            prices.take(events[at])
            yield msgspec.json.encode(events[at])
            at += 1


def encode(event: Event) -> bytes:
    """One JSON line; sums are `fsum` and prices are on ticks, so it is the same on every machine."""
    return orjson.dumps(event)


def main() -> None:
    """Write the recording to the path given."""
    if len(sys.argv) != 3:
        sys.exit("usage: python -m tests.recordings.make_crypto SOURCE.jsonl.zst OUT.jsonl.zst")
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    found = hashlib.sha256(source.read_bytes()).hexdigest()
    if found != SOURCE_SHA256:
        sys.exit(f"{source}: its SHA-256 must be {SOURCE_SHA256}, got {found}")
    lines = write_recording(out, make_events(cut(read_source(source))))
    print(f"{lines} lines, {out.stat().st_size} bytes")


def _history(closes: HistoricalCloses) -> Iterator[bytes]:
    """Reference data, then the simulated closes in the last second of each session of 24/7."""
    opened = _midnight_ns(date.fromisoformat(closes.dates[0]))
    for place, (name, contract) in enumerate(CONTRACTS.items()):
        ts = opened + place * SECOND_NS
        yield encode({"type": "instrument", "ts": ts, "instrument": name, "calendar": "24/7"} | contract.terms)
    for day, row in zip(closes.dates, closes.prices, strict=True):
        ends = _midnight_ns(date.fromisoformat(day) + timedelta(days=1))
        for place, (name, price) in enumerate(sorted(row.items())):
            ts = ends - SECOND_NS + place * _MICROSECOND_NS
            yield encode({"type": "close", "ts": ts, "instrument": name, "date": day, "price": price})
    assert closes.dates[-1] == LAST_DATE.isoformat()


def _of_second(second: int, desks: CoinDesks | None, prices: Prices) -> list[Event]:
    """What is made up at the beginning of one second: the stable coin's quote, positions, trading and NAVs."""
    events: list[Event] = []
    if (second - BEGIN_S) % STABLE_EVERY_S == 0:
        quote: Event = {"type": "quote", "instrument": STABLE, "bid": STABLE_BID, "ask": STABLE_ASK}
        prices.mids[STABLE] = 0.5 * (STABLE_BID + STABLE_ASK)
        events.append(quote)
    if desks is None:
        return events
    accounts = desks.accounts.values()
    if second == OPEN_S:
        events.append(desks.snapshot("opening", second * SECOND_NS))
        return events + [account.report_nav(prices) for account in accounts]
    if second == MIDNIGHT_S:
        for account in accounts:
            account.settle_funding(prices, FUNDING_RATE)
    events += desks.act(second, prices)
    if second % 60 == NAV_SECOND:
        events += [account.report_nav(prices) for account in accounts]
    return events


def _midnight_ns(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND_NS


if __name__ == "__main__":
    main()
