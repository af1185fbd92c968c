"""The real `riskd run` of a test with its log in a file, and what it says of itself by HTTP."""

import json
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import cast

from tests.kafka.running import REPOSITORY, Line, Stage, command

LOG_WAIT_S = 240.0  # kernels may have to be compiled, on a busy machine
LOOK_EVERY_S = 0.05
ANSWER_TIMEOUT_S = 10.0

_pause = threading.Event()  # never set: its `wait` is how a look waits for the next


def wait_until(
    is_met: Callable[[], bool], what: str, within_s: float = 30.0, seen: Callable[[], str] = lambda: ""
) -> float:
    """Look until it is so; return the seconds that it took, and fail with `what` and what is seen then."""
    begun_s = time.monotonic()
    while not is_met():
        assert time.monotonic() - begun_s < within_s, f"not within {within_s} s: {what}{seen()}"
        _pause.wait(LOOK_EVERY_S)
    return time.monotonic() - begun_s


class LoggedDaemon:
    """A process of ours; ends with its `with` block, whatever happens in it.

    stage : where it works; several may follow each other in one, and the log is one file; module: what is riskd
    """

    def __init__(self, stage: Stage, module: str = "daemon.cli") -> None:
        self._log = stage.folder / "daemon.log"
        self._begin = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command(stage, module), cwd=REPOSITORY, stderr=log)

    def __enter__(self) -> "LoggedDaemon":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def lines(self, event: str | None = None) -> list[Line]:
        """Return what it logged, of one event or all."""
        lines = [cast(Line, json.loads(line)) for line in self.text().splitlines() if line.startswith("{")]
        return [line for line in lines if event is None or line["event"] == event]

    def text(self) -> str:
        """Return all that it wrote to standard error, up to the last whole line."""
        with self._log.open("rb") as log:
            log.seek(self._begin)
            return log.read().decode().rpartition("\n")[0]

    def wait_for(self, event: str, count: int = 1, within_s: float = LOG_WAIT_S) -> Line:
        """Return the line of the event once it came `count` times."""

        def has_come() -> bool:
            found = len(self.lines(event)) >= count
            assert found or self.process.poll() is None, f"it ended before {event}: {self.text()[-3_000:]}"
            return found

        wait_until(has_come, event, within_s, lambda: f"; it said {self.text()[-3_000:]}")
        return self.lines(event)[count - 1]

    def end(self, within_s: float) -> tuple[int, float]:
        """Send SIGTERM; return the exit code and the seconds that it took to leave."""
        begun_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(within_s)
        return code, time.monotonic() - begun_s

    def wait_for_end(self, within_s: float = LOG_WAIT_S) -> int:
        """Return the exit code of a daemon that ends by itself."""
        return self.process.wait(within_s)

    def kill(self) -> None:
        """SIGKILL."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)

    def resident_bytes(self) -> int:
        """Return its resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        match = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        assert match is not None, status
        return int(match[1]) * 1024

    def page(self, path: str) -> str:
        """Return the text of one of its pages, also where it answers 503."""
        address = cast(str, self.wait_for("recovering")["http"])
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=ANSWER_TIMEOUT_S) as answer:
                return cast(bytes, answer.read()).decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def is_ready(self) -> bool:
        """Say what `/readyz` says."""
        return self.page("/readyz").startswith("ready\n")

    def condition(self, name: str) -> str:
        """Return the line of one condition of readiness, without its name; "" before the first report."""
        lines = dict(line.partition(": ")[::2] for line in self.page("/readyz").splitlines())
        return lines.get(name, "")

    def state(self, scope: str) -> Line:
        """Return the state record of a scope; empty where it has none yet."""
        page = self.page(f"/state?scope={scope}")
        states = cast(list[Line], json.loads(page)["states"]) if page.startswith("{") else []
        return next((state for state in states if state["scope"] == scope), {})

    def metric(self, series: str) -> float | None:
        """Return the value of one series by its name and labels, as `/metrics` writes them; None where it is absent."""
        for line in self.page("/metrics").splitlines():
            name, _, value = line.rpartition(" ")
            if name == series:
                return float(value)
        return None


def own_state(daemon: LoggedDaemon, scope: str) -> str:
    """Return the trading state of the scope itself, "" where the daemon does not tell it yet."""
    found = daemon.state(scope).get("trading_state", {})
    assert isinstance(found, dict)
    return str(found.get("own", ""))
