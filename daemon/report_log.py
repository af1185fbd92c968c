"""What the program log hears of the daemon's reports: each trouble where it begins and where it ends."""

from collections.abc import Mapping, Sequence

from daemon.milestones import (
    AUDIT_DEGRADED,
    DISK_LOW,
    INSTRUMENT_UNTRUSTED,
    PUBLISHING_STUCK,
    SOURCE_SILENT,
    Milestones,
    Subjects,
)
from daemon.report import Report
from daemon.shard import Shard

_NS_PER_S = 1e9


class ReportLog:
    """Compares each report with the one before; once a second."""

    def __init__(self, shards: Sequence[Shard], *, is_wall: bool) -> None:
        self._shards = shards
        self._is_wall = is_wall  # a recording plays hours in a second: what comes and goes in it is no news
        self._milestones = Milestones()

    def tell(self, report: Report, low_disks: Mapping[str, str], now_s: float) -> None:
        """Log what changed.

        low_disks : what is wrong by directory; now_s: on a clock that only grows
        """
        tell = self._milestones.tell
        for shard in self._shards:
            shard.refused.tell(now_s)
        if "caught_up" not in report.troubles and self._is_wall:
            tell(SOURCE_SILENT, _silent_sources(report))
            tell(INSTRUMENT_UNTRUSTED, _untrusted(report))
        stuck = report.troubles.get("publishing")
        tell(PUBLISHING_STUCK, {} if stuck is None else {"": {"detail": stuck}})
        tell(DISK_LOW, {directory: {"detail": detail} for directory, detail in low_disks.items()})
        degraded = [(str(shard.number), shard.audit_trouble) for shard in self._shards]
        tell(AUDIT_DEGRADED, {number: {"detail": trouble} for number, trouble in degraded if trouble is not None})


def _silent_sources(report: Report) -> Subjects:
    """Every shard hears the shared topics; the one that has heard least tells."""
    return {
        name: {"max_silence_s": source.max_silence_ns / _NS_PER_S, "last_ns": source.last_ns}
        for shard in report.shards
        for name, source in shard.sources.items()
        if source.is_silent
    }


def _untrusted(report: Report) -> Subjects:
    return {name: {"trust": trust} for shard in report.shards for name, trust in shard.not_fresh.items()}
