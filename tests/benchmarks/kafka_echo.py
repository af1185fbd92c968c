"""From a record in Kafka to a record that a read_committed reader holds, on an Apache Kafka of its own on loopback."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
from confluent_kafka import Consumer, Producer, TopicPartition
from numpy.typing import NDArray

from config.schema import KafkaConfig, Topics
from feeds.broker.apache import LocalKafka
from feeds.kafka_topics import create_topics
from tests.benchmarks.figures import Bound, Figure
from tests.benchmarks.kafka_echo_process import Way

GAPS_S = (0.002, 0.010)
RECORDS = {0.002: 4_000, 0.010: 1_500}
WARM_RECORDS = 100
ANSWER_TIMEOUT_S = 60.0
PADDING_BYTES = 600  # with it a record is about as long as an action
IDEMPOTENT_OVER_BARE_MS = (0.5, 1.0)  # goal, first step
TRANSACTIONAL_P99_MS = {0.002: 40.0, 0.010: 10.0}
WAYS: tuple[Way, ...] = ("bare", "idempotent", "transactional")

Middle = Callable[[KafkaConfig], AbstractContextManager[None]]
MakeRecord = Callable[[int], bytes]
SentNs = Callable[[bytes], int]


def kafka_echo() -> list[Figure]:
    """Each way at each gap, the bare one first: it is what the others are held against."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, LocalKafka(Path(folder)) as broker:
        for way in WAYS:  # Java compiles what it runs often: nobody's first records count
            measure(own_topics(broker.bootstrap, f"warm-{way}"), echo_process(way), gap_s=0.002, count=RECORDS[0.002])
        for gap_s in GAPS_S:
            bare_p99_ms = float("nan")
            for way in WAYS:
                config = own_topics(broker.bootstrap, f"echo-{way}-{gap_s}")
                took_ms = measure(config, echo_process(way), gap_s=gap_s, count=RECORDS[gap_s])
                if way == "bare":
                    bare_p99_ms = float(np.percentile(took_ms, 99))
                figures.append(_figure(way, gap_s, took_ms, bare_p99_ms))
    return figures


def own_topics(bootstrap: str, prefix: str) -> KafkaConfig:
    """Return a configuration whose topics nobody else uses; they do not exist yet."""
    topics = {name: f"{prefix}.{topic}" for name, topic in Topics().model_dump().items()}
    return KafkaConfig(bootstrap=bootstrap, group=prefix, topics=Topics(**topics))


def measure(
    config: KafkaConfig,
    middle: Middle,
    *,
    gap_s: float,
    count: int,
    make_record: MakeRecord = lambda sent_ns: b"%d %s" % (sent_ns, b"x" * PADDING_BYTES),
    sent_ns: SentNs = lambda value: int(value.split(b" ", 1)[0]),
) -> NDArray[np.float64]:
    """Return (count,) ms from before a record is produced to when a read_committed reader holds its answer.

    middle      : runs what answers; every record of market data must give one record on the action topic's partition 0
    gap_s       : between two records, seconds
    make_record : of the wall time at which it is sent, ns; `sent_ns` finds that time in the answer
    """
    create_topics(config)
    total = WARM_RECORDS + count
    reader = _Reader(config, total, sent_ns)
    producer = Producer({"bootstrap.servers": config.bootstrap, "acks": "all", "linger.ms": 0, "log_level": 2})
    with middle(config):
        reader.start()
        producer.produce(config.topics.market_data, make_record(time.time_ns()), b"ABC", 0)
        producer.flush(ANSWER_TIMEOUT_S)
        reader.wait_for_first()  # whoever answers has started, compiled, and connected
        due_s = time.perf_counter()
        for _ in range(total - 1):
            due_s = max(due_s + gap_s, time.perf_counter())
            time.sleep(max(0.0, due_s - time.perf_counter()))
            producer.produce(config.topics.market_data, make_record(time.time_ns()), b"ABC", 0)
            producer.poll(0)
        producer.flush(ANSWER_TIMEOUT_S)
        return reader.took_ms()[WARM_RECORDS:]


def echo_process(way: Way) -> Middle:
    """Return the echo as a process of its own, as a daemon is one."""

    @contextmanager
    def run(config: KafkaConfig) -> Iterator[None]:
        command = [sys.executable, "-m", "tests.benchmarks.kafka_echo_process", way, config.model_dump_json()]
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2], env=os.environ)
        try:
            yield
        finally:
            process.terminate()
            process.wait(ANSWER_TIMEOUT_S)

    return run


class _Reader(threading.Thread):
    """Reads answers with its own clock, until it has all."""

    def __init__(self, config: KafkaConfig, count: int, sent_ns: SentNs) -> None:
        super().__init__(daemon=True)
        self._consumer = Consumer(
            {
                "bootstrap.servers": config.bootstrap,
                "group.id": f"{config.group}-reader",
                "isolation.level": "read_committed",
                "fetch.min.bytes": 1,
                "fetch.wait.max.ms": 100,
                "log_level": 2,
            }
        )
        self._consumer.assign([TopicPartition(config.topics.actions, 0, 0)])
        self._count = count
        self._sent_ns = sent_ns
        self._took_ns: list[int] = []
        self._first = threading.Event()

    def run(self) -> None:
        deadline_s = time.monotonic() + ANSWER_TIMEOUT_S
        while len(self._took_ns) < self._count and time.monotonic() < deadline_s:
            message = self._consumer.poll(1.0)
            if message is not None and message.error() is None:
                self._took_ns.append(time.time_ns() - self._sent_ns(message.value()))
                self._first.set()
                deadline_s = time.monotonic() + ANSWER_TIMEOUT_S
        self._consumer.close()

    def wait_for_first(self) -> None:
        assert self._first.wait(ANSWER_TIMEOUT_S), "nothing answers"

    def took_ms(self) -> NDArray[np.float64]:
        self.join()
        assert len(self._took_ns) == self._count, f"{self._count} records gave {len(self._took_ns)} answers"
        return np.array(self._took_ns) / 1e6


def _figure(way: Way, gap_s: float, took_ms: NDArray[np.float64], bare_p99_ms: float) -> Figure:
    goals: tuple[Bound, ...] = ()
    first_steps: tuple[Bound, ...] = ()
    if way == "idempotent":
        goal_ms, first_step_ms = IDEMPOTENT_OVER_BARE_MS
        goals = (Bound("p99", bare_p99_ms + goal_ms),)
        first_steps = (Bound("p99", bare_p99_ms + first_step_ms),)
    elif way == "transactional":
        goals = first_steps = (Bound("p99", TRANSACTIONAL_P99_MS[gap_s]),)
    load = f"a record of {PADDING_BYTES} bytes every {gap_s * 1e3:g} ms, Apache Kafka on loopback, read_committed"
    name = f"Kafka echo, {way}, {gap_s * 1e3:g} ms apart"
    return Figure(name, "ms", took_ms, load, goals=goals, first_steps=first_steps)
