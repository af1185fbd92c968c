"""The pace of a replay, and the words that name it."""

import time

import pytest

from daemon.pace import Pace, parse_speed


@pytest.mark.parametrize(("text", "speed"), [("max", None), ("1x", 1.0), ("10x", 10.0), ("0.5x", 0.5)])
def test_a_speed_is_max_or_a_multiple(text: str, speed: float | None) -> None:
    assert parse_speed(text) == speed


@pytest.mark.parametrize("text", ["", "x", "10", "-1x", "0x", "1e3x", "MAX", "10x "])
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="speed must be max or a multiple"):
        parse_speed(text)


def test_event_time_runs_a_multiple_of_wall_time() -> None:
    pace = Pace(1_000.0)
    started_s = time.monotonic()
    for second in range(61):  # a minute of events at a thousand times
        pace.wait_until(second * 10**9)
    pace.wait_until(None)
    assert time.monotonic() - started_s >= 0.06 - 0.02  # waits below 20 ms are saved up


def test_an_event_older_than_the_first_is_due_at_once() -> None:
    pace = Pace(0.001)
    started_s = time.monotonic()
    pace.wait_until(10**18)
    pace.wait_until(10**18 - 10**15)
    assert time.monotonic() - started_s < 5.0


def test_what_is_older_than_the_time_from_which_it_holds_back_is_due_at_once() -> None:
    slept: list[float] = []
    pace = Pace(1.0, from_ns=10**18, sleep=slept.append)
    for ts in (0, 10**17, 10**18):
        pace.wait_until(ts)
    assert slept == []
    pace.wait_until(10**18 + 5 * 10**9)
    assert slept == pytest.approx([5.0], abs=0.5)
