"""How the daemon is, as other threads may ask: does its loop beat, what has it reported, what is it doing."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from daemon.report import CONDITIONS, NOT_NEEDED_TO_BE_READY, REPORT_AGE_MAX_S, Report

BEAT_AGE_MAX_S = 10.0
# Before the first report kernels compile and journals are replayed, in steps that may be long.
STARTING_BEAT_AGE_MAX_S = 180.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the daemon may be relied on, and a line of plain text for each condition."""

    is_ready: bool
    lines: tuple[str, ...]


class Health:
    """Written by the loop, read by any thread: each value is replaced whole.

    clock : seconds that only grow
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beat_s = clock()
        self._latest: tuple[Report, float] | None = None
        self._progress = "starting"

    def beat(self) -> None:
        """Say that the loop, or the recovery before it, goes on."""
        self._beat_s = self._clock()

    def set_progress(self, text: str) -> None:
        """Say what is being done before the first report; it is a beat too."""
        self._progress = text
        self.beat()

    def set_report(self, report: Report) -> None:
        """Show this report from now on."""
        self._latest = (report, self._clock())

    @property
    def report(self) -> Report | None:
        """The last report, None before the first."""
        return None if self._latest is None else self._latest[0]

    @property
    def progress(self) -> str:
        """What is being done before the first report."""
        return self._progress

    def ailment(self) -> str | None:
        """Say what is wrong with the loop; None where it beats."""
        age_s = self._clock() - self._beat_s
        bound_s = STARTING_BEAT_AGE_MAX_S if self._latest is None else BEAT_AGE_MAX_S
        return None if age_s <= bound_s else f"the loop must beat every {bound_s:.0f} s, got none for {age_s:.0f} s"

    def readiness(self) -> Readiness:
        """Say whether every condition holds that readiness needs, by a report that is young."""
        latest = self._latest
        if latest is None:
            return Readiness(False, (f"recovering: {self._progress}",))
        report, at_s = latest
        age_s = self._clock() - at_s
        lines = tuple(_condition_line(report, condition) for condition in CONDITIONS)
        if age_s > REPORT_AGE_MAX_S:
            late = f"report: NOT OK: it must be younger than {REPORT_AGE_MAX_S:.0f} s, got {age_s:.0f} s"
            return Readiness(False, (late, *lines))
        return Readiness(report.is_ready, lines)


def _condition_line(report: Report, condition: str) -> str:
    trouble = next((text for name, text in report.troubles.items() if name == condition), None)
    if trouble is None:
        return f"{condition}: ok"
    return f"{condition}: {'note' if condition in NOT_NEEDED_TO_BE_READY else 'NOT OK'}: {trouble}"
