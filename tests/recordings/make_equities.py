"""Makes the shipped recording: `python -m tests.recordings.make_equities OUT` writes the same bytes on every run."""

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random

import orjson

from config.calendars import build_calendar
from feeds.recording_writer import write_recording
from tests.recordings.account import Event
from tests.recordings.desks import Day, Desks, open_desks
from tests.recordings.reference import REFERENCE
from tests.recordings.rules import View
from tests.recordings.source import Closes, load_closes

SEED = 19900102
ROOT = "firm"
MISTAKE_RATE = 0.03  # share of the mornings with trades on which one fill is booked twice

_MICROSECOND_NS = 1_000
_SECOND_NS = 1_000_000_000
_MINUTE_NS = 60 * _SECOND_NS


def session_times(dates: Sequence[str]) -> list[tuple[int, int]]:
    """Open and official close of each date's XNYS session, ns; ValueError for dates that are not sessions."""
    calendar = build_calendar("XNYS", "1989-01-01", "2023-12-31")
    sessions = [date.fromordinal(int(ordinal)).isoformat() for ordinal in calendar.dates]
    times = dict(zip(sessions, zip(calendar.opens.tolist(), calendar.closes.tolist(), strict=True), strict=True))
    strangers = [day for day in dates if day not in times]
    if strangers:
        raise ValueError(f"these dates of the data are not sessions of XNYS: {', '.join(strangers)}")
    return [times[day] for day in dates]


def make_events(closes: Closes) -> Iterator[Event]:
    """Every event of the recording, in order, with strictly increasing `ts`."""
    times = session_times(closes.dates)
    draw = Random(SEED)
    desks = open_desks(closes, root=ROOT, seed=SEED)
    yield from _opening(closes, desks, ts=times[0][0] - 30 * _MINUTE_NS)
    wrong: list[Event] = []
    for today, (open_ns, close_ns) in enumerate(times):
        day = Day.of(View(closes=closes, today=today))
        if today > 0:
            yield from _morning(desks, day, open_ns=open_ns, draw=draw, wrong=wrong)
        prices = dict(zip(closes.names, closes.prices[today], strict=True))
        for position, name in enumerate(closes.names):
            ts = close_ns + position * _MICROSECOND_NS
            yield {"type": "close", "ts": ts, "instrument": name, "date": closes.dates[today], "price": prices[name]}
        for desk in desks:
            desk.account.mark(prices)
        yield from _evening(desks, day, ts=close_ns + 30 * _MINUTE_NS)


def encode(event: Event) -> bytes:
    """One JSON line with `type` and `ts` first; the same on every Python from 3.11, as every sum here is an `fsum`."""
    return orjson.dumps({"type": event["type"], "ts": event["ts"]} | event)


def main() -> None:
    """Write the recording to the path given."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.recordings.make_equities OUT.jsonl.zst")
    out = Path(sys.argv[1])
    lines = write_recording(out, map(encode, make_events(load_closes())))
    print(f"{lines} lines, {out.stat().st_size} bytes")


def _opening(closes: Closes, desks: Desks, *, ts: int) -> Iterator[Event]:
    for name in closes.names:
        known = REFERENCE[name]
        yield {
            "type": "instrument",
            "ts": ts,
            "instrument": name,
            "kind": "equity",
            "currency": "USD",
            "calendar": "XNYS",
            "sector": known.sector,
            "lot": 1.0,
            "adv": known.adv_units,
            "spread": known.spread_relative,
        }
        ts += _SECOND_NS
    yield _snapshot(desks, "opening", ts)
    for position, desk in enumerate(desks, start=1):
        yield desk.account.report_nav(flow_usd=0.0, fee_usd=0.0) | {"ts": ts + position * _SECOND_NS}


def _morning(desks: Desks, day: Day, *, open_ns: int, draw: Random, wrong: list[Event]) -> Iterator[Event]:
    """The session's fills; a fill booked twice is taken back two hours later, or on the next morning."""
    ts = open_ns + 5 * _MINUTE_NS
    accounts = {desk.account.portfolio: desk.account for desk in desks}
    for fill in wrong:
        ts += _pause_ns(draw)
        yield accounts[str(fill["portfolio"])].cancel(fill) | {"ts": ts}
    wrong.clear()
    booked = [event for desk in desks for event in desk.morning(day)]
    for event in booked:
        ts += _pause_ns(draw)
        yield event | {"ts": ts}
    if not booked or draw.random() >= MISTAKE_RATE:
        return
    twin = accounts[str(booked[-1]["portfolio"])].book_twice(booked[-1])
    ts += _pause_ns(draw)
    yield twin | {"ts": ts}
    if draw.random() < 0.5:
        wrong.append(twin)
    else:
        ts += 60 * _MINUTE_NS + _pause_ns(draw)
        yield accounts[str(twin["portfolio"])].cancel(twin) | {"ts": ts}


def _evening(desks: Desks, day: Day, *, ts: int) -> Iterator[Event]:
    """NAV reports after the close, a snapshot of the whole firm at a year's end, a heartbeat at a quarter's."""
    for desk in desks:
        for event in desk.evening(day):
            ts += _SECOND_NS
            yield event | {"ts": ts}
    if day.ends_year:
        ts += _MINUTE_NS
        yield _snapshot(desks, day.view.closes.dates[day.view.today], ts)
    if day.ends_quarter:
        ts += _MINUTE_NS
        yield {"type": "heartbeat", "ts": ts, "source": "xnys-closes"}


def _snapshot(desks: Desks, snapshot_id: str, ts: int) -> Event:
    items = [
        {"portfolio": desk.account.portfolio, "instrument": name, "quantity": quantity}
        for desk in desks
        for name, quantity in sorted(desk.account.quantities.items())
        if quantity != 0
    ]
    return {
        "type": "positions_snapshot",
        "ts": ts,
        "portfolio": ROOT,
        "snapshot_id": snapshot_id,
        "as_of": ts,
        "items": items,
    }


def _pause_ns(draw: Random) -> int:
    """Between two fills of a morning: 1 to 60 seconds, in whole milliseconds."""
    return (1_000 + int(59_000 * draw.random())) * 1_000_000


if __name__ == "__main__":
    main()
