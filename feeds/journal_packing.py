"""Packs records into frame groups of the journal, column by column."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, repeat
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from feeds.journal_frames import (
    GROUP_HEADER,
    GROUP_PAYLOAD_BYTES_MAX,
    GROUP_RECORDS_MAX,
    MARKER,
    TABLES,
    JournalError,
    JournalRecord,
    Kind,
    entries_of,
    group_checksum,
)
from feeds.record import Record, Rejection

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class JournalEntries:
    """Records to journal, as columns of one length: making a `JournalRecord` of each would cost more than packing them.

    topics     : (topic, count) of records that follow each other
    text       : the payloads, joined; ends : where each ends
    kinds      : a `Kind` for each record
    rejections : one for each record whose kind is REJECTION, in their order
    """

    n: Ints
    offset: Ints
    ts_in: Ints
    partition: Ints
    topics: Sequence[tuple[str, int]]
    text: bytes
    ends: Ints
    kinds: bytes
    rejections: Sequence[Rejection] = ()

    def __len__(self) -> int:
        return len(self.kinds)

    @classmethod
    def of(cls, entries: Sequence[JournalRecord]) -> Self:
        """Return the columns of these entries; raises JournalError where a kind and a rejection do not fit."""
        for entry in entries:
            if (entry.rejection is not None) != (entry.kind is Kind.REJECTION):
                raise JournalError(f"a {entry.kind.label} and its rejection do not fit, n {entry.record.n}")
        rejections = [entry.rejection for entry in entries if entry.rejection is not None]
        return cls.of_records([entry.record for entry in entries], bytes([entry.kind for entry in entries]), rejections)

    @classmethod
    def of_records(cls, records: Sequence[Record], kinds: bytes, rejections: Sequence[Rejection]) -> Self:
        """Return the columns of records."""
        numbers = np.array(
            [(record.n, record.offset, record.ts_in, record.partition) for record in records], dtype=np.int64
        ).reshape(-1, 4)
        payloads = [record.payload for record in records]
        ends = np.cumsum(np.fromiter(map(len, payloads), dtype=np.int64, count=len(payloads)))
        runs = [(topic, len(list(run))) for topic, run in groupby([record.topic for record in records])]
        n, offset, ts_in, partition = numbers.T
        return cls(n, offset, ts_in, partition, runs, b"".join(payloads), ends, kinds, rejections)

    @classmethod
    def of_one_place(
        cls, first_n: int, topic: str, partition: int, ts_in: int, offsets: Sequence[int], text: bytes, ends: Ints
    ) -> Self:
        """Return the columns of inputs that came from one partition at once, counted from `first_n`."""
        count = len(offsets)
        n, offset = np.arange(first_n, first_n + count, dtype=np.int64), np.array(offsets, dtype=np.int64)
        times, partitions = np.full(count, ts_in, dtype=np.int64), np.full(count, partition, dtype=np.int64)
        return cls(n, offset, times, partitions, [(topic, count)], text, ends, bytes([Kind.INPUT]) * count)

    @classmethod
    def joined(cls, parts: Sequence["JournalEntries"]) -> "JournalEntries":
        """Return all of them, one behind the other."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.of_records((), b"", ())
        starts = np.cumsum([0, *(len(part.text) for part in parts)])
        return cls(
            np.concatenate([part.n for part in parts]),
            np.concatenate([part.offset for part in parts]),
            np.concatenate([part.ts_in for part in parts]),
            np.concatenate([part.partition for part in parts]),
            list(chain.from_iterable(part.topics for part in parts)),
            b"".join(part.text for part in parts),
            np.concatenate([part.ends + start for part, start in zip(parts, starts, strict=False)]),
            b"".join(part.kinds for part in parts),
            list(chain.from_iterable(part.rejections for part in parts)),
        )

    def part(self, start: int, stop: int) -> "JournalEntries":
        """Return the entries start..stop-1, at least one."""
        refused, kinds = self.kinds[:start].count(Kind.REJECTION), self.kinds[start:stop]
        first = int(self.ends[start - 1]) if start else 0
        return JournalEntries(
            self.n[start:stop], self.offset[start:stop], self.ts_in[start:stop], self.partition[start:stop],
            _part_of_runs(self.topics, start, stop),
            self.text[first : int(self.ends[stop - 1])], self.ends[start:stop] - first, kinds,
            self.rejections[refused : refused + kinds.count(Kind.REJECTION)],
        )  # fmt: skip

    def rows(self) -> list[JournalRecord]:
        """Return an entry for each record."""
        topics = chain.from_iterable(repeat(topic, count) for topic, count in self.topics)
        stops: list[int] = self.ends.tolist()
        payloads = [self.text[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]
        columns = (self.partition.tolist(), self.offset.tolist(), payloads, self.ts_in.tolist())
        return entries_of(map(Record, self.n.tolist(), topics, *columns), self.kinds, self.rejections)


def split_groups(entries: JournalEntries) -> Iterator[JournalEntries]:
    """Cut a batch into groups within the bounds on records and bytes."""
    count = len(entries)
    if 0 < count <= GROUP_RECORDS_MAX and len(entries.text) < GROUP_PAYLOAD_BYTES_MAX:
        yield entries
        return
    start = 0
    while start < count:
        first = int(entries.ends[start - 1]) if start else 0
        # a group is full with the record that reaches the bound on bytes
        reached = int(np.searchsorted(entries.ends, first + GROUP_PAYLOAD_BYTES_MAX)) + 1
        stop = min(reached, start + GROUP_RECORDS_MAX, count)
        yield entries.part(start, stop)
        start = stop


def pack_group(entries: JournalEntries, *, ordinal: int, position: int) -> bytes:
    """Return the frame group of 1 to 1,000 records for this place: segment ordinal and byte position.

    Body: columns n, offset, ts_in (int64), partition (int32), payload bytes (uint32), topic (uint16, into the table),
    kind (uint8), all little-endian; then the table of topics (JSON), the payloads, the rejections (JSON).
    """
    table = {topic: index for index, topic in enumerate(dict.fromkeys(topic for topic, _ in entries.topics))}
    topics_json = msgspec.json.encode(list(table))
    rejections_json = msgspec.json.encode(entries.rejections) if entries.rejections else b""
    topic = np.repeat([table[topic] for topic, _ in entries.topics], [count for _, count in entries.topics])
    columns = (
        *((column, "<i8") for column in (entries.n, entries.offset, entries.ts_in)),
        (entries.partition, "<i4"), (np.diff(entries.ends, prepend=0), "<u4"), (topic, "<u2"),
    )  # fmt: skip
    tables = TABLES.pack(len(topics_json), len(rejections_json))
    packed = [column.astype(layout).tobytes() for column, layout in columns]
    body = b"".join((*packed, entries.kinds, tables, topics_json, entries.text, rejections_json))
    count = len(entries)
    return GROUP_HEADER.pack(MARKER, len(body), count, group_checksum(body, count, ordinal, position)) + body


def _part_of_runs(runs: Sequence[tuple[str, int]], start: int, stop: int) -> list[tuple[str, int]]:
    """Return the runs of the records start..stop-1."""
    part = []
    begin = 0
    for topic, count in runs:
        inside = min(begin + count, stop) - max(begin, start)
        if inside > 0:
            part.append((topic, inside))
        begin += count
    return part
