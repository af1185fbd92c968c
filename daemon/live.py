"""The daemon's outer shell: signals, the event loop, and the parts that live inside it."""

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import structlog
import uvloop

from audit.signing import read_signing_key
from config.schema import Config
from config.setup import Setup
from daemon.check_desk import CheckDesk
from daemon.health import Health
from daemon.homes import Homes
from daemon.http_server import HttpServer
from daemon.kafka_checks import open_requests
from daemon.leases import STUCK_AFTER_S
from daemon.metrics import Metrics
from daemon.milestones import BROKER_AWAY, Milestones
from daemon.order_check import OrderChecker
from daemon.program_log import configure_program_log
from daemon.report_metrics import ReportMetrics
from daemon.reporter import REPORT_EVERY_S, Reporter
from daemon.service import ServiceManager
from daemon.shard import Shard
from daemon.start_setup import log_started
from daemon.wall_clock import WallClock
from daemon.warm_kernels import warm_kernels
from daemon.wiring import build_setup
from feeds.kafka_inputs import served_partitions
from feeds.kafka_notices import Notices
from feeds.kafka_preflight import check_rights, daemon_needs
from feeds.kafka_properties import KafkaError, exposed_secrets
from feeds.kafka_sink import FencedError
from feeds.kafka_source import KafkaSource
from feeds.merge import Partition

SWITCH_INTERVAL_S = 0.0005  # a second Python thread that holds the interpreter for 5 ms costs p99.9
BROKER_DOWN_S = 2.0
PROGRESS_EVERY_S = 5.0
NOTICES_WITHIN_S = 0.5
LEAVE_WITHIN_S = 2.5  # of the five that a stop may take; what did not leave by then is in the journal
COLLECT_EVERY_S = 10.0
COLLECT_AT_LEAST_EVERY_S = 600.0  # a feed that is never silent must not keep garbage for ever


class LeftUnpublishedError(KafkaError):
    """The daemon stopped before Kafka took everything; the next start publishes the rest from the journal."""


def run(config_path: Path) -> None:
    """Run until SIGTERM or SIGINT; what arrived before is finished first.

    raises : ConfigError, KafkaError, JournalError, AuditError, HttpError where going on could lose or repeat an
             output, LeftUnpublishedError
    """
    setup = build_setup(config_path)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with configure_program_log(sys.stderr) as program_log:
        daemon = Daemon(setup)
        daemon.metrics.watch_log(program_log)
        try:
            uvloop.run(daemon.run())
        except BaseExceptionGroup as group:  # one task: its error is the process's
            _say_end(group.exceptions[0])
            raise group.exceptions[0] from group
        except Exception as error:
            _say_end(error)
            raise


class Daemon:
    """Everything of one process: shards, source, reports, HTTP."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._config: Config = setup.config
        self.metrics = Metrics(setup.config, version("riskd"))
        self._health = Health()
        self._service = ServiceManager()
        self._clock = WallClock()
        self._log = structlog.get_logger()
        self._last_collect_s = self._last_said_s = time.monotonic()
        self._desk = CheckDesk(self.metrics.note_order_check)
        self._said: set[str] = set()
        self._milestones = Milestones()

    async def run(self) -> None:
        """Recover, read and apply until a signal asks for the end."""
        config = self._config
        with ExitStack() as stack:
            http = stack.enter_context(HttpServer(config.http, self.metrics.registry, self._health, self._desk))
            self._log.info("recovering", http=http.address, journal=config.journal.directory)
            self._health.set_progress("loading the kernels, which the first start compiles")
            warm_kernels(self._setup)
            self._health.set_progress("reading the journal")
            for exposed in exposed_secrets(config.kafka):
                self._log.warning("secret_exposed", detail=exposed)
            check_rights(config.kafka, daemon_needs(config.kafka.topics, config.pretrade))
            notices = Notices(config.kafka)
            stack.callback(notices.close, NOTICES_WITHIN_S)
            shards = self._open_shards(stack, notices)
            source = stack.enter_context(KafkaSource(config.kafka, _starts(shards)))
            _assign(shards, source)
            _calm_the_collector()
            reporter = Reporter(
                config, shards, source,
                clock=self._clock, notices=notices, health=self._health,
                metrics=ReportMetrics(self.metrics.registry, config),
            )  # fmt: skip
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, source.stop)
            self._service.ready()
            self._log.info(
                "serving", http=http.address, clock=config.clock, inputs=_inputs(shards), kafka=config.kafka.bootstrap
            )
            if config.pretrade.on_kafka:
                stack.enter_context(open_requests(config, self._desk, shards, notices))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._serve(source, shards, reporter))
            self._service.stopping()
            source.leave()
            self._leave(shards)
        self._log.info("stopped", inputs=_inputs(shards))

    def _open_shards(self, stack: ExitStack, notices: Notices) -> list[Shard]:
        """Recover every shard that is served here, one after the other."""
        config, shards = self._config, []
        key = None
        if config.audit.signing_key_file is not None:
            key = read_signing_key(Path(config.audit.signing_key_file))
        elif config.audit.enabled:
            self._log.warning("audit_unsigned", hint="audit.signing_key_file: `riskd audit keygen` makes one")
        for number in served_partitions(config.kafka):
            shard = Shard(
                self._setup, self.metrics, notices,
                clock=self._clock, shard=number, signing_key=key, progress=self._show_progress,
            )  # fmt: skip
            stack.callback(shard.abandon)
            shards.append(shard)
            self._log.info("recovered", shard=number, inputs=shard.core.n)
            log_started(self._log, shard.start, shard.core)
        return shards

    def _show_progress(self, inputs: int) -> None:
        self._health.set_progress(f"replaying the journal: {inputs:,} inputs")
        now_s = time.monotonic()
        if now_s - self._last_said_s > PROGRESS_EVERY_S:
            self._last_said_s = now_s
            self._log.info("replaying", inputs=inputs)

    async def _serve(self, source: KafkaSource, shards: Sequence[Shard], reporter: Reporter) -> None:
        """Take batch after batch; the next is read when the last is applied and there is room for what comes of it."""
        homes = Homes(self._config.kafka.homes, several=len(shards) > 1)
        kinds = {name: kind for kind, name in self._config.kafka.topics.model_dump().items()}
        _settle_homes(homes, shards)
        source.pause(_unwanted(shards))
        self._desk.open(
            [OrderChecker(shard.core) for shard in shards], lambda: all(shard.is_caught_up for shard in shards)
        )
        async for batch in source.batches():
            for shard in shards:
                shard.outbox.raise_failure()
                shard.take(batch, homes)
                _settle_homes(homes, shards)  # before the next: of two partitions the first keeps the root
                await self._let_out(shard, source, reporter)
                shard.note_outage(is_out=source.down_s > 0.0 or shard.outbox.oldest_s > STUCK_AFTER_S)
            for topic, count in batch.counts().items():
                self.metrics.note_read(kinds[topic], count)
            source.pause(_unwanted(shards))
            source.note_applied(_applied(shards))
            self._desk.serve()
            reporter.step(is_idle=not batch.items)
            self._beat()
            self._say_milestones(shards, source)
            self._collect(is_idle=not batch.items)

    async def _let_out(self, shard: Shard, source: KafkaSource, reporter: Reporter) -> None:
        """Return when the next batch may be taken; meanwhile the daemon lives, and reports what it waits for."""
        wait = shard.outbox.room if self._config.audit.async_logging else shard.outbox.drained
        while not await wait(REPORT_EVERY_S) and not source.is_stopping:
            self._beat()
            reporter.step(is_idle=True)
        shard.outbox.raise_failure()

    def _beat(self) -> None:
        self._health.beat()
        self._service.beat()

    def _say_milestones(self, shards: Sequence[Shard], source: KafkaSource) -> None:
        """Log what changed: the recording's end, the end of the backlog, a broker that went or came back."""
        for name, holds in (
            ("recording_ended", all(shard.has_ended for shard in shards)),
            ("caught_up", self._config.clock == "wall" and all(shard.is_caught_up for shard in shards)),
        ):
            if holds and name not in self._said:
                self._said.add(name)
                self._log.info(name, inputs=_inputs(shards))
        is_away = source.down_s > BROKER_DOWN_S
        self._milestones.tell(BROKER_AWAY, {"": {"inputs": _inputs(shards)}} if is_away else {})

    def _collect(self, *, is_idle: bool) -> None:
        """Collect garbage where nobody waits."""
        now_s = time.monotonic()
        if now_s - self._last_collect_s > (COLLECT_EVERY_S if is_idle else COLLECT_AT_LEAST_EVERY_S):
            gc.collect()
            self._last_collect_s = now_s

    def _leave(self, shards: Sequence[Shard]) -> None:
        """Let out what was decided, within the time that a stop may take."""
        deadline_s = time.monotonic() + LEAVE_WITHIN_S
        for shard in shards:
            shard.end()
        left = [shard for shard in shards if not shard.close(max(0.0, deadline_s - time.monotonic()))]
        for shard in left:
            shard.outbox.raise_failure()
        if left:
            waiting = sum(shard.outbox.waiting for shard in left)
            self._log.warning("left_unpublished", steps=waiting)
            raise LeftUnpublishedError(
                f"the outputs of {waiting} steps did not leave within {LEAVE_WITHIN_S} s; they are in the journal, and "
                "the next start publishes them"
            )


def _say_end(error: BaseException) -> None:
    structlog.get_logger().critical("fenced" if isinstance(error, FencedError) else "fatal", error=str(error))


def _settle_homes(homes: Homes, shards: Sequence[Shard]) -> None:
    """Let the first shard leave the roots that live in another, once that one has told the topics what it holds."""
    if not homes.several:
        return
    homes.learn(shard.core.homes for shard in shards)
    by_number = {shard.number: shard for shard in shards}
    for root, number in list(homes.leaving.items()):
        home = by_number.get(number)
        if home is not None and home.is_caught_up and home.outbox.waiting == 0:
            del homes.leaving[root]
            shards[0].leave_root(root, number)


def _starts(shards: Sequence[Shard]) -> dict[Partition, int]:
    """Return where to begin to read: at the first record that any shard lacks, where one has read the partition."""
    starts: dict[Partition, int] = {}
    for partition in {partition for shard in shards for partition in shard.offsets}:
        concerned = [shard for shard in shards if _concerns(shard, partition)]
        known = [shard.offsets[partition] for shard in concerned if partition in shard.offsets]
        if len(known) == len(concerned):  # else one is new: from the beginning, what the others have they leave out
            starts[partition] = min(known)
    return starts


def _concerns(shard: Shard, partition: Partition) -> bool:
    """Say whether a shard reads the partition: all but the positions of others."""
    return partition[0] != shard.positions_topic or partition[1] == shard.number


def _assign(shards: Sequence[Shard], source: KafkaSource) -> None:
    for shard in shards:
        own = [partition for partition in source.partitions if _concerns(shard, partition)]
        begin = {partition: max(source.starts[partition], shard.offsets.get(partition, 0)) for partition in own}
        shard.assign(begin, {partition: source.ends[partition] for partition in own}, source.topic_ids)


def _applied(shards: Sequence[Shard]) -> dict[Partition, int]:
    """Return the next offset that no shard has applied yet, by partition."""
    applied: dict[Partition, int] = {}
    for shard in shards:
        for place, offset in shard.core.offsets.items():
            topic, _, number = place.rpartition("-")
            partition = (topic, int(number))
            applied[partition] = min(offset + 1, applied.get(partition, offset + 1))
    return applied


def _unwanted(shards: Sequence[Shard]) -> set[Partition]:
    return {partition for shard in shards for partition in shard.unwanted()}


def _inputs(shards: Sequence[Shard]) -> int:
    return sum(shard.core.n for shard in shards)


def _calm_the_collector() -> None:
    gc.collect()
    gc.freeze()  # what recovery built stays: no later collection walks it
    gc.disable()  # collected when idle instead
