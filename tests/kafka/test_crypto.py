"""Coins around the clock at full speed: spot, linear and inverse perpetuals; nothing refused, no decision lost."""

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from config.schema import KafkaConfig
from feeds.kafka_topics import create_topics
from feeds.player import play
from feeds.recording import read_records
from feeds.recording_writer import write_recording
from tests.kafka.equality import check_equal, lines_of, read_topic
from tests.kafka.logged_daemon import LoggedDaemon
from tests.kafka.running import Stage

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

RECORDS = 50_000
BEGIN_NS = 1_723_161_254_000_000_000  # 2024-08-08T23:54:14Z: it runs over midnight, where a session of 24/7 ends
STEP_NS = 13_000_000  # eleven minutes of event time
CONTRACTS: dict[str, dict[str, object]] = {
    "BTCUSDT": {"kind": "fx", "base": "BTC", "quote": "USDT", "currency": "USDT"},
    "ETHUSDT": {"kind": "fx", "base": "ETH", "quote": "USDT", "currency": "USDT"},
    "BTCUSDT-PERP": {"kind": "perpetual", "contract": "linear", "currency": "USDT"},
    "ETHUSDT-PERP": {"kind": "perpetual", "contract": "linear", "currency": "USDT"},
    "BTCUSD_PERP": {
        "kind": "perpetual", "contract": "inverse", "settle_currency": "BTC", "multiplier": 100.0, "currency": "USD",
    },
    "ETHUSD_PERP": {
        "kind": "perpetual", "contract": "inverse", "settle_currency": "ETH", "multiplier": 10.0, "currency": "USD",
    },
}  # fmt: skip
OTHERS: dict[str, dict[str, object]] = {
    "USDTUSD": {"kind": "fx", "base": "USDT", "quote": "USD", "currency": "USD"},
    "BTCCOIN": {"kind": "cash", "currency": "BTC"},
    "ETHCOIN": {"kind": "cash", "currency": "ETH"},
}
BOOKS = {
    ("coins/spot", "BTCCOIN"): 12.0,
    ("coins/spot", "ETHCOIN"): -150.0,
    ("coins/perp", "BTCUSDT-PERP"): -10.0,
    ("coins/perp", "ETHUSDT-PERP"): 140.0,
    ("coins/inverse", "BTCUSD_PERP"): 2_000.0,
    ("coins/inverse", "ETHUSD_PERP"): -4_000.0,
}
# Levels inside the range over which the numbers swing, so that there are decisions all along.
LIMITS: list[dict[str, object]] = [
    {
        "id": "lent", "scope": "coins/*", "sensor": "leverage", "metric": "gross_leverage", "keep_firing_for": "1s",
        "levels": [{"at": 1.99, "clear_at": 1.98, "action": "throttle"}],
    },
    {
        "id": "fall", "scope": "coins", "sensor": "drawdown", "metric": "drawdown", "keep_firing_for": "1s",
        "levels": [{"at": 0.001, "clear_at": 0.0008, "action": "warn"}],
    },
    {
        "id": "cap", "scope": "**", "sensor": "exposure", "metric": "gross", "hard": True, "keep_firing_for": "0s",
        "levels": [{"at": 995_000, "clear_at": 994_500, "action": "reduce_position"}],
    },
]  # fmt: skip


def recording_lines() -> Iterator[bytes]:
    """Reference data and positions, then quotes with sizes and trades, four to one, each a step later than the last."""
    ts = itertools.count(BEGIN_NS - 10**9)
    for name, fields in {**CONTRACTS, **OTHERS}.items():
        yield line(next(ts), "instrument", instrument=name, calendar="24/7", **fields)
    yield line(next(ts), "trade", instrument="USDTUSD", price=1.0)
    items = [{"portfolio": path, "instrument": name, "quantity": held} for (path, name), held in BOOKS.items()]
    yield line(next(ts), "positions_snapshot", portfolio="coins", snapshot_id="s1", items=items)
    for book in dict.fromkeys(path for path, _ in BOOKS):
        yield line(next(ts), "nav", portfolio=book, nav=500_000.0, currency="USD")
    for number, name in zip(range(RECORDS), itertools.cycle(CONTRACTS), strict=False):
        level = 61_800.0 if name.startswith("BTC") else 2_680.0
        price = level * (1.0 + 0.002 * math.sin(number / 900) + 0.0004 * math.sin(number / 37 + len(name)))
        tick = level * 1e-6
        at_ns = BEGIN_NS + number * STEP_NS
        if number % 5 == 4:
            yield line(at_ns, "trade", instrument=name, price=round(price, 4), size=0.5)
        else:
            sides = {"bid": round(price - tick, 4), "ask": round(price + tick, 4)}
            yield line(at_ns, "quote", instrument=name, bid_size=3.5, ask_size=1.25, **sides)


def line(ts: int, kind: str, /, **fields: object) -> bytes:
    event: Mapping[str, object] = {"type": kind, "ts": ts}
    return json.dumps({**event, **fields}).encode()


@pytest.fixture
def stage(tmp_path: Path, kafka_config: KafkaConfig) -> Stage:
    recording, config = tmp_path / "recording.jsonl", tmp_path / "riskd.yaml"
    write_recording(recording, recording_lines())
    document: dict[str, object] = {
        "clock": "event",
        "base_currency": "USD",
        "fx_via": ["USD", "USDT"],
        "calendar": {"base": "24/7", "start": "2024-06-01", "end": "2024-09-01"},
        "kafka": kafka_config.model_dump(mode="json", exclude_none=True),
        "journal": {"directory": str(tmp_path / "journal")},
        "audit": {"log_directory": str(tmp_path / "audit")},
        "http": {"port": 0},
        "portfolios": ["coins"],
        "enforcement": {"mode": "full", "limits": LIMITS},
    }
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    create_topics(kafka_config, market_data_partitions=3)
    return Stage(tmp_path, kafka_config, recording, config)


def test_coins_at_full_speed_lose_no_decision_and_refuse_nothing(stage: Stage) -> None:
    with LoggedDaemon(stage) as daemon:
        play(read_records(stage.recording), stage.kafka, lambda _: None)
        daemon.wait_for("recording_ended")
        code, _ = daemon.end(30)
        assert code == 0
    assert read_topic(stage.kafka, stage.kafka.topics.deadletter) == []
    check_equal(stage)
    actions = read_topic(stage.kafka, stage.kafka.topics.actions)
    print(f"{len(actions)} actions")
    assert len(actions) > 20, "there was something to lose"
    assert len(lines_of(stage.folder / "raw" / "decisions.jsonl")) > len(actions)
