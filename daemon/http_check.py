"""The page that answers whether an order may go: a question as JSON in the body of a POST."""

from typing import TYPE_CHECKING, BinaryIO

from daemon.check_desk import CheckDesk
from daemon.order_answer import OrderRefusedError, RefusalCode, answer_json, decode_question, refusal_json

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

BODY_BYTES_MAX = 16_384
_OK, _BAD, _NOT_FOUND, _TOO_LARGE = "200 OK", "400 Bad Request", "404 Not Found", "413 Content Too Large"
_LENGTH_REQUIRED, _UNAVAILABLE, _UNPROCESSABLE = (
    "411 Length Required",
    "503 Service Unavailable",
    "422 Unprocessable Content",
)
_STATUS = {
    RefusalCode.BAD_REQUEST: _BAD,
    RefusalCode.UNKNOWN_PORTFOLIO: _NOT_FOUND,
    RefusalCode.UNKNOWN_INSTRUMENT: _NOT_FOUND,
    RefusalCode.EXPIRED_INSTRUMENT: _UNPROCESSABLE,
    RefusalCode.LOT: _UNPROCESSABLE,
    RefusalCode.NOT_READY: _UNAVAILABLE,
}


def check_page(desk: CheckDesk | None, environment: "WSGIEnvironment") -> tuple[str, bytes]:
    """Return the status line and the JSON: the answer, or why there is none. It changes nothing, whatever is asked."""
    try:
        content = _body(environment)
    except _BodyError as error:
        return error.status, refusal_json(RefusalCode.BAD_REQUEST, str(error), None)
    request_id = None
    try:
        question = decode_question(content)
        request_id = question.request_id
        if desk is None:
            raise OrderRefusedError(RefusalCode.NOT_READY, "recovering: no book is known yet")
        return _OK, answer_json(desk.ask(question))
    except OrderRefusedError as refusal:
        return _STATUS[refusal.code], refusal_json(refusal.code, str(refusal), request_id)


class _BodyError(ValueError):
    """The body cannot be read."""

    def __init__(self, status: str, told: str) -> None:
        super().__init__(told)
        self.status = status


def _body(environment: "WSGIEnvironment") -> bytes:
    told = str(environment.get("CONTENT_LENGTH") or "")
    if not (told.isascii() and told.isdigit()):
        raise _BodyError(_LENGTH_REQUIRED, "Content-Length must say how many bytes the question has")
    length = int(told)
    if length > BODY_BYTES_MAX:
        raise _BodyError(_TOO_LARGE, f"a question must have at most {BODY_BYTES_MAX} bytes, got {length}")
    stream: BinaryIO = environment["wsgi.input"]
    return stream.read(length)
