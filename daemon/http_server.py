"""Serves the daemon's pages beside it, on loopback unless the configuration says otherwise."""

import threading
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry

from config.schema import HttpConfig
from daemon.check_desk import CheckDesk
from daemon.health import Health
from daemon.http_pages import pages
from daemon.http_sockets import ThreadedServer

CLOSE_TIMEOUT_S = 5.0


class HttpError(RuntimeError):
    """The address cannot be listened on; the message names it."""


class HttpServer:
    """Listens inside its `with` block, so that a recovery can be watched too.

    registry : None where metrics are off: `/metrics` then says so
    desk     : answers questions about orders
    raises   : HttpError where the address is taken or not ours
    """

    def __init__(
        self, config: HttpConfig, registry: CollectorRegistry | None, health: Health, desk: CheckDesk | None = None
    ) -> None:
        self._host = f"[{config.host}]" if ":" in config.host else config.host
        try:
            self._server = ThreadedServer((config.host, config.port))
        except OSError as error:
            raise HttpError(f"http {self._host}:{config.port} cannot be listened on: {error}") from error
        self._server.set_app(pages(registry, health, desk))
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
