"""Serves /metrics and /healthz in one thread of its own, on loopback unless the configuration says otherwise."""

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from config.schema import HttpConfig

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CLOSE_TIMEOUT_S = 5.0
REQUEST_TIMEOUT_S = 5.0
_TEXT = (("Content-Type", "text/plain; charset=utf-8"),)  # wsgiref adds to the list that it is given

Ailment = Callable[[], str | None]


class HttpError(RuntimeError):
    """The address cannot be listened on; the message names it."""


class HttpServer:
    """Listens inside its `with` block.

    ailment : says what is wrong with the daemon, None where nothing is
    raises  : HttpError where the address is taken or not ours
    """

    def __init__(self, config: HttpConfig, registry: CollectorRegistry, ailment: Ailment) -> None:
        metrics = make_wsgi_app(registry)

        def application(environment: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            path = environment.get("PATH_INFO", "")
            if path == "/metrics":
                page: Iterable[bytes] = metrics(environment, start_response)
                return page
            if path == "/healthz":
                trouble = ailment()
                start_response("200 OK" if trouble is None else "503 Service Unavailable", list(_TEXT))
                return [f"{trouble or 'ok'}\n".encode()]
            start_response("404 Not Found", list(_TEXT))
            return [b"there is /metrics and /healthz\n"]

        self._host = config.host
        try:
            self._server = make_server(config.host, config.port, application, handler_class=_QuietHandler)
        except OSError as error:
            raise HttpError(f"http {config.host}:{config.port} cannot be listened on: {error}") from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="riskd-http", daemon=True)

    @property
    def address(self) -> str:
        """Host and port, the one chosen where the configuration says 0."""
        return f"{self._host}:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(CLOSE_TIMEOUT_S)


class _QuietHandler(WSGIRequestHandler):
    """Without a line on standard error per request; a client that sends nothing is dropped after 5 s."""

    timeout = REQUEST_TIMEOUT_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - the base class's
        return
