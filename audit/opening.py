"""Opens a log that is there: clears what a crash left, finds its end, and cuts a torn line."""

from dataclasses import dataclass
from pathlib import Path

import orjson
import zstandard

from audit.disk import Disk
from audit.errors import AuditError
from audit.packing import clear_leftovers
from audit.scan import BadRecord, Position, walk
from audit.segments import Segment, find_segments, segment_name


@dataclass(frozen=True, slots=True)
class Opened:
    """Where a writer goes on.

    path       : its file; `position.end` bytes of it are good, which is all of it
    cut_bytes  : bytes of a torn line that were removed
    written_ns : wall time at which the file was last written, None where it has no line yet
    closed     : plain files that take no more lines, in order
    """

    position: Position
    path: Path
    cut_bytes: int = 0
    written_ns: int | None = None
    closed: tuple[Path, ...] = ()


def open_log(directory: Path, disk: Disk) -> Opened:
    """Find the end of the log in `directory`, which may be empty.

    Only the last file is walked, from the foot of the one before: a log of months opens as fast as one of a day. What
    lies before is the business of `riskd audit verify`.

    Raises AuditError where a line before the end of the last file is bad, or the foot before it cannot be read.
    """
    clear_leftovers(directory, disk)
    found = find_segments(directory)
    if not found:
        return Opened(Position(), directory / segment_name(1))
    *earlier, last = found
    start = _from_foot(earlier[-1]) if earlier else Position()
    position, bad = walk([last], start)
    if bad is not None and not bad.torn:
        raise AuditError(
            f"{last.path.with_name(bad.file)}: line {bad.line} (n {bad.n}) is bad: {bad.why}; refusing to append"
        )
    closed = tuple(segment.plain for segment in earlier if segment.plain is not None)
    if position.kind == "foot" and position.end > 0:
        if last.plain is not None:
            closed += (last.plain,)
        return Opened(_at_start_of_next(position), directory / segment_name(position.lines + 1), closed=closed)
    if last.plain is None:
        raise AuditError(f"{last.path}: a compressed file must end with its foot, got {position.kind}")
    written_ns = last.plain.stat().st_mtime_ns if position.end > 0 else None
    cut_bytes = _cut_torn(last.plain, position, bad, disk)
    return Opened(position, last.plain, cut_bytes, written_ns, closed)


def _from_foot(segment: Segment) -> Position:
    """Return where the chain stands after a closed file, as its foot says; the head after it must agree."""
    try:
        foot = orjson.loads(segment.last_line())
        if foot["kind"] != "foot":
            raise AuditError(f"{segment.path}: must end with its foot, got {foot['kind']} at n {foot['n']}")
        return Position(
            lines=int(foot["n"]),
            records=int(foot["records"]),
            ts=int(foot["ts"]),
            chain=bytes.fromhex(foot["h"]),
            kind="foot",
            shard=int(foot["shard"]),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, zstandard.ZstdError) as error:
        raise AuditError(f"{segment.path}: its foot cannot be read: {error}") from error


def _at_start_of_next(position: Position) -> Position:
    return Position(
        lines=position.lines,
        records=position.records,
        ts=position.ts,
        chain=position.chain,
        kind=position.kind,
        checkpoint_n=position.checkpoint_n,
        shard=position.shard,
    )


def _cut_torn(path: Path, position: Position, bad: BadRecord | None, disk: Disk) -> int:
    """Cut the file to its good lines, and return how many bytes that took away."""
    cut_bytes = path.stat().st_size - position.end
    if bad is None or cut_bytes == 0:
        return 0
    with path.open("r+b") as file:
        disk.cut(file.fileno(), position.end)
        disk.sync_file(file.fileno())
    return cut_bytes
