"""The shipped recording: small, ordered, true to its source, and what its maker makes."""

from collections import Counter
from datetime import date
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from config.calendars import build_calendar
from config.schema import Config
from feeds import events
from feeds.decode import decode
from feeds.record import Record, Rejection
from feeds.recording import read_records
from tests.recordings.make_equities import encode, make_events, session_times
from tests.recordings.source import data_path, load_closes

BYTES_MAX = 2_000_000
BOOKS = {"firm/long-only", "firm/long-short", "firm/concentrated"}

needs_skfolio = pytest.mark.skipif(data_path() is None, reason="the source of the prices, skfolio, is not installed")


@pytest.fixture(scope="module")
def path() -> Path:
    return Path(str(resources.files("config") / "recordings" / "equities-1990-2022.jsonl.zst"))


@pytest.fixture(scope="module")
def records(path: Path) -> list[Record]:
    return [record for chunk in read_records(path) for record in chunk]


@pytest.fixture(scope="module")
def decoded(records: list[Record]) -> list[events.InputEvent]:
    typed = [decode(record.topic, record.payload) for record in records]
    rejections = [event for event in typed if isinstance(event, Rejection)]
    assert rejections == []
    return [event for event in typed if not isinstance(event, Rejection)]


def test_file_has_at_most_two_megabytes(path: Path) -> None:
    assert path.stat().st_size <= BYTES_MAX


def test_time_increases_strictly_over_the_whole_recording(decoded: list[events.InputEvent]) -> None:
    times = [event.ts for event in decoded]
    assert all(before < after for before, after in pairwise(times))


def test_it_opens_with_reference_then_a_snapshot_then_navs_then_closes(decoded: list[events.InputEvent]) -> None:
    kinds = [type(event) for event in decoded[:25]]
    assert kinds == [events.Instrument] * 20 + [events.PositionsSnapshot] + [events.Nav] * 3 + [events.Close]
    snapshot = decoded[20]
    assert isinstance(snapshot, events.PositionsSnapshot)
    assert snapshot.portfolio == "firm"
    assert {item.portfolio for item in snapshot.items} == BOOKS


def test_every_instrument_has_sector_volume_and_spread(decoded: list[events.InputEvent]) -> None:
    for event in decoded[:20]:
        assert isinstance(event, events.Instrument)
        assert (event.kind, event.currency, event.calendar, event.lot) == ("equity", "USD", "XNYS", 1.0)
        assert event.sector
        assert event.adv is not None
        assert event.adv > 0
        assert event.spread is not None
        assert 0 < event.spread < 0.01


def test_dates_are_the_sessions_of_the_exchange_without_a_gap(decoded: list[events.InputEvent]) -> None:
    dates = sorted({event.date for event in decoded if isinstance(event, events.Close)})
    calendar = build_calendar("XNYS", dates[0], dates[-1])
    assert dates == [date.fromordinal(int(ordinal)).isoformat() for ordinal in calendar.dates]
    assert (dates[0], dates[-1], len(dates)) == ("1990-01-02", "2022-12-28", 8313)


def test_closes_come_at_the_official_close_also_on_short_days(decoded: list[events.InputEvent]) -> None:
    first = {event.date: event.ts for event in reversed(decoded) if isinstance(event, events.Close)}
    times = session_times(list(first))
    assert list(first.values()) == [close_ns for _, close_ns in times]
    short = {
        day for day, (open_ns, close_ns) in zip(first, times, strict=True) if close_ns - open_ns < 5 * 3600 * 10**9
    }
    assert {"1992-12-24", "2018-12-24", "2022-11-25"} <= short


def test_fills_are_whole_shares_near_the_last_close_inside_the_session(decoded: list[events.InputEvent]) -> None:
    times = session_times(sorted({event.date for event in decoded if isinstance(event, events.Close)}))
    last: dict[str, float] = {}
    sessions_closed = 0
    for event in decoded:
        if isinstance(event, events.Close):
            last[event.instrument] = event.price
            sessions_closed += event.instrument == "XOM"
        elif isinstance(event, events.Fill):
            open_ns, close_ns = times[sessions_closed]
            assert open_ns < event.ts < close_ns
            assert event.quantity == int(event.quantity)
            assert event.price == pytest.approx(last[event.instrument], rel=0.0025)


def test_snapshots_at_the_end_of_years_agree_with_the_fills(decoded: list[events.InputEvent]) -> None:
    held: Counter[tuple[str, str]] = Counter()
    fills: dict[str, events.Fill] = {}
    compared = 0
    for event in decoded:
        if isinstance(event, events.Fill):
            fills[event.fill_id] = event
            held[event.portfolio, event.instrument] += _signed(event)
        elif isinstance(event, events.FillCancel):
            fill = fills.pop(event.fill_id)
            held[fill.portfolio, fill.instrument] -= _signed(fill)
        elif isinstance(event, events.PositionsSnapshot):
            said = Counter({(item.portfolio, item.instrument): int(item.quantity) for item in event.items})
            assert event.snapshot_id == "opening" or {k: v for k, v in held.items() if v} == said
            compared += event.snapshot_id != "opening"
            held = said
    assert compared == 32


def test_navs_differ_from_the_tracked_profit_only_by_fees(decoded: list[events.InputEvent]) -> None:
    """V += q(p - p0) and the fills' q(mark - price): what a nav adds beyond its flow is a small cost, never a gain."""
    held: Counter[tuple[str, str]] = Counter()
    values: dict[str, float] = {}
    marks: dict[str, float] = {}
    fills: dict[str, events.Fill] = {}
    costs = []
    for event in decoded:
        if isinstance(event, events.PositionsSnapshot):
            held = Counter({(item.portfolio, item.instrument): int(item.quantity) for item in event.items})
        elif isinstance(event, events.Close):
            move = event.price - marks.get(event.instrument, event.price)
            marks[event.instrument] = event.price
            for book in values:
                values[book] += held[book, event.instrument] * move
        elif isinstance(event, events.Fill):
            fills[event.fill_id] = event
            held[event.portfolio, event.instrument] += _signed(event)
            values[event.portfolio] += _signed(event) * (marks[event.instrument] - event.price)
        elif isinstance(event, events.FillCancel):
            fill = fills.pop(event.fill_id)
            held[fill.portfolio, fill.instrument] -= _signed(fill)
            values[fill.portfolio] -= _signed(fill) * (marks[fill.instrument] - fill.price)
        elif isinstance(event, events.Nav):
            if event.portfolio in values:
                costs.append(1.0 - (event.nav - (event.flow or 0.0)) / values[event.portfolio])
            values[event.portfolio] = event.nav
            assert 1e6 < event.nav < 40e6
    assert len(costs) > 600
    assert all(0.0 < cost < 0.025 for cost in costs)


def test_some_names_are_opened_late_and_some_closed_for_good(decoded: list[events.InputEvent]) -> None:
    snapshots = [event for event in decoded if isinstance(event, events.PositionsSnapshot)]
    first, last = (
        {item.instrument for item in event.items if item.portfolio == "firm/long-only"}
        for event in (snapshots[0], snapshots[-1])
    )
    assert last - first == {"AMD", "BBY"}
    assert first - last == {"GE"}


@needs_skfolio
def test_closes_equal_the_source(decoded: list[events.InputEvent]) -> None:
    closes = load_closes()
    shipped = {(event.date, event.instrument): event.price for event in decoded if isinstance(event, events.Close)}
    source = {
        (date, name): price
        for date, row in zip(closes.dates, closes.prices, strict=True)
        for name, price in zip(closes.names, row, strict=True)
    }
    assert shipped == source


@needs_skfolio
def test_making_it_again_gives_the_shipped_lines(records: list[Record]) -> None:
    made = [encode(event) for event in make_events(load_closes())]
    assert made == [record.payload for record in records]


def test_the_demo_configuration_names_only_books_of_the_recording(decoded: list[events.InputEvent]) -> None:
    text = (resources.files("config") / "demo.yaml").read_text(encoding="utf-8")
    config = Config.model_validate(yaml.safe_load(text))
    held = {event.portfolio for event in decoded if isinstance(event, events.Nav)}
    assert held == BOOKS
    assert {limit.scope for limit in config.enforcement.limits} == BOOKS | {"firm"}
    assert config.portfolios == ("firm",)


def _signed(fill: events.Fill) -> int:
    return int(fill.quantity) if fill.side == "buy" else -int(fill.quantity)
