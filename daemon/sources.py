"""The watched sources (`data.sources`): when each last showed life, and which are silent."""

from collections.abc import Mapping

from daemon.report import SourceReport
from enforcement.builtin import Freshness, Silence
from risk.timers import Timers

KIND = "source"  # a timer of the core is "source|<name>"


class Sources:
    """Measures silence in core time, by heartbeats alone, from the first moment that the core has a time.

    With the wall clock that is the end of the first catch-up, so that the age of a backlog is no silence. A restart
    goes on from what the journal tells. Its own catch-up ends with a jump to the present; what came meanwhile is read
    only after it, so that each source has its whole `max_silence` again from there, unless it was silent before.
    """

    def __init__(self, watched: Mapping[str, int], timers: Timers, freshness: Freshness) -> None:
        self._max_silence = dict(watched)  # in the order of names
        self._timers, self._freshness = timers, freshness
        self._last = dict.fromkeys(watched, 0)
        self._since = dict.fromkeys(watched, 0)  # silence counts from here
        self._silent: dict[str, bool] = dict.fromkeys(watched, False)
        self._is_watching = False
        self._is_catching_up = False

    def begin(self, now_ns: int) -> None:
        """Watch from `now_ns` on; once they are watched, nothing happens."""
        if not self._is_watching:
            self._is_watching = True
            self._grant(now_ns)

    def catch_up(self) -> None:
        """Note that a catch-up has begun: reference and control are read ahead of core time."""
        self._is_catching_up = True

    def caught_up(self, now_ns: int) -> None:
        """Note that it ends at `now_ns`, before core time moves there."""
        self._is_catching_up = False
        self._is_watching = True
        for source in self._max_silence:  # a clock that was ahead buys no silence
            self._last[source] = min(self._last[source], now_ns)
            self._since[source] = min(self._since[source], now_ns)
        self._grant(now_ns)

    def hear(self, source: str, ts: int, now_ns: int) -> bool:
        """Take in a heartbeat; say whether it ends a silence. One of an unknown source says nothing.

        ts : of the heartbeat: what comes late speaks of then, what is ahead of core time of now
        """
        if source not in self._max_silence:
            return False
        seen_ns = ts if self._is_catching_up else min(ts, now_ns)
        self._last[source] = max(self._last[source], seen_ns)
        if self._last[source] <= self._since[source]:
            return False
        self._since[source] = self._last[source]
        if not self._is_watching:
            return False
        was_silent = self._silent[source]
        self._silent[source] = was_silent and self._due(source) <= now_ns
        if not self._silent[source]:
            self._timers.arm(f"{KIND}|{source}", self._due(source))
        if was_silent:
            self._tell()
        return was_silent and not self._silent[source]

    def miss(self, source: str) -> None:
        """Note that its timer is due: nothing was heard for all of `max_silence`."""
        self._silent[source] = True
        self._tell()

    def reports(self) -> dict[str, SourceReport]:
        """Return how each source stands, by name."""
        return {
            source: SourceReport(max_ns, self._last[source], self._silent[source])
            for source, max_ns in self._max_silence.items()
        }

    def _grant(self, now_ns: int) -> None:
        for source in self._max_silence:
            if not self._silent[source]:
                self._since[source] = max(self._since[source], now_ns)
                self._timers.arm(f"{KIND}|{source}", self._due(source))

    def _due(self, source: str) -> int:
        return self._since[source] + self._max_silence[source]

    def _tell(self) -> None:
        self._freshness.silences = tuple(
            Silence(each, self._since[each], max_ns) for each, max_ns in self._max_silence.items() if self._silent[each]
        )
