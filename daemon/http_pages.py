"""The daemon's pages: numbers for Prometheus, how it is, and its state as JSON."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from prometheus_client import CollectorRegistry, make_wsgi_app

from daemon.check_desk import CheckDesk
from daemon.health import Health
from daemon.http_check import check_page
from daemon.state_document import state_document

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_TEXT = "text/plain; charset=utf-8"
_JSON = "application/json"
_OK, _NOT_FOUND, _UNAVAILABLE = "200 OK", "404 Not Found", "503 Service Unavailable"
_NOT_ALLOWED = "405 Method Not Allowed"
_INDEX = """riskd
/metrics   numbers for Prometheus
/healthz   does the loop beat
/readyz    may riskd be relied on, condition by condition
/state     the last report as JSON; ?scope=firm/eq for one scope and what lies under it
/check-order   POST {"portfolio", "instrument", "side", "quantity"}: may this order go, and how much of it
"""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer; `kind` is its content type."""

    status: str
    body: bytes
    kind: str = _TEXT


def pages(
    registry: CollectorRegistry | None, health: Health, desk: CheckDesk | None = None
) -> "WSGIApplication":  # fmt: skip
    """Return the WSGI application of all pages; every one may be asked for from any thread.

    desk : answers questions about orders; None: nobody does yet
    """
    metrics = make_wsgi_app(registry) if registry is not None else None
    by_path: dict[str, Callable[[str], Page]] = {
        "/": lambda _query: Page(_OK, _INDEX.encode()),
        "/metrics": lambda _query: Page(_NOT_FOUND, b"metrics are off: metrics.enabled is false\n"),
        "/healthz": lambda _query: _healthz(health),
        "/readyz": lambda _query: _readyz(health),
        "/state": lambda query: _state(health, query),
        "/check-order": lambda _query: Page(_NOT_ALLOWED, b"ask by POST, with the order as JSON\n"),
    }

    def application(environment: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environment.get("PATH_INFO", "")
        method = environment.get("REQUEST_METHOD", "")
        if metrics is not None and path == "/metrics":
            answer: Iterable[bytes] = metrics(environment, start_response)
            return answer
        if path == "/check-order" and method == "POST":
            status, body = check_page(desk, environment)
            return _send(Page(status, body, _JSON), start_response)
        if method not in ("GET", "HEAD"):
            start_response(_NOT_ALLOWED, [("Content-Type", _TEXT), ("Allow", "GET, HEAD")])
            return [b"pages are only read: commands go through the control topic\n"]
        find = by_path.get(path)
        page = find(environment.get("QUERY_STRING", "")) if find else Page(_NOT_FOUND, _INDEX.encode())
        content = _send(page, start_response)
        return content if method == "GET" else []

    return application


def _send(page: Page, start_response: "StartResponse") -> list[bytes]:
    headers = [("Content-Type", page.kind), ("Content-Length", str(len(page.body)))]
    start_response(page.status, [*headers, ("Cache-Control", "no-store")])
    return [page.body]


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
