"""The book of a scope frozen at a trip, with all that its statistic was computed from."""

import math
from dataclasses import dataclass

import numpy as np

from risk.instruments import Terms
from risk.measures import IntVector, Matrix, Measures, Status, Vector
from risk.state import RiskState


@dataclass(frozen=True, slots=True)
class TripCause:
    """What tripped: the limit's sensor and metric, and the level that its statistic passed."""

    episode_id: str
    sensor: str
    metric: str
    level: float


@dataclass(frozen=True, slots=True, eq=False)
class Trip:
    """One scope's book over m instruments: what it held or had orders in, and the pairs that its money passes through.

    Money in base currency.

    row          : completed rows at the trip; ts: core time, ns
    quantity, buys, sells, mark, level : (m,) level is the price in the last row before the trip, NaN before any
    rate         : (m,) base currency per unit of the instrument's own, with `paths` how each came about
    returns      : (m, n) completed rows, oldest first; shocks, covered: (m, S); scenario_limits: (S,)
    nav          : NaN where unknown; value_at_risk: of 95 % and 99 %; NaN where there was no number
    slow_sigma, usual_sigma : of the book a day, by the slow twin and over the window
    spread       : (m,) relative, NaN unknown
    has_bars     : the covariance was that of the trading day, not of the rows alone
    """

    cause: TripCause
    scope: int
    ts: int
    row: int
    columns: IntVector
    terms: tuple[Terms, ...]
    quantity: Vector
    buys: Vector
    sells: Vector
    mark: Vector
    level: Vector
    rate: Vector
    returns: Matrix
    shocks: Matrix
    covered: Matrix
    scenario_limits: Vector
    nav: float
    value_at_risk: tuple[float, float]
    worst_loss: float
    slow_sigma: float
    usual_sigma: float
    spread: Vector
    has_bars: bool
    decay: float
    slow_decay: float

    @property
    def exposure(self) -> Vector:
        """Return (m,) exposures of the positions at the marks of the trip."""
        return exposures(self, self.quantity, self.mark, self.rate)


def freeze(state: RiskState, p: int, cause: TripCause, measures: Measures) -> Trip:
    """Return scope p's book as it stands, copied: nothing that comes later changes it."""
    arrays, count = state.arrays, len(state.terms)
    named = np.flatnonzero(state.named(p)).tolist()
    pairs = {pair for i in named for pair, _ in state.paths.get(state.terms[i].currency, ())}
    held: IntVector = np.array(sorted({*named, *pairs}), dtype=np.int64)
    places = held.tolist()
    working = state.working.get(p, {})
    open_ = np.array([working.get(i, (0.0, 0.0)) for i in places], dtype=np.float64).reshape(-1, 2)
    x = arrays.exposure[p, held]
    returns = _rows_in_order(state, held)
    usual = math.sqrt(math.fsum((x @ returns) ** 2) / returns.shape[1]) if returns.shape[1] else math.nan
    slow = math.fsum((x * (arrays.slow_sigma[np.ix_(held, held)] @ x)).tolist())
    return Trip(
        cause=cause, scope=p, ts=state.now_ns, row=state.window.rows_total, columns=held,
        terms=tuple(state.terms[i] for i in places), quantity=arrays.quantity[p, held].copy(),
        buys=open_[:, 0].copy(), sells=open_[:, 1].copy(), mark=arrays.mark[held].copy(),
        level=np.array([state.window.level[i] for i in places], dtype=np.float64),
        rate=np.array([state.rates.get(state.terms[i].currency, math.nan) for i in places], dtype=np.float64),
        returns=returns, shocks=arrays.shocks[held, : len(state.scenarios)].copy(),
        covered=arrays.covered[held, : len(state.scenarios)].copy(),
        scenario_limits=arrays.scenario_limit[: len(state.scenarios)].copy(),
        nav=float(arrays.value[p]) if arrays.has_nav[p] == 1 else math.nan,
        value_at_risk=(_told(measures, "var_95"), _told(measures, "var_99")),
        worst_loss=_told(measures, "worst_loss"), slow_sigma=math.sqrt(max(slow, 0.0)), usual_sigma=usual,
        spread=arrays.spread[held].copy(),
        has_bars=bool(state.bars.takes_part[:count][held].any()) if state.bars.takes_part.size >= count else False,
        decay=state.config.covariance.decay, slow_decay=state.config.covariance.slow_decay,
    )  # fmt: skip


def exposures(trip: Trip, quantity: Vector, mark: Vector, rate: Vector) -> Vector:
    """Return (m,) exposures of quantities at marks and rates; an inverse contract's is its face."""
    unit = np.array(
        [0.0 if not each.is_valued else each.multiplier * (1.0 if each.inverse else price)
         for each, price in zip(trip.terms, mark.tolist(), strict=True)],
        dtype=np.float64,
    )  # fmt: skip
    found: Vector = np.nan_to_num(quantity * unit * rate)
    return found


def cleaned_marks(trip: Trip, close: Vector, *, spare: float = 3.0) -> Vector:
    """Return (m,) the marks of the trip, held inside what the day's closes allow.

    close : (m,) prices in the first row after the trip, NaN where there is none
    A mark may lie outside the span from the close before to the close after by `spare` daily standard deviations of the
    instrument (1 % at least); one further out was a bad price, and becomes the nearest that may be.
    """
    sigma = np.sqrt((trip.returns**2).mean(axis=1)) if trip.returns.shape[1] else np.zeros(trip.mark.size)
    room = np.maximum(spare * sigma, 0.01)
    low = np.fmin(trip.level, close) * (1.0 - np.minimum(room, 0.99))
    high = np.fmax(trip.level, close) * (1.0 + room)
    inside = np.where(trip.mark < low, low, np.where(trip.mark > high, high, trip.mark))
    return np.where(np.isnan(close), trip.mark, inside)


def _rows_in_order(state: RiskState, held: IntVector) -> Matrix:
    """Return (m, n) the completed rows of the window, oldest first: they lie in a ring."""
    size, rows = state.arrays.returns.shape[1], state.rows
    first = (state.window.rows_total - rows) % size
    order = (first + np.arange(rows)) % size
    found: Matrix = state.arrays.returns[np.ix_(held, order)]
    return found


def _told(measures: Measures, metric: str) -> float:
    """Return a metric that has a number, else NaN."""
    return measures.value(metric) if measures.status(metric) <= Status.DEGRADED else math.nan
