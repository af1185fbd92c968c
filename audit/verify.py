"""Verification of audit logs: is every line the one that was written, and where is the first that is not?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.chain import CHECKPOINT_LINES
from audit.checkpoint import PublishedCheckpoints, by_fingerprint, checkpoint_message, refuse_signature
from audit.scan import BadRecord, Position, walk
from audit.segments import PARTITION_FOLDERS, Segment, difference, find_segments, segments


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verification of one log found.

    lines       : good lines before the first bad one, or all; records: those of them that the core made
    first_bad   : None where every line is as it was written
    warning     : what is no fault by itself, such as a log that ends without a stop; None where there is nothing
    chain       : h of the last good line, in hex: compare it with a copy kept elsewhere
    checkpoints : good ones; signed_n is the last whose signature was checked, 0 where none was
    compared    : published checkpoints that were found in the log
    """

    directory: Path
    shard: int
    ok: bool
    files: int
    lines: int
    records: int
    first_bad: BadRecord | None
    warning: str | None
    chain: str
    checkpoints: int
    signed_n: int
    compared: int


def verify(
    directory: Path, *, keys: Iterable[Ed25519PublicKey] = (), published: PublishedCheckpoints | None = None
) -> Verdict:
    """Check canonical form, gap-free n, order in time, the whole chain and the files' heads and feet of one log.

    keys      : where there are any, every checkpoint must be signed by one of them
    published : checkpoints as published elsewhere; each of this shard must be in the log with the same h, so that a log
                whose end was cut off, or which was written anew, shows itself

    A log that ends without a stop record is a warning: the daemon lives, or was killed, or the end was cut off. Without
    published checkpoints nobody can tell these apart. Raises AuditError where there is no audit file.
    """
    found = segments(directory)
    judge = _CheckpointJudge(by_fingerprint(keys), published)
    position, bad = walk(found, judge=judge.judge)
    bad = bad or judge.missing(position) or _unlike_forms(found, position)
    warnings = [] if bad is not None else [*_endings(position, judge)]
    return Verdict(
        directory=directory,
        shard=position.shard or 0,
        ok=bad is None,
        files=len(found),
        lines=position.lines,
        records=position.records,
        first_bad=bad,
        warning="; ".join(warnings) or None,
        chain=position.chain.hex(),
        checkpoints=judge.checkpoints,
        signed_n=judge.signed_n,
        compared=judge.compared,
    )


def verify_all(
    directory: Path, *, keys: Iterable[Ed25519PublicKey] = (), published: PublishedCheckpoints | None = None
) -> tuple[Verdict, ...]:
    """Verify the log in `directory` and those in its sub-folders `partition-<p>`, by p; raises as `verify` does."""
    trusted = tuple(keys)
    folders = sorted(directory.glob(PARTITION_FOLDERS), key=lambda path: (len(path.name), path.name))
    has_own = bool(find_segments(directory)) or not folders
    verdicts = [verify(directory, keys=trusted, published=published)] if has_own else []
    for folder in folders:
        verdict = verify(folder, keys=trusted, published=published)
        if verdict.ok and folder.name != f"partition-{verdict.shard}":
            why = f"the log belongs to shard {verdict.shard}, and the folder is {folder.name}"
            verdict = replace(verdict, ok=False, first_bad=BadRecord(segments(folder)[0].path.name, 1, 1, why))
        verdicts.append(verdict)
    return tuple(verdicts)


@dataclass(slots=True)
class _CheckpointJudge:
    """Holds each checkpoint of one log against keys and published checkpoints, and counts."""

    keys: Mapping[str, Ed25519PublicKey]
    published: PublishedCheckpoints | None
    checkpoints: int = 0
    signed_n: int = 0
    _records: int = 0  # of the core, before the last checkpoint
    _found: set[int] = field(default_factory=set)

    def judge(self, before: Position, record: Mapping[str, object], chain: bytes) -> str | None:
        n, ts, key = before.lines + 1, record["ts"], record.get("key")
        assert isinstance(ts, int), f"ts must be an integer, got {ts!r}"
        if self.keys:
            message = checkpoint_message(
                shard=before.shard or 0,
                setup_digest=before.setup_digest,
                n=n,
                ts=ts,
                lines=before.lines,
                records=before.records,
                previous=before.chain,
                key=key if isinstance(key, str) else None,
            )
            why = refuse_signature(self.keys, message, key=key, sig=record.get("sig"))
            if why is not None:
                return why
            self.signed_n = n
        expected = self._published_of(before).get(n, chain)
        if expected != chain:
            return f"the checkpoint was published with h {expected.hex()}, and the log has {chain.hex()}"
        why = self._refuse_distance(before)
        if why is not None:
            return why
        self.checkpoints += 1
        self._records = before.records
        if n in self._published_of(before):
            self._found.add(n)
        return None

    @property
    def compared(self) -> int:
        """How many published checkpoints the log has."""
        return len(self._found)

    def missing(self, end: Position) -> BadRecord | None:
        """Return the first checkpoint that the log, good in itself, should have and does not."""
        why_far = self._refuse_distance(end)
        if why_far is not None:
            return BadRecord("" if end.path is None else end.path.name, 0, end.lines + 1, why_far)
        absent = [n for n in self._published_of(end) if n not in self._found]
        if not absent:
            return None
        n, file = min(absent), "" if end.path is None else end.path.name
        if n > end.lines:
            why = f"the log ends at n {end.lines}, but checkpoint n {n} was published: its end was cut off"
        else:
            why = f"checkpoint n {n} was published, but the log's record n {n} is none: it was written anew"
        return BadRecord(file, 0, n, why)

    def _refuse_distance(self, position: Position) -> str | None:
        """Without this, whoever has no key could go on with the log and write no checkpoint any more."""
        distance = position.records - self._records
        if distance < CHECKPOINT_LINES:
            return None
        return f"a checkpoint must come within {CHECKPOINT_LINES} records, got {distance} after the last one"

    def _published_of(self, position: Position) -> Mapping[int, bytes]:
        return {} if self.published is None else self.published.chains.get(position.shard or 0, {})


def _unlike_forms(found: list[Segment], position: Position) -> BadRecord | None:
    """Return a file that is there plain and compressed, but not with the same bytes."""
    for segment in found:
        if segment.plain is not None and segment.packed is not None and segment.plain.is_file():
            why = difference(segment.plain, segment.packed)
            if why is not None:
                return BadRecord(segment.packed.name, 0, position.lines, why)
    return None


def _endings(position: Position, judge: _CheckpointJudge) -> Iterable[str]:
    """Yield what is no fault by itself, but leaves the end of the log to be believed."""
    if position.kind != "stop":
        yield f"ends without a stop after n {position.lines}: the daemon lives, was killed, or the end was cut off"
    if judge.keys and judge.signed_n == 0:
        yield "no checkpoint yet, so that nothing is signed"
    elif judge.keys and position.lines - judge.signed_n > 1:
        yield f"the last {position.lines - judge.signed_n} lines follow the last signed checkpoint, n {judge.signed_n}"
    if judge.published is not None and judge.compared == 0:
        yield f"no published checkpoint of shard {position.shard or 0} to compare with"
