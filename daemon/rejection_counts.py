"""Counts refused inputs by reason and second, for the audit log; the dead letters have them whole."""

from daemon.audit_records import rejection_audit
from feeds.record import RejectReason

_SECOND_NS = 10**9


class RejectionCounts:
    """The refusals of one second of core time."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._second = 0

    def add(self, reason: RejectReason, now_ns: int) -> None:
        """Count a refusal; what `is_over` says of the counts so far must have been asked before."""
        self._second = now_ns // _SECOND_NS
        self._counts[reason.value] = self._counts.get(reason.value, 0) + 1

    def is_over(self, now_ns: int) -> bool:
        """Say whether counts wait of a second that has ended."""
        return bool(self._counts) and now_ns // _SECOND_NS > self._second

    def take(self, now_ns: int) -> list[dict[str, object]]:
        """Return the audit records of what was counted, at the end of its second: times never fall; count anew."""
        ts = min((self._second + 1) * _SECOND_NS, now_ns)
        records = [rejection_audit(ts, reason, self._counts[reason]) for reason in sorted(self._counts)]
        self._counts.clear()
        return records
