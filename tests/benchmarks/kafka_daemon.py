"""From a quote in Kafka to the action that `riskd run` makes of it, beside a bare echo in the same run."""

import itertools
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import orjson
import yaml
from numpy.typing import NDArray

from config.schema import KafkaConfig
from feeds.broker.apache import LocalKafka
from tests.benchmarks.figures import Bound, Figure
from tests.benchmarks.kafka_echo import (
    GAPS_S,
    IDEMPOTENT_OVER_BARE_MS,
    RECORDS,
    TRANSACTIONAL_P99_MS,
    echo_process,
    measure,
    own_topics,
)
from tests.benchmarks.kafka_echo_process import Way
from tests.kafka.live_desk import Pen
from tests.kafka.logged_daemon import LoggedDaemon
from tests.kafka.running import Stage

NAME, CALM, WILD = "AAA", 100.0, 101.0  # the wild price is over the limit, the calm one clears it
QUANTITY = 1_000.0
LIMIT_USD, CLEAR_USD = 100_500.0, 100_400.0
CATCH_UP_S = 120.0
PUBLISH: tuple[Way, ...] = ("idempotent", "transactional")


def kafka_daemon() -> list[Figure]:
    """Every quote trips a limit, or clears it: each gives one action. Both ways to publish, at both gaps."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, LocalKafka(Path(folder) / "broker") as broker:
        for way in (*PUBLISH, "bare"):  # Java compiles what it runs often: nobody's first records count
            measure(own_topics(broker.bootstrap, f"warm-{way}"), echo_process(way), gap_s=0.002, count=RECORDS[0.002])
        for gap_s in GAPS_S:
            bare = measure(
                own_topics(broker.bootstrap, f"bare-{gap_s}"), echo_process("bare"), gap_s=gap_s, count=RECORDS[gap_s]
            )
            figures.append(_figure("Kafka echo, bare", gap_s, bare))
            for way in PUBLISH:
                took = _measure_daemon(broker.bootstrap, way, gap_s, Path(folder) / f"{way}-{gap_s}")
                goals, first_steps = _bounds(way, gap_s, float(np.percentile(bare, 99)))
                figures.append(_figure(f"Kafka to action, riskd run, {way}", gap_s, took, goals, first_steps))
    return figures


def _measure_daemon(bootstrap: str, way: Way, gap_s: float, folder: Path) -> NDArray[np.float64]:
    folder.mkdir()
    kafka = own_topics(bootstrap, folder.name).model_copy(update={"publish": way})
    prices = itertools.cycle((WILD, CALM))

    def make_record(sent_ns: int) -> bytes:
        mid = next(prices)
        quote = {"type": "quote", "ts": sent_ns, "instrument": NAME, "bid": mid - 0.01, "ask": mid + 0.01}
        return orjson.dumps(quote)

    @contextmanager
    def run(kafka: KafkaConfig) -> Iterator[None]:
        pen, now_ns = Pen(kafka), time.time_ns()
        pen.instruments({NAME: {}}, now_ns - 2)
        pen.snapshot("firm", {NAME: QUANTITY}, now_ns - 1)
        pen.quote(NAME, CALM, now_ns)
        pen.flush()
        with LoggedDaemon(_stage(folder, kafka)) as daemon:
            daemon.wait_for("caught_up", within_s=CATCH_UP_S)
            yield
            assert daemon.end(30.0)[0] == 0, daemon.text()

    return measure(
        kafka, run, gap_s=gap_s, count=RECORDS[gap_s], make_record=make_record,
        sent_ns=lambda action: int(orjson.loads(action)["ts_event"]),
    )  # fmt: skip


def _stage(folder: Path, kafka: KafkaConfig) -> Stage:
    limit = {
        "id": "cap", "scope": "firm", "sensor": "exposure", "metric": "gross", "confirm": 1, "keep_firing_for": "0s",
        "levels": [{"at": LIMIT_USD, "clear_at": CLEAR_USD, "action": "throttle"}],
    }  # fmt: skip
    today = np.datetime64(time.time_ns(), "ns").astype("datetime64[D]")
    document: dict[str, object] = {
        "clock": "wall",
        "calendar": {"base": "24/7", "start": str(today - 30), "end": str(today + 30)},
        "kafka": kafka.model_dump(mode="json", exclude_none=True),
        "journal": {"directory": str(folder / "journal")},
        "audit": {"log_directory": str(folder / "audit")},
        "http": {"port": 0},
        "enforcement": {"mode": "full", "limits": [limit]},
    }
    config = folder / "riskd.yaml"
    config.write_text(yaml.safe_dump(document), encoding="utf-8")
    return Stage(folder, kafka, folder, config)


def _bounds(way: Way, gap_s: float, bare_p99_ms: float) -> tuple[tuple[Bound, ...], tuple[Bound, ...]]:
    if way == "idempotent":
        goal_ms, first_step_ms = IDEMPOTENT_OVER_BARE_MS
        return (Bound("p99", bare_p99_ms + goal_ms),), (Bound("p99", bare_p99_ms + first_step_ms),)
    bound = (Bound("p99", TRANSACTIONAL_P99_MS[gap_s]),)
    return bound, bound


def _figure(
    name: str,
    gap_s: float,
    took_ms: NDArray[np.float64],
    goals: tuple[Bound, ...] = (),
    first_steps: tuple[Bound, ...] = (),
) -> Figure:
    load = f"a record every {gap_s * 1e3:g} ms, Apache Kafka on loopback, read_committed; journal, audit"
    return Figure(f"{name}, {gap_s * 1e3:g} ms apart", "ms", took_ms, load, goals=goals, first_steps=first_steps)
