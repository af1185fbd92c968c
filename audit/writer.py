"""The audit log's writer: numbers records, chains them, anchors and signs the chain, and goes on after a crash."""

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.chain import CHECKPOINT_LINES, SCHEMA, SCHEMA_VERSION, link, seal
from audit.checkpoint import SignedKind, signed_message
from audit.disk import Disk
from audit.errors import AuditError
from audit.line import canonical_json
from audit.line_file import LineFile
from audit.opening import open_log
from audit.packing import Packer
from audit.reserve import Reserve
from audit.segments import segment_name
from audit.signing import fingerprint

SEGMENT_BYTES = 64 * 1024 * 1024
RESERVE_BYTES = 4 * 1024 * 1024
CHECKPOINT_EVERY_NS = 10 * 10**9
CHECKPOINTS_KEPT_MAX = 1_000  # not taken ones; those before are dropped, and stay in the log
_BUFFER_BYTES_MAX = 1 << 16
_DAY_NS = 86_400 * 10**9


class AuditWriter:
    """Appends records to the audit log of one core; one thread may call it.

    A record is a mapping with `ts` (ns of core time, never falling) and `kind`; its other keys keep their order. The
    writer adds `n` and the chain's `h`. Lines reach the file at `sync`, at `stop`, and when the buffer is full. An
    error of the disk is fatal: the writer refuses everything after it, because what the file holds is then unknown.
    Only a full disk is survived once, by the reserve: see `degraded`.

    The lines are a function of the records, of the calls of `tick`, and of nothing else: wall time is in none of them.

    lines     : lines written, those that anchor the chain included
    records   : records of the core among them; a daemon that replays its journal skips that many
    cut_bytes : bytes of a torn line that opening removed
    """

    def __init__(
        self,
        directory: Path,
        setup_digest: str,
        *,
        shard: int = 0,
        segment_bytes: int = SEGMENT_BYTES,
        signing_key: Ed25519PrivateKey | None = None,
        reserve_bytes: int = RESERVE_BYTES,
        disk: Disk | None = None,
    ) -> None:
        """Open the log in `directory`, made where it is missing.

        segment_bytes : a file that has this many bytes gets its foot, and a next one follows
        signing_key   : signs checkpoints and stops; None leaves them unsigned
        reserve_bytes : preallocated at the first `tick` for the day on which the disk is full; 0 for none
        disk          : None for the operating system's own
        Raises AuditError where a line of an existing log's last file is bad, or it is another shard's.
        """
        self._disk = Disk() if disk is None else disk
        try:
            directory.mkdir(parents=True, exist_ok=True)
            opened = open_log(directory, self._disk)
            self._reserve = Reserve(directory, reserve_bytes, self._disk)
            self._file = LineFile(opened.path, opened.position.end, self._disk, self._reserve)
            self._disk.sync_folder(directory)
        except OSError as error:
            raise AuditError(f"{directory}: the audit log cannot be opened, {error}") from error
        position = opened.position
        if position.shard is not None and position.shard != shard:
            self._file.close()
            raise AuditError(f"{directory}: the audit log belongs to shard {position.shard}, got shard {shard}")
        self._file.sync()  # whole lines of the process before may never have been synced
        self.lines, self.records, self.cut_bytes = position.lines, position.records, opened.cut_bytes
        self._directory, self._setup_digest, self._shard = directory, setup_digest, shard
        self._segment_bytes, self._signing_key = segment_bytes, signing_key
        self._key = None if signing_key is None else fingerprint(signing_key.public_key())
        self._ts, self._chain, self._checkpoint_n = position.ts, position.chain, position.checkpoint_n
        self._resumes, self._begun = position.end > 0, False
        self._holds_records = self._resumes  # a quiet day makes no file
        self._packer = Packer(self._disk, opened.closed)
        self._day = None if opened.written_ns is None else opened.written_ns // _DAY_NS
        self._checkpoint_ns: int | None = None
        self._written: list[bytes] = []
        self._durable: deque[bytes] = deque(maxlen=CHECKPOINTS_KEPT_MAX)

    @property
    def chain(self) -> str:
        """The chain's h after the last line, in hex."""
        return self._chain.hex()

    @property
    def is_signed(self) -> bool:
        """Say whether checkpoints and stops are signed."""
        return self._signing_key is not None

    @property
    def degraded(self) -> str | None:
        """Why the log is near its end, None where all is well: the disk was full, and there is no reserve any more."""
        return self._reserve.trouble

    def append(self, records: Sequence[Mapping[str, object]]) -> None:
        """Add the core's records in order."""
        self._file.check()
        for record in records:
            ts, kind = record["ts"], record["kind"]
            assert isinstance(ts, int), f"audit ts must be an integer, got {ts!r}"
            assert isinstance(kind, str), f"audit kind must be text, got {kind!r}"
            self._begin(ts)
            if self._file.end >= self._segment_bytes:
                self._rotate()
            if self.lines + 1 - self._checkpoint_n >= CHECKPOINT_LINES:
                self._checkpoint()
            self._write(ts, kind, record)
            self.records += 1
            self._holds_records = True
        if self._file.waiting_bytes > _BUFFER_BYTES_MAX:
            self._file.flush()

    def sync(self) -> None:
        """Return when every line so far is on disk. Raises AuditError, after which the writer is of no more use."""
        self._file.sync()
        self._durable.extend(self._written)
        self._written.clear()

    def tick(self, now_ns: int) -> None:
        """Do what wall time asks for; call it about once a second.

        now_ns : ns since the epoch

        On a new day (UTC) a new file begins. Every ten seconds, lines without a checkpoint get one and are synced, and
        a lost reserve is taken again. Closed files are packed in a thread.
        Raises AuditError for a failed write, sync, rotation or packing.
        """
        self._file.check()
        day = now_ns // _DAY_NS
        if self._day is not None and day > self._day and self._holds_records:
            self._rotate()
        self._day = day
        if self._checkpoint_ns is None or now_ns < self._checkpoint_ns:  # the first call, or the clock was set back
            self._checkpoint_ns = now_ns
            self._take_reserve()
        elif now_ns - self._checkpoint_ns >= CHECKPOINT_EVERY_NS:
            self._checkpoint_ns = now_ns
            self._take_reserve()
            if self.lines > self._checkpoint_n:
                self._begin(max(self._ts, 0))
                self._checkpoint()
                self.sync()
        self._packer.start()

    def take_checkpoints(self) -> list[bytes]:
        """Return the checkpoints that became durable since the last call, each as it is to be published."""
        taken = list(self._durable)
        self._durable.clear()
        return taken

    def stop(self, ts: int | None = None) -> None:
        """End the log with a checkpoint and a stop record at core time `ts` (default: that of the last line)."""
        last_ts = max(self._ts, 0) if ts is None else ts
        self._file.check()
        self._begin(last_ts)
        self._checkpoint()
        self._write_signed(last_ts, "stop", {"records": self.records})
        self.sync()
        self._file.close()
        self._packer.finish()

    def abandon(self) -> None:
        """Close the file as it is, without a stop record: how a process ends that must not write any more."""
        self._file.close()
        self._packer.abandon()

    def _begin(self, ts: int) -> None:
        """Write the head of a new file, or the mark that a later process goes on with an old one."""
        if self._begun:
            return
        self._begun = True
        if self._resumes:
            self._write(ts, "resume", {"setup_digest": self._setup_digest, "cut_bytes": self.cut_bytes})
        else:
            self._head(ts)

    def _head(self, ts: int) -> None:
        fields = {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "shard": self._shard,
            "setup_digest": self._setup_digest,
            "previous": self.chain,
            "lines": self.lines,
            "records": self.records,
        }
        self._write(ts, "head", fields)

    def _checkpoint(self) -> None:
        fields = {"lines": self.lines, "records": self.records}
        message = self._write_signed(max(self._ts, 0), "checkpoint", fields)
        self._checkpoint_n = self.lines
        self._written.append(canonical_json(message | {"h": self.chain, "file": self._file.path.name}))

    def _write_signed(self, ts: int, kind: SignedKind, fields: Mapping[str, object]) -> dict[str, object]:
        """Write a record with its signature, where there is a key; return what was signed, and the signature."""
        message = signed_message(
            kind,
            shard=self._shard,
            setup_digest=self._setup_digest,
            n=self.lines + 1,
            ts=ts,
            lines=self.lines,
            records=self.records,
            previous=self._chain,
            key=self._key,
        )
        signature: dict[str, object] = {}
        if self._signing_key is not None:
            signature = {"sig": self._signing_key.sign(canonical_json(message)).hex()}
            fields = {**fields, "key": self._key, **signature}
        self._write(ts, kind, fields)
        return message | signature

    def _rotate(self) -> None:
        """End the file with its foot and begin the next; what is cut short between two steps opens again."""
        ts = max(self._ts, 0)
        self._begin(ts)
        self._write(ts, "foot", {"shard": self._shard, "lines": self.lines, "records": self.records})
        self.sync()
        self._file.close()
        self._packer.add(self._file.path)
        self._file = LineFile(self._directory / segment_name(self.lines + 1), 0, self._disk, self._reserve)
        self._head(ts)
        self._holds_records = False
        try:
            self._file.sync()
            self._disk.sync_folder(self._directory)
        except OSError as error:
            raise AuditError(f"{self._directory}: fsync of the folder failed, {error}") from error

    def _take_reserve(self) -> None:
        try:
            self._reserve.take()
        except OSError as error:
            raise AuditError(f"{self._directory}: the reserve cannot be taken, {error}") from error

    def _write(self, ts: int, kind: str, fields: Mapping[str, object]) -> None:
        assert ts >= self._ts, f"audit ts must not fall: {kind} at {ts} after {self._ts}"
        assert fields.keys().isdisjoint(("n", "h")), f"an audit record of kind {kind} must leave n and h to the writer"
        body = canonical_json({"n": self.lines + 1, "ts": ts, "kind": kind, **fields})
        self._chain = link(self._chain, body)
        self._file.add(seal(body, self._chain, kind))
        self.lines += 1
        self._ts = ts
