"""When a scope has to be looked at: the levels that wake it, and the bands in which no price can change anything."""

from math import inf

import numpy as np

from enforcement.attention import band
from enforcement.moment import Moment
from enforcement.scopes import ScopeLives
from risk.measures import METRIC_INDEX, METRICS, Measures, Vector


def wake_levels(holder: ScopeLives) -> Vector:
    """Return (len(METRICS),) the value above which the scope must be evaluated; +inf where no limit looks.

    A number that only its sensor can compute wakes the scope at every event: any gross is above -inf.
    """
    wake = np.full(len(METRICS), inf)
    for bound in holder.limits:
        if bound.metric_index >= 0:
            wake[bound.metric_index] = min(wake[bound.metric_index], bound.wake_at)
        elif bound.is_own:
            wake[METRIC_INDEX["gross"]] = -inf
    return wake


def bands(holder: ScopeLives, measures: Measures, moment: Moment) -> tuple[Vector, Vector] | None:
    """Return (len(METRICS),) twice, low and high: while every metric stays above low and not above high, and no
    status and no session changes, no price needs a look at the scope, just looked at. None: each one does.
    """
    low, high = np.full(len(METRICS), -inf), np.full(len(METRICS), inf)
    for bound, lives in zip(holder.limits, holder.lives, strict=True):
        found, at = band(bound, lives, measures, moment), bound.metric_index
        if found is None:
            return None
        if at >= 0:
            low[at], high[at] = max(low[at], found[0]), min(high[at], found[1])
    return low, high
