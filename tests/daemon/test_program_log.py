"""The program log: what a line holds, and that nobody ever waits for it."""

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from daemon.program_log import ProgramLog, configure_program_log

PIPE_FULL_LINES = 3_000  # of 100 bytes: more than a pipe of 64 KiB and the queue of the test take


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@contextlib.contextmanager
def stalled_pipe() -> Iterator[tuple[int, int]]:
    """Yield a pipe that nobody reads."""
    reader, writer = os.pipe()
    try:
        yield reader, writer
    finally:
        os.close(reader)
        with contextlib.suppress(OSError):
            os.close(writer)


def test_a_line_is_one_json_object_with_time_level_event_and_context(tmp_path: Path) -> None:
    path = tmp_path / "log"
    before = datetime.now(UTC)
    with path.open("wb") as stream, configure_program_log(stream):
        structlog.get_logger().warning("source_silent", source="feed", silence_s=61.5, place=Path("x"), n=float("nan"))
    [line] = lines_of(path)
    at = datetime.fromisoformat(str(line.pop("timestamp")))
    assert before - timedelta(milliseconds=1) <= at <= datetime.now(UTC)
    assert at.utcoffset() == timedelta(0)
    assert list(line.items()) == [
        ("level", "warning"),
        ("event", "source_silent"),
        ("source", "feed"),
        ("silence_s", 61.5),
        ("place", repr(Path("x"))),
        ("n", None),
    ]


def test_lines_are_whole_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as stream, configure_program_log(stream) as log:
        for i in range(5_000):
            structlog.get_logger().info("step", i=i)
    assert log.dropped == 0
    assert [line["i"] for line in lines_of(path)] == list(range(5_000))


def test_debug_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as stream, configure_program_log(stream):
        structlog.get_logger().debug("detail")
        logging.getLogger("asyncio").debug("detail")
    assert path.read_bytes() == b""


def test_lines_of_other_libraries_are_json_too_and_name_their_logger(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as stream, configure_program_log(stream):
        logging.getLogger("asyncio").error("task %s failed", "x")
    [fits] = lines_of(path)
    assert (fits["level"], fits["event"], fits["logger"]) == ("error", "task x failed", "asyncio")


def test_a_line_that_cannot_be_put_into_words_stops_nothing() -> None:
    """In a process of its own: pytest's own handler would raise in the caller."""
    code = (
        "import logging\nfrom daemon.program_log import ProgramLog\n"
        "with ProgramLog(2):\n"
        "    logging.error('does not fit: %d %d', *[1])\n"
        "    logging.error('goes on')\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert [json.loads(line)["event"] for line in ran.stderr.splitlines()] == ["log_line_unreadable", "goes on"]


def test_an_error_comes_with_its_trace_in_the_same_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as stream, configure_program_log(stream):
        try:
            raise ValueError("the disk is on fire")
        except ValueError as error:
            structlog.get_logger().critical("fatal", error=str(error), exc_info=True)
            logging.getLogger("x").exception("seen")
    fatal, seen = lines_of(path)
    assert (fatal["level"], fatal["event"], fatal["error"]) == ("critical", "fatal", "the disk is on fire")
    for line in (fatal, seen):
        assert "ValueError: the disk is on fire" in str(line["exception"])


def test_with_a_stalled_stream_no_caller_waits_and_what_is_dropped_is_counted() -> None:
    told: list[int] = []
    with stalled_pipe() as (reader, writer):
        with ProgramLog(writer, lines_max=100, flush_within_s=0.05) as log:
            log.on_drop(lambda: told.append(1))
            for i in range(PIPE_FULL_LINES):  # would never end if one of them waited
                structlog.get_logger().info("step", i=i, filling="x" * 100)
            at_least = PIPE_FULL_LINES - 100 - 65_536 // 100 - 1
            assert log.dropped >= at_least
        assert len(told) == log.dropped
        os.set_blocking(reader, False)
        with contextlib.suppress(BlockingIOError):
            while os.read(reader, 65_536):  # lets the thread that hangs go on to its end
                pass


def test_a_reader_that_went_away_is_counted_and_stops_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        with ProgramLog(writer) as log:
            structlog.get_logger().info("step")
    finally:
        os.close(writer)
    assert log.dropped == 1


def test_drops_before_somebody_listens_are_told_at_once() -> None:
    log = ProgramLog(2)
    log.note_drop()
    log.note_drop()
    told: list[int] = []
    log.on_drop(lambda: told.append(1))
    assert len(told) == 2


def test_a_process_whose_log_hangs_still_ends_by_itself() -> None:
    """The interpreter waits at its end for buffered streams and for locks of handlers; ours has neither."""
    code = (
        "import sys, structlog\nfrom daemon.program_log import ProgramLog\n"
        "with ProgramLog(2, flush_within_s=0.1) as log:\n"
        "    for i in range(20_000): structlog.get_logger().info('step', i=i)\n"
        "sys.exit(3 if log.dropped else 4)"
    )
    with stalled_pipe() as (_, writer):
        ran = subprocess.run([sys.executable, "-c", code], stderr=writer, check=False, timeout=60)
    assert ran.returncode == 3


def test_after_its_block_structlog_and_logging_are_as_before(tmp_path: Path) -> None:
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    with (tmp_path / "log").open("wb") as stream, configure_program_log(stream):
        assert structlog.is_configured()
    assert not structlog.is_configured()
    assert (logging.getLogger().handlers, logging.getLogger().level) == (handlers, level)


def test_a_stream_without_a_descriptor_is_refused() -> None:
    with pytest.raises(io.UnsupportedOperation):
        configure_program_log(io.StringIO())
