"""Reads and decodes the input topics in one dedicated thread and hands batches to asyncio, one ahead of the core."""

import asyncio
import queue
import threading
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

import msgspec
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from confluent_kafka import KafkaError as ClientError

from config.schema import KafkaConfig
from feeds.batch import Batch
from feeds.kafka_inputs import input_partitions, topic_ids
from feeds.kafka_properties import KafkaError, client_properties
from feeds.kafka_watermarks import watermarks
from feeds.merge import Partition
from feeds.prices import Arrived, gather
from feeds.symbols import Symbols

BATCH_RECORDS_MAX = 500
IDLE_TIMEOUT_S = 0.1  # an empty batch after it: time passes also where nothing comes
CLOSE_TIMEOUT_S = 2.0  # then the process ends without waiting for a broker that is away
QUEUED_KIB_MAX = 65_536
LOOK_EVERY_S = 1.0  # at lag, and with the offsets for those who monitor the group

# Offsets live in the journal; what is committed is for lag monitors and never read. An offset that the broker no longer
# has is a gap that must stop us ("error"), not a place to start anew.
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
    "statistics.interval.ms": 1_000,
    "log_level": 0,  # what matters is told by errors and by the report
}


class KafkaSource:
    """All partitions of the input topics that this process serves, assigned by hand.

    config : `kafka` of the configuration
    starts : offset of the next record by partition, from the journal; others start where `kafka.start` says, and
             afterwards it holds the offset at which each partition begins; `ends` those that they reach now
    raises : KafkaError from the constructor where a topic is missing or the cluster does not answer, and from
             `batches` on every error after which records could be lost
    """

    def __init__(self, config: KafkaConfig, starts: Mapping[Partition, int]) -> None:
        properties = client_properties(config, {**_OWN_PROPERTIES, "group.id": config.group})
        self._down_since_s: float | None = None
        self._consumer = Consumer(properties | {"stats_cb": self._on_statistics})
        self._requests: queue.SimpleQueue[asyncio.Future[Batch] | None] = queue.SimpleQueue()
        self._is_stopping = False
        self._left_s: float | None = None
        self._wanted_pause: frozenset[Partition] = frozenset()
        self._paused: frozenset[Partition] = frozenset()
        self._applied: Mapping[Partition, int] = {}
        self._lag: dict[Partition, int] = {}
        self._troubles: dict[Partition, str] = {}
        self._looked_s = 0.0
        self._topics = config.topics
        self._symbols = Symbols()
        try:
            self.partitions = input_partitions(self._consumer, config)
            self.starts, self.ends = self._bounds(config, starts)
            self.topic_ids = topic_ids(config, self._consumer)
            self._consumer.assign([TopicPartition(*partition, self.starts[partition]) for partition in self.partitions])
        except KafkaException as error:
            self._consumer.close()
            raise KafkaError(f"{config.bootstrap}: {error.args[0].str()}") from error
        except KafkaError:
            self._consumer.close()
            raise
        self._thread = threading.Thread(target=self._serve, name="riskd-kafka-source", daemon=True)
        self._thread.start()

    async def batches(self) -> AsyncIterator[Batch]:
        """Batches until `stop`; one is read and decoded while the one before is applied, which is the back-pressure.

        Shapes: at most 500 records; none after 0.1 s of silence. The one that is read when `stop` comes is dropped:
        nothing knows of it.
        """
        upcoming = self._request()
        while not self._is_stopping:
            batch = await upcoming
            upcoming = self._request()
            yield batch
        upcoming.cancel()

    def _request(self) -> asyncio.Future[Batch]:
        future: asyncio.Future[Batch] = asyncio.get_running_loop().create_future()
        self._requests.put(future)
        return future

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Read all but these from the batch after next on, so that a slow partition does not fill memory."""
        self._wanted_pause = frozenset(partitions)

    def note_applied(self, offsets: Mapping[Partition, int]) -> None:
        """Say what may be committed for those who monitor the group's lag: offset of the next record by partition."""
        self._applied = offsets

    @property
    def lag(self) -> Mapping[Partition, int]:
        """Records not read yet, by partition, as of the last second."""
        return self._lag

    @property
    def troubles(self) -> Mapping[Partition, str]:
        """Errors of partitions that give no records for them: a topic that was deleted, a leader that is gone."""
        return dict(self._troubles)

    @property
    def down_s(self) -> float:
        """Seconds since no broker answered, 0.0 where one does."""
        since_s = self._down_since_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    @property
    def is_stopping(self) -> bool:
        """Say whether the end was asked for."""
        return self._is_stopping

    def stop(self) -> None:
        """Ask for the end: `batches` stops after the batch that is under way. Safe in a signal handler of the loop."""
        self._is_stopping = True

    def leave(self) -> None:
        """Begin to close, while the daemon still lets out what it has; `batches` must have ended."""
        self._is_stopping = True
        if self._left_s is None:
            self._left_s = time.monotonic()
            self._requests.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the thread and the consumer; one that waits for a broker that is away is left to the process's end."""
        self.leave()
        assert self._left_s is not None, "leave notes its time"
        self._thread.join(max(0.0, self._left_s + CLOSE_TIMEOUT_S - time.monotonic()))

    def _bounds(
        self, config: KafkaConfig, starts: Mapping[Partition, int]
    ) -> tuple[dict[Partition, int], dict[Partition, int]]:
        """Return where each partition begins, by number: "earliest" must mean the same after a restart."""
        begin: dict[Partition, int] = {}
        end: dict[Partition, int] = {}
        whole = (config.topics.reference, config.topics.control)  # read from their beginning wherever the rest starts
        for partition in self.partitions:
            low, high = watermarks(self._consumer, *partition)
            first = low if config.start == "earliest" or partition[0] in whole else high
            begin[partition] = starts.get(partition, first)
            end[partition] = high
            if not low <= begin[partition] <= high:
                raise KafkaError(
                    f"{partition[0]}[{partition[1]}] holds offsets {low} to {high}, the journal goes on at "
                    f"{begin[partition]}: records between are gone, or the topic is another one. Bring them back, or "
                    "start with a new journal and new output topics"
                )
        return begin, end

    def _serve(self) -> None:
        """Body of the thread: one read per request; errors travel to whoever asked."""
        while (future := self._requests.get()) is not None:
            loop = future.get_loop()
            try:
                answer = partial(_resolve, future, self._read())
            except KafkaException as error:
                answer = partial(_fail, future, KafkaError(str(error)))
            except BaseException as error:  # noqa: BLE001 - it ends whoever asked, who would otherwise wait for ever
                answer = partial(_fail, future, error)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(answer)
        self._consumer.close()

    def _read(self) -> Batch:
        if self._wanted_pause != self._paused:
            self._apply_pause(self._wanted_pause)
        if time.monotonic() - self._looked_s > LOOK_EVERY_S:
            self._look()
        # `consume(500, timeout)` waits its whole timeout unless 500 came; poll returns with the first.
        first = self._consumer.poll(IDLE_TIMEOUT_S)
        if first is None:
            return Batch([], [])
        messages = [first, *self._consumer.consume(BATCH_RECORDS_MAX - 1, timeout=0)]
        ts_in = time.time_ns()
        failed = [message for message in messages if message.error() is not None]
        ends: list[Partition] = []
        for message in failed:
            if _is_end(message):
                ends.append((message.topic(), message.partition()))
            elif message.topic() is not None:
                self._troubles[message.topic(), message.partition()] = message.error().str()
        good = [message for message in messages if message.error() is None] if failed else messages
        arrived = Arrived(
            [message.topic() for message in good],
            [message.partition() for message in good],
            [message.offset() for message in good],
            # A null value deletes a key in a compacted topic; as an input it is empty, and the decoder rejects it.
            [message.value() or b"" for message in good],
            ts_in,
        )
        if self._troubles:
            for partition in [*zip(arrived.topics, arrived.partitions, strict=True), *ends]:
                self._troubles.pop(partition, None)
        return Batch(gather(arrived, self._topics, self._symbols), ends)

    def _look(self) -> None:
        """Once a second: how far the partitions reach, as the last fetch told, and the commit that monitors read."""
        self._looked_s = time.monotonic()
        places = self._consumer.position([TopicPartition(*partition) for partition in self.partitions])
        for place in places:
            high = self._consumer.get_watermark_offsets(place, cached=True)[1]
            if place.offset >= 0 and high >= 0:
                self._lag[place.topic, place.partition] = max(0, high - place.offset)
        applied, self._applied = self._applied, {}
        if applied:
            offsets = [TopicPartition(topic, number, offset) for (topic, number), offset in applied.items()]
            self._consumer.commit(offsets=offsets, asynchronous=True)

    def _apply_pause(self, wanted: frozenset[Partition]) -> None:
        self._consumer.pause([TopicPartition(*partition) for partition in wanted - self._paused])
        self._consumer.resume([TopicPartition(*partition) for partition in self._paused - wanted])
        self._paused = wanted

    def _on_statistics(self, text: str) -> None:
        """Once a second: note since when no broker is connected; librdkafka goes on trying, only time tells more."""
        brokers = msgspec.json.decode(text, type=_Statistics).brokers.values()
        if any(broker.state == "UP" for broker in brokers):
            self._down_since_s = None
        elif self._down_since_s is None:
            self._down_since_s = time.monotonic()


class _Broker(msgspec.Struct):
    state: str


class _Statistics(msgspec.Struct):
    """The part of librdkafka's statistics that is read here."""

    brokers: dict[str, _Broker]


def _is_end(message: Message) -> bool:
    """True for the end of a partition, False for trouble that librdkafka mends itself; raises on the rest."""
    error = message.error()
    if error.code() == ClientError._PARTITION_EOF:
        return True
    if error.retriable() and not error.fatal():
        return False
    where = f"{message.topic()}[{message.partition()}] at {message.offset()}"
    raise KafkaError(f"reading {where} failed: {error.name()}: {error.str()}")


def _resolve(future: asyncio.Future[Batch], batch: Batch) -> None:
    if not future.done():  # whoever asked may have been cancelled
        future.set_result(batch)


def _fail(future: asyncio.Future[Batch], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
