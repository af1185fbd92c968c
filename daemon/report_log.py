"""What the program log hears of the daemon's reports: each trouble where it begins and where it ends."""

from collections.abc import Mapping, Sequence

import structlog

from daemon.milestones import (
    AUDIT_DEGRADED,
    CLOCK_JUMPED,
    DISK_LOW,
    INSTRUMENT_UNTRUSTED,
    PUBLISHING_STUCK,
    SOURCE_SILENT,
    TOPIC_TROUBLE,
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
        self._is_ready = False

    def tell(
        self,
        report: Report,
        low_disks: Mapping[str, str],
        topics: Mapping[str, str],
        now_s: float,
        *,
        clock: str | None,
    ) -> None:
        """Log what changed.

        low_disks : what is wrong by directory; topics: errors by partition; clock: what is wrong with it, or None
        now_s     : on a clock that only grows
        """
        self._tell_readiness(report)
        tell = self._milestones.tell
        for shard in self._shards:
            shard.refused.tell(now_s)
        if "caught_up" not in report.troubles and self._is_wall:
            tell(SOURCE_SILENT, _silent_sources(report))
            tell(INSTRUMENT_UNTRUSTED, _untrusted(report))
        stuck = report.troubles.get("publishing")
        tell(PUBLISHING_STUCK, {} if stuck is None else {"": {"detail": stuck}})
        tell(CLOCK_JUMPED, {} if clock is None else {"": {"detail": clock}})
        tell(TOPIC_TROUBLE, {partition: {"detail": trouble} for partition, trouble in topics.items()})
        tell(DISK_LOW, {directory: {"detail": detail} for directory, detail in low_disks.items()})
        degraded = [(str(shard.number), shard.audit_trouble) for shard in self._shards]
        tell(AUDIT_DEGRADED, {number: {"detail": trouble} for number, trouble in degraded if trouble is not None})

    def _tell_readiness(self, report: Report) -> None:
        """Log where readiness begins and ends; the first word is of the first report that is ready."""
        if report.is_ready == self._is_ready:
            return
        self._is_ready = report.is_ready
        log = structlog.get_logger()
        if report.is_ready:
            log.info("ready", inputs=sum(shard.n for shard in report.shards))
        else:
            log.warning("not_ready", **{str(condition): trouble for condition, trouble in report.troubles.items()})


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
