"""How many quotes a second `riskd run` takes from Apache Kafka, beside a bare loop that consumes and decodes them."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import yaml
from confluent_kafka import Consumer, Producer, TopicPartition
from numpy.typing import NDArray

from config.schema import KafkaConfig, Topics
from feeds.broker.apache import LocalKafka
from feeds.events import InputEvent
from feeds.journal_frames import Kind
from feeds.journal_reader import read_journal
from feeds.kafka_topics import create_topics
from feeds.record import Record
from tests.benchmarks.figures import Bound, Figure
from tests.benchmarks.kafka_echo import own_topics
from tests.benchmarks.market import make_config, make_market
from tests.kafka.logged_daemon import LoggedDaemon, wait_until
from tests.kafka.running import Stage

QUOTES = 500_000  # of each of the two runs: a backlog, and a flow after it
INSTRUMENTS, BOOKS, ROWS = 500, 10, 757
SAMPLE_RECORDS = 5_000
QUOTE_STEP_NS = 1_000  # 500,000 quotes are half a second of event time: none is ahead of the clock
WAIT_S = 900.0
FLUSH_S = 120.0
CONSUME_RECORDS, CONSUME_S = 500, 0.1
IN_FLIGHT_MAX = 50_000
SHARE_OF_BARE = (0.5, 0.3)  # goal, first step
_NO_BACKOFF = {"fetch.queue.backoff.ms": 1}  # as riskd has it: librdkafka's own second makes the bare loop slower
_AGE = "1d"  # the daemon is halted while records are written: no price may grow stale meanwhile


def kafka_sustained() -> list[Figure]:
    """A backlog, then a flow; each beside the bare loop over the same records, before and after."""
    with tempfile.TemporaryDirectory() as folder, LocalKafka(Path(folder) / "broker") as broker:
        stage = _stage(Path(folder), own_topics(broker.bootstrap, "sustained"))
        kept: list[Record] = []
        market = make_market(INSTRUMENTS, BOOKS, ROWS, until_ns=time.time_ns(), kept=kept)
        market.hold(each_book_holds_all=False)
        market.step_ns, market.kept = QUOTE_STEP_NS, None
        _write(stage.kafka, iter(kept))
        first = sum(record.topic == Topics().market_data for record in kept)
        _write(stage.kafka, market.quotes(QUOTES))
        bare = [_bare_loop(stage.kafka, first)]
        with LoggedDaemon(stage) as daemon:
            wait_until(lambda: bool(daemon.lines("caught_up")), f"caught up: {daemon.text()}", WAIT_S)
            wait_until(lambda: _committed(stage.kafka) == first + QUOTES, "the backlog is applied", WAIT_S)
            with _halted(daemon):
                market.ts = time.time_ns() - QUOTES * QUOTE_STEP_NS
                _write(stage.kafka, market.quotes(QUOTES))
                bare.append(_bare_loop(stage.kafka, first + QUOTES))
            cpu_before_s = _cpu_s(daemon.process.pid)
            wait_until(lambda: _committed(stage.kafka) == first + 2 * QUOTES, "the flow is applied", WAIT_S)
            cpu_s = _cpu_s(daemon.process.pid) - cpu_before_s
            daemon.process.send_signal(signal.SIGTERM)
            assert daemon.process.wait(60) == 0, daemon.text()
        bare.append(_bare_loop(stage.kafka, first + QUOTES))
        backlog, flow = _arrivals(stage, first, first + QUOTES), _arrivals(stage, first + QUOTES, first + 2 * QUOTES)
    bare_rate = sum(figure.total for figure in bare) / len(bare)
    named = (("backlog at start", backlog, float("nan")), ("after catch-up", flow, QUOTES / cpu_s))
    return [*bare, *(_riskd(name, arrivals, bare_rate, cpu) for name, arrivals, cpu in named)]


def _stage(folder: Path, kafka: KafkaConfig) -> Stage:
    """Return where the daemon works: its topics made, its configuration written."""
    create_topics(kafka)
    document = yaml.safe_load(make_config())
    today = np.datetime64(time.time_ns(), "ns").astype("datetime64[D]")
    document["clock"] = "wall"
    document["calendar"] |= {"start": str(today - 400 - ROWS * 3 // 2), "end": str(today + 400)}
    document["data"] = {"fresh_age": _AGE, "fresh_age_quiet": _AGE}
    document["kafka"] = kafka.model_dump(mode="json", exclude_none=True)
    document["journal"] = {"directory": str(folder / "journal")}
    document["audit"] = {"log_directory": str(folder / "audit")}
    document["http"] = {"port": 0}
    config = folder / "riskd.yaml"
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    return Stage(folder, kafka, folder, config)


def _write(kafka: KafkaConfig, records: Iterator[Record]) -> None:
    """Produce records to the topics that theirs stand for, in order."""
    names = {default: getattr(kafka.topics, field) for field, default in Topics().model_dump().items()}
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "acks": "all", "linger.ms": 20, "log_level": 2})
    for count, record in enumerate(records):
        producer.produce(names[record.topic], record.payload, b"key", 0)
        if count % 1_000 == 0:
            while len(producer) > IN_FLIGHT_MAX:
                producer.poll(0.01)
            producer.poll(0)
    assert producer.flush(FLUSH_S) == 0, "records were not written"


def _bare_loop(kafka: KafkaConfig, start: int) -> Figure:
    """Consume and decode the quotes from this offset on, and nothing else."""
    decoder = msgspec.json.Decoder(InputEvent)
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "bare", "log_level": 2, **_NO_BACKOFF})
    consumer.assign([TopicPartition(kafka.topics.market_data, 0, start)])
    arrivals = np.empty(QUOTES, dtype=np.int64)
    count, cpu_s = 0, time.process_time()
    while count < QUOTES:
        messages = consumer.consume(CONSUME_RECORDS, CONSUME_S)
        now_ns = time.time_ns()
        for message in messages:
            assert message.error() is None, message.error()
            decoder.decode(message.value())
        arrivals[count : count + len(messages)] = now_ns
        count += len(messages)
    cpu_s = time.process_time() - cpu_s
    consumer.close()
    return _figure("bare consume and decode loop", arrivals, "Apache Kafka on loopback, msgspec", cpu=QUOTES / cpu_s)


def _committed(kafka: KafkaConfig) -> int:
    """Return the offset that the daemon says it has applied."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": kafka.group, "log_level": 2})
    place = consumer.committed([TopicPartition(kafka.topics.market_data, 0)], timeout=10.0)[0]
    consumer.close()
    time.sleep(0.5)
    return int(place.offset)


@contextmanager
def _halted(daemon: LoggedDaemon) -> Iterator[None]:
    """Keep the daemon from running, so that what is written meanwhile waits for it."""
    daemon.process.send_signal(signal.SIGSTOP)
    yield
    daemon.process.send_signal(signal.SIGCONT)


def _cpu_s(pid: int) -> float:
    """Return the CPU time that a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _arrivals(stage: Stage, start: int, stop: int) -> NDArray[np.int64]:
    """Return when the daemon took each of these quotes in hand, from its journal; none may have been refused."""
    times = []
    for entries in read_journal(stage.journal):
        for entry in entries:
            record = entry.record
            if record.topic == stage.kafka.topics.market_data and start <= record.offset < stop:
                assert entry.kind is Kind.INPUT, entry.rejection
                times.append(record.ts_in)
    assert len(times) == stop - start, f"{stop - start} quotes were written, {len(times)} journaled"
    return np.array(times)


def _riskd(name: str, arrivals: NDArray[np.int64], bare_rate: float, cpu: float) -> Figure:
    goal, first_step = (share * bare_rate for share in SHARE_OF_BARE)
    load = f"N={INSTRUMENTS}; P={BOOKS} and their root, a name in 1 book + root; T=756; 10 limits each; journal, audit"
    return _figure(
        f"riskd run, {name}", arrivals, load, goals=(Bound("total", goal),), first_steps=(Bound("total", first_step),),
        cpu=cpu,
    )  # fmt: skip


def _figure(
    name: str,
    arrivals: NDArray[np.int64],
    load: str,
    goals: tuple[Bound, ...] = (),
    first_steps: tuple[Bound, ...] = (),
    cpu: float = float("nan"),
) -> Figure:
    """Return rates from the first batch to the last: what came with the first batch is not counted."""
    seconds = (arrivals[-1] - arrivals[0]) / 1e9
    counted = int((arrivals > arrivals[0]).sum())
    marks = arrivals[::SAMPLE_RECORDS]
    rates = SAMPLE_RECORDS / np.maximum(np.diff(marks) / 1e9, 1e-9)
    return Figure(
        name, "records/s", rates, load, goals=goals, first_steps=first_steps, total=counted / seconds, cpu=cpu
    )
