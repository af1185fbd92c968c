"""The daemon's two pages: numbers for Prometheus, and whether it is well."""

import urllib.error
import urllib.request

import pytest

from config.schema import HttpConfig, MetricsConfig
from daemon.http_server import HttpError, HttpServer
from daemon.metrics import Metrics
from feeds.record import RejectReason


def fetch(address: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_metrics_page_has_the_configured_prefix_and_what_was_counted() -> None:
    metrics = Metrics(MetricsConfig(namespace="risk", subsystem="management"), "1.2.3")
    metrics.events.inc(7)
    metrics.note_rejection(RejectReason.LATE)
    metrics.note_core_time(1_500_000_000)
    with HttpServer(HttpConfig(port=0), metrics.registry, lambda: None) as server:
        status, page = fetch(server.address, "/metrics")
    assert status == 200
    lines = page.splitlines()
    assert "risk_management_events_total 7.0" in lines
    assert 'risk_management_rejections_total{reason="LATE"} 1.0' in lines
    assert 'risk_management_rejections_total{reason="NOT_JSON"} 0.0' in lines, "every child is bound from start"
    assert "risk_management_core_time_seconds 1.5" in lines
    assert 'risk_management_build_info{version="1.2.3"} 1.0' in lines


def test_health_is_what_the_daemon_says_of_itself() -> None:
    trouble: list[str | None] = [None]
    metrics = Metrics(MetricsConfig(), "1")
    with HttpServer(HttpConfig(port=0), metrics.registry, lambda: trouble[0]) as server:
        assert fetch(server.address, "/healthz") == (200, "ok\n")
        trouble[0] = "no batch for 12 s"
        assert fetch(server.address, "/healthz") == (503, "no batch for 12 s\n")
        assert fetch(server.address, "/else")[0] == 404


def test_taken_port_is_a_clear_error() -> None:
    metrics = Metrics(MetricsConfig(), "1")
    with HttpServer(HttpConfig(port=0), metrics.registry, lambda: None) as server:
        port = int(server.address.rsplit(":", 1)[1])
        with pytest.raises(HttpError, match=rf"http 127\.0\.0\.1:{port} cannot be listened on"):
            HttpServer(HttpConfig(port=port), metrics.registry, lambda: None)
