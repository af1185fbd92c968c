"""The sockets under the pages: a bounded number of clients at once, and none of them for long."""

import io
import socket
import time
from socketserver import TCPServer, ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import structlog

CLIENTS_MAX = 16
SILENCE_MAX_S = 5.0  # of a client that should send or take something
REQUEST_MAX_S = 15.0  # from its connection to its end, so that one byte now and then does not hold a place
_Socket = socket.socket | tuple[bytes, socket.socket]


class ThreadedServer(ThreadingMixIn, WSGIServer):
    """A thread for each client, at most 16 of them: the next one is turned away at once.

    address       : host, IPv4 or IPv6, and port, 0 for any that is free
    silence_max_s, request_max_s : seconds after which a client is dropped
    raises        : OSError where the address is taken or not ours
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        address: tuple[str, int],
        *,
        silence_max_s: float = SILENCE_MAX_S,
        request_max_s: float = REQUEST_MAX_S,
    ) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.silence_max_s = silence_max_s
        self._request_max_s = request_max_s
        self._begun_s: dict[socket.socket, float] = {}  # changed key by key, from several threads
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without the base class's look-up of our own name, which waits where there is no name server."""
        TCPServer.server_bind(self)
        host, self.server_port = self.socket.getsockname()[:2]
        self.server_name = str(host)
        self.setup_environ()

    def verify_request(self, request: _Socket, client_address: object) -> bool:  # noqa: ARG002 - the base class's
        """Say whether there is a place for one more client."""
        return len(self._begun_s) < CLIENTS_MAX

    def process_request(self, request: _Socket, client_address: object) -> None:
        """Begin a client's thread, and its time."""
        assert isinstance(request, socket.socket), "a TCP server accepts sockets"
        self._begun_s[request] = time.monotonic()
        super().process_request(request, client_address)

    def shutdown_request(self, request: _Socket) -> None:
        """End a client's connection, and free its place."""
        assert isinstance(request, socket.socket), "a TCP server accepts sockets"
        self._begun_s.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Drop clients whose time is over; called about twice a second."""
        latest_s = time.monotonic() - self._request_max_s
        for request, begun_s in list(self._begun_s.items()):
            if begun_s < latest_s:
                try:
                    request.shutdown(socket.SHUT_RDWR)
                except OSError:  # it has gone meanwhile
                    continue

    def handle_error(self, request: _Socket, client_address: object) -> None:  # noqa: ARG002 - the base class's
        """Pass over a client that went away in the middle: nothing is wrong with riskd."""
        structlog.get_logger().debug("http_client_gone", client=str(client_address))


class _Handler(WSGIRequestHandler):
    """Without a line on standard error per request; what goes wrong in a page is a line of the program log."""

    def setup(self) -> None:
        assert isinstance(self.server, ThreadedServer)
        self.request.settimeout(self.server.silence_max_s)
        self._errors = io.StringIO()
        super().setup()

    def get_stderr(self) -> io.StringIO:
        return self._errors

    def finish(self) -> None:
        super().finish()
        if trace := self._errors.getvalue():
            structlog.get_logger().error("http_page_failed", page=getattr(self, "path", ""), trace=trace)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - the base class's
        return
