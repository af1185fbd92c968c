"""The audit log's writer: numbers records, chains them, anchors the chain, and goes on after a crash."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from audit.chain import CHECKPOINT_LINES, SCHEMA, SCHEMA_VERSION, link, seal
from audit.line import canonical_json
from audit.scan import AuditError, Position, segment_name, walk

_BUFFER_BYTES_MAX = 1 << 16


class AuditWriter:
    """Appends records to the audit log of one core.

    A record is a mapping with `ts` (ns of core time, never falling) and `kind`; its other keys keep their order. The
    writer adds `n` and the chain's `h`. Lines reach the file at `sync`, at `stop`, and when the buffer is full. An
    error of the disk is fatal: the writer refuses everything after it, because what the file holds is then unknown.

    lines     : lines written, heads and checkpoints included
    records   : records of the core among them; a daemon that replays its journal skips that many
    cut_bytes : bytes of a torn line that opening removed
    """

    def __init__(self, directory: Path, setup_digest: str) -> None:
        """Open the log in `directory`, made where it is missing.

        Raises AuditError where a line before the end of an existing log is bad.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self._setup_digest = setup_digest
        self._buffer = bytearray()
        self._broken = False
        position, self.cut_bytes = _recover(directory)
        self.lines, self.records = position.lines, position.records
        self._ts, self._chain = position.ts, position.chain
        self._path = position.path or directory / segment_name(1)
        self._resumes = position.lines > 0
        self._begun = False
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        _sync_folder(directory)

    @property
    def chain(self) -> str:
        """The chain's h after the last line, in hex."""
        return self._chain.hex()

    def append(self, records: Sequence[Mapping[str, object]]) -> None:
        """Add the core's records in order."""
        for record in records:
            ts, kind = record["ts"], record["kind"]
            assert isinstance(ts, int), f"audit ts must be an integer, got {ts!r}"
            assert isinstance(kind, str), f"audit kind must be text, got {kind!r}"
            self._begin(ts)
            if (self.lines + 1) % CHECKPOINT_LINES == 0:
                self._checkpoint()
            self._write(ts, kind, record)
            self.records += 1
        if len(self._buffer) > _BUFFER_BYTES_MAX:
            self._flush()

    def sync(self) -> None:
        """Return when every line so far is on disk. Raises AuditError, after which the writer is of no more use."""
        self._flush()
        try:
            os.fdatasync(self._file)
        except OSError as error:
            self._broken = True
            raise AuditError(f"{self._path}: fdatasync failed, {error}") from error

    def stop(self, ts: int | None = None) -> None:
        """End the log with a checkpoint and a stop record at core time `ts` (default: that of the last line)."""
        last_ts = max(self._ts, 0) if ts is None else ts
        self._begin(last_ts)
        self._checkpoint()
        self._write(last_ts, "stop", {"records": self.records})
        self.sync()
        os.close(self._file)

    def abandon(self) -> None:
        """Close the file as it is, without a stop record: how a process ends that must not write any more."""
        self._buffer.clear()
        os.close(self._file)

    def _begin(self, ts: int) -> None:
        """Write the head of a new file, or the mark that a later process goes on with an old one."""
        if self._begun:
            return
        self._begun = True
        if self._resumes:
            self._write(ts, "resume", {"setup_digest": self._setup_digest, "cut_bytes": self.cut_bytes})
        else:
            self._write(
                ts,
                "head",
                {
                    "schema": SCHEMA,
                    "schema_version": SCHEMA_VERSION,
                    "setup_digest": self._setup_digest,
                    "previous": self._chain.hex(),
                },
            )

    def _checkpoint(self) -> None:
        self._write(max(self._ts, 0), "checkpoint", {"lines": self.lines, "records": self.records})

    def _write(self, ts: int, kind: str, fields: Mapping[str, object]) -> None:
        assert ts >= self._ts, f"audit ts must not fall: {kind} at {ts} after {self._ts}"
        assert fields.keys().isdisjoint(("n", "h")), f"an audit record of kind {kind} must leave n and h to the writer"
        body = canonical_json({"n": self.lines + 1, "ts": ts, "kind": kind, **fields})
        self._chain = link(self._chain, body)
        self._buffer += seal(body, self._chain, kind)
        self.lines += 1
        self._ts = ts

    def _flush(self) -> None:
        if self._broken:
            raise AuditError(f"{self._path}: an earlier write failed; nothing more is written")
        written = 0
        try:
            with memoryview(bytes(self._buffer)) as pending:
                while written < len(pending):
                    written += os.write(self._file, pending[written:])
        except OSError as error:
            self._broken = True
            raise AuditError(
                f"{self._path}: write failed after {written} of {len(self._buffer)} bytes, {error}"
            ) from error
        self._buffer.clear()


def _recover(directory: Path) -> tuple[Position, int]:
    """Return where an existing log ends and how many torn bytes were cut; a new log is at its start."""
    if not any(directory.glob("audit-*.jsonl")):
        return Position(), 0
    position, bad = walk(directory)
    if bad is None:
        return position, 0
    if not bad.torn:
        raise AuditError(f"{directory / bad.file}: line {bad.line} (n {bad.n}) is bad: {bad.why}; refusing to append")
    torn = directory / bad.file
    cut_bytes = torn.stat().st_size - position.end
    os.truncate(torn, position.end)
    return position, cut_bytes


def _sync_folder(directory: Path) -> None:
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
