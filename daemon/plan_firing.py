"""How long each limit fired in a replay, in open time of its scope: seen while the core decides."""

from dataclasses import dataclass

import numpy as np

from enforcement.records import Action, Decision, LifeState
from risk.calendars import open_ns_between, union
from risk.state import RiskState

_ACTING = (LifeState.FIRING, LifeState.RECOVERING, LifeState.LATCHED)
_BLIND = (LifeState.NO_DATA, LifeState.ERROR)


@dataclass(frozen=True, slots=True)
class Firing:
    """One level of one limit in one scope: how often it began to fire, and for how long it held, open time in ns."""

    limit: str
    scope: str
    level: str
    began: int
    open_ns: int


class FiringWitness:
    """Adds up, for every level, the open time from its firing to its end; missing data holds what was."""

    def __init__(self) -> None:
        self._state: RiskState | None = None
        self._since: dict[tuple[str, str, str], int] = {}
        self._began: dict[tuple[str, str, str], int] = {}
        self._open_ns: dict[tuple[str, str, str], int] = {}

    def see(self, state: RiskState, p: int, decision: Decision) -> None:
        """Take in a decision."""
        self._state = state
        key = (decision.limit, decision.scope, decision.level)
        is_up = decision.life in _ACTING or (decision.life in _BLIND and key in self._since)
        if is_up and key not in self._since:
            self._since[key] = decision.ts_decided
            self._began[key] = self._began.get(key, 0) + 1
        elif not is_up and key in self._since:
            self._add(state, p, key, decision.ts_decided)

    def follow(self, state: RiskState, p: int, action: Action) -> None:
        """Leave a record aside that follows an action: no level fires or ends with it."""

    def firings(self, end_ns: int) -> list[Firing]:
        """Return what every level that ever fired did up to `end_ns`, the end of the replay; call it once."""
        state = self._state
        for key in list(self._since):
            assert state is not None, "what fires was decided on a state"
            self._add(state, state.scope_index[key[1]], key, end_ns)
        return [Firing(*key, self._began[key], self._open_ns.get(key, 0)) for key in sorted(self._began)]

    def _add(self, state: RiskState, p: int, key: tuple[str, str, str], end_ns: int) -> None:
        start_ns = self._since.pop(key)
        codes = sorted({state.terms[i].calendar for i in np.flatnonzero(state.named(p))})
        calendars = tuple(state.calendars[code] for code in codes or [state.base_calendar.code])
        lasted_ns = open_ns_between(calendars[0] if len(calendars) == 1 else union(calendars), start_ns, end_ns)
        self._open_ns[key] = self._open_ns.get(key, 0) + lasted_ns
