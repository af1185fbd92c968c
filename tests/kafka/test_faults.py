"""The faults of docs/operations.md on a real broker: state, metric of the alert, log line, and what trading is told."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from audit.verify import verify
from config.schema import KafkaConfig
from daemon.replay import ReplayPlan, replay
from feeds.broker.apache import LocalKafka
from feeds.broker.jars import BrokerUnavailableError
from tests.kafka.conftest import skip_without_broker
from tests.kafka.equality import lines_of, read_topic
from tests.kafka.guarded import TOPIC, Site, make_guards
from tests.kafka.live_desk import BOOK, GROSS, MAX_SILENCE_S, Feeds, Pen, desk_stage, open_desk
from tests.kafka.logged_daemon import LoggedDaemon, wait_until
from tests.kafka.running import Line, Stage

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

OUTAGE_S = 30.0
STOP_S_MAX = 5.0
WATCHED = {"sources": {"market": f"{MAX_SILENCE_S}s", "positions": f"{MAX_SILENCE_S}s"}}


def actions(stage: Stage, topic: str | None = None) -> list[Line]:
    """What trading was told, in order."""
    return [cast(Line, json.loads(value)) for value in read_topic(stage.kafka, topic or stage.kafka.topics.actions)]


def trading_state(daemon: LoggedDaemon, scope: str = "firm") -> str:
    return cast(dict[str, str], daemon.state(scope).get("trading_state", {})).get("effective", "")


def metric_of(daemon: LoggedDaemon, name: str) -> tuple[float | None, str]:
    """Value and status of one number of the firm."""
    metrics = cast(dict[str, dict[str, object]], daemon.state("firm")["metrics"])
    return cast(float | None, metrics[name]["value"]), cast(str, metrics[name]["status"])


def check_replay(stage: Stage) -> None:
    """What is out is what the journal gives, byte for byte, and the audit log is whole."""
    again = stage.folder / f"again-{time.monotonic_ns()}"
    replay(ReplayPlan(recording=stage.journal, out=again))
    topics = stage.kafka.topics
    for topic, file in ((topics.actions, "actions.jsonl"), (topics.shadow, "shadow.jsonl")):
        assert read_topic(stage.kafka, topic) == lines_of(again / file)
    assert verify(stage.audit).ok


def is_calm(daemon: LoggedDaemon) -> bool:
    return daemon.is_ready() and trading_state(daemon) == "ACTIVE" and metric_of(daemon, "gross")[1] == "OK"


@pytest.fixture
def live(tmp_path: Path, kafka_config: KafkaConfig) -> Iterator[tuple[Stage, LoggedDaemon, Feeds]]:
    """A daemon in good health, with all that it watches alive."""
    stage = desk_stage(tmp_path, kafka_config, data=WATCHED)
    open_desk(kafka_config)
    with Feeds(kafka_config) as feeds, LoggedDaemon(stage) as daemon:
        daemon.wait_for("caught_up")
        wait_until(lambda: is_calm(daemon), "health")
        yield stage, daemon, feeds


def test_silent_feeds_stale_names_and_poison_show_what_the_runbook_says(
    live: tuple[Stage, LoggedDaemon, Feeds],
) -> None:
    """One daemon for all of it: each fault is mended before the next."""
    stage, daemon, feeds = live
    wait_until(lambda: metric_of(daemon, "gross")[0] == pytest.approx(GROSS), "the whole book has a price")
    before = len(actions(stage))
    _check_poison(stage, daemon)
    _check_stale(daemon, feeds)
    wait_until(lambda: is_calm(daemon), "health after a stale name")
    _check_silent(daemon, feeds, "positions")
    _check_silent(daemon, feeds, "market")  # of the silence before, `keep_firing_for` is not over
    new = [action for action in actions(stage)[before:] if action["reason_code"] != "ACK_MISSING"]  # nobody trades here
    told = [(cast(Line, action["cause"])["limit"], action["trading_state"]) for action in new]
    assert told == [("firm_var", "REDUCING"), ("firm_var", "ACTIVE"), ("data_fresh", "REDUCING")]
    code, took_s = daemon.end(30)
    assert code == 0
    assert took_s < 5.0
    print(f"SIGTERM in normal flow: {took_s:.2f} s")
    check_replay(stage)


def _check_silent(daemon: LoggedDaemon, feeds: Feeds, source: str) -> None:
    """Only reducing while it lasts; the books are as they last were."""
    gross = metric_of(daemon, "gross")[0]
    feeds.muted = frozenset({source})
    line = daemon.wait_for("source_silent", len(daemon.lines("source_silent")) + 1, 3 * MAX_SILENCE_S)
    assert (line["source"], line["max_silence_s"], line["level"]) == (source, MAX_SILENCE_S, "warning")
    wait_until(lambda: daemon.condition("inputs") == f"NOT OK: silent: {source}", "readiness")
    assert not daemon.is_ready()
    assert daemon.metric(f'riskd_source_silent{{source="{source}"}}') == 1.0
    assert daemon.metric('riskd_ready{condition="inputs"}') == 0.0
    wait_until(lambda: trading_state(daemon) == "REDUCING", "only reducing")
    assert metric_of(daemon, "gross")[0] == gross
    feeds.muted = frozenset()
    daemon.wait_for("source_alive", len(daemon.lines("source_alive")) + 1, 10)
    wait_until(lambda: daemon.metric(f'riskd_source_silent{{source="{source}"}}') == 0.0, "the source is heard")


def _check_stale(daemon: LoggedDaemon, feeds: Feeds) -> None:
    """A third of the book stale: no number is trusted; first held, then only reducing. A thousandth: DEGRADED."""
    before = metric_of(daemon, "var_95")
    assert before[1] == "DEGRADED", "thirty rows: a VaR 95, and no long history"
    feeds.muted = frozenset({"DDD"})
    daemon.wait_for("instrument_untrusted", len(daemon.lines("instrument_untrusted")) + 1, 10)
    wait_until(lambda: metric_of(daemon, "gross")[1] == "DEGRADED", "DEGRADED")
    assert daemon.metric('riskd_instruments{trust="stale"}') == 1.0
    assert daemon.is_ready()
    feeds.muted = frozenset({"CCC"})
    wait_until(lambda: metric_of(daemon, "gross")[1] == "INVALID", "INVALID")
    assert trading_state(daemon) == "ACTIVE", "held first"
    wait_until(lambda: {line["instrument"] for line in daemon.lines("instrument_untrusted")} >= {"CCC", "DDD"}, "CCC")
    wait_until(lambda: daemon.metric(_life("firm_var")) == 3.0, "no_data")
    wait_until(lambda: trading_state(daemon) == "REDUCING", "no number for too long")
    assert daemon.is_ready()
    feeds.muted = frozenset()
    wait_until(lambda: {line["instrument"] for line in daemon.lines("instrument_fresh")} >= {"CCC", "DDD"}, "fresh")


def _life(limit: str) -> str:
    return f'riskd_limit_life{{level="hard",limit="{limit}",portfolio="firm"}}'


def _check_poison(stage: Stage, daemon: LoggedDaemon) -> None:
    """Refused and told; no number, no state, no action moves."""
    pen, topics = Pen(stage.kafka), stage.kafka.topics
    before = (metric_of(daemon, "gross"), metric_of(daemon, "var_95"), len(actions(stage, topics.shadow)))
    letters = len(actions(stage, topics.deadletter))
    quote = {"type": "quote", "ts": time.time_ns(), "instrument": "AAA", "bid": 1.0, "ask": 1.0}
    pen.write(topics.market_data, b"\xff\xfenot json")
    pen.write(topics.market_data, b'{"type":"quote","x":"' + b"x" * 1_000_000 + b'"}')
    pen.write(topics.positions, None)
    pen.write(topics.positions, quote)
    pen.flush()
    wait_until(lambda: len(actions(stage, topics.deadletter)) == letters + 4, "dead letters")
    reasons = sorted(cast(str, letter["reason"]) for letter in actions(stage, topics.deadletter)[letters:])
    assert reasons == ["MISSING_FIELD", "NOT_JSON", "NOT_JSON", "WRONG_TOPIC"]
    for reason, count in (("NOT_JSON", 2.0), ("MISSING_FIELD", 1.0), ("WRONG_TOPIC", 1.0)):
        assert daemon.metric(f'riskd_rejections_total{{reason="{reason}"}}') == count
    assert daemon.metric("riskd_dead_letters_total") == 4.0
    line = daemon.wait_for("inputs_refused", within_s=15)
    assert set(cast(dict[str, int], line["counts"])) <= {"MISSING_FIELD", "NOT_JSON", "WRONG_TOPIC"}
    assert daemon.is_ready()
    after = (metric_of(daemon, "gross"), metric_of(daemon, "var_95"), len(actions(stage, topics.shadow)))
    assert after == before
    assert trading_state(daemon) == "ACTIVE"


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[LocalKafka]:
    """A broker that may be killed and stopped."""
    try:
        with LocalKafka(tmp_path / "kafka") as broker:
            yield broker
    except BrokerUnavailableError as error:
        skip_without_broker(str(error))


def test_a_broker_that_is_gone_for_half_a_minute_costs_time_and_nothing_else(
    tmp_path: Path, own_broker: LocalKafka
) -> None:
    """Then it hangs without being gone, and then the daemon is stopped while it is away."""
    kafka = KafkaConfig(bootstrap=own_broker.bootstrap)
    stage = desk_stage(tmp_path, kafka, data=WATCHED)
    open_desk(kafka)
    with Feeds(kafka):
        with LoggedDaemon(stage) as daemon:
            daemon.wait_for("caught_up")
            wait_until(lambda: is_calm(daemon), "health")
            _check_gone(stage, own_broker, daemon)
            _check_stopped_without_broker(own_broker, daemon)
        told = len(actions_when_back(stage, own_broker))
        with LoggedDaemon(stage) as daemon:
            daemon.wait_for("caught_up")
            wait_until(lambda: daemon.condition("caught_up") == "ok", "a report")
            code, _ = daemon.end(30)
            assert code == 0
    missing = actions(stage)[told:]
    assert len(missing) >= 1, "what the daemon before could not publish"
    assert [action["seq"] for action in actions(stage)] == list(range(1, told + len(missing) + 1))
    check_replay(stage)


def actions_when_back(stage: Stage, broker: LocalKafka) -> list[Line]:
    broker.start()
    return actions(stage)


def _check_gone(stage: Stage, broker: LocalKafka, daemon: LoggedDaemon) -> None:
    """Decisions wait, readiness is off, leases run out; once it is back, all leaves."""
    wait_until(lambda: (daemon.metric("riskd_lease_valid_until_seconds") or 0.0) > time.time(), "leases")
    told = actions(stage)
    begun_s = time.monotonic()
    broker.kill()
    daemon.wait_for("broker_waiting", within_s=10)
    daemon.wait_for("publishing_stuck", within_s=20)
    assert daemon.condition("publishing").startswith("NOT OK: outputs wait to leave since ")
    assert daemon.condition("inputs").startswith("NOT OK: ")
    assert not daemon.is_ready()
    assert (daemon.metric("riskd_journal_lag_seconds") or 0.0) > 5.0, "RiskdPublishStuck reads it"
    assert trading_state(daemon) == "REDUCING", "nobody is heard, so that nobody may open"
    ends_s = daemon.metric("riskd_lease_valid_until_seconds")
    assert ends_s is not None
    wait_until(lambda: time.monotonic() - begun_s > OUTAGE_S, "the outage's length", OUTAGE_S + 5)
    assert daemon.metric("riskd_lease_valid_until_seconds") == ends_s, "none is renewed while decisions wait"
    assert ends_s - time.time() < 10.0, "RiskdLeaseExpiring fires"
    broker.start()
    daemon.wait_for("broker_back")
    daemon.wait_for("publishing_resumed")
    wait_until(daemon.is_ready, "health")
    wait_until(lambda: (daemon.metric("riskd_lease_valid_until_seconds") or 0.0) > time.time() + 10.0, "leases")
    now_told = actions(stage)
    assert now_told[: len(told)] == told
    meanwhile = {(cast(Line, action["cause"])["limit"], action["trading_state"]) for action in now_told[len(told) :]}
    assert ("data_fresh", "REDUCING") in meanwhile
    assert meanwhile <= {("data_fresh", "REDUCING"), ("firm_var", "REDUCING")}, "no number was wrong"


def _check_stopped_without_broker(broker: LocalKafka, daemon: LoggedDaemon) -> None:
    """It leaves in time and says what waits: prices grew stale, so that a limit lost its number."""
    wait_until(lambda: metric_of(daemon, "gross")[1] == "OK", "prices come again")
    broker.kill()
    wait_until(lambda: (daemon.metric("riskd_journal_lag_seconds") or 0.0) > 0.5, "a decision that cannot leave")
    code, took_s = daemon.end(30)
    print(f"SIGTERM without a broker: {took_s:.2f} s")
    assert code == 1
    assert took_s < STOP_S_MAX
    assert daemon.lines("left_unpublished")


def test_missing_rights_end_the_start_and_lost_ones_the_run(tmp_path: Path) -> None:
    """What nobody may lose ends the daemon; what may be lost, such as states, takes readiness away."""
    try:
        with LocalKafka(tmp_path / "kafka", guards=make_guards(tmp_path), has_acls=True) as broker:
            _check_rights(tmp_path, Site(broker, tmp_path))
    except BrokerUnavailableError as error:
        skip_without_broker(f"{error}: it alone can be guarded")


def _check_rights(folder: Path, site: Site) -> None:
    guarded = site.config("sasl_plaintext", "desk")
    topics = guarded.topics
    kafka = KafkaConfig(bootstrap=site.broker.bootstrap, group="desk", topics=topics)
    stage = desk_stage(folder, kafka, kafka=guarded.model_dump(mode="json", exclude_none=True))
    open_desk(kafka)
    with LoggedDaemon(stage) as daemon:
        assert daemon.wait_for_end() == 1
        error = cast(str, daemon.lines("fatal")[0]["error"])
        assert f"this client has no right to see topic {topics.positions}, and needs READ" in error
        assert not (stage.journal / "journal-00000000000000000001.rjl").exists(), "nothing was begun"
    site.allow_daemon("riskd", guarded)
    with Feeds(kafka), LoggedDaemon(stage) as daemon:
        daemon.wait_for("caught_up")
        wait_until(lambda: is_calm(daemon), "health")
        site.forbid("riskd", topics.state, "WRITE")
        _hold(kafka, 1_010.0)  # a state that is new
        daemon.wait_for("publishing_stuck", within_s=30)
        assert topics.state in daemon.condition("publishing")
        assert trading_state(daemon) == "ACTIVE", "what was decided stands"
        site.allow("riskd", TOPIC, topics.state, "WRITE")
        _hold(kafka, 1_020.0)
        daemon.wait_for("publishing_resumed", within_s=30)
        wait_until(daemon.is_ready, "health")
        site.forbid("riskd", topics.actions, "WRITE")
        _hold(kafka, 3_000.0)  # over the cap, so that there is something to publish
        assert daemon.wait_for_end(60) == 1
        assert topics.actions in cast(str, daemon.lines("fatal")[-1]["error"])
    told = actions(stage)
    site.allow("riskd", TOPIC, topics.actions, "WRITE")
    with Feeds(kafka), LoggedDaemon(stage) as daemon:
        daemon.wait_for("caught_up")
        wait_until(lambda: trading_state(daemon) == "REDUCING", "the cap")
        assert len(actions(stage)) > len(told), "what the daemon before could not publish"
        site.forbid("riskd", topics.market_data, "READ")
        assert daemon.wait_for_end(60) == 1
        assert f"reading {topics.market_data}[0]" in cast(str, daemon.lines("fatal")[-1]["error"])
    check_replay(stage)


def _hold(kafka: KafkaConfig, quantity: float) -> None:
    """Say how much of AAA the desk holds."""
    pen = Pen(kafka)
    pen.snapshot("firm", {**BOOK, "AAA": quantity}, time.time_ns())
    pen.flush()
