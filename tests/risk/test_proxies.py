"""What stands in for returns that were not seen, when an instrument joins."""

import numpy as np

from tests.helpers import SECOND_NS, EventDict, close, close_of, open_of, play, quote, small_setup, snapshot, stock

DAYS = 120
PERPETUAL: EventDict = {
    "kind": "perpetual",
    "contract": "inverse",
    "multiplier": 100.0,
    "settle_currency": "XBT",
    "closes": "official",
    "proxy": {"instrument": "AA", "beta": 2.0},
}


def test_a_coin_joins_with_the_returns_bounds_and_covariance_of_its_contract() -> None:
    """Coins that a new contract wins are as risky as it is; without a place in the covariance they would look safe."""
    steps = np.random.default_rng(3).normal(0.0, 0.02, DAYS)
    events = [stock("AA"), snapshot({("firm", "AA"): 1.0}, open_of(0))]
    events += [close("AA", day, float(price)) for day, price in enumerate(100.0 * np.cumprod(1.0 + steps))]
    after = close_of(DAYS - 1) + SECOND_NS
    events += [stock("PP", ts=after, **PERPETUAL), quote("PP", 9_000.0, after + 1)]
    state = play(events, small_setup()).core.state
    base, contract, coin = (state.instrument_index[name] for name in ("AA", "PP", "cash:XBT"))
    returns, sigma, rows = state.arrays.returns, state.arrays.sigma, state.rows
    assert rows == DAYS - 1
    assert np.array_equal(returns[coin, :rows], 2.0 * returns[base, :rows])
    assert state.arrays.returns_min[coin] == returns[coin, :rows].min()
    assert state.arrays.returns_max[coin] == returns[coin, :rows].max()
    np.testing.assert_allclose(sigma[coin, [base, contract, coin]], sigma[base, base] * np.array([2.0, 4.0, 4.0]))
    assert np.array_equal(sigma[:, coin], sigma[coin])
    assert state.arrays.proxied[coin] == 1.0
