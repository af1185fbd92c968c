"""How VaR and ES did against what came: exceptions, their tests, and Basel's traffic light."""

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import xlogy

from daemon.report_html.run_data import RunData, ScopeSeries
from risk.measures import Status, Vector

WINDOW = 250  # rows of the traffic light (Basel Committee 1996)
_VAR = re.compile(r"var_(\d+)")
_GREEN_BELOW, _RED_FROM = 0.95, 0.9999


@dataclass(frozen=True, slots=True)
class LevelBacktest:
    """One level of VaR in one scope.

    probability  : of an exception in a row, by the level
    exceeded     : (R,) True where the row's loss passed the VaR of the row before; compared: (R,) where it could
    kupiec_p     : Kupiec (1995), proportion of failures; independence_p: Christoffersen (1998); NaN under 2 rows
    exact_p      : two-sided binomial test
    light_last, light_worst : green, yellow or red over the last and the worst 250 rows; None under 250
    count_last, count_worst : exceptions in them
    z2           : Acerbi and Szekely (2014), 0 expected, under -0.70 ES is too small; NaN where there is no ES
    """

    level: str
    probability: float
    value_at_risk: Vector
    exceeded: NDArray[np.bool_]
    compared: NDArray[np.bool_]
    kupiec_p: float
    independence_p: float
    exact_p: float
    light_last: str | None
    light_worst: str | None
    count_last: int
    count_worst: int
    z2: float

    @property
    def observations(self) -> int:
        """Rows that were compared."""
        return int(self.compared.sum())

    @property
    def exceptions(self) -> int:
        """Rows whose loss passed VaR."""
        return int(self.exceeded.sum())

    @property
    def expected(self) -> float:
        """Exceptions that the level promises."""
        return self.probability * self.observations


def level_name(digits: str) -> str:
    """Return a level as people write it: 975 is 97.5 %."""
    return f"{digits[:2]}.{digits[2:]} %" if len(digits) > 2 else f"{digits} %"


def backtests(run: RunData, series: ScopeSeries) -> list[LevelBacktest]:
    """Return the backtest of every level of VaR that the run computed, lowest level first."""
    digits = [match[1] for name in run.head.metrics if (match := _VAR.fullmatch(name))]
    return [_backtest(run, series, each) for each in sorted(digits, key=lambda text: float(f"0.{text}"))]


def trusted(run: RunData, series: ScopeSeries, metric: str) -> Vector:
    """Return (R,) the metric where its status promises a number, NaN elsewhere."""
    column = run.metric(metric)
    if column is None:
        return np.full(len(run.dates), np.nan)
    return np.where(series.statuses[:, column] <= Status.DEGRADED, series.metrics[:, column], np.nan)


def _backtest(run: RunData, series: ScopeSeries, digits: str) -> LevelBacktest:
    probability = 1.0 - float(f"0.{digits}")
    before = _shifted(trusted(run, series, f"var_{digits}"))
    shortfall = _shifted(trusted(run, series, f"es_{digits}"))
    compared = np.isfinite(series.loss) & ~np.isnan(before)
    exceeded = compared & (np.nan_to_num(series.loss) > np.nan_to_num(before, nan=np.inf, posinf=np.inf))
    hits = exceeded[compared]
    n, x = len(hits), int(hits.sum())
    count_last, count_worst = _windows(hits)
    return LevelBacktest(
        level=digits,
        probability=probability,
        value_at_risk=before,
        exceeded=exceeded,
        compared=compared,
        kupiec_p=kupiec(n, x, probability),
        independence_p=independence(hits),
        exact_p=float(stats.binomtest(x, n, probability).pvalue) if n else math.nan,
        light_last=light(count_last, probability) if n >= WINDOW else None,
        light_worst=light(count_worst, probability) if n >= WINDOW else None,
        count_last=count_last,
        count_worst=count_worst,
        z2=_z2(series.loss[compared], hits, shortfall[compared], probability),
    )


def kupiec(n: int, x: int, probability: float) -> float:
    """Return the p-value of x exceptions in n rows: likelihood ratio against chi-squared with one degree."""
    if n < 2:
        return math.nan
    rate = x / n
    told = xlogy(x, probability) + xlogy(n - x, 1.0 - probability)
    seen = xlogy(x, rate) + xlogy(n - x, 1.0 - rate)
    return float(stats.chi2.sf(max(0.0, 2.0 * (seen - told)), 1))


def independence(hits: NDArray[np.bool_]) -> float:
    """Return the p-value that an exception says nothing of the next row: they come alone and not in clusters."""
    if len(hits) < 2:
        return math.nan
    before, after = hits[:-1], hits[1:]
    n11, n10 = int((before & after).sum()), int((before & ~after).sum())
    n01, n00 = int((~before & after).sum()), int((~before & ~after).sum())
    if n10 + n11 == 0 or n00 + n01 == 0:
        return math.nan
    rate, calm, hit = (n01 + n11) / (len(hits) - 1), n01 / (n00 + n01), n11 / (n10 + n11)
    one = xlogy(n01 + n11, rate) + xlogy(n00 + n10, 1.0 - rate)
    two = xlogy(n01, calm) + xlogy(n00, 1.0 - calm) + xlogy(n11, hit) + xlogy(n10, 1.0 - hit)
    return float(stats.chi2.sf(max(0.0, 2.0 * (two - one)), 1))


def light(count: int, probability: float) -> str:
    """Return the colour of so many exceptions in 250 rows, by the binomial distribution.

    >>> light(4, 0.01), light(5, 0.01), light(10, 0.01)
    ('green', 'yellow', 'red')
    """
    share = float(stats.binom.cdf(count, WINDOW, probability))
    return "green" if share < _GREEN_BELOW else "red" if share >= _RED_FROM else "yellow"


def _windows(hits: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the exceptions in the last window, and the most in any."""
    total = np.concatenate(([0], np.cumsum(hits)))
    if len(hits) < WINDOW:
        return int(total[-1]), int(total[-1])
    return int(total[-1] - total[-1 - WINDOW]), int((total[WINDOW:] - total[:-WINDOW]).max())


def _z2(loss: Vector, hits: NDArray[np.bool_], shortfall: Vector, probability: float) -> float:
    has = ~np.isnan(shortfall) & (shortfall > 0.0)
    n = int(has.sum())
    if n == 0:
        return math.nan
    parts = (loss[has & hits] / shortfall[has & hits]).tolist()
    return 1.0 - math.fsum(parts) / (n * probability)


def _shifted(values: Vector) -> Vector:
    """Return each row's number from the row before."""
    return np.concatenate(([np.nan], values[:-1]))
