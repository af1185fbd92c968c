"""`riskd demo`: the shipped recording through a broker into the real daemon, a live table, and what fired when."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn, cast

from rich.console import Console
from rich.live import Live

from audit.line import canonical_json
from audit.verify import verify
from config.loader import load_config
from config.schema import KafkaConfig, Topics
from daemon.demo_daemon import DemoDaemon, DemoError, StateDocument
from daemon.demo_feed import Feed
from daemon.demo_folder import DemoFolder
from daemon.demo_report import demo_report
from daemon.demo_screen import LineScreen, Moment, Screen, TableScreen
from daemon.demo_summary import Accounted, summarise
from daemon.demo_tap import ActionTap
from daemon.demo_words import addresses, next_steps, print_lines
from daemon.shipped import EQUITIES, Shipped
from daemon.summary_text import summary_text
from feeds.broker.apache import LocalKafka
from feeds.embedded_broker import EmbeddedBroker
from feeds.kafka_topics import create_topics
from feeds.player import Layout
from sensors.catalogue import SHIPPED

Broker = Literal["embedded", "kafka"]
GROUP = "riskd-demo"
LOOK_EVERY_S = 0.5  # the daemon renews its report once a second
POLL_S = 0.05
SETTLE_TIMEOUT_S = 300.0  # without any progress: a first run compiles, on a busy machine for minutes


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """What to play and where.

    speed        : event time over wall time; None: as fast as the daemon reads
    is_paced     : take the pace for onlookers where there is a terminal and no `speed`
    force        : use a folder that holds other things too
    keep_running : leave broker and daemon running after the recording, until Ctrl-C
    shipped      : the recording that plays, and its limits
    recording    : None: the shipped one; whatever it is, the limits of `shipped` hold it
    report       : write the page for people, from the run's journal, where the extra `report` is installed
    """

    out: Path
    broker: Broker = "embedded"
    speed: float | None = None
    is_paced: bool = True
    force: bool = False
    keep_running: bool = False
    shipped: Shipped = EQUITIES
    recording: Path | None = None
    report: bool = True


def run_demo(plan: DemoPlan) -> None:
    """Play the shipped recording and print the closing summary on standard output; progress goes to standard error.

    Everything that it starts has ended when it returns or raises, also on Ctrl-C and SIGTERM.
    raises : DemoError where the daemon ends or loses count, DemoFolderError, KafkaError, BrokerUnavailableError
    """
    screen = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    with _ended_by_signals(), ExitStack() as stack:
        folder = stack.enter_context(DemoFolder(plan.out, plan.force))
        kafka = _start_broker(stack, plan.broker, folder)
        folder.write_config(kafka, 0, plan.shipped)
        metrics = load_config(folder.config, SHIPPED.known).metrics
        prefix = "".join(f"{part}_" for part in (metrics.namespace, metrics.subsystem) if part)
        screen.print("Starting riskd. The first run compiles its kernels: wait a little.")
        started_s = time.monotonic()
        daemon = stack.enter_context(DemoDaemon(folder.config, folder.log, prefix))
        daemon.wait_until_ready()
        tap = stack.enter_context(
            ActionTap(kafka, actions=folder.path / "actions.jsonl", shadow=folder.path / "shadow.jsonl")
        )
        on_terminal = screen.is_terminal
        speed = plan.shipped.paced_speed if plan.is_paced and plan.speed is None and on_terminal else plan.speed
        layout: Layout = "first_partitions" if plan.broker == "embedded" else "by_key"
        feed = Feed(
            plan.recording or plan.shipped.recording, kafka, layout, speed, paced_from_ns=plan.shipped.paced_from_ns
        )
        stack.callback(feed.stop)
        screen.print(f"Playing {plan.shipped.title}. Look at http://{daemon.address}/metrics")
        screen.print(f"Recording {plan.shipped.name}: {plan.shipped.provenance}.")
        accounted = _watch(screen, daemon, tap, feed, is_intraday=plan.shipped.is_intraday)
        _drain(daemon, tap, accounted)
        if not plan.keep_running:
            daemon.stop()
            _drain(None, tap, accounted)
        elapsed_s = time.monotonic() - started_s
        _close(folder, accounted, tap, elapsed_s, plan.shipped)
        if plan.report:
            print_lines(demo_report(folder, screen))
        if plan.keep_running:
            print_lines(addresses(kafka, daemon.address, folder))
            _wait_for_the_end(daemon)
        else:
            print_lines(next_steps(folder, plan.shipped))


def _start_broker(stack: ExitStack, broker: Broker, folder: DemoFolder) -> KafkaConfig:
    """Start the broker, make the topics, and return how to reach it."""
    if broker == "embedded":
        embedded = stack.enter_context(EmbeddedBroker(Topics()))
        # It fences nobody; and of its four positions partitions the recording needs one.
        return KafkaConfig(bootstrap=embedded.bootstrap, group=GROUP, publish="idempotent", positions_partitions=(0,))
    apache = stack.enter_context(LocalKafka(folder.kafka.resolve()))
    kafka = KafkaConfig(bootstrap=apache.bootstrap, group=GROUP, publish="transactional")
    create_topics(kafka)
    return kafka


def _watch(console: Console, daemon: DemoDaemon, tap: ActionTap, feed: Feed, *, is_intraday: bool) -> Accounted:
    """Play, show, and return when the daemon has counted everything that was sent."""
    feed.start()
    if not console.is_terminal:
        return _follow(LineScreen(console, is_intraday=is_intraday), daemon, tap, feed)
    with Live(console=console, auto_refresh=False) as live:
        return _follow(TableScreen(live, daemon.address, is_intraday=is_intraday), daemon, tap, feed)


def _follow(screen: Screen, daemon: DemoDaemon, tap: ActionTap, feed: Feed) -> Accounted:
    document: StateDocument | None = None
    looked_s = progress_s = time.monotonic()
    counted = 0
    while True:
        daemon.check()
        feed.check()
        shadow = tap.poll(POLL_S)
        now_s = time.monotonic()
        if now_s - looked_s >= LOOK_EVERY_S:
            looked_s = now_s
            document = daemon.state() or document
            numbered = 0 if document is None else sum(shard.n for shard in document.shards)
            if numbered > counted:
                counted, progress_s = numbered, now_s
            if feed.played is not None:
                accounted = Accounted(feed.played, daemon.counts(), numbered)
                if numbered >= accounted.sent or now_s - progress_s > SETTLE_TIMEOUT_S:
                    accounted.check()
                    return accounted
        if document is not None and document.shards:
            screen.show(Moment(document, shadow, feed.done_ratio))


def _drain(daemon: DemoDaemon | None, tap: ActionTap, accounted: Accounted) -> None:
    """Return when all is out, audited and read; a daemon that still runs is asked whether it has let everything out."""
    deadline_s = time.monotonic() + SETTLE_TIMEOUT_S
    while True:
        tap.poll(POLL_S)
        if (daemon is None or _is_settled(daemon.state(), accounted.sent)) and tap.is_at_end:
            tap.flush()
            return
        if time.monotonic() > deadline_s:
            raise DemoError(f"the last actions were not out within {SETTLE_TIMEOUT_S:.0f} s")


def _is_settled(document: StateDocument | None, sent: int) -> bool:
    """Say whether a report speaks of all inputs, and nothing waits to leave."""
    return document is not None and all(
        shard.n >= sent and shard.outbox == 0 and shard.audit_waiting == 0 for shard in document.shards
    )


def _close(folder: DemoFolder, accounted: Accounted, tap: ActionTap, elapsed_s: float, shipped: Shipped) -> None:
    """Write summary.json and print the summary; raises DemoError where topics and audit log do not agree."""
    read = {"actions": tap.actions, "shadow": tap.shadow}
    limits = load_config(folder.config, SHIPPED.known).enforcement.limits
    files: dict[str, object] = {f"{name}.jsonl": {"lines": lines} for name, lines in read.items()}
    summary = summarise(accounted, folder.audit, files, limits)
    audited = {name: cast("dict[str, int]", summary[name])["count"] for name in read}
    if audited != read:
        raise DemoError(f"the topics hold {read}, but the audit log {audited}")
    verdict = verify(folder.audit)
    if not verdict.ok:
        raise DemoError(f"{folder.audit}: line {verdict.lines + 1} is not as it was written: {verdict.first_bad}")
    part = folder.path / "summary.json.part"
    part.write_bytes(canonical_json(summary) + b"\n")
    part.replace(folder.path / "summary.json")
    print_lines(accounted.text())
    print_lines(summary_text(summary, folder.path, elapsed_s, shipped))


def _wait_for_the_end(daemon: DemoDaemon) -> None:
    """Return on Ctrl-C; raises DemoError where the daemon ends before."""
    try:
        while True:
            daemon.check()
            time.sleep(LOOK_EVERY_S)
    except KeyboardInterrupt:
        return


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """End as Ctrl-C does when someone asks by SIGTERM or closes the terminal: nothing may be left behind."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
