"""CUSUM: has a limit that acts begun to fire falsely too often?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

DEMOTE_AT = log(20.0)
JUMP = log(2.0)


@dataclass(frozen=True, slots=True)
class Cusum:
    """`level`: D now; `peak`: the most that it has been; a limit is demoted where that has reached ln 20."""

    level: float
    peak: float

    @property
    def is_over(self) -> bool:
        """Say whether the limit must step down."""
        return self.peak >= DEMOTE_AT


def cusum(began_weeks: Sequence[float], weeks: float, threshold: float) -> Cusum:
    """Return D after `weeks` live weeks: D ← max(0, D - θ Δt), and + ln 2 at each false episode (Page 1954).

    began_weeks : live weeks at which each false episode began, ascending, none over `weeks`
    threshold   : θ, > 0: D is the log likelihood ratio of a rate of 2θ against θ since it was last 0
    A label that comes late puts its episode where it began, so that the order of labels changes nothing: D is what it
    would have been had everybody known at once.

    >>> cusum([1.0] * 4, 1.0, 1.0).is_over, cusum([1.0] * 5, 1.0, 1.0).is_over
    (False, True)
    """
    level = peak = at = 0.0
    for began in began_weeks:
        assert at <= began <= weeks, f"false episodes must ascend up to {weeks} weeks, got {began} after {at}"
        level = max(0.0, level - threshold * (began - at)) + JUMP
        peak, at = max(peak, level), began
    return Cusum(max(0.0, level - threshold * (weeks - at)), peak)
