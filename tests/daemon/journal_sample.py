"""Journal records with changing sources, and short ways to write and read a journal of them."""

import itertools
from pathlib import Path

from daemon.journal import JournalWriter
from feeds.journal_frames import JournalRecord
from feeds.journal_reader import read_journal
from feeds.record import Record

SEGMENT_BYTES = 1 << 20


def entry(n: int, payload: bytes = b"{}") -> JournalRecord:
    return JournalRecord(Record(n, f"topic-{n % 3}", n % 5, n * 7, payload + b"%d" % n, 10**18 + n))


def entries(first: int, count: int) -> list[JournalRecord]:
    return [entry(n) for n in range(first, first + count)]


def read(directory: Path, from_n: int = 0) -> list[JournalRecord]:
    return list(itertools.chain.from_iterable(read_journal(directory, from_n)))


def write(directory: Path, batches: list[list[JournalRecord]], segment_bytes: int = SEGMENT_BYTES) -> None:
    with JournalWriter(directory, 0, segment_bytes) as writer:
        for batch in batches:
            writer.append(batch)
            writer.sync()
