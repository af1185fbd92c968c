"""False positives a week by verification, from a replay's audit log; null, and why, where none can be told."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from daemon.examined_unit import WEEK_NS, ExaminedUnit
from daemon.examiner import Examiner


@dataclass(frozen=True, slots=True)
class FalseRate:
    """What the slow reference model makes of the trips of one limit in one scope.

    episodes     : that began to fire; confirmed, false, unverifiable: of them, as the model found; waiting: whose day
                   had not closed by the end
    weeks        : live weeks: a number, and every life ok
    per_week     : false over weeks; a lower bound where some are unverifiable; None where none can be told
    why_not      : why it is None, empty where it is not
    """

    limit: str
    scope: str
    episodes: int
    confirmed: int
    false: int
    unverifiable: int
    waiting: int
    weeks: float
    per_week: float | None
    why_not: str


def false_rates(audit: Path, end_ns: int) -> list[FalseRate]:
    """Return the rates of every limit in every scope, in the order in which they began to be watched."""
    examiner = Examiner().play(audit)
    return [_rate(unit, end_ns) for unit in examiner.units.values()]


def _rate(unit: ExaminedUnit, end_ns: int) -> FalseRate:
    found = Counter("waiting" if each.check is None else each.check[0] for each in unit.episodes)
    weeks, episodes, judged = (
        unit.live.lasted(end_ns) / WEEK_NS,
        len(unit.episodes),
        found["confirmed"] + found["false"],
    )
    why_not = ""
    if weeks <= 0.0:
        why_not = "no live time: it never had a number while nothing fired"
    elif episodes and not judged:
        why_not = (
            "no reference model has its statistic"
            if found["unverifiable"]
            else "the day of no trip closed before the end"
        )
    return FalseRate(
        limit=unit.watched.limit,
        scope=unit.scope,
        episodes=episodes,
        confirmed=found["confirmed"],
        false=found["false"],
        unverifiable=found["unverifiable"],
        waiting=found["waiting"],
        weeks=weeks,
        per_week=None if why_not else found["false"] / weeks,
        why_not=why_not,
    )
