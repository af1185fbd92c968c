"""A desk that trades around the clock, and the feeds that tell of it: what a live daemon reads in a test."""

import datetime
import json
import secrets
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import yaml
from confluent_kafka import Producer

from config.schema import KafkaConfig
from feeds.kafka_properties import client_properties
from feeds.kafka_topics import create_topics
from tests.kafka.running import Stage

SECOND_NS = 10**9
DAY_NS = 86_400 * SECOND_NS
FEED_EVERY_S = 0.2
HISTORY_DAYS = 30  # completed rows: over 20, so that there is a VaR 95
PRICES = {"AAA": 100.0, "BBB": 50.0, "CCC": 20.0, "DDD": 10.0}
BOOK = {"AAA": 1_000.0, "BBB": 2_000.0, "CCC": 5_000.0, "DDD": 100.0}  # DDD is 1,000 of 301,000: under 1 % of gross
GROSS = sum(PRICES[name] * quantity for name, quantity in BOOK.items())
MAX_SILENCE_S = 3

Event = dict[str, object]


def command(name: str, scope: str) -> Event:
    """Return an unsigned command of this moment, with an id of its own."""
    event: Event = {"type": name, "ts": time.time_ns(), "actor": "ana", "reason": "a drill", "scope": scope}
    return event | {"command_id": secrets.token_hex(4)}


def desk_stage(folder: Path, open_kafka: KafkaConfig, /, *, positions_partitions: int = 1, **parts: object) -> Stage:
    """Make topics and a configuration with `clock: wall`; `parts` replace keys of the file, `kafka` the daemon's."""
    today = datetime.datetime.now(datetime.UTC).date()
    document: dict[str, object] = {
        "clock": "wall",
        "calendar": {
            "base": "24/7",
            "start": str(today - datetime.timedelta(days=HISTORY_DAYS + 10)),
            "end": str(today + datetime.timedelta(days=30)),
        },
        "kafka": open_kafka.model_dump(mode="json", exclude_none=True),
        "journal": {"directory": str(folder / "journal"), "segment_bytes": 1 << 22},
        "audit": {"log_directory": str(folder / "audit"), "segment_bytes": 1 << 20},
        "http": {"port": 0},
        "portfolios": ["firm"],
        "control": {"allow_unsigned": True},
        "enforcement": {
            "mode": "full",
            "limits": [
                {
                    "id": "firm_var", "sensor": "var_breach", "metric": "var_95", "no_data_after": "4s",
                    "keep_firing_for": "0s", "levels": [{"at": 1e9, "action": "warn"}],
                },
                {
                    "id": "cap", "scope": "**", "sensor": "exposure", "metric": "gross", "hard": True, "confirm": 1,
                    "keep_firing_for": "0s", "levels": [{"at": 400_000, "action": "reduce_position"}],
                },
            ],
        },
    }  # fmt: skip
    config = folder / "riskd.yaml"
    config.write_text(yaml.safe_dump(document | parts), encoding="utf-8")
    create_topics(open_kafka, market_data_partitions=1, positions_partitions=positions_partitions)
    return Stage(folder, open_kafka, folder / "no-recording", config)


class Pen:
    """Writes events to the input topics, each by its kind."""

    def __init__(self, kafka: KafkaConfig) -> None:
        self.topics = kafka.topics
        self._producer = Producer(
            client_properties(kafka, {"linger.ms": 5, "log_level": 0, "message.max.bytes": 2_000_000})
            | {"error_cb": lambda _: None}
        )

    def write(self, topic: str, event: Mapping[str, object] | bytes | None, key: str = "k", partition: int = 0) -> None:
        """Hand one record to the client, an event as JSON or bytes as they are."""
        value = json.dumps(event).encode() if isinstance(event, Mapping) else event
        while True:
            try:
                self._producer.produce(topic, value, key.encode(), partition)
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)

    def flush(self) -> None:
        """Return when brokers have everything."""
        assert self._producer.flush(60) == 0

    def instruments(self, names: Mapping[str, Mapping[str, object]], ts: int) -> None:
        """Write reference data; each with what it has besides a name and a currency."""
        for name, fields in names.items():
            event: Event = {"type": "instrument", "ts": ts, "instrument": name, "kind": "equity", "currency": "USD"}
            self.write(self.topics.reference, event | {"calendar": "24/7"} | dict(fields), name)

    def history(self, now_ns: int) -> None:
        """Write a close a day of every price, with moves of a few percent."""
        first = now_ns // DAY_NS - HISTORY_DAYS
        for day in range(HISTORY_DAYS):
            date = datetime.datetime.fromtimestamp((first + day) * 86_400, datetime.UTC).date().isoformat()
            for number, (name, price) in enumerate(PRICES.items()):
                moved = price * (1.0 + 0.01 * ((day * (number + 3)) % 7 - 3))
                ts = (first + day + 1) * DAY_NS + number
                event: Event = {"type": "close", "ts": ts, "instrument": name, "date": date, "price": moved}
                self.write(self.topics.market_data, event, name)

    def snapshot(self, root: str, book: Mapping[str, float], ts: int, partition: int = 0) -> None:
        """Write what the desk of a root holds."""
        items = [{"portfolio": f"{root}/desk", "instrument": name, "quantity": held} for name, held in book.items()]
        event: Event = {"type": "positions_snapshot", "ts": ts, "portfolio": root, "snapshot_id": f"s{ts}"}
        self.write(self.topics.positions, event | {"items": items}, root, partition)

    def quote(self, name: str, mid: float, ts: int) -> None:
        """Write a quote around a price."""
        event: Event = {"type": "quote", "ts": ts, "instrument": name, "bid": mid - 0.01, "ask": mid + 0.01}
        self.write(self.topics.market_data, event, name)

    def beat(self, source: str, topic: str, ts: int) -> None:
        """Write a heartbeat."""
        self.write(topic, {"type": "heartbeat", "ts": ts, "source": source})


class Feeds(threading.Thread):
    """Heartbeats and quotes all day, each of which can be muted: `muted` holds names of sources and instruments."""

    def __init__(self, kafka: KafkaConfig) -> None:
        super().__init__(name="feeds", daemon=True)
        self._pen = Pen(kafka)
        self._over = threading.Event()
        self.muted: frozenset[str] = frozenset()

    def __enter__(self) -> "Feeds":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join(10)

    def run(self) -> None:
        """Write a round every 0.2 s."""
        while not self._over.wait(FEED_EVERY_S):
            now_ns, topics = time.time_ns(), self._pen.topics
            for source, topic in (("market", topics.market_data), ("positions", topics.positions)):
                if source not in self.muted:
                    self._pen.beat(source, topic, now_ns)
            for name, price in PRICES.items():
                if not self.muted & {name, "market"}:
                    self._pen.quote(name, price, now_ns)


def open_desk(
    kafka: KafkaConfig,
    homes: Mapping[str, int] = MappingProxyType({"firm": 0}),
    *,
    ago_ns: int = 0,
    max_age_ns: int = 3 * SECOND_NS,
) -> None:
    """Write what the topics hold in the morning: reference data, a month of closes, each root's positions and NAV.

    homes : positions partition by root; ago_ns: how long ago it was morning; max_age_ns: of CCC and DDD
    """
    pen, now_ns = Pen(kafka), time.time_ns() - ago_ns
    begin = (now_ns // DAY_NS - HISTORY_DAYS - 1) * DAY_NS
    ages: dict[str, Event] = {name: {"max_age": max_age_ns} if name in ("CCC", "DDD") else {} for name in PRICES}
    pen.instruments(ages, begin)
    for root, partition in homes.items():
        pen.snapshot(root, BOOK, begin + 1, partition)
        nav: Event = {"type": "nav", "ts": begin + 2, "portfolio": root, "nav": 1_000_000.0, "currency": "USD"}
        pen.write(pen.topics.positions, nav, root, partition)
    pen.history(now_ns)
    for name, price in PRICES.items():
        pen.quote(name, price, now_ns)
    pen.flush()
