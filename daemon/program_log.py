"""The program log: one JSON object a line, written by a thread of its own, so that no caller ever waits for it."""

import logging
import os
import queue
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from types import TracebackType
from typing import Protocol, Self

import orjson
import structlog
from structlog.stdlib import ProcessorFormatter

QUEUED_LINES_MAX = 10_000
FLUSH_WITHIN_S = 2.0  # at the end; SIGTERM leaves five seconds for everything

EventDict = MutableMapping[str, object]


class HasDescriptor(Protocol):
    """A stream that the system knows by a number, such as `sys.stderr`."""

    def fileno(self) -> int:
        """Return the number."""
        ...


def configure_program_log(stream: HasDescriptor) -> "ProgramLog":
    """Return the log that writes to the stream inside its `with` block; structlog and logging are its own meanwhile.

    Fields: timestamp (ISO, UTC; of the call), level, event (a stable snake_case name), then the context as given.
    Lines of other libraries have the name of their `logger` and their text as the event.
    """
    return ProgramLog(stream.fileno())


class ProgramLog:
    """Lines between those who log and the stream: what the full queue does not take is dropped and counted.

    descriptor     : of the stream; lines_max: that may wait
    flush_within_s : how long the end of the block waits for the stream to take them
    """

    def __init__(
        self, descriptor: int, *, lines_max: int = QUEUED_LINES_MAX, flush_within_s: float = FLUSH_WITHIN_S
    ) -> None:
        self._flush_within_s = flush_within_s
        self._queue: queue.Queue[logging.LogRecord] = queue.Queue(lines_max)
        self._dropped = 0
        self._notify: Callable[[], object] | None = None
        self._entrance = _Entrance(self._queue, self.note_drop)
        self._listener = QueueListener(self._queue, _Exit(descriptor, self.note_drop))

    @property
    def dropped(self) -> int:
        """Lines that did not reach the stream: the queue was full, or the stream took no more."""
        return self._dropped

    def on_drop(self, notify: Callable[[], object]) -> None:
        """Call `notify` for every line that is dropped, and at once for each that was; any thread may call it."""
        self._notify = notify
        for _ in range(self._dropped):
            notify()

    def __enter__(self) -> Self:
        root = logging.getLogger()
        root.addHandler(self._entrance)
        root.setLevel(logging.INFO)
        structlog.configure(
            processors=[structlog.processors.format_exc_info, ProcessorFormatter.wrap_for_formatter],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        )
        self._listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        root = logging.getLogger()
        root.removeHandler(self._entrance)
        root.setLevel(logging.WARNING)
        structlog.reset_defaults()
        with self._queue.all_tasks_done:
            is_drained = self._queue.all_tasks_done.wait_for(
                lambda: self._queue.unfinished_tasks == 0, timeout=self._flush_within_s
            )
        if is_drained:  # else its thread hangs in the stream, and ends with the process
            self._listener.stop()

    def note_drop(self) -> None:
        """Count a line that does not reach the stream."""
        self._dropped += 1
        if self._notify is not None:
            self._notify()


class _Entrance(QueueHandler):
    """Puts a record into the queue as it is: it is put into words by the thread that writes it."""

    def __init__(self, lines: "queue.Queue[logging.LogRecord]", note_drop: Callable[[], None]) -> None:
        super().__init__(lines)
        self._lines = lines
        self._note_drop = note_drop

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(record)
        except queue.Full:
            self._note_drop()


class _Exit(logging.Handler):
    """Writes to the descriptor itself: a buffered stream that hangs would keep the interpreter from ending."""

    def __init__(self, descriptor: int, note_drop: Callable[[], None]) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._note_drop = note_drop
        self.setFormatter(
            ProcessorFormatter(processors=[structlog.processors.format_exc_info, _as_line], use_get_message=True)
        )

    def createLock(self) -> None:  # noqa: N802 - the base class's
        """Have no lock: one thread writes, and the interpreter's end must not wait for it."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except (TypeError, ValueError, KeyError) as error:  # another library's arguments do not fit its text
            line = orjson.dumps({"level": "error", "event": "log_line_unreadable", "error": str(error)}).decode()
        left = memoryview(f"{line}\n".encode(errors="backslashreplace"))
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:  # the reader of the log went away: that is no reason to stop
            self._note_drop()


def _as_line(_logger: object, _method: str, event: EventDict) -> str:
    """Return the event as one line of JSON; what has no JSON form is shown as its repr."""
    record = event.pop("_record")
    assert isinstance(record, logging.LogRecord), f"_record must be a LogRecord, got {type(record).__name__}"
    line: dict[str, object] = {
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
        "level": record.levelname.lower(),
        "event": event.pop("event", ""),
    }
    if not event.pop("_from_structlog"):
        line["logger"] = record.name
    return orjson.dumps({**line, **event}, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
