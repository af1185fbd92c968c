"""Dashboards and rules against the real thing: Prometheus scrapes `riskd run` while the recording plays on Kafka."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from math import isnan
from pathlib import Path
from typing import cast

import pytest
import yaml
from confluent_kafka import Producer

from config.loader import load_config
from config.schema import Config, KafkaConfig
from daemon.shipped import demo_config, shipped_recording
from deploy.monitoring.dashboards.frame import dashboard_json
from deploy.monitoring.files import dashboards
from deploy.monitoring.names import metric_prefix, with_prefix
from deploy.monitoring.recording_rules import recording_rules
from deploy.monitoring.rules import ALERTS
from feeds.action_acks import Acknowledger
from feeds.action_reader import ActionReader
from feeds.action_records import ActionRecord
from feeds.kafka_topics import create_topics
from feeds.player import play
from feeds.recording import read_records
from feeds.recording_writer import write_recording
from sensors.catalogue import SHIPPED
from tests.deploy.prometheus import RunningPrometheus
from tests.deploy.tools import tool
from tests.kafka.running import RunningDaemon, Stage

pytestmark = pytest.mark.kafka

LINES = 7_000  # sixteen months: over 250 rows, so that tails are fitted and backtests count, and a crisis of 1990
LAST_SESSION = "1991-04-15"  # of those lines
SHOWN_WITHIN_S = 45.0  # rates need a minute of nothing but two scrapes; the machine may be busy
FEED_EVERY_S = 0.5
NEWCOMER = (
    "newcomer"  # nobody sends its positions, so model_available fires, whatever the prices of 1991 are worth today
)


@dataclass(frozen=True, slots=True)
class Scene:
    """One running riskd and the Prometheus that looks at it."""

    config: Config
    prometheus: RunningPrometheus


class LiveFeed:
    """What feeds send all day: heartbeats of the sources, prices, and now and then a record that nobody can read."""

    def __init__(self, kafka: KafkaConfig) -> None:
        self._topics = kafka.topics
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 3})
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._send_on, name="live-feed")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)
        self._producer.flush(10)

    def _send_on(self) -> None:
        while not self._over.wait(FEED_EVERY_S):
            now_ns = time.time_ns()
            market, positions = self._topics.market_data, self._topics.positions
            self._send(market, "AAPL", {"type": "heartbeat", "ts": now_ns, "source": "market"})
            self._send(market, "AAPL", {"type": "quote", "ts": now_ns, "instrument": "AAPL", "bid": 0.30, "ask": 0.31})
            self._send(positions, "firm", {"type": "heartbeat", "ts": now_ns, "source": "positions"})
            self._producer.produce(market, b"not json", key=b"AAPL")
            self._producer.poll(0)

    def _send(self, topic: str, key: str, event: dict[str, object]) -> None:
        self._producer.produce(topic, json.dumps(event).encode(), key=key.encode())


class Consumer:
    """A trading system that is always at work: what it says of each action is partial, with ever less to do."""

    def __init__(self, kafka: KafkaConfig) -> None:
        self._kafka = kafka
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._say_on, name="consumer")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)

    def _say_on(self) -> None:
        topics, left = self._kafka.topics, 1_000.0
        asked: dict[str, ActionRecord] = {}
        reader = ActionReader(self._kafka.bootstrap, actions=topics.actions, leases=topics.leases)
        with reader, Acknowledger(self._kafka.bootstrap, "oms", topic=topics.acks) as acks:
            while not self._over.is_set():
                asked |= {action.scope: action for action in reader.poll(FEED_EVERY_S).news if action.requires_ack}
                left -= 1.0
                for action in asked.values():
                    acks.send(action, "partial", time.time_ns(), left)


@pytest.fixture
def scene(tmp_path: Path, kafka_config: KafkaConfig) -> Iterator[Scene]:
    program = tool("prometheus", "PROMETHEUS_BIN", "Debian's package prometheus")
    stage = _stage(tmp_path, kafka_config)
    play(read_records(stage.recording), stage.kafka, lambda _: None)
    folder = tmp_path / "prometheus"
    folder.mkdir()
    config = load_config(stage.config, SHIPPED.known)
    with ExitStack() as stack:
        daemon = stack.enter_context(RunningDaemon(stage))
        daemon.wait_for("caught_up")
        stack.enter_context(LiveFeed(kafka_config))
        stack.enter_context(Consumer(kafka_config))
        target = cast(str, daemon.ready["http"])
        yield Scene(config, stack.enter_context(RunningPrometheus(program, folder, config, target)))


def _stage(folder: Path, kafka: KafkaConfig) -> Stage:
    """The demo's configuration with another prefix, every portfolio, watched sources, and a root that stays unknown."""
    lines = (record.payload for chunk in read_records(shipped_recording()) for record in chunk)
    recording = folder / "recording.jsonl"
    write_recording(recording, islice(lines, LINES))
    document = yaml.safe_load(demo_config().read_text(encoding="utf-8"))
    document["clock"] = "wall"
    # Else the jump to today's time completes the rows of decades, and its nights see books whose prices are stale.
    document["calendar"]["end"] = LAST_SESSION
    document["kafka"] = kafka.model_dump(mode="json", exclude_none=True)
    document["journal"] = {"directory": str(folder / "journal")}
    document["audit"] = {"log_directory": str(folder / "audit")}
    document["http"] = {"port": 0}
    document["metrics"] = {"namespace": "risk", "subsystem": "management", "portfolios": "all"}
    document["data"] = {"sources": {"market": "60s", "positions": "60s"}}
    document["enforcement"]["mode"] = "full"
    document["portfolios"] = ["firm", NEWCOMER]
    config = folder / "riskd.yaml"
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    create_topics(kafka, market_data_partitions=1)
    return Stage(folder, kafka, recording, config)


def _as_grafana_asks(expression: str) -> str:
    """Return the expression with the variables as Grafana puts them in when All is chosen."""
    return expression.replace("$portfolio", ".*").replace("$__rate_interval", "1m")


def _panels(config: Config) -> Iterator[tuple[str, str]]:
    prefix = metric_prefix(config.metrics)
    for declared in dashboards(config):
        for panel in json.loads(with_prefix(dashboard_json(declared), prefix))["panels"]:
            for target in panel.get("targets", ()):
                yield f"{declared.uid}: {panel['title']}", _as_grafana_asks(target["expr"])


def test_every_panel_and_rule_has_something_to_show_of_a_running_riskd(scene: Scene) -> None:
    """One daemon for all of it: its start costs more than all that is asked."""
    config, prometheus = scene.config, scene.prometheus
    prefix = metric_prefix(config.metrics)
    asked = list(_panels(config))
    asked += [(name, with_prefix(name, prefix)) for name in recording_rules()]
    asked += [(metric, with_prefix(metric, prefix)) for metric in _alert_metrics()]
    empty, blind = [], []
    deadline = time.monotonic() + SHOWN_WITHIN_S
    for where, expression in asked:
        samples = prometheus.wait_for_samples(expression, deadline - time.monotonic())
        if not samples:
            empty.append(f"{where}: {expression}")
        elif all(isnan(sample.value) for sample in samples):
            blind.append(f"{where}: {expression}")
    assert empty == [], "these show nothing"
    assert blind == [], "these show no number"
    _check_alerts(prometheus)
    assert "firm/long-only" in prometheus.label_values(f"{prefix}trading_state", "portfolio")


def _check_alerts(prometheus: RunningPrometheus) -> None:
    rules = prometheus.rules()
    assert {rule.name for rule in rules} >= {alert.name for alert in ALERTS}
    assert [rule for rule in rules if rule.health != "ok"] == []
    for name in ("RiskdTradingRestricted", "RiskdDeadLetters"):  # the second once it has seen a count grow
        alert = f'ALERTS{{alertstate="firing", alertname="{name}"}}'
        assert prometheus.wait_for_samples(alert, SHOWN_WITHIN_S), f"{name} does not fire"
    firing = {sample.labels["alertname"] for sample in prometheus.query('ALERTS{alertstate="firing"}')}
    assert not firing & {
        "RiskdDown",
        "RiskdCrashLooping",
        "RiskdClockAhead",
        "RiskdNotReady",
        "RiskdCoreStalled",
        "RiskdPublishStuck",
        "RiskdLeaseExpiring",
    }


def _alert_metrics() -> list[str]:
    """Return the metrics that only alerts read, as expressions."""
    return [
        "riskd_source_silent",
        "process_resident_memory_bytes",
        "riskd_limit_threshold",
        "riskd_live_exposure_weeks",
    ]
