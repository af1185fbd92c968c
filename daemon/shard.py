"""One core between its journal and its topics: the steps of a batch, in the order that recovery relies on."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.writer import AuditWriter
from config.setup import Setup, setup_digest
from daemon.core import Core
from daemon.edge import journal_entries, made_input, with_calendars
from daemon.homes import Homes
from daemon.journal import JournalWriter
from daemon.metrics import Metrics
from daemon.outbox import Outbox, Parcel
from daemon.outputs import Outputs
from daemon.publisher import Publisher, refuse_published
from daemon.recovery import recover
from daemon.refused_log import RefusedLog
from daemon.shard_folders import shard_directory
from daemon.slow_results import slow_result
from daemon.start_setup import start_setup
from daemon.wall_clock import WallClock, with_tick
from feeds.batch import Batch
from feeds.events import Assignment, CatchUpEnd, Outage, RootHome, Stop
from feeds.kafka_notices import Notices
from feeds.kafka_properties import KafkaError
from feeds.kafka_sink import Outgoing, open_sink
from feeds.merge import Partition
from feeds.order import EventOrder, WallOrder
from feeds.prices import Item, Prices, expanded, last_ts, steps
from feeds.record import Record
from risk.slow_work import SlowRequest, compute

STEP_INPUTS_MAX = 1_000


class Shard:
    """Opening replays the journal and publishes what is missing: a first start is the recovery of an empty journal.

    shard    : the positions partition that it serves
    progress : called with the inputs replayed so far
    raises   : KafkaError, JournalError, AuditError where going on could lose or repeat an output
    """

    def __init__(
        self,
        setup: Setup,
        metrics: Metrics,
        notices: Notices,
        *,
        clock: WallClock,
        shard: int,
        signing_key: Ed25519PrivateKey | None,
        progress: Callable[[int], None],
    ) -> None:
        config = setup.config
        self.number = shard
        self.positions_topic = config.kafka.topics.positions
        self._config = config
        self._clock = clock
        self._metrics = metrics
        self._notices = notices
        self._order: EventOrder | WallOrder | None = None
        self._is_out = False
        self.refused = RefusedLog(shard)
        directory = shard_directory(config.journal.directory, shard)
        self.start = start = start_setup(directory, setup)
        self._model_check = start.model_check(directory, shard)
        with ExitStack() as opened:
            # Before the sink, which fences a predecessor: who may not write here must not end who does.
            self._journal = opened.enter_context(
                JournalWriter(directory, shard, config.journal.segment_bytes, setup_digest=start.digest)
            )
            if self._journal.is_empty:
                refuse_published(config.kafka, shard)
            self._sink = open_sink(config.kafka, shard=shard)
            opened.callback(self._sink.close)
            self._audit = None
            if config.audit.enabled:
                self._audit = AuditWriter(
                    shard_directory(config.audit.log_directory, shard),
                    setup_digest(setup),
                    shard=shard,
                    segment_bytes=config.audit.segment_bytes,
                    signing_key=signing_key,
                )
                opened.callback(self._audit.abandon)
            syncs_each = not config.audit.async_logging
            self._publisher = Publisher(config.kafka, self._sink, self._audit, shard=shard, syncs_each=syncs_each)
            computes = config.clock == "event"
            self.core = Core(start.begun, shard=shard, compute_slow_work=computes, model_version=start.begun_model)
            self._recovered = recover(directory, setup, self.core, self._let_out_again, progress)
            self._publisher.finish_recovery()
            start.finish_recovery(self.core, self._model_check)
            if not self._recovered.has_setup:
                self._journal.append(journal_entries(start.begin(time.time_ns())))
            opened.pop_all()
        self.outbox = Outbox(self._journal, self._publisher, metrics, notices, shard=shard)
        self.outbox.start()

    def end(self) -> None:
        """Journal the stop, and let the outbox end behind what waits; `close` follows."""
        self._apply([made_input(Stop(), ts_in=time.time_ns())], time.monotonic())
        self.outbox.end()

    def close(self, timeout_s: float) -> bool:
        """End in good order: what was decided leaves first; False where Kafka did not take it in time.

        What did not leave is in the journal, and the next start publishes it.
        """
        is_out = self.outbox.close(timeout_s)
        if self._audit is not None and is_out:  # else the outbox may still be writing it
            self._journal.sync()
            self._audit.stop(self.core.now_ns)
            self._notices.send(self._publisher.checkpoints())
        self._journal.close()
        if is_out:
            self._sink.close()
        return is_out

    def abandon(self) -> None:
        """Let go of the folders after a failure; nothing more leaves."""
        self._journal.close()

    @property
    def offsets(self) -> Mapping[Partition, int]:
        """Offset of the next record to read at the start, for the partitions that were read before."""
        return self._recovered.place.offsets

    @property
    def seq(self) -> Mapping[str, int]:
        """Last seq that is out, of `actions` and `shadow`."""
        return self._publisher.seq

    @property
    def audit_trouble(self) -> str | None:
        """What is wrong with the audit log; None where nothing is."""
        return self._publisher.audit_trouble

    @property
    def waiting(self) -> int:
        """Records that were read and wait for a slower partition."""
        return 0 if self._order is None else self._order.waiting

    @property
    def epoch(self) -> int:
        """Of the journaled assignment."""
        return self.core.enforcer.epoch

    @property
    def is_caught_up(self) -> bool:
        """Say whether the backlog of the start is applied; with `clock: event` there is none."""
        return isinstance(self._order, EventOrder) or (self._order is not None and self._order.is_caught_up)

    @property
    def has_ended(self) -> bool:
        """Say whether every partition said `end: true` (`clock: event`)."""
        return isinstance(self._order, EventOrder) and self._order.has_ended

    def assign(
        self, starts: Mapping[Partition, int], ends: Mapping[Partition, int], topic_ids: Mapping[str, str]
    ) -> None:
        """Begin with these partitions: journaled, and a new epoch.

        starts : offset at which each begins to be read; ends : offset that each reaches now
        raises : KafkaError where a topic is another one than the journal was written from
        """
        for topic, told in topic_ids.items():
            if (known := self._recovered.topic_ids.get(topic, told)) != told:
                raise KafkaError(
                    f"topic {topic} was deleted and made again (id {told}, the journal knows {known}): its offsets "
                    "mean other records. Start with a new journal and new output topics"
                )
        place, topics = self._recovered.place, self._config.kafka.topics
        self._partitions = frozenset(starts)
        if self._config.clock == "event":
            self._order = EventOrder(topics, list(starts), place)
        else:
            self._order = WallOrder(topics, list(starts), place, ends)
        partitions = tuple((topic, number, offset) for (topic, number), offset in starts.items())
        assignment = Assignment(
            epoch=self._recovered.epoch + 1,
            catch_up_until=self._clock.now_ns() if self._config.clock == "wall" else None,
            partitions=partitions,
            topic_ids=dict(sorted(topic_ids.items())),
        )
        made = [made_input(assignment, ts_in=time.time_ns())]
        made += self.start.begin(time.time_ns()) if self._recovered.has_setup else []  # decided by it: the backlog, too
        self._apply(made, time.monotonic())
        self._answer(self._recovered.requests.values(), time.monotonic())

    def unwanted(self) -> Sequence[Partition]:
        """Partitions that are not to be read now."""
        assert self._order is not None, "assign comes first"
        return self._order.unwanted()

    def take(self, batch: Batch, homes: Homes) -> None:
        """Bring a batch through: order, journal, core, and into the outbox."""
        assert self._order is not None, "assign comes first"
        in_hand_s = time.monotonic()
        was_caught_up = isinstance(self._order, WallOrder) and self._order.is_caught_up
        arrived, ends = batch.items, batch.ends
        if homes.several:
            arrived = self._own(arrived)
            ends = [partition for partition in ends if partition in self._partitions]
        items = with_calendars(self._order.take(arrived, ends), self._recovered.calendars, self._config)
        items = homes.route(items, self.number)
        if isinstance(self._order, WallOrder):
            now_ns = self._clock.now_ns()
            if was_caught_up:
                if items and (ts := last_ts(items[-1])) is not None:
                    self._metrics.note_event_age((now_ns - ts) / 1e9)
                items = with_tick(items, now_ns)
            elif self._order.is_caught_up:
                items.append(made_input(CatchUpEnd(ts=now_ns), ts_in=now_ns))
        for step in steps(items, STEP_INPUTS_MAX):
            self._apply(step, in_hand_s)

    def _let_out_again(self, outputs: Outputs) -> None:
        """Publish and audit what is missing of what the replayed journal let out."""
        if self._model_check is not None:
            self._model_check.hold(outputs.audit)
        self._publisher.publish([outputs])
        self._publisher.audit([outputs])

    def leave_root(self, root: str, home: int) -> None:
        """Stop holding a listed root as unknown, because another shard has it."""
        if root not in self.core.handlers.elsewhere:
            self._apply([made_input(RootHome(root=root, partition=home), ts_in=time.time_ns())], time.monotonic())

    def note_outage(self, *, is_out: bool) -> None:
        """Tell the core where nothing passes to or from consumers now, or does again (`clock: wall`)."""
        if self._config.clock == "wall" and self.is_caught_up and is_out != self._is_out:
            self._is_out = is_out
            now_ns = self._clock.now_ns()
            self._apply([made_input(Outage(ts=now_ns, is_over=not is_out), ts_in=now_ns)], time.monotonic())

    def vouch(self, leases: list[Outgoing], note_out: Callable[[], None]) -> None:
        """Let leases out, behind everything that was decided; `note_out` is called when readers can see them."""
        self.outbox.put(Parcel(Outputs(), time.monotonic(), leases=leases, note_out=note_out))

    def notify(self, notices: list[Outgoing]) -> None:
        """Let states out; like all that leaves, after the journal is durable."""
        self.outbox.put(Parcel(Outputs(), time.monotonic(), notices))

    def _own(self, items: Sequence[Item]) -> list[Item]:
        """Return what is for this shard and not applied yet: each shard of a process ends at its own place."""
        kept: list[Item] = []
        for item in items:
            if isinstance(item, Prices) and self._is_next(item.record(0)):
                kept.append(item)
            else:
                kept += [each for each in expanded([item]) if self._is_next(each.record)]
        return kept

    def _is_next(self, record: Record) -> bool:
        place = (record.topic, record.partition)
        return place in self._partitions and record.offset >= self.offsets.get(place, 0)

    def _apply(self, inputs: Sequence[Item], in_hand_s: float) -> None:
        """Journal and step; what comes out leaves by the outbox, which makes the journal durable first."""
        self._metrics.note_journal(self._append(inputs))
        before_core_s = time.perf_counter()
        outputs = self.core.step(inputs)
        self._metrics.note_core(time.perf_counter() - before_core_s)
        self._metrics.note_decisions(outputs.decisions)
        self._metrics.note_follow_ups(outputs)
        for record, rejection in outputs.rejections:
            self._metrics.note_rejection(rejection.reason)
            self.refused.note(record, rejection)
        if outputs.lets_out:
            self.outbox.put(Parcel(outputs, in_hand_s))
        self._answer(outputs.requests, in_hand_s)

    def _answer(self, requests: Iterable[SlowRequest], in_hand_s: float) -> None:
        """Compute slow work and apply its results as inputs of their own; a result may ask for more."""
        for request in requests:
            result = slow_result(compute(request), self.core.state.scopes[request.scope])
            self._apply([made_input(result, ts_in=time.time_ns())], in_hand_s)

    def _append(self, inputs: Sequence[Item]) -> int:
        """Append and return the bytes that it took; a new segment counts from its start."""
        old_segment, old_position = self._journal.position
        self._journal.append(journal_entries(inputs))
        segment, position = self._journal.position
        return position - old_position if segment == old_segment else position
