"""Plays a recording into the input topics: the bytes as they are, keyed by the contract, with heartbeats between."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec
from confluent_kafka import KafkaError as ClientError
from confluent_kafka import KafkaException, Message, Producer

from config.schema import KafkaConfig, Topics
from feeds.decode import decode
from feeds.kafka_properties import IN_ORDER, METADATA_TIMEOUT_S, KafkaError, client_properties, delivery_failure
from feeds.merge import Partition
from feeds.player_window import Sleep, UnreadWindow
from feeds.record import Record, Rejection

HEARTBEAT_EVERY_RECORDS = 1_000
IN_FLIGHT_MAX = 10_000
QUEUE_FULL_WAIT_S = 0.1
FLUSH_TIMEOUT_S = 60.0
UNKEYED_PARTITION = 0  # what names nothing goes to one fixed place, never to a random one
UNKEYED = b"unkeyed"  # a compacted topic refuses a record without a key

_OWN_PROPERTIES: dict[str, str | int | bool] = {
    "enable.idempotence": True,
    "acks": "all",
    **IN_ORDER,
    "linger.ms": 5,
    "partitioner": "murmur2",  # Java's: other producers of the same key meet us in the same partition
    "queue.buffering.max.messages": IN_FLIGHT_MAX,
    "log_level": 0,
}

Progress = Callable[[int], None]
Gate = Callable[[int | None], None]
Layout = Literal["by_key", "first_partitions"]


class _Peek(msgspec.Struct, gc=False):
    """The fields that a key is made of."""

    instrument: str | None = None
    name: str | None = None
    portfolio: str | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """What was written.

    first_ts : first event time, 0 where there is none
    by_type  : records by event type; `Rejection` for those that no decoder takes
    """

    records: int
    heartbeats: int
    first_ts: int
    by_type: Mapping[str, int]


class Player:
    """Writes records in their order; used once, ended by `finish` or by `abandon`.

    config : `positions_partitions` says which of the positions partitions get heartbeats: those that are served
    layout : `first_partitions` writes all records to partition 0, as on topics of one partition, and the others get
             heartbeats only: an embedded broker makes four of each, and would mix what has one time
    window_sleep : how to wait, in seconds, where 20,000 records of a topic are unread by the group; None: run ahead of
             it without bound
    gate   : called before each record with its event time (None: it has none); it may wait, or raise to end the play
    raises : KafkaError where the cluster does not answer, a topic is missing, a record cannot be delivered, or the
             reader does not read
    """

    def __init__(
        self,
        config: KafkaConfig,
        *,
        layout: Layout = "by_key",
        window_sleep: Sleep | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._failure: str | None = None
        self._producer = Producer(client_properties(config, _OWN_PROPERTIES))
        self._topics = config.topics
        self._names = dict(
            zip(Topics().model_dump().values(), config.topics.model_dump().values(), strict=True)
        )  # recordings carry the default names
        self._partitions = self._find_partitions(config)
        self._inputs = {topic for topic, _ in self._partitions}
        self._layout = layout
        self._gate = gate
        self._window = None if window_sleep is None else UnreadWindow(config, self._partitions, sleep=window_sleep)
        self._decoder = msgspec.json.Decoder(_Peek)
        self._first_ts = 0
        self._last_ts = 0
        self._records = 0
        self._heartbeats = 0
        self._types: Counter[str] = Counter()

    def play(self, records: Iterable[Record]) -> None:
        """Write records; after every 1,000 a heartbeat to each partition with the event time reached."""
        for record in records:
            topic = self._names.get(record.topic, record.topic)
            if topic not in self._inputs:
                topic = self._topics.market_data  # what nobody can read still reaches the daemon, to be refused there
            key, ts = self._read(topic, record.payload)
            if self._gate is not None:
                self._gate(ts)
            if self._records and self._records % HEARTBEAT_EVERY_RECORDS == 0:
                # Not later than the record it precedes: after a record from the future, nothing older would be untrue.
                self._beat(self._last_ts if ts is None else min(self._last_ts, ts), is_end=False)
            self._last_ts = self._last_ts if ts is None else ts
            self._first_ts = self._first_ts or self._last_ts
            by_key = key is not None and self._layout == "by_key"
            self._produce(topic, record.payload, key or UNKEYED, None if by_key else UNKEYED_PARTITION)
            self._records += 1

    def finish(self) -> Played:
        """Write the last heartbeats, with `end: true`, and wait until everything is acknowledged."""
        self._beat(self._last_ts, is_end=True)
        left = self._producer.flush(FLUSH_TIMEOUT_S)
        self._raise_failure()
        if left:
            raise KafkaError(f"{left} records were not acknowledged within {FLUSH_TIMEOUT_S} s")
        self._close_window()
        return Played(self._records, self._heartbeats, self._first_ts, dict(sorted(self._types.items())))

    def abandon(self) -> None:
        """Give up: what is not delivered yet is dropped, and nothing more is written."""
        self._producer.purge()
        self._producer.flush(FLUSH_TIMEOUT_S)
        self._close_window()

    def _beat(self, ts: int, *, is_end: bool) -> None:
        beat: dict[str, object] = {"type": "heartbeat", "ts": ts, "source": "player"}
        payload = msgspec.json.encode(beat | {"end": True} if is_end else beat)
        for topic, partition in self._partitions:
            # Keyed apart: in a compacted topic the heartbeats of a partition must not replace an instrument.
            self._produce(topic, payload, b"heartbeat:player", partition)
            self._heartbeats += 1

    def _read(self, topic: str, payload: bytes) -> tuple[bytes | None, int | None]:
        """Key by contract and event time; None where the record names nothing that could be one, or is refused."""
        event = decode(topic, payload, self._topics)
        ts = None if isinstance(event, Rejection) else event.ts
        self._types[type(event).__name__] += 1
        try:
            peek = self._decoder.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None, ts
        if topic == self._topics.positions:
            named = peek.portfolio.split("/", 1)[0] if peek.portfolio else None
        elif topic in (self._topics.market_data, self._topics.reference):
            named = peek.instrument or peek.name
        else:
            named = peek.scope
        return named.encode() if named else None, ts

    def _produce(self, topic: str, payload: bytes, key: bytes, partition: int | None) -> None:
        if self._window is not None:
            self._window.take(topic)
        while True:
            try:
                if partition is None:
                    self._producer.produce(topic, payload, key, on_delivery=self._on_delivery)
                else:
                    self._producer.produce(topic, payload, key, partition, on_delivery=self._on_delivery)
                break
            except BufferError:
                self._producer.poll(QUEUE_FULL_WAIT_S)
                self._raise_failure()
            except KafkaException as error:
                raise KafkaError(f"{topic} takes no record: {error.args[0].str()}") from error
        self._producer.poll(0)
        self._raise_failure()

    def _find_partitions(self, config: KafkaConfig) -> list[Partition]:
        topics = self._topics
        try:
            found = self._producer.list_topics(timeout=METADATA_TIMEOUT_S).topics
        except KafkaException as error:
            raise KafkaError(f"{config.bootstrap}: {error.args[0].str()}") from error
        partitions: list[Partition] = []
        for topic in (topics.reference, topics.control, topics.positions, topics.market_data, topics.acks):
            if topic not in found:
                raise KafkaError(f"topic {topic} does not exist at {config.bootstrap}: `riskd topics create` makes it")
            served = config.positions_partitions if topic == topics.positions else None
            numbers = sorted(found[topic].partitions)
            partitions += [(topic, number) for number in numbers if served is None or number in served]
        return partitions

    def _close_window(self) -> None:
        if self._window is not None:
            self._window.close()
            self._window = None

    def _on_delivery(self, error: ClientError | None, message: Message) -> None:
        self._failure = self._failure or delivery_failure(error, message)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise KafkaError(self._failure)


def play(chunks: Iterable[list[Record]], config: KafkaConfig, progress: Progress) -> Played:
    """Play a whole recording; `progress` is called after each chunk with the records written so far."""
    player = Player(config)
    written = 0
    for chunk in chunks:
        player.play(chunk)
        written += len(chunk)
        progress(written)
    return player.finish()
