"""The demo's daemon: `riskd run` as a process of its own, watched over its log and its HTTP address."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from daemon.demo_table import StateView

START_TIMEOUT_S = 300.0  # a first start compiles its kernels
END_TIMEOUT_S = 30.0
ASK_TIMEOUT_S = 5.0
LOOK_EVERY_S = 0.05
_LOG_TAIL_LINES = 5

Sleep = Callable[[float], object]


class DemoError(RuntimeError):
    """The demo cannot go on; the message says what broke and where to look."""


class ShardView(msgspec.Struct, frozen=True):
    """What the demo needs of a shard's report."""

    n: int
    core_time_ns: int
    outbox: int
    audit_waiting: int


class StateDocument(msgspec.Struct, frozen=True):
    """What the demo needs of `/state`."""

    shards: list[ShardView]
    states: list[StateView]


class Counts(msgspec.Struct, frozen=True):
    """What the daemon says that it has read: all inputs, and those it refused, by reason."""

    inputs: int
    refused: dict[str, int]

    @property
    def rejected(self) -> int:
        """All that were refused."""
        return sum(self.refused.values())

    @property
    def applied(self) -> int:
        """All that were not."""
        return self.inputs - self.rejected


class DemoDaemon:
    """Runs inside its `with` block; leaving it asks the daemon to stop, and waits.

    config : its configuration file, with `http.port: 0`
    log    : file for its log lines
    prefix : of its metrics
    raises : DemoError where it does not get ready or ends before it is asked to
    """

    def __init__(self, config: Path, log: Path, prefix: str) -> None:
        self._config = config
        self._log = log
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-P", "-m"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "daemon.leash", *command, "daemon.cli", "run", "--config", str(self._config)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is for us; we end it, before its broker
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def ended(self) -> str | None:
        """Say how it ended by itself; None while it runs."""
        assert self._process is not None, "the daemon was not started"
        code = self._process.poll()
        return None if code is None else f"riskd run ended with exit code {code}; {self._log} says:\n{self._log_tail()}"

    def check(self) -> None:
        """Raise DemoError where it ended."""
        if self.ended is not None:
            raise DemoError(self.ended)

    def wait_until_ready(self, sleep: Sleep = time.sleep) -> None:
        """Return when it listens and reads; `address` is its host and port from then on."""
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not self.address:
            self.check()
            if time.monotonic() > deadline_s:
                raise DemoError(f"riskd run was not ready within {START_TIMEOUT_S:.0f} s; see {self._log}")
            sleep(LOOK_EVERY_S)
            self.address = next((str(line["http"]) for line in self._lines() if line.get("event") == "serving"), "")

    def counts(self) -> Counts:
        """Ask `/metrics` for what was read so far."""
        inputs, refused = 0, {}
        for family in text_string_to_metric_families(self._ask("/metrics").decode()):
            for sample in family.samples:
                if sample.name == f"{self._prefix}events_total":
                    inputs += int(sample.value)
                elif sample.name == f"{self._prefix}rejections_total" and sample.value:
                    refused[sample.labels["reason"]] = int(sample.value)
        return Counts(inputs, dict(sorted(refused.items())))

    def state(self) -> StateDocument | None:
        """Ask `/state` for the daemon's last report; None where it has none yet."""
        content = self._ask("/state", none_yet=True)
        return msgspec.json.decode(content, type=StateDocument) if content else None

    def stop(self) -> None:
        """Ask it to stop as SIGTERM does, wait, and raise DemoError unless it ended well."""
        code = self._end()
        if code != 0:
            raise DemoError(f"riskd run ended with exit code {code}; {self._log} says:\n{self._log_tail()}")

    def _end(self) -> int:
        assert self._process is not None, "the daemon was not started"
        assert self._process.stdin is not None, "its standard input is a pipe"
        self._process.stdin.close()
        try:
            return self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # the session is ours alone: the leash and the daemon
            return self._process.wait()

    def _ask(self, path: str, *, none_yet: bool = False) -> bytes:
        """Return the body of a page, empty where there is none yet and that may be; http.client knows no proxies."""
        connection = http.client.HTTPConnection(self.address, timeout=ASK_TIMEOUT_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise DemoError(self.ended or f"{self.address}{path} does not answer: {error}") from error
        finally:
            connection.close()
        if answer.status == http.HTTPStatus.OK:
            return body
        if none_yet and answer.status == http.HTTPStatus.SERVICE_UNAVAILABLE:
            return b""
        raise DemoError(f"{self.address}{path} answers {answer.status}: {body[:200].decode(errors='replace')}")

    def _lines(self) -> list[dict[str, object]]:
        """Return the log lines so far that are JSON objects; the last one may still be on its way."""
        found = []
        for line in self._log.read_bytes().splitlines(keepends=True):
            if line.startswith(b"{") and line.endswith(b"}\n"):
                found.append(json.loads(line))
        return found

    def _log_tail(self) -> str:
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_TAIL_LINES:])
