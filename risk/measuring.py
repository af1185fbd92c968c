"""From arrays to measures: bring dirty scopes up to date and hand out the numbers of one."""

import math
from functools import partial
from hashlib import blake2b

import numpy as np

from risk.calendars import sessions_after
from risk.kernels.evaluate import mean_correlation_change
from risk.kernels.measure import measure
from risk.measures import METRIC_INDEX, METRICS, Measures, Status, Vector
from risk.state import RiskState
from risk.trust import scope_trust
from risk.working import book_row, exposed_row

COMPUTED = frozenset(METRICS) - {
    "stressed_var", "crisis_loss", "reverse_closeness",  # from the night's result on
}  # fmt: skip
_QUOTED_SESSIONS = 3


def prepare_scope(state: RiskState, p: int) -> None:
    """Set the statuses of a new scope: what nothing computes has no number."""
    for name, index in METRIC_INDEX.items():
        state.arrays.statuses[p, index] = Status.OK if name in COMPUTED else Status.INSUFFICIENT
    state.arrays.woken[p] = 1
    state.dirty.add(p)


def measure_dirty(state: RiskState) -> None:
    """Measure every scope that something has changed, in order; what is alive is woken by all but a price."""
    for p in sorted(state.dirty):
        measure(state.arrays, p)
        state.arrays.woken[p] |= state.arrays.alive[p]
    state.dirty.clear()


def doze(state: RiskState, p: int, bands: tuple[Vector, Vector] | None) -> None:
    """Let prices pass a scope that is alive while every metric stays above the first and not above the second."""
    if bands is not None:
        arrays = state.arrays
        arrays.dozing[p], arrays.settled[p] = 1, 0
        arrays.doze_low[p], arrays.wake[p] = bands


def rouse(state: RiskState, p: int, wake: Vector) -> None:
    """End that: a scope that is alive is looked at with every price; wake: its levels while all is well."""
    arrays = state.arrays
    arrays.dozing[p], arrays.settled[p] = 0, 0
    arrays.doze_low[p], arrays.wake[p] = -math.inf, wake


def measures_of(state: RiskState, p: int) -> Measures:
    """Return the measures of scope p as they stand."""
    arrays = state.arrays
    return Measures(
        scope=state.scopes[p],
        values=arrays.metrics[p].copy(),
        statuses=arrays.statuses[p].copy(),
        names=int(np.count_nonzero(arrays.exposure[exposed_row(state, p), : len(state.terms)])),
        nav=float(arrays.value[p]) if arrays.has_nav[p] == 1 else math.nan,
        known=bool(arrays.known[p]),
        trust=scope_trust(state, p),
        ask_correlation_change=partial(correlation_change, state, p),
        fits=state.tail_counts.get(p, 0),
        worst=arrays.worst[p].copy() if arrays.worked_row[p] >= 0 else None,
    )


def correlation_change(state: RiskState, p: int) -> float:
    """Return the fast mean correlation of scope p's book less the slow one, NaN for less than two names.

    Of the book in which K is at its worst, where orders work.
    """
    arrays = state.arrays
    row = book_row(state, p, int(arrays.worst[p, METRIC_INDEX["k_ratio"]]))
    held = np.flatnonzero(arrays.exposure[row, : len(state.terms)])
    return float(mean_correlation_change(arrays, held, arrays.exposure[row, held]))


def is_scope_quoted(state: RiskState, p: int) -> bool:
    """Say whether what the scope holds or orders, or a pair it needs, had a quote or trade within three sessions."""
    arrays = state.arrays
    count = len(state.terms)
    newest = np.maximum(arrays.quote_ts[:count], arrays.trade_ts[:count])
    held = state.named(p)
    for i in np.flatnonzero(held):
        for pair, _ in state.paths.get(state.terms[i].currency, ()):
            held[pair] = True
    last = int(newest[held].max()) if held.any() else 0
    return last > 0 and state.now_ns < sessions_after(state.base_calendar, last, _QUOTED_SESSIONS)


def input_digest(state: RiskState, p: int) -> str:
    """Return blake2b-128 in hex of what the scope's measures were computed from, and of the measures."""
    arrays = state.arrays
    count = len(state.terms)
    parts = (
        arrays.quantity[p, :count], arrays.unit[:count], arrays.loss[p, : state.rows], arrays.stress[p],
        arrays.metrics[p], arrays.statuses[p],
    )  # fmt: skip
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(part.tobytes())
    for book in state.books_of(p)[1:]:
        for part in (arrays.quantity[book, :count], arrays.loss[book, : state.rows], arrays.stress[book]):
            digest.update(part.tobytes())
    return digest.hexdigest()
