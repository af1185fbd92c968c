"""Asks a running daemon for its pages, `/state` first, with a bound on time and size."""

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from config.schema import HttpConfig
from daemon.state_views import StateDocument

TIMEOUT_S = 5.0
SIZE_BYTES_MAX = 256 * 1024 * 1024
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # nobody can be asked there


class StateError(RuntimeError):
    """There is no state to show; the message says where it was asked for, and why there is none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The document, as it came and as a value."""

    content: bytes
    document: StateDocument


def url_of(config: HttpConfig) -> str:
    """Return the address of a daemon with this configuration on this machine; StateError where it chose its port."""
    if config.port == 0:
        raise StateError(
            "http.port is 0, so that the daemon chose a free one: give --url with the address that it logged"
        )
    host = _EVERYWHERE.get(config.host, config.host)
    return f"http://[{host}]:{config.port}" if ":" in host else f"http://{host}:{config.port}"


def ask_state(url: str) -> Answer:
    """Return what `/state` under this address answers.

    raises : StateError where nothing answers within 5 s, where it has no report yet, or where it is no riskd
    """
    status, content = ask_page(url, "state", bytes_max=SIZE_BYTES_MAX)
    if status != http.HTTPStatus.OK:
        text = content[:500].decode(errors="replace").strip()
        raise StateError(f"{url}/state answers {status}: {text}")
    try:
        return Answer(content, msgspec.json.decode(content, type=StateDocument))
    except msgspec.DecodeError as error:
        raise StateError(f"{url}/state is not the state of this release of riskd: {error}") from error


def ask_page(url: str, page: str, *, bytes_max: int, body: bytes | None = None) -> tuple[int, bytes]:
    """Return the status and the bytes that a page of the daemon answers with; a body, as JSON, is posted.

    raises : StateError where nothing answers within 5 s, or the answer is too long
    http.client asks no proxy, which a machine's settings may name for everything.
    """
    parts = urlsplit(url)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    try:
        port = parts.port
    except ValueError as error:
        raise StateError(f"url must look like http://127.0.0.1:9464, got {url!r}: {error}") from error
    if parts.scheme not in kinds or not parts.hostname:
        raise StateError(f"url must look like http://127.0.0.1:9464, got {url!r}")
    connection = kinds[parts.scheme](parts.hostname, port, timeout=TIMEOUT_S)
    try:
        method, headers = ("GET", {}) if body is None else ("POST", {"Content-Type": "application/json"})
        connection.request(method, f"{parts.path.rstrip('/')}/{page}", body, headers)
        answer = connection.getresponse()
        content: bytes = answer.read(bytes_max + 1)
    except (OSError, http.client.HTTPException) as error:
        raise StateError(f"nothing answers at {url}: {error}") from error
    finally:
        connection.close()
    if len(content) > bytes_max:
        raise StateError(f"{url}/{page} must be at most {bytes_max} bytes long")
    return answer.status, content
