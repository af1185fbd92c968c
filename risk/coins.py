"""Coins that inverse contracts have won or lost since the last nav or snapshot: a cash position in the coin."""

from risk.instruments import coin_name, coin_of
from risk.kernels.book import add_pnl
from risk.quantities import refresh_quantity
from risk.state import Holding, RiskState


def move_coins(state: RiskState, i: int, old: float, new: float) -> None:
    """After the mark of inverse contract i has moved from `old` to `new`: q m (1/old - 1/new) coins, at today's rate.

    The sum telescopes: the position is computed from the mark it began at, so that small steps do not drift.
    """
    terms = state.terms[i]
    coin = coin_of(terms)
    cash = state.instrument_index[coin_name(coin or terms.currency)]
    rate = float(state.arrays.unit[cash])
    for p in state.holders(i):
        if state.arrays.leaf[p] == 0:
            continue
        face = float(state.arrays.quantity[p, i]) * terms.multiplier
        banked, begun = state.coins.setdefault((p, i), (0.0, old))
        holding = state.holdings.setdefault((p, cash), Holding())
        before = holding.base
        holding.base = _others(state, p, i, coin) + banked + face * (1.0 / begun - 1.0 / new)
        add_pnl(state.arrays, p, (holding.base - before) * rate)
        refresh_quantity(state, p, cash)


def add_coins(state: RiskState, leaf: int, i: int, coins: float) -> None:
    """Add coins won by a fill: the difference between its price and the mark."""
    mark = float(state.arrays.mark[i])
    banked, begun = state.coins.setdefault((leaf, i), (0.0, mark))
    state.coins[(leaf, i)] = (banked + coins, begun)
    cash = state.instrument_index[coin_name(coin_of(state.terms[i]) or state.terms[i].currency)]
    holding = state.holdings.setdefault((leaf, cash), Holding())
    holding.base += coins
    add_pnl(state.arrays, leaf, coins * float(state.arrays.unit[cash]))
    refresh_quantity(state, leaf, cash)


def forget_coins(state: RiskState, scopes: set[int]) -> None:
    """A nav or a snapshot states what there is: coins of these leaves are part of it from now on."""
    for leaf, i in sorted(key for key in state.coins if key[0] in scopes):
        del state.coins[(leaf, i)]
        cash = state.instrument_index[coin_name(coin_of(state.terms[i]) or state.terms[i].currency)]
        state.holdings[(leaf, cash)].base = 0.0
        refresh_quantity(state, leaf, cash)


def _others(state: RiskState, leaf: int, i: int, coin: str | None) -> float:
    """Return the coins of the same kind that other contracts of the leaf have won."""
    total = 0.0
    for p, j in sorted(state.coins):
        if p == leaf and j != i and coin_of(state.terms[j]) == coin:
            banked, begun = state.coins[(p, j)]
            face = float(state.arrays.quantity[p, j]) * state.terms[j].multiplier
            total += banked + face * (1.0 / begun - 1.0 / float(state.arrays.mark[j]))
    return total
