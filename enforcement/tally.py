"""What a unit's episodes come to, counted once and kept: looking on once a second must not read them all each time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from enforcement.cusum import Cusum, cusum
from enforcement.episodes import Episode, FalseCause, counted

NEVER_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Tally:
    """Valid until an episode, a label, a verification, an outcome or a step comes, and before core time `until_ns`.

    ever        : episodes of all stages, duplicates merged; causes: of those judged false
    episodes    : of the stage; resolved: labelled true or false; doubted: live weeks at which those began that no
                  person has found true, so that k is their number
    last_weeks  : of the last one judged false; last: D there, and its peak
    """

    until_ns: int
    ever: int
    causes: tuple[FalseCause, ...]
    episodes: int
    resolved: int
    doubted: tuple[float, ...]
    last_weeks: float
    last: Cusum

    def cusum_at(self, weeks: float, threshold: float) -> float:
        """Return D at so many live weeks: it only falls since the last jump."""
        return max(0.0, self.last.level - threshold * (weeks - self.last_weeks))


def tally_of(
    episodes: Sequence[Episode], first: int, now_ns: int, *,
    weeks_at: Callable[[Episode], float], cause_of: Callable[[Episode], FalseCause | None], threshold: float,
    resolve_within_ns: int,
) -> Tally:  # fmt: skip
    """Count the episodes of a unit at core time `now_ns`; those of its stage are the ones from place `first` on."""
    ever, stage = counted(episodes), counted(episodes[first:])
    judged = [weeks_at(each) for each in stage if cause_of(each) is not None]
    last = judged[-1] if judged else 0.0
    overdue = (each.began_ns + resolve_within_ns for each in episodes)
    return Tally(
        until_ns=min((ts for ts in overdue if ts > now_ns), default=NEVER_NS),
        ever=len(ever),
        causes=tuple(cause for each in ever if (cause := cause_of(each)) is not None),
        episodes=len(stage),
        resolved=sum(each.is_labelled for each in stage),
        doubted=tuple(weeks_at(each) for each in stage if not each.is_true),
        last_weeks=last,
        last=cusum(judged, last, threshold),
    )
