"""How far the prices of what is held may be trusted, for the report."""

import numpy as np

from risk.state import RiskState
from risk.trust import has_value, is_suspect

TRUSTS = ("fresh", "stale", "suspect", "missing")
_NAMED_MAX = 20


def held_trust(state: RiskState) -> tuple[dict[str, int], dict[str, str]]:
    """Return the held instruments by trust, and the trust of the first twenty that are not fresh, by name."""
    count = len(state.terms)
    held = np.flatnonzero(np.any(state.arrays.quantity[: len(state.scopes), :count] != 0.0, axis=0)).tolist()
    counts = dict.fromkeys(TRUSTS, 0)
    not_fresh: dict[str, str] = {}
    for i in held:
        trust = _trust(state, i)
        counts[trust] += 1
        if trust != "fresh" and len(not_fresh) < _NAMED_MAX:
            not_fresh[state.terms[i].name] = trust
    return counts, not_fresh


def _trust(state: RiskState, i: int) -> str:
    """Return the worst that is true of the instrument."""
    if not has_value(state, i):
        return "missing"
    if i in state.stale or state.window.unmodelled[i] > 0:
        return "stale"
    return "suspect" if is_suspect(state, i) else "fresh"
