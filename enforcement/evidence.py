"""What speaks for a limit: how often it fired, and how long it was live, so that it could have and did not.

Nothing is labelled in this release, so that every episode counts as false (enforcement.md, Modes).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, nan

WEEK_NS = 7 * 86_400 * 10**9
_EXPONENT_MAX = 709.0  # exp of more is no double


@dataclass(slots=True)
class LiveTime:
    """Core time in which a limit of one scope had a number, OK or DEGRADED, and every life of it was `ok`.

    passed_ns : up to the last change; since_ns : start of the stretch that goes on, 0 where it is not live
    """

    passed_ns: int = 0
    since_ns: int = 0

    def turn(self, *, is_live: bool, now_ns: int) -> None:
        """Note at core time `now_ns` that it is live from here on, or that it is not."""
        self.passed_ns = self.until(now_ns)
        self.since_ns = now_ns if is_live else 0

    def until(self, now_ns: int) -> int:
        """Return the live time up to `now_ns`, which is not before the last change."""
        return self.passed_ns + (now_ns - self.since_ns if self.since_ns else 0)


@dataclass(frozen=True, slots=True)
class ScopeEvidence:
    """One limit in one scope: episodes begun, and live time."""

    episodes: int
    live_ns: int


@dataclass(frozen=True, slots=True)
class LimitEvidence:
    """One limit over all its scopes.

    episodes      : begun since the journal began, each counted as false as long as nobody labels it
    live_weeks    : live time
    rate_per_week : episodes / live_weeks; NaN without live time
    readiness     : the e-process, smallest over scopes; ready at 20; 1 where there is nothing yet
    """

    episodes: int
    live_weeks: float
    rate_per_week: float
    readiness: float


def limit_evidence(scopes: Sequence[ScopeEvidence], threshold: float) -> LimitEvidence:
    """Return the sums over a limit's scopes, and the readiness of the least ready.

    threshold : false episodes a week that are too many, > 0
    """
    episodes = sum(each.episodes for each in scopes)
    weeks = sum(each.live_ns for each in scopes) / WEEK_NS
    ready = min((readiness(each.episodes, each.live_ns / WEEK_NS, threshold) for each in scopes), default=1.0)
    return LimitEvidence(episodes, weeks, episodes / weeks if weeks > 0.0 else nan, ready)


def readiness(episodes: int, weeks: float, threshold: float) -> float:
    """Return 0.5^k exp(0.5 θ T): an e-process against a rate of θ a week or more, valid at every look.

    episodes : k, >= 0; weeks : T, >= 0; threshold : θ, > 0
    The likelihood ratio of two Poisson processes, θ/2 against θ (Wald 1945; Ramdas et al. 2023); +inf beyond doubles.

    >>> readiness(0, 5.99, 1.0) < 20.0 < readiness(0, 6.0, 1.0)
    True
    """
    exponent = 0.5 * threshold * weeks - episodes * log(2.0)
    return exp(exponent) if exponent <= _EXPONENT_MAX else inf
