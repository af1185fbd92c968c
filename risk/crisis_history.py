"""What the state knows of named crises: their rows for a book, with proxies for who was not there yet."""

from dataclasses import dataclass

import numpy as np

from config.crises import Crisis
from risk.crisis_replay import CrisisReplay, Flags, replay_crisis
from risk.kernels.stress import mean_of_observed
from risk.measures import IntVector, Matrix, Vector
from risk.proxies import CellFlag
from risk.state import RiskState


@dataclass(frozen=True, slots=True)
class CrisisWindow:
    """One crisis over all instruments, in arrays that nothing changes any more.

    days : ordinals of its rows; returns, flags : (rows, N)
    """

    crisis: Crisis
    days: tuple[int, ...]
    returns: Matrix
    flags: Flags

    def replay(self, columns: IntVector, exposure: Vector) -> CrisisReplay:
        """Return what a book would have gone through; (m,) indices of its instruments and their exposures."""
        return replay_crisis(exposure, self.returns, self.flags, columns)


def known_crises(state: RiskState) -> tuple[Crisis, ...]:
    """Return the crises that are over and whose every row was completed, in the library's order."""
    dates = state.window.row_dates
    if not dates:
        return ()
    sessions = state.base_calendar.dates_sorted
    return tuple(
        crisis for crisis in state.crisis_rows.crises if state.crisis_rows.has_passed(crisis, sessions, dates[-1])
    )


def crisis_windows(state: RiskState) -> tuple[CrisisWindow, ...]:
    """Return the rows of every known crisis, proxies filled in for every instrument that came later."""
    rows = state.crisis_rows
    crises = known_crises(state)
    if not crises:
        return ()
    rows.widen(len(state.terms))
    for i in range(len(state.terms)):
        if rows.is_blank(i):
            _fill(state, i)
    returns, flags = rows.frozen()
    windows = []
    for crisis in crises:
        first, stop = rows.span(crisis)
        windows.append(CrisisWindow(crisis, tuple(rows.days[first:stop]), returns[first:stop], flags[first:stop]))
    return tuple(windows)


def stand_in(state: RiskState, i: int) -> str:
    """Return what stands for instrument i first where it has no return of its own: for reports."""
    terms = state.terms[i]
    if terms.proxy is not None:
        return f"{terms.proxy[1]:g} x {terms.proxy[0]}"
    return f"mean of {terms.sector}" if terms.sector is not None else f"mean of {terms.kind}.{terms.currency}"


def _fill(state: RiskState, i: int) -> None:
    """Give an instrument its proxied cells in the rows that were completed before it was known, once.

    The order of semantics.md: its proxy, the mean of its sector, that of its kind and currency; what nothing stands
    for stays UNMODELLED.
    """
    rows, terms = state.crisis_rows, state.terms[i]
    count = rows.unfilled(i)
    cells, kinds = np.zeros(count), np.full(count, CellFlag.UNMODELLED, dtype=np.int8)
    if terms.kind == "cash" and terms.currency == state.config.base_currency:
        rows.fill(i, cells, np.full(count, CellFlag.CLOSED, dtype=np.int8))
        return
    returns, flags = rows.cells()
    means, counts = np.zeros(count), np.zeros(count, dtype=np.int64)
    for members, beta in _sources(state, i):
        mean_of_observed(returns[:count], flags[:count], members, int(CellFlag.OBSERVED), means, counts)
        found = (kinds == CellFlag.UNMODELLED) & (counts > 0)
        cells[found], kinds[found] = beta * means[found], CellFlag.PROXIED
    rows.fill(i, cells, kinds)


def _sources(state: RiskState, i: int) -> list[tuple[IntVector, float]]:
    """Return the groups that may stand for instrument i, each with its beta, in order."""
    terms = state.terms[i]
    sources: list[tuple[IntVector, float]] = []
    if terms.proxy is not None:
        j = state.instrument_index.get(terms.proxy[0])
        if j is not None and j != i:
            sources.append((np.array([j], dtype=np.int64), terms.proxy[1]))
    others = [(j, other) for j, other in enumerate(state.terms) if j != i]
    groups = (
        [j for j, other in others if terms.sector is not None and other.sector == terms.sector],
        [j for j, other in others if other.kind == terms.kind and other.currency == terms.currency],
    )
    return sources + [(np.array(group, dtype=np.int64), 1.0) for group in groups if group]
