"""Reads the input topics in one dedicated thread and hands batches to asyncio, one at a time, as they are asked for."""

import asyncio
import queue
import threading
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException, Message, TopicPartition
from confluent_kafka import KafkaError as ClientError

from config.schema import KafkaConfig
from feeds.kafka_properties import METADATA_TIMEOUT_S, KafkaError, client_properties
from feeds.merge import Partition
from feeds.record import Record

BATCH_RECORDS_MAX = 500
IDLE_TIMEOUT_S = 0.1  # an empty batch after it: time passes also where nothing comes
CLOSE_TIMEOUT_S = 10.0
QUEUED_KIB_MAX = 65_536

# Offsets live in the journal, so nothing is committed, and an offset that the broker no longer has is a gap
# that must stop us ("error"), not a place to start anew.
_OWN_PROPERTIES: dict[str, str | int | bool] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "error",
    "isolation.level": "read_committed",
    "allow.auto.create.topics": False,
    "fetch.min.bytes": 1,
    "fetch.wait.max.ms": 100,
    "fetch.queue.backoff.ms": 1,
    "queued.max.messages.kbytes": QUEUED_KIB_MAX,
    "log_level": 3,
}


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look gave: records with n = 0, and the partitions that were read to their end just then."""

    records: list[Record]
    ends: list[Partition]


class KafkaSource:
    """All partitions of the input topics, assigned by hand.

    config : `kafka` of the configuration
    starts : offset of the next record by partition, from the journal; others start where `kafka.start` says
    raises : KafkaError from the constructor where a topic is missing, the positions have several partitions, or the
             cluster does not answer, and from `batches` on every error after which records could be lost
    """

    def __init__(self, config: KafkaConfig, starts: Mapping[Partition, int]) -> None:
        properties = client_properties(config, {**_OWN_PROPERTIES, "group.id": config.group})
        self._consumer = Consumer(properties)
        self._requests: queue.SimpleQueue[asyncio.Future[Batch] | None] = queue.SimpleQueue()
        self._is_stopping = False
        self._wanted_pause: frozenset[Partition] = frozenset()
        self._paused: frozenset[Partition] = frozenset()
        try:
            self.partitions = _input_partitions(self._consumer, config)
            first = OFFSET_BEGINNING if config.start == "earliest" else OFFSET_END
            self._consumer.assign(
                [TopicPartition(topic, number, starts.get((topic, number), first)) for topic, number in self.partitions]
            )
        except KafkaException as error:
            self._consumer.close()
            raise KafkaError(f"{config.bootstrap}: {error.args[0].str()}") from error
        except KafkaError:
            self._consumer.close()
            raise
        self._thread = threading.Thread(target=self._serve, name="riskd-kafka-source")
        self._thread.start()

    async def batches(self) -> AsyncIterator[Batch]:
        """Batches until `stop`; the next is read when the last is done, which is the back-pressure.

        Shapes: at most 500 records; none after 0.1 s of silence.
        """
        loop = asyncio.get_running_loop()
        while not self._is_stopping:
            future: asyncio.Future[Batch] = loop.create_future()
            self._requests.put(future)
            yield await future

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Read all but these from the next batch on: how a slow partition does not make the others fill the memory."""
        self._wanted_pause = frozenset(partitions)

    def stop(self) -> None:
        """Ask for the end: `batches` stops after the batch that is under way. Safe in a signal handler of the loop."""
        self._is_stopping = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the thread and the consumer."""
        self._is_stopping = True
        self._requests.put(None)
        self._thread.join(CLOSE_TIMEOUT_S)
        assert not self._thread.is_alive(), f"the Kafka thread must end within {CLOSE_TIMEOUT_S} s"

    def _serve(self) -> None:
        """Body of the thread: one read per request; errors travel to whoever asked."""
        while (future := self._requests.get()) is not None:
            loop = future.get_loop()
            try:
                batch = self._read()
            except KafkaException as error:
                loop.call_soon_threadsafe(_fail, future, KafkaError(str(error)))
            except BaseException as error:  # noqa: BLE001 - it ends whoever asked, who would otherwise wait for ever
                loop.call_soon_threadsafe(_fail, future, error)
            else:
                loop.call_soon_threadsafe(_resolve, future, batch)
        self._consumer.close()

    def _read(self) -> Batch:
        if self._wanted_pause != self._paused:
            self._apply_pause(self._wanted_pause)
        # `consume(500, timeout)` waits its whole timeout unless 500 came; poll returns with the first.
        first = self._consumer.poll(IDLE_TIMEOUT_S)
        if first is None:
            return Batch([], [])
        messages = [first, *self._consumer.consume(BATCH_RECORDS_MAX - 1, timeout=0)]
        ts_in = time.time_ns()
        records = []
        ends = []
        for message in messages:
            if message.error() is None:
                # A null value deletes a key in a compacted topic; as an input it is empty, and the decoder rejects it.
                payload = message.value() or b""
                records.append(Record(0, message.topic(), message.partition(), message.offset(), payload, ts_in))
            elif _is_end(message):
                ends.append((message.topic(), message.partition()))
        return Batch(records, ends)

    def _apply_pause(self, wanted: frozenset[Partition]) -> None:
        self._consumer.pause([TopicPartition(*partition) for partition in wanted - self._paused])
        self._consumer.resume([TopicPartition(*partition) for partition in self._paused - wanted])
        self._paused = wanted


def _is_end(message: Message) -> bool:
    """True for the end of a partition, False for trouble that librdkafka mends itself; raises on the rest."""
    error = message.error()
    if error.code() == ClientError._PARTITION_EOF:
        return True
    if error.retriable() and not error.fatal():
        return False
    where = f"{message.topic()}[{message.partition()}] at {message.offset()}"
    raise KafkaError(f"reading {where} failed: {error.name()}: {error.str()}")


def _input_partitions(consumer: Consumer, config: KafkaConfig) -> tuple[Partition, ...]:
    topics = config.topics
    found = consumer.list_topics(timeout=METADATA_TIMEOUT_S).topics
    partitions: list[Partition] = []
    for topic in (topics.reference, topics.control, topics.positions, topics.market_data, topics.acks):
        if topic not in found or found[topic].error is not None:
            raise KafkaError(f"topic {topic} does not exist at {config.bootstrap}: `riskd topics create` makes it")
        partitions += [(topic, number) for number in sorted(found[topic].partitions)]
    count = len(found[topics.positions].partitions)
    if count > 1:  # positions partition p must act on action partition p, and this process writes only the first
        raise KafkaError(f"topic {topics.positions} has {count} partitions, and this release serves one")
    return tuple(partitions)


def _resolve(future: asyncio.Future[Batch], batch: Batch) -> None:
    if not future.done():  # whoever asked may have been cancelled
        future.set_result(batch)


def _fail(future: asyncio.Future[Batch], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
