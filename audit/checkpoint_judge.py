"""Holds the checkpoints and stops of one log against keys, and against the checkpoints that were published."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.chain import CHECKPOINT_LINES
from audit.checkpoint import SignedKind, refuse_signature, signed_message
from audit.published import PublishedCheckpoints
from audit.scan import BadRecord, Position

UNSEEN = "a cut at a checkpoint cannot be seen without the published checkpoints"


@dataclass(slots=True)
class CheckpointJudge:
    """One walk's judge; it counts as it goes.

    keys        : by fingerprint; where there are any, every checkpoint and every stop must be signed by one of them
    checkpoints : good ones
    signed_n    : the last n whose signature was checked, 0 where none was
    """

    keys: Mapping[str, Ed25519PublicKey]
    published: PublishedCheckpoints | None
    checkpoints: int = 0
    signed_n: int = 0
    _records: int = 0  # of the core, before the last checkpoint
    _found: set[int] = field(default_factory=set)

    def judge(self, before: Position, record: Mapping[str, object], chain: bytes) -> str | None:
        """Return why a checkpoint or a stop is bad, or None."""
        kind: SignedKind = "stop" if record["kind"] == "stop" else "checkpoint"
        why = self._refuse_signature(kind, before, record)
        if why is not None or kind == "stop":
            return why
        n = before.lines + 1
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

    def endings(self, end: Position) -> Iterator[str]:
        """Yield what is no fault by itself, but leaves the end of the log to be believed."""
        if end.kind != "stop":
            yield f"ends without a stop after n {end.lines}: the daemon lives, was killed, or the end was cut off"
        if self.keys and self.signed_n == 0:
            yield "no checkpoint yet, so that nothing is signed"
        elif self.keys and end.lines > self.signed_n:
            yield f"the last {end.lines - self.signed_n} lines follow the last signature, n {self.signed_n}"
        if self.published is not None and self.compared == 0:
            yield f"no published checkpoint of shard {end.shard or 0} to compare with: {UNSEEN}"

    def _refuse_signature(self, kind: SignedKind, before: Position, record: Mapping[str, object]) -> str | None:
        """Without a signed stop, whoever has no key could cut the log at a checkpoint and end it as the daemon does."""
        if not self.keys:
            return None
        ts, key = record["ts"], record.get("key")
        assert isinstance(ts, int), f"ts must be an integer, got {ts!r}"
        message = signed_message(
            kind,
            shard=before.shard or 0,
            setup_digest=before.setup_digest,
            n=before.lines + 1,
            ts=ts,
            lines=before.lines,
            records=before.records,
            previous=before.chain,
            key=key if isinstance(key, str) else None,
        )
        why = refuse_signature(kind, self.keys, message, key=key, sig=record.get("sig"))
        if why is None:
            self.signed_n = before.lines + 1
        return why

    def _refuse_distance(self, position: Position) -> str | None:
        """Without this, whoever has no key could go on with the log and write no checkpoint any more."""
        distance = position.records - self._records
        if distance < CHECKPOINT_LINES:
            return None
        return f"a checkpoint must come within {CHECKPOINT_LINES} records, got {distance} after the last one"

    def _published_of(self, position: Position) -> Mapping[int, bytes]:
        return {} if self.published is None else self.published.chains.get(position.shard or 0, {})
