"""Asks a running daemon whether an order may go, with a bound on time and size."""

import http.client
from urllib.parse import urlsplit

import msgspec

from daemon.order_answer import OrderQuestion, OrderRefusedError, RefusalCode
from daemon.state_client import StateError

TIMEOUT_S = 5.0
SIZE_BYTES_MAX = 16 * 1024 * 1024


class _Refusal(msgspec.Struct):
    error: str
    detail: str


def ask_daemon(url: str, question: OrderQuestion) -> bytes:
    """Return the answer of the daemon at this address, as JSON.

    raises : OrderRefusedError with the daemon's own reason, StateError where nothing answers or it is no riskd
    """
    status, content = _post(url, msgspec.json.encode(question))
    if status == http.HTTPStatus.OK:
        return content
    try:
        refusal = msgspec.json.decode(content, type=_Refusal)
        code = RefusalCode(refusal.error)
    except (msgspec.DecodeError, ValueError) as error:
        text = content[:500].decode(errors="replace").strip()
        raise StateError(f"{url}/check-order answers {status}: {text}") from error
    raise OrderRefusedError(code, refusal.detail)


def _post(url: str, body: bytes) -> tuple[int, bytes]:
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
        headers = {"Content-Type": "application/json"}
        connection.request("POST", f"{parts.path.rstrip('/')}/check-order", body, headers)
        answer = connection.getresponse()
        content: bytes = answer.read(SIZE_BYTES_MAX + 1)
    except (OSError, http.client.HTTPException) as error:
        raise StateError(f"nothing answers at {url}: {error}") from error
    finally:
        connection.close()
    if len(content) > SIZE_BYTES_MAX:
        raise StateError(f"{url}/check-order must answer with at most {SIZE_BYTES_MAX} bytes")
    return answer.status, content
