"""A long backlog at the start of a live daemon: decided in silence, and only the final state of each scope leaves."""

import itertools
import json
import time
from pathlib import Path
from typing import cast

import pytest

from config.schema import KafkaConfig
from tests.kafka.equality import read_topic
from tests.kafka.live_desk import BOOK, GROSS, PRICES, SECOND_NS, Event, Feeds, Pen, desk_stage, open_desk
from tests.kafka.logged_daemon import LoggedDaemon, wait_until
from tests.kafka.running import Line, Stage
from tests.kafka.test_faults import WATCHED, actions, check_replay, metric_of, trading_state

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

RECORDS = 100_000
STEP_NS = SECOND_NS // 2_000  # fifty seconds of event time, which end now
TOO_MUCH = 3_000.0  # of AAA, over the cap
RESIDENT_GROWTH_BYTES_MAX = 400 << 20  # the client's queue of 64 MiB, 20,000 records that wait, kernels


def write_backlog(kafka: KafkaConfig, records: int) -> None:
    """Quotes that move, and the cap breached and cleared again and again: each time an action, had it been live.

    At the end it is breached.
    """
    pen, begin_ns = Pen(kafka), time.time_ns() - records * STEP_NS
    for number, name in zip(range(records), itertools.cycle(PRICES), strict=False):
        ts = begin_ns + number * STEP_NS
        if number % 2_500 == 0:
            quantity = TOO_MUCH if number % 5_000 else BOOK["AAA"]
            event: Event = {"type": "position", "ts": ts, "portfolio": "firm/desk", "instrument": "AAA"}
            pen.write(kafka.topics.positions, event | {"quantity": quantity}, "firm")
        pen.quote(name, PRICES[name] * (1.0 + 0.0001 * (number % 7)), ts)
        if number % 1_000 == 0:
            for source, topic in (("market", kafka.topics.market_data), ("positions", kafka.topics.positions)):
                pen.beat(source, topic, ts)
    pen.flush()


def check_silence(stage: Stage) -> None:
    """At most one record a scope and topic beside the restriction of what was unknown; none twice."""
    for topic in (stage.kafka.topics.actions, stage.kafka.topics.shadow):
        told = actions(stage, topic)
        assert [action["seq"] for action in told] == list(range(1, len(told) + 1))
        final = [action for action in told if cast(Line, action["cause"])["limit"] != "model_available"]
        final += [action for action in told if action not in final and action["trading_state"] == "ACTIVE"]
        scopes = [action["scope"] for action in final]
        assert len(scopes) == len(set(scopes)), [(a["scope"], a["reason"]) for a in told]


def test_a_backlog_is_worked_through_in_silence_also_through_a_kill(tmp_path: Path, kafka_config: KafkaConfig) -> None:
    stage = desk_stage(tmp_path, kafka_config, data=WATCHED)
    open_desk(kafka_config, ago_ns=RECORDS * STEP_NS + SECOND_NS, max_age_ns=120 * SECOND_NS)
    write_backlog(kafka_config, RECORDS)
    with Feeds(kafka_config):
        with LoggedDaemon(stage) as daemon:
            daemon.wait_for("serving")
            wait_until(lambda: _inputs(daemon) > 0, "a part of it", 60)
            assert not daemon.lines("caught_up"), "it is killed in the middle"
            assert daemon.condition("caught_up").startswith("NOT OK: catching up: ")
            assert not daemon.is_ready()
            assert read_topic(stage.kafka, stage.kafka.topics.leases) == [], "no lease before it knows what holds"
            daemon.kill()
        with LoggedDaemon(stage) as daemon:
            daemon.wait_for("recovered")
            begin_bytes = daemon.resident_bytes()
            daemon.wait_for("caught_up")
            wait_until(lambda: trading_state(daemon) == "REDUCING", "what holds at the end")
            wait_until(daemon.is_ready, "health")
            grown = daemon.resident_bytes() - begin_bytes
            print(f"resident memory grew by {grown >> 20} MiB")
            assert grown < RESIDENT_GROWTH_BYTES_MAX
            check_silence(stage)
            assert not daemon.lines("source_silent"), "the age of a backlog is no silence"
            assert not daemon.lines("instrument_untrusted"), "nor does it make prices stale"
            gross = GROSS + (TOO_MUCH - BOOK["AAA"]) * PRICES["AAA"]
            wait_until(lambda: metric_of(daemon, "gross")[0] == pytest.approx(gross), "the book of the end")
            assert not daemon.lines("inputs_refused")
            assert _decisions(daemon) > RECORDS / 2_500, "the cap came and went"
            code, _ = daemon.end(30)
            assert code == 0
    assert trading_states(stage) == {"firm": "REDUCING", "firm/desk": "REDUCING"}
    check_replay(stage)


def trading_states(stage: Stage) -> dict[str, str]:
    """The last that trading was told of each scope."""
    return {cast(str, action["scope"]): cast(str, action["trading_state"]) for action in actions(stage)}


def _inputs(daemon: LoggedDaemon) -> int:
    return _shard_sum(daemon, "n")


def _decisions(daemon: LoggedDaemon) -> int:
    return _shard_sum(daemon, "decisions")


def _shard_sum(daemon: LoggedDaemon, field: str) -> int:
    """A number of the shards' reports, 0 before the first."""
    page = daemon.page("/state")
    shards = cast(list[dict[str, int]], json.loads(page)["shards"]) if page.startswith("{") else []
    return sum(shard[field] for shard in shards)
