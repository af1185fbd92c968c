"""The daemon's pages over real sockets: what each answers, and that no client holds up another."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import msgspec
import orjson
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from config.schema import Config, HttpConfig
from daemon.health import Health
from daemon.http_pages import pages
from daemon.http_server import HttpError, HttpServer
from daemon.http_sockets import CLIENTS_MAX, ThreadedServer
from daemon.metrics import Metrics
from daemon.report_metrics import ReportMetrics
from daemon.state_views import StateDocument
from tests.daemon.report_sample import report_of, small_core

LOOPBACK = HttpConfig(port=0)
TIMEOUT_S = 10.0


def ask(address: str, path: str, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@contextlib.contextmanager
def serving(registry: CollectorRegistry | None = None, *, silence_max_s: float, request_max_s: float) -> Iterator[str]:
    """Serve with other bounds than the daemon's; yield the address."""
    server = ThreadedServer(("127.0.0.1", 0), silence_max_s=silence_max_s, request_max_s=request_max_s)
    server.set_app(pages(registry, Health()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(TIMEOUT_S)


def connect(address: str) -> socket.socket:
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=TIMEOUT_S)


def test_metrics_page_shows_what_was_counted_and_what_was_reported() -> None:
    metrics = Metrics(Config(), "1.2.3")
    assert metrics.registry is not None
    metrics.note_read("positions", 7)
    ReportMetrics(metrics.registry, Config()).update(report_of(small_core()))
    with HttpServer(LOOPBACK, metrics.registry, Health()) as server:
        status, page = ask(server.address, "/metrics")
    assert status == 200
    lines = page.splitlines()
    assert 'riskd_events_total{topic="positions"} 7.0' in lines
    assert 'riskd_rejections_total{reason="NOT_JSON"} 0.0' in lines
    assert 'riskd_nav{portfolio="firm"} 10000.0' in lines
    assert 'riskd_value_at_risk{confidence="99",method="historical",portfolio="firm"} NaN' in lines
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)


def test_one_metric_may_be_asked_for_by_name() -> None:
    metrics = Metrics(Config(), "1.2.3")
    assert metrics.registry is not None
    ReportMetrics(metrics.registry, Config()).update(report_of(small_core()))
    with HttpServer(LOOPBACK, metrics.registry, Health()) as server:
        page = ask(server.address, "/metrics?name[]=riskd_nav")[1]
    assert {line.split("{")[0] for line in page.splitlines() if not line.startswith("#")} == {"riskd_nav"}


def test_metrics_that_are_off_say_so() -> None:
    with HttpServer(LOOPBACK, None, Health()) as server:
        assert ask(server.address, "/metrics") == (404, "metrics are off: metrics.enabled is false\n")


def test_health_is_the_beat_of_the_loop() -> None:
    now_s = [0.0]
    with HttpServer(LOOPBACK, None, Health(clock=lambda: now_s[0])) as server:
        assert ask(server.address, "/healthz") == (200, "ok\n")
        now_s[0] = 1_000.0
        status, text = ask(server.address, "/healthz")
    assert (status, text) == (503, "the loop must beat every 180 s, got none for 1000 s\n")


def test_readiness_goes_from_recovering_to_ready_to_trouble() -> None:
    health, core = Health(), small_core()
    with HttpServer(LOOPBACK, None, health) as server:
        health.set_progress("replaying the journal: 12 inputs")
        assert ask(server.address, "/readyz") == (503, "not ready\nrecovering: replaying the journal: 12 inputs\n")
        health.set_report(report_of(core))
        status, text = ask(server.address, "/readyz")
        assert (status, text.splitlines()[:2]) == (200, ["ready", "recovered: ok"])
        health.set_report(report_of(core, {"publishing": "outputs wait to leave since 12 s"}))
        status, text = ask(server.address, "/readyz")
    assert status == 503
    assert "publishing: NOT OK: outputs wait to leave since 12 s" in text.splitlines()


def test_the_state_is_the_report_with_every_state_record() -> None:
    health, core = Health(), small_core()
    with HttpServer(LOOPBACK, None, health) as server:
        assert ask(server.address, "/state") == (503, "no report yet, recovering: starting\n")
        health.set_report(report_of(core, {"disk": "no space left"}))
        status, text = ask(server.address, "/state")
    document = orjson.loads(text)
    assert (status, document["schema"], document["is_ready"]) == (200, "riskd.state", False)
    assert document["troubles"] == {"disk": "no space left"}
    assert document["shards"][0]["lag_records"] == {"market_data": 7, "positions": 2}
    assert document["states"] == [{"shard": 0, **state} for state in core.state_records()]
    assert msgspec.json.decode(text, type=StateDocument).states[0].nav == 10_000.0


def test_a_missing_number_is_null_and_an_infinite_one_a_word() -> None:
    health = Health()
    report = report_of(small_core())
    shard = replace(report.shards[0], evidence={"x": {"rate_per_week": float("nan"), "readiness": float("inf")}})
    health.set_report(replace(report, shards=(shard,)))
    with HttpServer(LOOPBACK, None, health) as server:
        document = orjson.loads(ask(server.address, "/state")[1])
    assert document["shards"][0]["evidence"]["x"] == {"rate_per_week": None, "readiness": "Infinity"}


def test_a_scope_s_state_is_its_own_and_what_lies_under_it() -> None:
    health = Health()
    health.set_report(report_of(small_core()))
    with HttpServer(LOOPBACK, None, health) as server:
        scopes = {
            scope: [state["scope"] for state in orjson.loads(ask(server.address, f"/state?scope={scope}")[1])["states"]]
            for scope in ("firm", "firm/a")
        }
        assert ask(server.address, "/state?scope=fir") == (404, "no scope fir in the last report\n")
    assert scopes == {"firm": ["firm", "firm/a", "firm/b"], "firm/a": ["firm/a"]}


def test_the_front_page_lists_the_others_and_nothing_can_be_written() -> None:
    with HttpServer(LOOPBACK, None, Health()) as server:
        status, index = ask(server.address, "/")
        assert (status, ask(server.address, "/else")) == (200, (404, index))
        assert ask(server.address, "/state", "POST")[0] == 405
        assert ask(server.address, "/healthz", "HEAD") == (200, "")
    assert {"/metrics", "/healthz", "/readyz", "/state"} <= set(index.split())


def test_taken_port_is_a_clear_error() -> None:
    with HttpServer(LOOPBACK, None, Health()) as server:
        port = int(server.address.rsplit(":", 1)[1])
        with pytest.raises(HttpError, match=rf"http 127\.0\.0\.1:{port} cannot be listened on"):
            HttpServer(HttpConfig(port=port), None, Health())


def test_many_clients_are_answered_at_once_though_one_says_nothing() -> None:
    health = Health()
    health.set_report(report_of(small_core()))
    with HttpServer(LOOPBACK, None, health) as server, connect(server.address), ThreadPoolExecutor(8) as askers:
        answers = list(askers.map(lambda _: ask(server.address, "/state")[0], range(24)))
    assert answers == [200] * 24


def test_a_client_that_says_nothing_is_dropped() -> None:
    with serving(silence_max_s=0.05, request_max_s=60.0) as address, connect(address) as client:
        assert client.recv(1) == b""


def test_a_client_that_dribbles_is_dropped_when_its_time_is_over() -> None:
    with serving(silence_max_s=60.0, request_max_s=0.05) as address, connect(address) as client:
        client.sendall(b"GET /")
        assert client.recv(1) == b""


def test_one_client_too_many_is_turned_away_and_places_come_back() -> None:
    with serving(silence_max_s=60.0, request_max_s=60.0) as address, contextlib.ExitStack() as held:
        for _ in range(CLIENTS_MAX):
            held.enter_context(connect(address)).sendall(b"GET /")
        with connect(address) as turned_away:
            assert turned_away.recv(1) == b""
        held.close()
        status = 0
        while status != 200:  # until the server has seen one of them leave
            with contextlib.suppress(OSError, http.client.HTTPException):
                status = ask(address, "/healthz")[0]


class Broken:
    """A collector with a bug."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> list[Metric]:
        raise ZeroDivisionError("a bug in a page")


def test_a_bug_in_a_page_is_an_answer_500_and_the_server_goes_on() -> None:
    registry = CollectorRegistry()
    registry.register(Broken())
    with HttpServer(LOOPBACK, registry, Health()) as server:
        assert ask(server.address, "/metrics")[0] == 500
        assert ask(server.address, "/healthz")[0] == 200
