"""Readiness: is a limit's rate of false episodes under its threshold, by evidence and not by an empty count?"""

from collections.abc import Sequence
from math import exp, inf, log, nan

from scipy.special import chdtri

from config.promotion import Readiness

ALPHA = 0.05  # false promotions, ever, of a limit whose rate is the threshold or more
READY_AT = 1.0 / ALPHA
WEEKS_FOR_DISPERSION = 8
DISPERSED_FROM = 1.5
_EXPONENT_MAX = 709.0  # exp of more is no double


def e_value(false: float, weeks: float, threshold: float) -> float:
    """Return E = 0.5^k exp(0.5 θ T): an e-process against a rate of θ a week or more, valid at every look.

    false : k, >= 0; weeks : T, live weeks, >= 0; threshold : θ, > 0; +inf beyond doubles
    The likelihood ratio of two Poisson processes, θ/2 against θ; under any rate of θ or more it is a supermartingale
    that starts at 1, so that it ever reaches 20 with probability 5 % at most (Ville 1939; Ramdas et al. 2023).

    >>> e_value(0, 5.99, 1.0) < 20.0 < e_value(0, 6.0, 1.0)
    True
    """
    exponent = log_e_value(false, weeks, threshold)
    return exp(exponent) if exponent <= _EXPONENT_MAX else inf


def log_e_value(false: float, weeks: float, threshold: float) -> float:
    """Return ln E, which no record is too long for."""
    assert min(false, weeks) >= 0 < threshold, f"k, T >= 0 and threshold > 0, got {false}, {weeks}, {threshold}"
    return 0.5 * threshold * weeks - false * log(2.0)


def naive_rate(false: float, weeks: float) -> float:
    """Return k / T a week; NaN without live time, for no time is no evidence."""
    return false / weeks if weeks > 0.0 else nan


def rate_upper_bound(false: float, weeks: float, alpha: float = ALPHA) -> float:
    """Return the upper 1 - alpha confidence bound of a Poisson rate a week: χ²_{1-α}(2k + 2) / (2T) (Garwood 1936).

    +inf without live time. It holds at one look that was fixed beforehand, not at every look.

    >>> round(rate_upper_bound(0, 1.0), 3)
    2.996
    """
    return float(chdtri(2.0 * false + 2.0, alpha)) / (2.0 * weeks) if weeks > 0.0 else inf


def dispersion(weekly: Sequence[int]) -> float:
    """Return variance over mean (n - 1) of false episodes in whole live weeks; 1, a Poisson's, where nothing can tell.

    weekly : counts of consecutive live weeks; fewer than 8 or none at all tell nothing
    """
    total, weeks = sum(weekly), len(weekly)
    if weeks < WEEKS_FOR_DISPERSION or total == 0:
        return 1.0
    mean = total / weeks
    return sum((count - mean) ** 2 for count in weekly) / (weeks - 1) / mean


def weekly_counts(began_weeks: Sequence[float], weeks: float) -> list[int]:
    """Return how many episodes began in each whole live week so far.

    began_weeks : live weeks of the stage at which each began, in [0, weeks]; the week that goes on is left out
    """
    counts = [0] * int(weeks)
    for began in began_weeks:
        if int(began) < len(counts):
            counts[int(began)] += 1
    return counts


def counted_false(began_weeks: Sequence[float], weeks: float, *, overdispersion: bool) -> float:
    """Return k for the test: the number of false episodes, times their dispersion where asked for and above 1.5.

    began_weeks : of the false episodes, as in `weekly_counts`
    """
    count = float(len(began_weeks))
    if not overdispersion:
        return count
    ratio = dispersion(weekly_counts(began_weeks, weeks))
    return count * ratio if ratio > DISPERSED_FROM else count


def is_evidence_enough(
    method: Readiness, false: float, weeks: float, *, threshold: float, family: int = 1
) -> bool:  # fmt: skip
    """Say whether the evidence shows a rate under the threshold, by the method that the configuration names.

    false     : k, >= 0; weeks: T, >= 0; threshold: θ, > 0
    family    : limits judged together: each may err with 5 % / family (Bonferroni), so that E must reach 20 · family
    """
    match method:
        case "eprocess":
            return log_e_value(false, weeks, threshold) >= log(READY_AT * family)
        case "poisson_ucb":
            return rate_upper_bound(false, weeks, ALPHA / family) < threshold
        case "naive":
            return weeks > 0.0 and false / weeks < threshold
