"""Read a journal: its segments in order, group by group, with torn tails told apart from damage."""

import mmap
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from feeds.envelope import write_line
from feeds.journal_frames import (
    GROUP_HEADER_BYTES,
    HEADER_BYTES,
    MARKER,
    FormatError,
    JournalError,
    JournalRecord,
    SegmentHeader,
    group_body_bytes,
    is_group_whole,
    parse_group,
    parse_header,
)

_NAME = re.compile(r"journal-(\d{20})(?:_(\d{6}))?\.rjl", re.ASCII)


@dataclass(frozen=True, slots=True)
class TornTail:
    """The end of the last segment that a crash left incomplete: no group there is whole.

    position   : of its first byte in the segment
    byte_count : how many bytes, zeros of a lost write included
    """

    path: Path
    position: int
    byte_count: int


@dataclass(frozen=True, slots=True)
class Group:
    """One whole group; `end` is the byte after it in its segment."""

    records: list[JournalRecord]
    end: int


def is_journal(directory: Path) -> bool:
    """Say whether the folder holds journal segments."""
    return any(_NAME.fullmatch(entry.name) for entry in directory.iterdir())


def segment_name(first_n: int, repeat: int) -> str:
    """Return a segment's name; `repeat` counts earlier segments with the same first n (they held only ticks)."""
    return f"journal-{first_n:020}.rjl" if repeat == 0 else f"journal-{first_n:020}_{repeat:06}.rjl"


def next_repeat(directory: Path, first_n: int) -> int:
    """Return the `repeat` of the next segment with this first n."""
    return max((_repeat(path) + 1 for path in segment_paths(directory) if _first_n(path) == first_n), default=0)


def segment_paths(directory: Path) -> list[Path]:
    """Return the segments in their order; raises JournalError where the folder cannot be listed."""
    try:
        return sorted((path for path in directory.iterdir() if _NAME.fullmatch(path.name)), key=_order)
    except OSError as error:
        raise JournalError(f"{directory} cannot be read: {error.strerror or error}") from error


def journal_bytes(directory: Path) -> int:
    """Return the size of all segments."""
    return sum(path.stat().st_size for path in segment_paths(directory))


def journal_shard(directory: Path) -> int:
    """Return the shard that the journal belongs to, 0 where nothing was written yet; raises JournalError."""
    for path in segment_paths(directory):
        header, _ = read_segment(path, is_last=True)
        if header is not None:
            return header.shard
    return 0


def read_journal(
    directory: Path, from_n: int = 0, *, on_position: Callable[[int], None] | None = None
) -> Iterator[list[JournalRecord]]:
    """Yield the journal's records in order, a group of at most 1,000 at a time.

    from_n      : leave out everything up to the last input whose n is smaller; records of riskd itself that follow
                  that input are given
    on_position : told the bytes of the journal read so far, of `journal_bytes(directory)`

    A torn tail of the last segment ends the stream, since a writer may be at work there. Raises JournalError for
    anything else that is not whole, naming file and byte, and for a folder that holds no segment.
    """
    paths = segment_paths(directory)
    if not paths:
        raise JournalError(f"{directory} holds no journal segment")
    # The segment that holds input from_n - 1: records of riskd itself may follow it there.
    first = max((index for index, path in enumerate(paths) if _first_n(path) < from_n), default=0)
    bytes_before = sum(path.stat().st_size for path in paths[:first])
    previous: SegmentHeader | None = None
    last_n = 0
    for path in paths[first:]:
        header, groups = read_segment(path, is_last=path == paths[-1])
        if header is None:
            return
        last_n = header.first_n - 1 if previous is None else last_n
        _check_order(path, header, previous, last_n)
        for group in groups:
            if isinstance(group, TornTail):
                return
            records = group.records if last_n >= from_n - 1 else _after(group.records, from_n - 1)
            last_n = _last_n(path, group, last_n)
            if records:
                yield records
            if on_position is not None:
                on_position(bytes_before + group.end)
        previous = header
        bytes_before += path.stat().st_size


def envelopes(directory: Path, from_n: int = 0) -> Iterator[bytes]:
    """Yield the journal as envelope lines with their `kind` (`riskd journal cat`); errors as in `read_journal`."""
    for group in read_journal(directory, from_n):
        for entry in group:
            yield write_line(entry.record, entry.kind.label, entry.rejection)


def read_segment(path: Path, *, is_last: bool) -> tuple[SegmentHeader | None, Iterator[Group | TornTail]]:
    """Return a segment's header and its whole groups; a last segment may end with one TornTail.

    The header is None where a crash cut it, which only the last segment may be. Raises JournalError otherwise.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
            byte_count = file.seek(0, 2)
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        header = parse_header(head)
    except FormatError as error:
        # The header is synced before the first group is written: a torn one has nothing after it.
        if is_last and (byte_count < HEADER_BYTES or (byte_count == HEADER_BYTES and not any(head))):
            return None, iter((TornTail(path, 0, byte_count),))
        raise JournalError(f"{path} at byte 0: {error}") from error
    return header, _groups(path, header, is_last)


def _groups(path: Path, header: SegmentHeader, is_last: bool) -> Iterator[Group | TornTail]:
    position = HEADER_BYTES
    with path.open("rb") as file:
        file.seek(position)
        while head := file.read(GROUP_HEADER_BYTES):
            body_bytes = group_body_bytes(head)
            body = b"" if body_bytes is None else file.read(body_bytes)
            if body_bytes is None or not is_group_whole(head, body, ordinal=header.ordinal, position=position):
                yield _torn_tail(path, file, header, position, is_last)
                return
            try:
                records = parse_group(head, body)
            except FormatError as error:
                raise JournalError(f"{path} at byte {position}: {error}") from error
            position += GROUP_HEADER_BYTES + len(body)
            yield Group(records, position)


def _torn_tail(path: Path, file: BinaryIO, header: SegmentHeader, position: int, is_last: bool) -> TornTail:
    """Return what is torn from `position` on, or raise JournalError where more than a tail is wrong."""
    if not is_last:
        raise JournalError(f"{path} at byte {position}: a group is damaged, and later segments follow")
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        byte_count = len(data)
        found = data.find(MARKER, position + 1)
        while found >= 0:
            head = data[found : found + GROUP_HEADER_BYTES]
            body_bytes = group_body_bytes(head)
            start = found + GROUP_HEADER_BYTES
            if body_bytes is not None and start + body_bytes <= byte_count:
                body = data[start : start + body_bytes]
                if is_group_whole(head, body, ordinal=header.ordinal, position=found):
                    raise JournalError(
                        f"{path} at byte {position}: a group is damaged, and a good one follows at byte {found}"
                    )
            found = data.find(MARKER, found + 1)
    return TornTail(path, position, byte_count - position)


def _check_order(path: Path, header: SegmentHeader, previous: SegmentHeader | None, last_n: int) -> None:
    if header.first_n != _first_n(path):
        raise JournalError(f"{path} at byte 0: the name must say n {header.first_n}, as the header does")
    if previous is None:
        return
    if header.ordinal != previous.ordinal + 1:
        raise JournalError(f"{path} at byte 0: segment {previous.ordinal + 1} must be next, got {header.ordinal}")
    if header.shard != previous.shard:
        raise JournalError(f"{path} at byte 0: shard must be {previous.shard}, got {header.shard}")
    if header.first_n != last_n + 1:
        raise JournalError(f"{path} at byte 0: input {last_n + 1} must be next, got {header.first_n}")


def _after(records: list[JournalRecord], n: int) -> list[JournalRecord]:
    """Return what follows the input n, nothing where it is not among the records."""
    return next((records[index + 1 :] for index, entry in enumerate(records) if entry.record.n == n), [])


def _last_n(path: Path, group: Group, last_n: int) -> int:
    """Return the last n after a group, or raise JournalError where inputs are missing before or in it."""
    numbers = [entry.record.n for entry in group.records if entry.record.n]
    if not numbers:
        return last_n
    if numbers[0] != last_n + 1 or numbers[-1] != last_n + len(numbers):
        raise JournalError(f"{path} before byte {group.end}: input {last_n + 1} must be next, got {numbers[0]}")
    return numbers[-1]


def _match(path: Path) -> re.Match[str]:
    match = _NAME.fullmatch(path.name)
    assert match is not None, path
    return match


def _order(path: Path) -> tuple[int, int]:
    return _first_n(path), _repeat(path)


def _first_n(path: Path) -> int:
    return int(_match(path)[1])


def _repeat(path: Path) -> int:
    return int(_match(path)[2] or 0)
