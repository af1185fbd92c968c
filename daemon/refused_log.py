"""Counts refused inputs for the program log, which hears of them at most every ten seconds."""

from collections import Counter

import structlog

from feeds.record import Record, Rejection

TOLD_EVERY_S = 10.0  # a feed that is broken all day must not fill the log; the dead letters have every one


class RefusedLog:
    """Between a shard that refuses and the log; the first refusal after a quiet time is told at once."""

    def __init__(self, shard: int) -> None:
        self._log = structlog.get_logger()
        self._shard = shard
        self._counts: Counter[str] = Counter()
        self._last: tuple[Record, Rejection] | None = None
        self._due_s = 0.0

    def note(self, record: Record, rejection: Rejection) -> None:
        """Count one."""
        self._counts[rejection.reason.value] += 1
        self._last = (record, rejection)

    def tell(self, now_s: float) -> None:
        """Log the counts since the last line, by reason, and where the newest of them lies.

        now_s : on a clock that only grows
        """
        if self._last is None or now_s < self._due_s:
            return
        record, rejection = self._last
        self._log.warning(
            "inputs_refused",
            shard=self._shard,
            counts=dict(sorted(self._counts.items())),
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            detail=rejection.detail,
        )
        self._counts.clear()
        self._last = None
        self._due_s = now_s + TOLD_EVERY_S
