"""Plays event time at a multiple of wall time, for people who look on; it changes no output."""

import re
import time
from collections.abc import Callable

_SLEEP_MIN_S = 0.02  # shorter waits are saved up: a sleep costs more than they are long


class Pace:
    """Holds a replay back so that event time runs `speed` times as fast as wall time.

    from_ns : event time from which it does; what is older is due at once
    """

    def __init__(self, speed: float, *, from_ns: int = 0, sleep: Callable[[float], object] = time.sleep) -> None:
        assert speed > 0, f"speed must be above 0, got {speed}"
        self._speed = speed
        self._from_ns = from_ns
        self._sleep = sleep
        self._first_ts: int | None = None
        self._started_s = 0.0

    def wait_until(self, ts: int | None) -> None:
        """Return when the event time `ts` (ns) is due; at once for an input without a time."""
        if ts is None or ts < self._from_ns:
            return
        if self._first_ts is None:
            self._first_ts, self._started_s = ts, time.monotonic()
        due_s = self._started_s + (ts - self._first_ts) / 1e9 / self._speed
        wait_s = due_s - time.monotonic()
        if wait_s > _SLEEP_MIN_S:
            self._sleep(wait_s)


def parse_speed(text: str) -> float | None:
    """Return the multiple that `10x` or `0.5x` names, None for `max`. Raises ValueError for anything else."""
    if text == "max":
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)x", text)
    if match is None or float(match[1]) <= 0:
        raise ValueError(f"speed must be max or a multiple of event time such as 1x or 10x, got {text!r}")
    return float(match[1])
