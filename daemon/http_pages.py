"""The daemon's pages: numbers for Prometheus, how it is, and its state as JSON."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from prometheus_client import CollectorRegistry, make_wsgi_app

from daemon.health import Health
from daemon.state_document import state_document

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"
_OK, _NOT_FOUND, _UNAVAILABLE = "200 OK", "404 Not Found", "503 Service Unavailable"
_INDEX = """riskd
/metrics   numbers for Prometheus
/healthz   does the loop beat
/readyz    may riskd be relied on, condition by condition
/state     the last report as JSON; ?scope=firm/eq for one scope and what lies under it
"""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer; `kind` is its content type."""

    status: str
    body: bytes
    kind: str = _TEXT


def pages(registry: CollectorRegistry | None, health: Health) -> "WSGIApplication":
    """Return the WSGI application of all pages; every one may be asked for from any thread."""
    metrics = make_wsgi_app(registry) if registry is not None else None
    by_path: dict[str, Callable[[str], Page]] = {
        "/": lambda _query: Page(_OK, _INDEX.encode()),
        "/metrics": lambda _query: Page(_NOT_FOUND, b"metrics are off: metrics.enabled is false\n"),
        "/healthz": lambda _query: _healthz(health),
        "/readyz": lambda _query: _readyz(health),
        "/state": lambda query: _state(health, query),
    }

    def application(environment: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environment.get("PATH_INFO", "")
        method = environment.get("REQUEST_METHOD", "")
        if metrics is not None and path == "/metrics":
            answer: Iterable[bytes] = metrics(environment, start_response)
            return answer
        if method not in ("GET", "HEAD"):
            start_response("405 Method Not Allowed", [("Content-Type", _TEXT), ("Allow", "GET, HEAD")])
            return [b"pages are only read: commands go through the control topic\n"]
        find = by_path.get(path)
        page = find(environment.get("QUERY_STRING", "")) if find else Page(_NOT_FOUND, _INDEX.encode())
        headers = [("Content-Type", page.kind), ("Content-Length", str(len(page.body)))]
        start_response(page.status, [*headers, ("Cache-Control", "no-store")])
        return [page.body] if method == "GET" else []

    return application


def _healthz(health: Health) -> Page:
    ailment = health.ailment()
    return Page(_OK if ailment is None else _UNAVAILABLE, f"{ailment or 'ok'}\n".encode())


def _readyz(health: Health) -> Page:
    readiness = health.readiness()
    head = "ready" if readiness.is_ready else "not ready"
    text = "\n".join((head, *readiness.lines)) + "\n"
    return Page(_OK if readiness.is_ready else _UNAVAILABLE, text.encode())


def _state(health: Health, query: str) -> Page:
    report = health.report
    if report is None:
        return Page(_UNAVAILABLE, f"no report yet, recovering: {health.progress}\n".encode())
    scope = parse_qs(query).get("scope", [None])[-1]
    document = state_document(report, scope)
    if document is None:
        return Page(_NOT_FOUND, f"no scope {scope} in the last report\n".encode())
    return Page(_OK, document, _JSON)
