"""The daemon's outer shell: signals, the event loop, and the parts that live inside it."""

import asyncio
import signal
import sys
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import structlog
import uvloop

from config.setup import Setup
from daemon.core_loop import CoreLoop
from daemon.http_server import HttpServer
from daemon.metrics import Metrics
from daemon.wiring import build_setup
from feeds.kafka_source import KafkaSource

SWITCH_INTERVAL_S = 0.0005  # a second Python thread that holds the interpreter for 5 ms costs p99.9


def run(config_path: Path) -> None:
    """Run until SIGTERM or SIGINT; what arrived before is finished first.

    raises : ConfigError, and KafkaError, JournalError, AuditError, HttpError where going on could lose or repeat an
             output
    """
    structlog.configure(
        processors=[structlog.processors.TimeStamper(fmt="iso"), structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    setup = build_setup(config_path)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        uvloop.run(_run(setup))
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group  # one task: its error is the process's


async def _run(setup: Setup) -> None:
    log = structlog.get_logger()
    config = setup.config
    metrics = Metrics(config.metrics, version("riskd"))
    with ExitStack() as stack:
        core = stack.enter_context(CoreLoop(setup, metrics))
        source = stack.enter_context(KafkaSource(config.kafka, core.offsets))
        core.assign(source.partitions)
        http = stack.enter_context(HttpServer(config.http, metrics.registry, core.ailment))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, source.stop)
        log.info("ready", http=http.address, clock=config.clock, inputs=core.inputs, kafka=config.kafka.bootstrap)
        async with asyncio.TaskGroup() as group:
            group.create_task(_serve(source, core))
        log.info("stopped", inputs=core.inputs)


async def _serve(source: KafkaSource, core: CoreLoop) -> None:
    """Take batch after batch; the next is read when the last is out."""
    source.pause(core.unwanted())
    milestone: str | None = None
    async for batch in source.batches():
        core.take(batch)
        source.pause(core.unwanted())
        if core.milestone != milestone:
            milestone = core.milestone
            if milestone is not None:
                structlog.get_logger().info(milestone, inputs=core.inputs)
