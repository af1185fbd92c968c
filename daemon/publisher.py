"""Lets outputs out: action, shadow and dead-letter topics, then the audit log; after a restart only what is missing."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from audit.writer import AuditWriter
from config.schema import KafkaConfig
from daemon.outputs import Outputs
from enforcement.records import Action, encode
from feeds.dead_letters import dead_letter
from feeds.journal_frames import JournalError
from feeds.kafka_sink import Outgoing, Sink
from feeds.kafka_tail import read_tail


class _PublishedAction(msgspec.Struct):
    seq: int


class _PublishedLetter(msgspec.Struct):
    topic: str
    partition: int
    offset: int
    n: int


@dataclass(slots=True)
class _Tail:
    """What a topic's partition held before this process, and what the core has given since its first event.

    published : seq of the last record that is out, 0 where none is; `value` its bytes
    given     : seq of the last action that the core gave
    """

    topic: str
    partition: int
    published: int
    value: bytes
    given: int = 0

    def missing(self, actions: Sequence[Action]) -> Sequence[Action]:
        """Return the actions that are not out; raises JournalError where the last published one was another."""
        if not actions:
            return actions
        assert actions[0].seq == self.given + 1, f"{self.topic}: seq must be {self.given + 1}, got {actions[0].seq}"
        self.given = actions[-1].seq
        assert self.given - actions[0].seq == len(actions) - 1, f"{self.topic}: seq must count without a gap"
        if actions[0].seq > self.published:
            return actions
        last = next((action for action in actions if action.seq == self.published), None)
        if last is not None and encode(last) != self.value:
            raise JournalError(
                f"{self.topic}[{self.partition}]: seq {self.published} was published with other bytes than the "
                "journal gives: another journal or another release wrote it"
            )
        return [action for action in actions if action.seq > self.published]

    def check_explained(self) -> None:
        """Raise JournalError where the topic holds more than the journal gives."""
        if self.published > self.given:
            raise JournalError(
                f"{self.topic}[{self.partition}] ends with seq {self.published}, but the journal gives only "
                f"{self.given}: another journal wrote it, or this one lost its end"
            )


@dataclass(frozen=True, slots=True)
class Published:
    """What one round let out: actions of both topics, counts of the rest, and how long Kafka took, seconds."""

    actions: list[Action]
    letters: int
    records: int
    publish_s: float


class Publisher:
    """The only way out of a shard; `publish` is called with the journal durable up to these outputs, then `audit`.

    Both may have a thread of their own: the next round need not wait for the disk of the audit log.

    syncs_each : every round's audit is on disk when `audit` returns, not only one that holds an action

    During recovery they are called with the outputs of the replayed journal and let out what is missing.
    raises : KafkaError where a record cannot be delivered, AuditError where the disk fails, JournalError where what
             is out already does not follow from the journal
    """

    def __init__(
        self, config: KafkaConfig, sink: Sink, audit: AuditWriter | None, *, shard: int, syncs_each: bool = False
    ) -> None:
        self._topics = config.topics
        self._sink = sink
        self._audit = audit
        self._syncs_each = syncs_each
        self._shard = shard  # positions partition p writes action partition p
        self._actions = self._read_action_tail(config, config.topics.actions)
        self._shadow = self._read_action_tail(config, config.topics.shadow)
        self._letter = _read_letter_tail(config, shard)
        self._audited = audit.records if audit is not None else 0
        self._seq = {"actions": self._actions.published, "shadow": self._shadow.published}

    @property
    def seq(self) -> Mapping[str, int]:
        """Last seq that readers can see, of `actions` and `shadow`."""
        return self._seq

    @property
    def audit_trouble(self) -> str | None:
        """What keeps the audit log from being written as it should, None where nothing does."""
        return None if self._audit is None else self._audit.degraded

    def publish(self, waiting: Sequence[Outputs], leases: Sequence[Outgoing] = ()) -> Published:
        """Publish what several steps let out, and leases behind it, and wait until readers can see it."""
        actions = self._actions.missing([action for outputs in waiting for action in outputs.actions])
        shadow = self._shadow.missing([action for outputs in waiting for action in outputs.shadow])
        letters = [
            dead_letter(self._topics.deadletter, record, rejection, shard=self._shard)
            for outputs in waiting
            for record, rejection in outputs.rejections
            if self._is_letter_missing((record.topic, record.partition, record.offset, record.n))
        ]
        outgoing = [self._outgoing(self._topics.actions, action) for action in actions]
        outgoing += [self._outgoing(self._topics.shadow, action) for action in shadow]
        outgoing += [*letters, *leases]
        begun_s = time.perf_counter()
        if outgoing:
            self._sink.publish(outgoing)
        publish_s = time.perf_counter() - begun_s
        self._seq = {
            "actions": max(self._actions.published, self._actions.given),
            "shadow": max(self._shadow.published, self._shadow.given),
        }
        return Published([*actions, *shadow], len(letters), len(outgoing), publish_s)

    def audit(self, waiting: Sequence[Outputs]) -> int:
        """Write what is published and the log does not hold yet, on disk where an action went out; return how much.

        What goes without an action, such as a command that waits for an approval, is on disk within 10 s, unless
        `syncs_each`.
        """
        if self._audit is None:
            return 0
        written = 0
        for outputs in waiting:
            known = min(self._audited, len(outputs.audit))
            self._audited -= known
            self._audit.append(outputs.audit[known:])
            written += len(outputs.audit) - known
        if (self._syncs_each and written) or any(outputs.actions or outputs.shadow for outputs in waiting):
            self._audit.sync()
        return written

    def tick(self, now_ns: int) -> list[Outgoing]:
        """Once a second, with the wall clock: rotate and sign the audit log; return the checkpoints to publish."""
        if self._audit is not None:
            self._audit.tick(now_ns)
        return self.checkpoints()

    def checkpoints(self) -> list[Outgoing]:
        """Return the checkpoints that became durable since the last call, for their topic."""
        if self._audit is None:
            return []
        key = str(self._shard).encode()
        return [Outgoing(self._topics.checkpoints, 0, key, checkpoint) for checkpoint in self._audit.take_checkpoints()]

    def finish_recovery(self) -> None:
        """Check that everything that was out follows from the journal; from now on all is new."""
        self._actions.check_explained()
        self._shadow.check_explained()
        if self._audited:
            raise JournalError(f"the audit log has {self._audited} records more than the journal gives")
        if self._letter is not None:
            raise JournalError(f"{self._topics.deadletter}: its last record, {self._letter}, is not in the journal")

    def _outgoing(self, topic: str, action: Action) -> Outgoing:
        return Outgoing(topic, self._shard, action.scope.encode(), encode(action))

    def _is_letter_missing(self, letter: tuple[str, int, int, int]) -> bool:
        """Dead letters leave in the order of n: all up to the last published one are out."""
        if self._letter is None:
            return True
        if letter == self._letter:
            self._letter = None
        return False

    def _read_action_tail(self, config: KafkaConfig, topic: str) -> _Tail:
        value = read_tail(config, topic).get((topic, self._shard))
        if value is None:
            return _Tail(topic, self._shard, 0, b"")
        try:
            return _Tail(topic, self._shard, msgspec.json.decode(value, type=_PublishedAction).seq, value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise JournalError(f"{topic}[{self._shard}] ends with a record that is no action: {error}") from error


def refuse_published(config: KafkaConfig, shard: int) -> None:
    """Raise JournalError where the action topics hold records of this shard, which an empty journal cannot explain."""
    for topic in (config.topics.actions, config.topics.shadow):
        if (topic, shard) in read_tail(config, topic):
            raise JournalError(
                f"{topic}[{shard}] holds actions, and the journal is empty: another journal wrote it, or this one lost "
                "its end"
            )


def _read_letter_tail(config: KafkaConfig, shard: int) -> tuple[str, int, int, int] | None:
    topic = config.topics.deadletter
    value = read_tail(config, topic).get((topic, shard))
    if value is None:
        return None
    try:
        letter = msgspec.json.decode(value, type=_PublishedLetter)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalError(f"{topic} ends with a record that is no dead letter: {error}") from error
    return letter.topic, letter.partition, letter.offset, letter.n
