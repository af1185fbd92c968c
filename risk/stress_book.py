"""One scope's book with all that the stress tools need of the state: a copy, which nothing changes any more."""

import math
from dataclasses import dataclass

import numpy as np

from risk.crisis_history import CrisisWindow, stand_in
from risk.measures import IntVector, Matrix, Status, Vector
from risk.parametric import parametric_status
from risk.scaled_shocks import ScaledShocks
from risk.state import RiskState


@dataclass(frozen=True, slots=True)
class StressBook:
    """One scope's book as it stood.

    names     : (m,) instruments with an exposure, `columns` their indices; stand_ins: what stands for each where it
                has no history; order: places of the names, the largest first
    exposure  : (m,) base currency; sigma : (m, m) covariance a day of these names; nav: NaN where it is unknown
    data      : status of the scope's data; rows: completed rows
    scenarios : ids, in the order of `shocks`
    """

    names: tuple[str, ...]
    columns: IntVector
    stand_ins: tuple[str, ...]
    order: tuple[int, ...]
    exposure: Vector
    sigma: Matrix
    nav: float
    data: Status
    rows: int
    scenarios: tuple[str, ...]
    shocks: ScaledShocks
    windows: tuple[CrisisWindow, ...]
    history: str  # digest of the kept rows

    @property
    def modelled(self) -> Status:
        """Status of what rests on the covariance; an empty book needs none."""
        return max(self.data, parametric_status(self.rows)) if self.names else self.data


def stress_book(state: RiskState, p: int, shocks: ScaledShocks, windows: tuple[CrisisWindow, ...]) -> StressBook:
    """Return the book of scope p at this moment; shocks, windows: of all instruments."""
    arrays = state.arrays
    held: IntVector = np.flatnonzero(arrays.exposure[p, : len(state.terms)]).astype(np.int64)
    names = tuple(state.terms[i].name for i in held)
    sizes = np.abs(arrays.exposure[p, held]).tolist()
    return StressBook(
        names=names,
        columns=held,
        stand_ins=tuple(stand_in(state, i) for i in held),
        order=tuple(sorted(range(len(names)), key=lambda at: (-sizes[at], names[at]))),
        exposure=arrays.exposure[p, held].copy(),
        sigma=arrays.sigma[np.ix_(held, held)],
        nav=float(arrays.value[p]) if arrays.has_nav[p] == 1 else math.nan,
        data=Status(int(arrays.data_status[p])),
        rows=state.rows,
        scenarios=tuple(scenario.id for scenario in state.scenarios),
        shocks=shocks.of(held),
        windows=windows,
        history=state.crisis_rows.digest,
    )
