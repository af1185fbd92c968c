"""What an action would have saved: the frozen book of the trip against the same book reduced as the action asked."""

import math
from dataclasses import dataclass

import numpy as np

from daemon.report_html.episodes import Episode
from daemon.report_html.run_data import RunData
from risk.measures import Matrix, Vector

REFUSES_INCREASES = ("reduce_position", "halt")


@dataclass(frozen=True, slots=True)
class Saving:
    """P&L of books that nobody touches between the trip and the clearing, base currency; gains are positive.

    rows        : completed rows in between; 0: it cleared before the next one
    gross       : exposure of the book at the trip; cut: share of it that the action asked to close
    to_low      : P&L of the frozen book at its lowest point; at_end: at the clearing
    saved_low, saved_end : what the reduction would have changed by then: more than 0 is better off with it
    low         : row of the lowest point, None where the frozen book was never under water
    tenth_low, tenth_end : what a tenth less of every position would have changed: for scale, nothing asked for it
    refused     : P&L that the increases made which were traded while it fired, with the sign turned: what refusing
                  them would have saved; None where the action refuses none
    """

    rows: int
    gross: float
    cut: float
    to_low: float
    at_end: float
    saved_low: float
    saved_end: float
    low: int | None
    refused: float | None

    @property
    def tenth_low(self) -> float:
        """What a tenth less of everything would have changed at the low."""
        return -0.1 * self.to_low

    @property
    def tenth_end(self) -> float:
        """What a tenth less of everything would have changed at the clearing."""
        return -0.1 * self.at_end


def saving(run: RunData, episode: Episode) -> Saving | None:
    """Return what the episode's first action would have saved, None where the book of its trip is not in the series.

    Quantities are held still and returns compounded, hedges included; the rows after the trip up to the clearing
    count, the first from the marks of the trip on. No costs, no financing, nothing bought instead.
    """
    book = run.books.get(episode.first.d)
    if book is None:
        return None
    n = len(run.instruments)
    quantity, unit, since = (_padded(values, n) for values in (book.quantity, book.unit, book.since))
    first = int(np.searchsorted(run.ts, episode.start_ns, side="right"))
    end_ns = int(run.ts[-1]) if episode.end_ns is None else episode.end_ns
    stop = int(np.searchsorted(run.ts, end_ns, side="right"))
    growth = np.cumprod(1.0 + run.returns[first:stop], axis=0) / (1.0 + since)
    exposure = quantity * unit
    kept = reduced_share(episode, run.instruments, quantity)
    frozen = _profits(growth, exposure)
    lighter = _profits(growth, exposure * kept)
    gross = math.fsum(np.abs(exposure).tolist())
    asked = math.fsum(np.abs(exposure * (1.0 - kept)).tolist())
    low = int(np.argmin(frozen)) if frozen.size and frozen.min() < 0.0 else None
    refuses = episode.first.decided_type in REFUSES_INCREASES
    return Saving(
        rows=stop - first,
        gross=gross,
        cut=asked / gross if gross > 0.0 else 0.0,
        to_low=float(frozen[low]) if low is not None else 0.0,
        at_end=float(frozen[-1]) if frozen.size else 0.0,
        saved_low=float(lighter[low] - frozen[low]) if low is not None else 0.0,
        saved_end=float(lighter[-1] - frozen[-1]) if frozen.size else 0.0,
        low=None if low is None else first + low,
        refused=_refused(run, episode, exposure * kept, growth, first, stop) if refuses else None,
    )


def reduced_share(episode: Episode, instruments: tuple[str, ...], quantity: Vector) -> Vector:
    """Return (N,) the share of each position that the action leaves: all of it where no target names it."""
    params = episode.first.params
    if params.flatten:
        return np.zeros(len(instruments))
    kept = np.ones(len(instruments))
    place = {name: i for i, name in enumerate(instruments)}
    for target in params.targets or ():
        i = place.get(target.instrument)
        if i is not None and quantity[i] != 0.0:
            kept[i] = min(1.0, target.max_abs_qty / abs(quantity[i]))
    return kept


def _profits(growth: Matrix, exposure: Vector) -> Vector:
    """Return the P&L since the trip after each row."""
    return np.array([math.fsum((exposure * (row - 1.0)).tolist()) for row in growth])


def _refused(run: RunData, episode: Episode, held: Vector, growth: Matrix, first: int, stop: int) -> float:
    """Return minus the P&L of what was held beyond the trip's book: positions that a reducing state had refused."""
    exposure = run.scope(episode.first.scope).exposure
    parts: list[float] = []
    for row in range(first + 1, stop):  # the book of the row before meets the returns of this one
        cap = held * growth[row - 1 - first]
        actual = exposure[row - 1]
        allowed = np.where(
            np.sign(actual) == np.sign(cap), np.sign(actual) * np.minimum(np.abs(actual), np.abs(cap)), 0.0
        )
        parts += ((allowed - actual) * run.returns[row]).tolist()
    return math.fsum(parts)


def _padded(values: tuple[float, ...], width: int) -> Vector:
    return np.array([*values, *([0.0] * (width - len(values)))])
