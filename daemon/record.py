"""`riskd record`: the daemon's ingest without its core; the input topics become a recording in the daemon's order."""

import asyncio
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop

from config.loader import load_config
from config.schema import Config, Topics
from feeds.decode import decode
from feeds.kafka_preflight import check_rights, recorder_needs
from feeds.kafka_source import KafkaSource
from feeds.order import EventOrder, Place, WallOrder
from feeds.prices import expanded
from feeds.record import Input
from feeds.recording import read_records
from feeds.recording_blocks import RecordingError
from feeds.recording_segments import SegmentWriter
from sensors.catalogue import SHIPPED

SEGMENT_AGE_S_MAX = 600.0  # a quiet feed too becomes durable
TELL_EVERY_S = 10.0
TELL_EVERY_ON_TERMINAL_S = 0.5


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """What to record and where to.

    for_s         : seconds to record; None: until SIGTERM or SIGINT
    segment_bytes : of the lines, before compression
    """

    config: Path
    out: Path
    for_s: float | None
    segment_bytes: int


def record(plan: RecordPlan) -> None:
    """Record until the time is over, SIGTERM or SIGINT; the last segment is durable then.

    A folder that holds a recording of these topics is continued where its last whole segment ends, with nothing lost
    and nothing twice: every partition goes on at the offset after its last record. One without a record begins where
    `kafka.start` says.

    raises : ConfigError; KafkaError, also where Kafka no longer has an offset to go on from; RecordingError, also where
             the folder holds another recording, or one of partitions that the configuration does not read
    """
    config = load_config(plan.config, SHIPPED.known)
    with SegmentWriter(plan.out, plan.segment_bytes) as writer:
        place = _place(plan.out, config.kafka.topics) if writer.has_segments else Place()
        if place.next_n > 1:
            _say(f"{plan.out}: continued after {place.next_n - 1:,} records")
        check_rights(config.kafka, recorder_needs(config.kafka.topics))
        with KafkaSource(config.kafka, place.offsets) as source:
            strange = sorted(set(place.offsets) - set(source.partitions))
            if strange:
                topic, number = strange[0]
                raise RecordingError(f"{plan.out} records {topic}[{number}], which the configuration does not read")
            recorder = _Recorder(config, source, writer, place)
            try:
                uvloop.run(_run(recorder, source, plan.for_s))
            except BaseExceptionGroup as group:
                raise group.exceptions[0] from group  # one task: its error is the command's
        writer.roll()
    _say(f"{plan.out}: {writer.records:,} records in {writer.segments} segments; {recorder.rest}")


def _place(directory: Path, topics: Topics) -> Place:
    """Read where a recording ends: every record counts for the offset and the event time of its partition."""
    place = Place()
    for chunk in read_records(directory):
        place.note([Input(each, decode(each.topic, each.payload, topics)) for each in chunk])
    return place


class _Recorder:
    """Brings batches into the daemon's order and to the disk."""

    def __init__(self, config: Config, source: KafkaSource, writer: SegmentWriter, place: Place) -> None:
        topics, partitions = config.kafka.topics, source.partitions
        self._order: EventOrder | WallOrder = (
            EventOrder(topics, partitions, place)
            if config.clock == "event"
            else WallOrder(topics, partitions, place, source.ends)
        )
        self._source = source
        self._writer = writer
        self._has_ended = False
        self._rolled_s = self._told_s = time.monotonic()

    @property
    def rest(self) -> str:
        """What is not written: the order of what waits for a slower partition is not known yet."""
        return f"{self._order.waiting:,} read ahead and left to the next run"

    async def serve(self) -> None:
        """Take batch after batch; the next is read when the last is written, which is the back-pressure."""
        self._source.pause(self._order.unwanted())
        async for batch in self._source.batches():
            inputs = expanded(self._order.take(batch.items, batch.ends))
            self._writer.write([item.record for item in inputs])
            self._source.pause(self._order.unwanted())
            now_s = time.monotonic()
            if now_s - self._rolled_s > SEGMENT_AGE_S_MAX:
                self._rolled_s = now_s
                self._writer.roll()
            self._tell(now_s)
        if sys.stderr.isatty():
            sys.stderr.write("\n")

    def _tell(self, now_s: float) -> None:
        is_live = sys.stderr.isatty()
        text = (
            f"{self._writer.records:,} records, {self._writer.bytes_written / 1e6:,.1f} MB, "
            f"{self._order.waiting:,} waiting for a slower partition"
        )
        if not self._has_ended and isinstance(self._order, EventOrder) and self._order.has_ended:
            self._has_ended = True
            _say(f"every partition said that it ended: {text}")
        elif now_s - self._told_s >= (TELL_EVERY_ON_TERMINAL_S if is_live else TELL_EVERY_S):
            self._told_s = now_s
            sys.stderr.write(f"\r{text}\x1b[K" if is_live else f"{text}\n")
            sys.stderr.flush()


async def _run(recorder: _Recorder, source: KafkaSource, for_s: float | None) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, source.stop)
    if for_s is not None:
        loop.call_later(for_s, source.stop)
    _say("recording")
    async with asyncio.TaskGroup() as group:
        group.create_task(recorder.serve())


def _say(sentence: str) -> None:
    """Write one line for people: standard output is for data."""
    end = "\x1b[K\n" if sys.stderr.isatty() else "\n"
    sys.stderr.write(f"{chr(13) if sys.stderr.isatty() else ''}{sentence}{end}")
    sys.stderr.flush()
