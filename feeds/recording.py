"""Read recordings of every form as one stream of records: lines, compressed lines, folders of them, and journals."""

from collections.abc import Callable, Iterator
from pathlib import Path

from config.schema import Topics
from feeds.decode import topic_of_type
from feeds.envelope import Envelope, read_line
from feeds.journal_frames import Kind
from feeds.journal_reader import is_journal, journal_bytes, read_journal
from feeds.record import Record
from feeds.recording_blocks import SUFFIXES, RecordingError, read_blocks
from feeds.shape import EVENT_TYPES

CHUNK_RECORDS_MAX = 1000
LINE_BYTES_MAX = 2 * 1024 * 1024  # holds the largest payload as base64; what is longer is cut here, then rejected

_INPUT_KINDS = (None, Kind.INPUT.label, Kind.REJECTION.label)
_TYPE_START = b'{"type":"'
_GATHER_BYTES = 256 * 1024


def read_records(
    path: Path, *, topics: Topics | None = None, on_position: Callable[[int], None] | None = None
) -> Iterator[list[Record]]:
    """Yield the inputs of a recording in order, in lists of at most 1,000.

    topics      : names for the topics of bare events; None takes the default ones
    on_position : told the bytes of the recording's files read so far, of `recording_bytes(path)`

    `n` is the line over all segments, from 1; blank and undecodable lines count. A bare event has the topic that its
    type belongs to ("" where it has none), partition 0 and offset -1. In the print of a journal (envelopes with a
    `kind`) the lines that are no inputs are left out and take no n, so that n is what it was in the journal. A journal
    gives its inputs and rejections with their own n.

    Raises RecordingError where files are missing, cut short or damaged, JournalError for a journal.
    """
    if path.is_dir() and is_journal(path):
        yield from _journal_inputs(path, on_position)
        return
    topic_of: dict[bytes, str] = {
        name.encode(): topic for name in EVENT_TYPES if (topic := topic_of_type(name, topics)) is not None
    }
    n = 0
    bytes_before = 0
    for segment in segments(path):
        report = None if on_position is None else _shifted(on_position, bytes_before)
        for lines in _line_lists(read_blocks(segment, report)):
            for start in range(0, len(lines), CHUNK_RECORDS_MAX):
                chunk: list[Record] = []
                for line in lines[start : start + CHUNK_RECORDS_MAX]:
                    n += 1
                    if line.startswith(_TYPE_START):
                        topic = topic_of.get(line[9 : line.find(b'"', 9)])
                        if topic is not None:
                            chunk.append(Record(n, topic, 0, -1, line))
                            continue
                    record = _record(n, line, topic_of)
                    if record is None:
                        n -= 1
                    else:
                        chunk.append(record)
                yield chunk
        bytes_before += segment.stat().st_size


def recording_bytes(path: Path) -> int:
    """Return the size of all files of a recording, for a progress bar; raises RecordingError as reading does."""
    if path.is_dir() and is_journal(path):
        return journal_bytes(path)
    return sum(segment.stat().st_size for segment in segments(path))


def segments(path: Path) -> tuple[Path, ...]:
    """Return the files of a recording in name order; other files of its folder are not part of it."""
    if path.is_dir():
        found = tuple(sorted(entry for entry in path.iterdir() if entry.is_file() and entry.name.endswith(SUFFIXES)))
        if not found:
            raise RecordingError(f"{path} holds no recording: no file ends in {', '.join(SUFFIXES)}, and no journal")
        return found
    if not path.exists():
        raise RecordingError(f"{path} does not exist")
    if not path.name.endswith(SUFFIXES):
        raise RecordingError(f"{path} is no recording: its name must end in {', '.join(SUFFIXES)}, or be a folder")
    return (path,)


def _journal_inputs(path: Path, on_position: Callable[[int], None] | None) -> Iterator[list[Record]]:
    for group in read_journal(path, on_position=on_position):
        inputs = [entry.record for entry in group if entry.kind in (Kind.INPUT, Kind.REJECTION)]
        if inputs:
            yield inputs


def _record(n: int, line: bytes, topic_of: dict[bytes, str]) -> Record | None:
    """Return the record of a line in any form, or None for a journaled record that is no input."""
    found = read_line(line)
    if isinstance(found, Envelope):
        if found.kind not in _INPUT_KINDS:
            return None
        return Record(n, found.topic, found.partition, found.offset, found.payload, found.ts_in)
    topic = "" if found is None else topic_of.get(found.encode(), "")
    return Record(n, topic, 0, -1, line)


def _line_lists(blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Split blocks into lines without their ends, LF or CRLF; the last line may have none."""
    rest = b""
    is_skipping = False  # in the tail of a line that was too long
    for block in _gathered(blocks):
        if is_skipping:
            end = block.find(b"\n")
            if end < 0:
                continue
            block = block[end + 1 :]  # noqa: PLW2901 - the tail belongs to a line already given
            is_skipping = False
        text = rest + block
        end = text.rfind(b"\n")
        if end >= 0:
            yield _split(text[:end])
        rest = text[end + 1 :]
        if len(rest) > LINE_BYTES_MAX:
            yield [rest[:LINE_BYTES_MAX]]
            rest = b""
            is_skipping = True
    if rest:
        yield _split(rest)


def _split(text: bytes) -> list[bytes]:
    lines = (text.replace(b"\r\n", b"\n").removesuffix(b"\r") if b"\r" in text else text).split(b"\n")
    return lines if len(text) <= LINE_BYTES_MAX else [line[:LINE_BYTES_MAX] for line in lines]


def _gathered(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Join small blocks, so that lists of lines are worth their overhead."""
    waiting: list[bytes] = []
    size = 0
    for block in blocks:
        waiting.append(block)
        size += len(block)
        if size >= _GATHER_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _shifted(on_position: Callable[[int], None], bytes_before: int) -> Callable[[int], None]:
    return lambda position: on_position(bytes_before + position)
