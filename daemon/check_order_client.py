"""Asks a running daemon whether an order may go, with a bound on time and size."""

from http import HTTPStatus

import msgspec

from daemon.order_answer import OrderQuestion, OrderRefusedError, RefusalCode
from daemon.state_client import StateError, ask_page

SIZE_BYTES_MAX = 16 * 1024 * 1024


class _Refusal(msgspec.Struct):
    error: str
    detail: str


def ask_daemon(url: str, question: OrderQuestion) -> bytes:
    """Return the answer of the daemon at this address, as JSON.

    raises : OrderRefusedError with the daemon's own reason, StateError where nothing answers or it is no riskd
    """
    status, content = ask_page(url, "check-order", bytes_max=SIZE_BYTES_MAX, body=msgspec.json.encode(question))
    if status == HTTPStatus.OK:
        return content
    try:
        refusal = msgspec.json.decode(content, type=_Refusal)
        code = RefusalCode(refusal.error)
    except (msgspec.DecodeError, ValueError) as error:
        text = content[:500].decode(errors="replace").strip()
        raise StateError(f"{url}/check-order answers {status}: {text}") from error
    raise OrderRefusedError(code, refusal.detail)
