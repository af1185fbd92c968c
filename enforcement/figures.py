"""What the evidence of a limit amounts to: live time, and the figures of one stage of its ladder."""

from dataclasses import dataclass

from enforcement.readiness import naive_rate, rate_upper_bound

DAY_NS = 86_400 * 10**9
WEEK_NS = 7 * DAY_NS


@dataclass(slots=True)
class LiveTime:
    """Core time in which something held.

    passed_ns : up to the last change; since_ns : start of the stretch that goes on, 0 where it does not hold
    """

    passed_ns: int = 0
    since_ns: int = 0

    @property
    def holds(self) -> bool:
        """Say whether it holds now."""
        return self.since_ns > 0

    def turn(self, *, is_live: bool, now_ns: int) -> None:
        """Note at core time `now_ns` that it holds from here on, or that it does not."""
        self.passed_ns = self.until(now_ns)
        self.since_ns = now_ns if is_live else 0

    def until(self, now_ns: int) -> int:
        """Return the time in which it held up to `now_ns`, which is not before the last change."""
        return self.passed_ns + (now_ns - self.since_ns if self.since_ns else 0)


@dataclass(frozen=True, slots=True)
class Figures:
    """One stage of one limit in one scope.

    stage_ns   : core time at which the stage was entered
    episodes   : begun in the stage, duplicates merged
    false      : k, all that no person has found true; false_counted: k times its dispersion, where that is asked for
    resolved   : labelled true or false by a person
    weeks      : T, live weeks in the stage: a number, and every life ok
    uptime     : share of time with a number since the stage first had one; 0 before
    cusum      : D now; cusum_peak: the most that it has been in the stage
    """

    stage_ns: int
    episodes: int
    false: int
    false_counted: float
    resolved: int
    weeks: float
    uptime: float
    e_value: float
    cusum: float
    cusum_peak: float

    @property
    def naive_rate(self) -> float:
        """False episodes a live week; NaN without live time."""
        return naive_rate(self.false, self.weeks)

    @property
    def rate_upper(self) -> float:
        """Upper 95 % bound of the rate, at one look; +inf without live time."""
        return rate_upper_bound(self.false, self.weeks)
