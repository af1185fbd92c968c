"""How sure the tail ratio is: its bootstrap, drawn by a counter-based generator that the losses themselves seed."""

import math
from dataclasses import dataclass

import numpy as np

from risk.kernels.bootstrap import Words, fill_tail_ratios
from risk.measures import Vector
from risk.pot import PotFit, exceedance_count

RESAMPLES = 200
LEVEL = 1.5  # the tail of t(3): the level of models.md 21
SURE = 0.80  # strict mode: this share of resamples must be over a level
_INTERVAL = 0.05


@dataclass(frozen=True, slots=True)
class RatioBootstrap:
    """What resampled losses say of ES/VaR at 99 %; NaN where the fit itself has no ratio.

    probability : share of resamples with a ratio above LEVEL
    sure        : largest level that SURE of the resamples are above, at most the ratio itself
    low, high   : 5 and 95 % of the resampled ratios; +inf where those have no mean
    """

    probability: float
    sure: float
    low: float
    high: float


NO_BOOTSTRAP = RatioBootstrap(math.nan, math.nan, math.nan, math.nan)


def bootstrap_ratio(losses: Vector, fit: PotFit, digest: str) -> RatioBootstrap:
    """Resample the losses with replacement, fit each resample anew, threshold and all, and count.

    losses : (n,) that `fit` was made from; digest : hex, at most 128 bits, seeds the draws
    A resample without a ratio (too few losses above its threshold, or a VaR not above 0) counts as none above any
    level. Rows are drawn one by one: clusters of bad days are broken up, so that the interval is rather narrow.
    Efron (1979); about 2 ms for 756 rows. The same bytes on every machine, but for the last digits of log.
    """
    ratio = fit.tail_ratio()
    if math.isnan(ratio):
        return NO_BOOTSTRAP
    n = losses.size
    ordered = np.sort(losses)[::-1].copy()
    # The fit's shape over its scale, in units of one over its mean excess: where the search of each resample begins.
    mean = fit.beta / (1.0 - min(fit.xi, 0.5))
    start = fit.xi / fit.beta * mean if fit.beta > 0.0 else 0.0
    ratios = np.empty(RESAMPLES)
    scratch = np.empty((3, n))
    words = words_of(digest, RESAMPLES * n)
    fill_tail_ratios(ordered, words, exceedance_count(n), start, scratch[0], scratch[1], scratch[2], ratios)
    known = np.sort(np.nan_to_num(ratios, nan=-math.inf, posinf=math.inf, neginf=-math.inf))
    sure = float(known[RESAMPLES - math.ceil(SURE * RESAMPLES)])
    cut = int(_INTERVAL * RESAMPLES)
    low, high = float(known[cut]), float(known[RESAMPLES - 1 - cut])
    return RatioBootstrap(
        probability=int(np.count_nonzero(known > LEVEL)) / RESAMPLES,
        sure=min(ratio, sure) if sure > -math.inf else math.nan,
        low=low if low > -math.inf else math.nan,
        high=high if high > -math.inf else math.nan,
    )


def words_of(digest: str, halves: int) -> Words:
    """Return enough words of Philox, keyed by the digest, for so many halves.

    It is counter-based, and its raw words are the same everywhere (Salmon et al. 2011).
    """
    words: Words = np.random.Philox(key=int(digest, 16)).random_raw((halves + 1) // 2)
    return words
