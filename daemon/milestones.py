"""Tells the program log what changed for whoever is on call: one line where a trouble begins, one where it ends."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

Subjects = Mapping[str, Mapping[str, object]]
"""What stands now, by name; each with what the line says besides."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """Names of the two lines, and of the field that holds the subject; None where there is only one."""

    begins: str
    ends: str
    subject: str | None = None


BROKER_AWAY = Milestone("broker_waiting", "broker_back")
SOURCE_SILENT = Milestone("source_silent", "source_alive", "source")
INSTRUMENT_UNTRUSTED = Milestone("instrument_untrusted", "instrument_fresh", "instrument")
PUBLISHING_STUCK = Milestone("publishing_stuck", "publishing_resumed")
AUDIT_DEGRADED = Milestone("audit_degraded", "audit_recovered", "shard")
CLOCK_JUMPED = Milestone("clock_jumped", "clock_adopted")
TOPIC_TROUBLE = Milestone("topic_trouble", "topic_well", "partition")
DISK_LOW = Milestone("disk_low", "disk_roomy", "directory")


class Milestones:
    """Remembers what stands, so that each change is told once."""

    def __init__(self) -> None:
        self._log = structlog.get_logger()
        self._standing: dict[Milestone, dict[str, None]] = {}

    def tell(self, milestone: Milestone, subjects: Subjects) -> None:
        """Log what stands now and did not, as a warning, and what stood and does not any more."""
        standing = self._standing.setdefault(milestone, {})
        for name, fields in subjects.items():
            if name not in standing:
                standing[name] = None
                self._log.warning(milestone.begins, **_subject(milestone, name), **fields)
        for name in [name for name in standing if name not in subjects]:
            del standing[name]
            self._log.info(milestone.ends, **_subject(milestone, name))


def _subject(milestone: Milestone, name: str) -> dict[str, str]:
    return {} if milestone.subject is None else {milestone.subject: name}
