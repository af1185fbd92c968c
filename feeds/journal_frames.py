"""The binary format of the journal: segment headers and frame groups, and how they are parsed back."""

import struct
from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import accumulate, pairwise

import crc32c
import msgspec

from feeds.record import Record, Rejection

FORMAT_VERSION = 1
MAGIC = b"RISKDJNL"
MARKER = b"RJG1"
GROUP_RECORDS_MAX = 1000
GROUP_PAYLOAD_BYTES_MAX = 32 * 1024 * 1024  # a group ends with the record that passes it
GROUP_BODY_BYTES_MAX = (1 << 32) - 1

_HEADER = struct.Struct("<8sHHIQQ64sI")
GROUP_HEADER = struct.Struct("<4sIII")  # marker, bytes of the body, records, crc32c
_PLACE = struct.Struct("<QQII")
TABLES = struct.Struct("<II")  # bytes of the topics, bytes of the rejections
_COLUMNS_BYTES = 8 + 8 + 8 + 4 + 4 + 2 + 1

HEADER_BYTES = _HEADER.size
GROUP_HEADER_BYTES = GROUP_HEADER.size


class Kind(IntEnum):
    """What a journaled record is; the numbers are on disk and never change their meaning."""

    INPUT = 0
    REJECTION = 1  # refused before the core saw it; the payload is what came
    TICK = 2
    CONFIG = 3
    ASSIGNMENT = 4
    RESULT = 5
    CALENDAR = 6
    CATCH_UP_END = 7
    STOP = 8
    FOREIGN = 9  # a command to a portfolio of another shard: read, numbered, and not ours
    ROOT_HOME = 10
    OUTAGE = 11

    @property
    def label(self) -> str:
        """Return the name that envelopes carry."""
        return self.name.lower()


NUMBERED = frozenset({Kind.INPUT, Kind.REJECTION, Kind.FOREIGN})  # what came from outside; riskd's own have n 0


_KINDS = tuple(Kind)  # an index is faster than a look-up by value


class JournalRecord(msgspec.Struct, frozen=True, gc=False):
    """One journaled record; `rejection` is set exactly where the kind is REJECTION; riskd's own records have n 0."""

    record: Record
    kind: Kind = Kind.INPUT
    rejection: Rejection | None = None


def entries_of(records: Iterable[Record], kinds: bytes, rejections: Sequence[Rejection]) -> list[JournalRecord]:
    """Return an entry for each record; IndexError for an unknown kind, StopIteration where a rejection lacks."""
    if not any(kinds):
        return [JournalRecord(record) for record in records]
    refused = iter(rejections)
    return [
        JournalRecord(record, _KINDS[code], next(refused) if code == Kind.REJECTION else None)
        for record, code in zip(records, kinds, strict=True)
    ]


class SegmentHeader(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a segment says of itself.

    ordinal      : 0 for a journal's first segment, one more for each next
    first_n      : the n that the next input has when the segment begins
    setup_digest : hex of at most 64 characters, of the setup its records were taken under
    """

    shard: int
    ordinal: int
    first_n: int
    setup_digest: str


class JournalError(Exception):
    """A journal cannot be trusted or written; the message names the file and the byte."""


class FormatError(Exception):
    """Bytes are not what the format says; callers add the file and the place."""


def pack_header(header: SegmentHeader) -> bytes:
    """Return the header's 100 bytes."""
    digest = header.setup_digest.encode("ascii")
    if len(digest) > 64:
        raise FormatError(f"setup digest must have at most 64 characters, got {len(digest)}")
    fields = (MAGIC, FORMAT_VERSION, HEADER_BYTES, header.shard, header.ordinal, header.first_n, digest)
    checked = _HEADER.pack(*fields, 0)[:-4]
    return checked + struct.pack("<I", crc32c.crc32c(checked))


def parse_header(data: bytes) -> SegmentHeader:
    """Parse a segment's first bytes; raises FormatError where they are no whole header of a known version."""
    if len(data) < HEADER_BYTES:
        raise FormatError(f"a segment header has {HEADER_BYTES} bytes, got {len(data)}")
    magic, version, _, shard, ordinal, first_n, digest, crc = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise FormatError(f"a segment begins with {MAGIC!r}, got {magic!r}")
    if crc32c.crc32c(data[: HEADER_BYTES - 4]) != crc:
        raise FormatError("the segment header's checksum does not match")
    if version != FORMAT_VERSION:
        raise FormatError(f"format version must be {FORMAT_VERSION}, got {version}")
    return SegmentHeader(
        shard=shard, ordinal=ordinal, first_n=first_n, setup_digest=digest.rstrip(b"\0").decode("ascii")
    )


def group_body_bytes(head: bytes) -> int | None:
    """Return the length of the body that a group header announces, or None where it is no group header."""
    if len(head) < GROUP_HEADER_BYTES:
        return None
    marker, body_bytes, count, _ = GROUP_HEADER.unpack_from(head)
    if marker != MARKER or not 0 < count <= GROUP_RECORDS_MAX or body_bytes < count * _COLUMNS_BYTES:
        return None
    return int(body_bytes)


def is_group_whole(head: bytes, body: bytes | memoryview, *, ordinal: int, position: int) -> bool:
    """Say whether the checksum holds for these bytes at this place."""
    _, body_bytes, count, crc = GROUP_HEADER.unpack_from(head)
    return bool(len(body) == body_bytes and group_checksum(body, count, ordinal, position) == crc)


def parse_group(head: bytes, body: bytes) -> list[JournalRecord]:
    """Parse a group whose checksum holds; raises FormatError where its content is not what this version writes."""
    count = GROUP_HEADER.unpack_from(head)[2]
    layout = struct.Struct(f"<{count}q{count}q{count}q{count}i{count}I{count}H{count}B")
    try:
        columns = layout.unpack_from(body)
        n, offset, ts_in, partition, lengths, topic, kind = (columns[i * count : (i + 1) * count] for i in range(7))
        topics_bytes, rejections_bytes = TABLES.unpack_from(body, layout.size)
        start = layout.size + TABLES.size + topics_bytes
        topics = msgspec.json.decode(body[start - topics_bytes : start], type=list[str])
        ends = tuple(accumulate(lengths, initial=start))
        if ends[-1] + rejections_bytes != len(body):
            raise FormatError(f"lengths must add up to {len(body)} bytes, got {ends[-1] + rejections_bytes}")
        payloads = [body[first:end] for first, end in pairwise(ends)]
        records = map(Record, n, map(topics.__getitem__, topic), partition, offset, payloads, ts_in)
        refused = msgspec.json.decode(body[ends[-1] :] or b"[]", type=list[Rejection])
        return entries_of(records, bytes(kind), refused)
    except (struct.error, ValueError, IndexError, StopIteration) as error:
        raise FormatError(f"the group's content is not of format version {FORMAT_VERSION}: {error}") from error


def group_checksum(body: bytes | memoryview, count: int, ordinal: int, position: int) -> int:
    """Return the crc over the body and its place, so that a group copied elsewhere, or forged in a payload, fails."""
    checksum: int = crc32c.crc32c(body, crc32c.crc32c(_PLACE.pack(ordinal, position, len(body), count)))
    return checksum
