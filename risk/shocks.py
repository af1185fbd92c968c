"""Which shock of a scenario an instrument takes: the first key that hits, in base currency."""

from risk.instruments import Terms, cell_return
from risk.state import RiskState

_BASIS_POINT = 1e-4
FALL_MAX = -0.9999  # no price is shocked under a ten-thousandth of itself


def price_move(scenario: dict[str, float], terms: Terms) -> float | None:
    """Return the relative move of the instrument's own price as it is told, or None where no key hits.

    Order: instrument > underlying > sector > kind.currency > kind. A bond's shock is in basis points of yield and
    moves its price by -duration times it.
    """
    keys = (terms.name, terms.underlying, terms.sector, f"{terms.kind}.{terms.currency}", terms.kind)
    for key in keys:
        if key is not None and key in scenario:
            shock = scenario[key]
            if terms.kind == "bond":
                shock = -(terms.duration or 0.0) * shock * _BASIS_POINT
            return shock
    return None


def price_shock(scenario: dict[str, float], terms: Terms) -> float | None:
    """Return the relative move of the instrument's own price, or None; prices never fall by more than 99.99 %."""
    move = price_move(scenario, terms)
    return None if move is None else max(move, FALL_MAX)


def own_move(scenario: dict[str, float], terms: Terms) -> tuple[float, bool] | None:
    """Return (move, inverted) of an instrument or a pair as it is told, without a floor; None where no key hits.

    inverted : the move is that of the pair quoted the other way round
    """
    if terms.kind == "fx":
        for key in (f"fx.{terms.base}{terms.quote}", f"fx.{terms.name}"):
            if key in scenario:
                return scenario[key], False
        if (other := scenario.get(f"fx.{terms.quote}{terms.base}")) is not None:
            return other, True
    move = price_move(scenario, terms)
    return None if move is None else (move, False)


def currency_shock(state: RiskState, scenario: dict[str, float], currency: str) -> float:
    """Return the relative move of base currency per unit of `currency`, by the `fx.<pair>` keys along its path."""
    factor = 1.0
    for pair, inverted in state.paths.get(currency, ()):
        terms = state.terms[pair]
        shock = _pair_shock(scenario, terms) or 0.0
        factor = factor / (1.0 + shock) if inverted else factor * (1.0 + shock)
    return factor - 1.0


def bind_instrument(state: RiskState, i: int) -> None:
    """Write instrument i's shock in every scenario; the caller rebuilds the books that hold it."""
    arrays, terms = state.arrays, state.terms[i]
    for k, scenario in enumerate(state.scenarios):
        table = dict(scenario.shocks)
        own = _pair_shock(table, terms)
        move = currency_shock(state, table, terms.currency)
        arrays.shocks[i, k] = cell_return(terms, own or 0.0, move)
        is_still = terms.kind == "cash" and (terms.currency == state.config.base_currency or move != 0.0)
        arrays.covered[i, k] = float(own is not None or is_still)  # cash has nothing to shock but its currency


def bind_all(state: RiskState) -> None:
    """Write every shock anew: a pair has got its first price, so that currencies are reached by other paths."""
    for i in range(len(state.terms)):
        bind_instrument(state, i)
    state.rebuild_all()


def _pair_shock(table: dict[str, float], terms: Terms) -> float | None:
    told = own_move(table, terms)
    if told is None:
        return None
    move = max(told[0], FALL_MAX)
    return 1.0 / (1.0 + move) - 1.0 if told[1] else move
