"""How many recorded quotes a second go through reading, decoding and the core; and through a bare loop beside it."""

import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np

from daemon.edge import decode_inputs, journal_entries, journal_inputs
from daemon.journal import JournalWriter
from feeds.events import InputEvent
from feeds.journal_reader import read_journal
from feeds.record import Input, Record
from feeds.recording import read_records
from feeds.recording_writer import write_recording
from tests.benchmarks.decisions import quiet_collector
from tests.benchmarks.figures import Bound, Figure
from tests.benchmarks.market import Market, make_market

ONE_BOOK_QUOTES = 200_000
ALL_BOOKS_QUOTES = 50_000
_SEGMENT_BYTES = 64 * 1024 * 1024
_ONE = "a name in 1 book + root"
_ALL = "every name in all books + root"
_FIRING = "a name in 1 book + root, three limits firing on each"
_FIRING_NAMES, _FIRING_BOOKS, _FIRING_ROWS = 500, 10, 756


def json_one_book(market: Market) -> Figure:
    """Compressed JSON lines; each instrument is in one of the ten books."""
    market.hold(each_book_holds_all=False)
    return _json(
        market, ONE_BOOK_QUOTES, _ONE, goals=(Bound("total", 250_000),), first_steps=(Bound("total", 100_000),)
    )


def json_all_books(market: Market) -> Figure:
    """The same where all ten books hold every name."""
    market.hold(each_book_holds_all=True)
    return _json(market, ALL_BOOKS_QUOTES, _ALL)


def json_firing() -> Figure:
    """The same while limits fire on every book and their root: a crisis must not be slower than a calm day."""
    market = make_market(_FIRING_NAMES, _FIRING_BOOKS, _FIRING_ROWS, fires=True)
    market.hold(each_book_holds_all=False, calm=False)
    assert market.core.state.arrays.alive[: len(market.core.state.scopes)].all(), "no limit fires"
    return _json(market, ONE_BOOK_QUOTES, _FIRING)


def journal_one_book(market: Market) -> Figure:
    """A journal of quotes, read and decoded as a replay of it does."""
    market.hold(each_book_holds_all=False)
    with tempfile.TemporaryDirectory() as folder:
        _write_journal(Path(folder), market, ONE_BOOK_QUOTES)
        inputs = (journal_inputs(entries) for entries in read_journal(Path(folder)))
        return _run(market, "replay of a journal", inputs, _ONE, goals=(Bound("total", 400_000),))


def bare_decode(market: Market) -> Figure:
    """Read the same kind of lines and decode them with msgspec alone: what no consumer can beat."""
    decoder = msgspec.json.Decoder(InputEvent)
    with tempfile.TemporaryDirectory() as folder:
        path = _write(Path(folder), market, ONE_BOOK_QUOTES)
        rates, count = [], 0
        with quiet_collector():
            start, cpu = time.perf_counter(), time.process_time()
            begun = start
            for records in read_records(path):
                for record in records:
                    decoder.decode(record.payload)
                now = time.perf_counter()
                rates.append(len(records) / (now - begun))
                begun = now
                count += len(records)
            seconds, cpu = begun - start, time.process_time() - cpu
    return _figure("bare read and decode loop", rates, count, seconds, cpu, "msgspec, no core")


def _json(
    market: Market, count: int, books: str, goals: tuple[Bound, ...] = (), first_steps: tuple[Bound, ...] = ()
) -> Figure:
    config = market.setup.config
    with tempfile.TemporaryDirectory() as folder:
        path = _write(Path(folder), market, count)
        inputs = (decode_inputs(records, market.known, config) for records in read_records(path))
        return _run(market, "replay of JSON lines", inputs, books, goals, first_steps)


def _run(
    market: Market,
    name: str,
    batches: Iterator[list[Input]],
    books: str,
    goals: tuple[Bound, ...] = (),
    first_steps: tuple[Bound, ...] = (),
) -> Figure:
    """Step over all batches; a batch's time holds its reading and decoding."""
    step = market.core.step
    rates, count = [], 0
    with quiet_collector():
        start, cpu = time.perf_counter(), time.process_time()
        begun = start
        for inputs in batches:
            outputs = step(inputs)
            assert not outputs.rejections, outputs.rejections[0]
            now = time.perf_counter()
            rates.append(len(inputs) / (now - begun))
            begun = now
            count += len(inputs)
        seconds, cpu = begun - start, time.process_time() - cpu
    load = f"N={len(market.names)}; P={market.books} and their root, {books}; T=756; batches of at most 1,000"
    return _figure(name, rates, count, seconds, cpu, load, goals, first_steps)


def _figure(
    name: str,
    rates: list[float],
    count: int,
    seconds: float,
    cpu: float,
    load: str,
    goals: tuple[Bound, ...] = (),
    first_steps: tuple[Bound, ...] = (),
) -> Figure:
    return Figure(
        name, "events/s", np.array(rates), load, goals=goals, first_steps=first_steps, total=count / seconds,
        cpu=count / cpu,
    )  # fmt: skip


def _write(folder: Path, market: Market, count: int) -> Path:
    path = folder / "quotes.jsonl.zst"
    written = write_recording(path, (record.payload for record in market.quotes(count)))
    assert written == count
    return path


def _write_journal(folder: Path, market: Market, count: int) -> None:
    with JournalWriter(folder, 0, _SEGMENT_BYTES) as journal:
        records = (
            Record(n, record.topic, record.partition, record.offset, record.payload)
            for n, record in enumerate(market.quotes(count), start=1)
        )
        for batch in _batches(records):
            journal.append(journal_entries(market.decode(batch)))


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    for first in records:
        yield list(chain((first,), (record for _, record in zip(range(999), records, strict=False))))
