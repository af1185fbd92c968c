"""Packs records into frame groups of the journal, column by column."""

import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, repeat
from typing import Self

import msgspec

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


@dataclass(frozen=True, slots=True)
class JournalEntries:
    """Records to journal, as columns of one length: making a `JournalRecord` of each would cost more than packing them.

    topics     : (topic, count) of records that follow each other
    kinds      : a `Kind` for each record
    rejections : one for each record whose kind is REJECTION, in their order
    """

    n: "array[int]"
    offset: "array[int]"
    ts_in: "array[int]"
    partition: "array[int]"
    topics: Sequence[tuple[str, int]]
    payloads: Sequence[bytes]
    kinds: bytes
    rejections: Sequence[Rejection] = ()

    def __len__(self) -> int:
        return len(self.n)

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
        if not records:
            return cls(array("q"), array("q"), array("q"), array("i"), (), (), b"")
        n, topics, partition, offset, payloads, ts_in = zip(*map(msgspec.structs.astuple, records), strict=True)
        columns = (array("q", n), array("q", offset), array("q", ts_in), array("i", partition))
        runs = [(topic, len(list(run))) for topic, run in groupby(topics)]
        return cls(*columns, runs, payloads, kinds, rejections)

    @classmethod
    def of_one_place(
        cls, first_n: int, topic: str, partition: int, ts_in: int, offsets: Sequence[int], payloads: Sequence[bytes]
    ) -> Self:
        """Return the columns of inputs that came from one partition at once, counted from `first_n`."""
        count = len(payloads)
        n, offset = array("q", range(first_n, first_n + count)), array("q", offsets)
        same = (array("q", [ts_in]) * count, array("i", [partition]) * count, [(topic, count)])
        return cls(n, offset, *same, payloads, bytes([Kind.INPUT]) * count)

    @classmethod
    def joined(cls, parts: Sequence["JournalEntries"]) -> "JournalEntries":
        """Return all of them, one behind the other."""
        if len(parts) == 1:
            return parts[0]
        whole = cls.of_records((), b"", ())
        columns = (whole.n, whole.offset, whole.ts_in, whole.partition)
        for part in parts:
            for column, more in zip(columns, (part.n, part.offset, part.ts_in, part.partition), strict=True):
                column.extend(more)
        return cls(
            *columns,
            list(chain.from_iterable(part.topics for part in parts)),
            list(chain.from_iterable(part.payloads for part in parts)),
            b"".join(part.kinds for part in parts),
            list(chain.from_iterable(part.rejections for part in parts)),
        )

    def part(self, start: int, stop: int) -> "JournalEntries":
        """Return the entries start..stop-1."""
        refused = self.kinds[:start].count(Kind.REJECTION)
        kinds = self.kinds[start:stop]
        return JournalEntries(
            self.n[start:stop], self.offset[start:stop], self.ts_in[start:stop], self.partition[start:stop],
            _part_of_runs(self.topics, start, stop), self.payloads[start:stop], kinds,
            self.rejections[refused : refused + kinds.count(Kind.REJECTION)],
        )  # fmt: skip

    def rows(self) -> list[JournalRecord]:
        """Return an entry for each record."""
        topics = chain.from_iterable(repeat(topic, count) for topic, count in self.topics)
        records = map(Record, self.n, topics, self.partition, self.offset, self.payloads, self.ts_in)
        return entries_of(records, self.kinds, self.rejections)


def split_groups(entries: JournalEntries) -> Iterator[JournalEntries]:
    """Cut a batch into groups within the bounds on records and bytes."""
    sizes = list(map(len, entries.payloads))
    if 0 < len(entries) <= GROUP_RECORDS_MAX and sum(sizes) < GROUP_PAYLOAD_BYTES_MAX:
        yield entries
        return
    start = payload_bytes = 0
    for index, size in enumerate(sizes):
        if index - start >= GROUP_RECORDS_MAX or payload_bytes >= GROUP_PAYLOAD_BYTES_MAX:
            yield entries.part(start, index)
            start, payload_bytes = index, 0
        payload_bytes += size
    if start < len(entries):
        yield entries.part(start, len(entries))


def pack_group(entries: JournalEntries, *, ordinal: int, position: int) -> bytes:
    """Return the frame group of 1 to 1,000 records for this place: segment ordinal and byte position.

    Body: columns n, offset, ts_in (int64), partition (int32), payload bytes (uint32), topic (uint16, into the table),
    kind (uint8), all little-endian; then the table of topics (JSON), the payloads, the rejections (JSON).
    """
    table = {topic: index for index, topic in enumerate(dict.fromkeys(topic for topic, _ in entries.topics))}
    topics_json = msgspec.json.encode(list(table))
    rejections_json = msgspec.json.encode(entries.rejections) if entries.rejections else b""
    count = len(entries)
    columns = [
        entries.n, entries.offset, entries.ts_in, entries.partition, array("I", map(len, entries.payloads)),
        array("H", chain.from_iterable(repeat(table[topic], run) for topic, run in entries.topics)),
    ]  # fmt: skip
    if sys.byteorder == "big":
        columns = [_swapped(column) for column in columns]
    tables = TABLES.pack(len(topics_json), len(rejections_json))
    body = b"".join((*columns, entries.kinds, tables, topics_json, *entries.payloads, rejections_json))
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


def _swapped(column: "array[int]") -> "array[int]":
    swapped = column[:]
    swapped.byteswap()
    return swapped
