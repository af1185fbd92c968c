"""NAV events: V is rebased, the flow-adjusted index goes on, and parents that are sums follow."""

import math

from risk.coins import forget_coins
from risk.portfolios import refresh_nav_known, subtree
from risk.state import RiskState


def apply_nav(state: RiskState, p: int, nav: float, flow: float) -> None:
    """Rebase V of scope p to `nav`; `flow` came in before it. Both in base currency.

    index *= (nav - flow) / V_before (semantics.md, NAV); a first nav is a flow of its own into the parents.
    """
    arrays = state.arrays
    first = math.isnan(arrays.value[p]) or arrays.has_nav[p] == 0
    before = 0.0 if math.isnan(arrays.value[p]) else float(arrays.value[p])
    flow = nav - before if first else flow
    if not first:
        arrays.day_pnl[p] += nav - flow - before
    _rebase(state, p, nav, flow)
    arrays.has_nav[p] = 1
    arrays.own_nav[p] = 1
    below = set(subtree(state, state.scopes[p]))
    forget_coins(state, below)
    for (leaf, _), holding in state.holdings.items():
        if leaf in below:
            holding.unpriced.clear()  # the nav has told what these fills are worth
    state.nav_ts[p] = state.now_ns
    gain, into_parents = nav - before, flow
    above = int(arrays.parent[p])
    while above >= 0:
        if arrays.own_nav[above] == 1:
            if first:
                break  # its own navs have held this child all along
            gain = into_parents  # they tell the rest themselves; a flow reaches them too
        elif not first:
            arrays.day_pnl[above] += gain - into_parents
        old = float(arrays.value[above])
        _rebase(state, above, (0.0 if math.isnan(old) else old) + gain, into_parents)
        above = int(arrays.parent[above])
    refresh_nav_known(state, p)
    state.dirty.update(state.path_of(p))


def reset_high_water(state: RiskState, p: int) -> None:
    """The operator's command: the high-water mark is the index of now, and a broken index starts anew.

    Without a V above zero there is no index to start, so that nothing changes.
    """
    arrays = state.arrays
    if arrays.has_nav[p] == 0 or not arrays.value[p] > 0.0:
        return
    if arrays.index_valid[p] == 0:
        arrays.index_base[p], arrays.value_base[p], arrays.index_valid[p] = 1.0, arrays.value[p], 1
    arrays.high_water[p] = arrays.index_base[p] * (arrays.value[p] / arrays.value_base[p])
    state.dirty.add(p)


def _rebase(state: RiskState, p: int, nav: float, flow: float) -> None:
    arrays = state.arrays
    before = float(arrays.value[p])
    if math.isnan(before) or arrays.index_base[p] == 0.0:
        arrays.index_base[p] = 1.0
        arrays.high_water[p] = 1.0
    elif before <= 0.0 or not arrays.value_base[p] > 0.0:
        arrays.index_valid[p] = 0
    else:
        index = float(arrays.index_base[p]) * (before / float(arrays.value_base[p]))
        arrays.index_base[p] = index * ((nav - flow) / before)
    arrays.value[p] = nav
    arrays.value_base[p] = nav
    if nav <= 0.0:
        arrays.index_valid[p] = 0
