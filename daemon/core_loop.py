"""One core between its journal and its topics: the steps of a batch, in the order that recovery relies on."""

import gc
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from audit.writer import AuditWriter
from config.setup import Setup, setup_digest, setup_to_json
from daemon.core import Core
from daemon.edge import decode_inputs, journal_records, made_input, made_record
from daemon.journal import JournalWriter
from daemon.metrics import Metrics
from daemon.outputs import Outputs
from daemon.publisher import Publisher
from daemon.recovery import check_setup, recover
from daemon.slow_results import slow_result
from daemon.wall_clock import with_event_ticks, with_tick
from feeds.events import Assignment, CatchUpEnd
from feeds.journal_frames import JournalRecord, Kind
from feeds.kafka_sink import DELIVERY_TIMEOUT_MS, Sink
from feeds.kafka_source import Batch
from feeds.merge import Partition
from feeds.order import EventOrder, WallOrder
from feeds.record import Input
from risk.tail_fits import TailRequest, compute

SHARD = 0  # one positions partition a process; more machines are more partitions
STEP_INPUTS_MAX = 1_000
BEAT_AGE_MAX_S = 10.0 + DELIVERY_TIMEOUT_MS / 1_000  # a flush may lawfully wait that long
COLLECT_EVERY_S = 10.0
COLLECT_AT_LEAST_EVERY_S = 600.0  # a feed that is never silent must not keep garbage for ever


class CoreLoop:
    """Opening replays the journal and publishes what is missing: a first start is the recovery of an empty journal.

    raises : KafkaError, JournalError, AuditError where going on could lose or repeat an output
    """

    def __init__(self, setup: Setup, metrics: Metrics) -> None:
        config = setup.config
        self._config = config
        self._metrics = metrics
        self._last_beat_s = self._last_collect_s = time.monotonic()
        self._order: EventOrder | WallOrder | None = None
        directory = Path(config.journal.directory)
        check_setup(directory, setup)
        digest = setup_digest(setup)
        with ExitStack() as opened:
            sink = Sink(config.kafka)  # first: it connects while the journal is replayed
            self._journal = opened.enter_context(
                JournalWriter(directory, SHARD, config.journal.segment_bytes, setup_digest=digest)
            )
            self._audit = AuditWriter(Path(config.audit.log_directory), digest) if config.audit.enabled else None
            if self._audit is not None:
                opened.callback(self._audit.abandon)
            self._publisher = Publisher(config.kafka, sink, self._audit, shard=SHARD)
            self._core = Core(setup, shard=SHARD, compute_slow_work=config.clock == "event")
            self._recovered = recover(directory, setup, self._core, self._publisher.publish)
            self._publisher.finish_recovery()
            if not self._recovered.has_setup:
                self._journal.append([JournalRecord(made_record(setup_to_json(setup)), Kind.CONFIG)])
            opened.pop_all()
        gc.collect()
        gc.freeze()  # what recovery built stays: no later collection walks it
        gc.disable()  # collected when idle instead

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._journal.append([JournalRecord(made_record(b"", ts_in=time.time_ns()), Kind.STOP)])
            self._let_out(self._core.finish())
        if self._audit is not None:
            if error is None:
                self._journal.sync()
                self._audit.stop(self._core.now_ns)
            else:
                self._audit.abandon()
        self._journal.close()

    @property
    def offsets(self) -> Mapping[Partition, int]:
        """Offset of the next record to read, for the partitions that were read before."""
        return self._recovered.place.offsets

    @property
    def inputs(self) -> int:
        """Inputs applied since the journal began."""
        return self._core.n

    def ailment(self) -> str | None:
        """Say what is wrong with the loop; None where it beats. Asked from another thread."""
        age_s = time.monotonic() - self._last_beat_s
        return f"no batch was finished for {age_s:.0f} s" if age_s > BEAT_AGE_MAX_S else None

    def assign(self, partitions: Sequence[Partition]) -> None:
        """Begin with these partitions: journaled, and a new epoch."""
        place = self._recovered.place
        order = EventOrder if self._config.clock == "event" else WallOrder
        self._order = order(self._config.kafka.topics, partitions, place)
        starts = tuple((topic, number, place.offsets.get((topic, number), 0)) for topic, number in partitions)
        self._apply([made_input(Assignment(epoch=self._recovered.epoch + 1, partitions=starts), ts_in=time.time_ns())])
        self._answer(self._recovered.requests.values())

    def unwanted(self) -> Sequence[Partition]:
        """Partitions that are not to be read now."""
        assert self._order is not None, "assign comes first"
        return self._order.unwanted()

    @property
    def milestone(self) -> str | None:
        """What the inputs have reached: `recording_ended` (all said `end: true`), `caught_up` (wall clock), or None."""
        if isinstance(self._order, EventOrder):
            return "recording_ended" if self._order.has_ended else None
        return "caught_up" if self._order is not None and self._order.is_caught_up else None

    def take(self, batch: Batch) -> None:
        """Bring a batch through: order, decode, journal, core, and out; nothing of it is left to do afterwards."""
        assert self._order is not None, "assign comes first"
        was_caught_up = isinstance(self._order, WallOrder) and self._order.is_caught_up
        records = self._order.take(batch.records, batch.ends)
        inputs = decode_inputs(records, self._recovered.calendars, self._config)
        if isinstance(self._order, WallOrder):
            now_ns = time.time_ns()
            if was_caught_up:
                inputs = with_tick(inputs, now_ns)
            else:
                inputs = with_event_ticks(
                    inputs, self._config.kafka.topics, reached_ns=self._core.now_ns, now_ns=now_ns
                )
                if self._order.is_caught_up:
                    inputs.append(made_input(CatchUpEnd(ts=now_ns), ts_in=now_ns))
        for start in range(0, len(inputs), STEP_INPUTS_MAX):
            self._apply(inputs[start : start + STEP_INPUTS_MAX])
        self._metrics.held.set(self._order.waiting)
        self._last_beat_s = time.monotonic()
        wait_s = COLLECT_AT_LEAST_EVERY_S if batch.records else COLLECT_EVERY_S
        if self._last_beat_s - self._last_collect_s > wait_s:
            gc.collect()
            self._last_collect_s = self._last_beat_s

    def _apply(self, inputs: list[Input]) -> None:
        """Journal, step, and let out in that order; the journal is on disk before any byte leaves."""
        begun_s = time.perf_counter()
        self._metrics.journal_bytes.inc(self._append(inputs))
        before_core_s = time.perf_counter()
        outputs = self._core.step(inputs)
        self._metrics.core_seconds.inc(time.perf_counter() - before_core_s)
        self._metrics.events.inc(sum(item.record.n > 0 for item in inputs))
        self._metrics.note_core_time(self._core.now_ns)
        self._metrics.decisions.inc(len(outputs.decisions))
        for _, rejection in outputs.rejections:
            self._metrics.note_rejection(rejection.reason)
        if self._let_out(outputs):
            self._metrics.batch_seconds.observe(time.perf_counter() - begun_s)
        self._answer(outputs.requests)

    def _let_out(self, outputs: Outputs) -> bool:
        """Publish and audit what a step gave, with the journal on disk before; say whether there was anything."""
        if outputs.lets_out:
            self._journal.sync()
            self._metrics.note_actions(self._publisher.publish(outputs))
        return outputs.lets_out

    def _answer(self, requests: Iterable[TailRequest]) -> None:
        """Compute slow work and apply its results as inputs of their own; a result may ask for more."""
        for request in requests:
            result = slow_result(compute(request), self._core.state.scopes[request.scope])
            self._apply([made_input(result, ts_in=time.time_ns())])

    def _append(self, inputs: list[Input]) -> int:
        """Append and return the bytes that it took; a new segment counts from its start."""
        old_segment, old_position = self._journal.position
        self._journal.append(journal_records(inputs))
        segment, position = self._journal.position
        return position - old_position if segment == old_segment else position
