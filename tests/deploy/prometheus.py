"""A real Prometheus on loopback that scrapes one target each second and evaluates the generated rules."""

import json
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from config.schema import Config
from deploy.monitoring.rules import (
    ALERTS_FILE,
    PROMETHEUS_FILE,
    RECORDS_FILE,
    alert_rules_yaml,
    prometheus_yaml,
    record_rules_yaml,
)

SCRAPE_INTERVAL = "1s"
START_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 10.0
LOOK_EVERY_S = 0.25
_LISTENING = re.compile(r'msg="Listening on" .*address="?(127\.0\.0\.1:\d+)')

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an answer: its labels and its value now."""

    labels: dict[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as Prometheus evaluated it last."""

    name: str
    health: str
    error: str


class RunningPrometheus:
    """Prometheus with the rules of a configuration; on an address and in a folder of its own."""

    def __init__(self, program: Path, folder: Path, config: Config, target: str) -> None:
        (folder / RECORDS_FILE).write_text(record_rules_yaml(config), encoding="utf-8")
        (folder / ALERTS_FILE).write_text(alert_rules_yaml(config), encoding="utf-8")
        (folder / PROMETHEUS_FILE).write_text(prometheus_yaml((target,), SCRAPE_INTERVAL), encoding="utf-8")
        self._log = folder / "prometheus.log"
        self._command = [
            str(program),
            f"--config.file={folder / PROMETHEUS_FILE}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--web.listen-address=127.0.0.1:0",
        ]
        self._address = ""

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        try:
            self._address = self._wait_for_address()
            self._wait_until_ready()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def query(self, expression: str) -> list[Sample]:
        """Return what the expression gives now; raises AssertionError with Prometheus' words where it is refused."""
        data = self._get("query", query=expression)
        if data["resultType"] == "scalar":
            return [Sample({}, float(cast(list[str], data["result"])[1]))]
        rows = cast(list[dict[str, object]], data["result"])
        return [
            Sample(cast(dict[str, str], row["metric"]), float(cast(tuple[float, str], row["value"])[1])) for row in rows
        ]

    def wait_for_samples(self, expression: str, within_s: float) -> list[Sample]:
        """Return the expression's answer once one of its values is a number, or what it is at the end of the time."""
        deadline = time.monotonic() + within_s
        pause = threading.Event()
        while True:
            samples = self.query(expression)
            if any(not isnan(sample.value) for sample in samples) or time.monotonic() > deadline:
                return samples
            pause.wait(LOOK_EVERY_S)  # Prometheus has no way to tell that something was scraped

    def label_values(self, metric: str, label: str) -> list[str]:
        """Return what Grafana offers for a variable `label_values(metric, label)`."""
        query = urllib.parse.urlencode({"match[]": metric})
        return cast(list[str], self._fetch(f"/api/v1/label/{label}/values?{query}")["data"])

    def rules(self) -> list[Rule]:
        """Return every rule with what came of its last evaluation."""
        groups = cast(list[Json], self._get("rules")["groups"])
        return [
            Rule(cast(str, rule["name"]), cast(str, rule["health"]), str(rule.get("lastError", "")))
            for group in groups
            for rule in cast(list[Json], group["rules"])
        ]

    def _get(self, what: str, **parameters: str) -> Json:
        query = urllib.parse.urlencode(parameters)
        return cast(Json, self._fetch(f"/api/v1/{what}?{query}")["data"])

    def _fetch(self, path: str) -> Json:
        try:
            with urllib.request.urlopen(f"http://{self._address}{path}", timeout=ANSWER_TIMEOUT_S) as answer:
                return cast(Json, json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} was refused: {error.read().decode()}") from error

    def _wait_for_address(self) -> str:
        deadline = time.monotonic() + START_TIMEOUT_S
        pause = threading.Event()
        while time.monotonic() < deadline and self._process.poll() is None:
            if found := _LISTENING.search(self._log.read_text(encoding="utf-8")):
                return found[1]
            pause.wait(LOOK_EVERY_S)
        raise AssertionError(f"Prometheus does not listen: {self._log.read_text(encoding='utf-8')}")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        pause = threading.Event()
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://{self._address}/-/ready", timeout=ANSWER_TIMEOUT_S):
                    return
            except urllib.error.HTTPError:  # 503 while it opens its storage
                pause.wait(LOOK_EVERY_S)
        raise AssertionError(f"Prometheus is not ready: {self._log.read_text(encoding='utf-8')}")

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(ANSWER_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
