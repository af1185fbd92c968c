"""The SIMULATED daily closes before the real minutes: a random walk whose spread clusters, joined to the first quotes.

Nothing here is a price that anybody ever paid. It only needs arithmetic that every machine does alike: no exp, no log.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from tests.recordings.coin_contracts import CONTRACTS, INVERSE, LINEAR, SPOT, STABLE

SEED = 20240809
DAYS = 757  # the first gives levels, so the window of 756 rows is full
LAST_DATE = date(2024, 8, 7)  # the session that ends when that of the real minutes begins

_DAILY_SIGMA = {"BTC": 0.026, "ETH": 0.034}
_SHARED = 0.84  # correlation of the two coins
_JUMP_RATE = 0.012
_BASIS_SIGMA = 0.0003  # of a perpetual's price against the coin's, a day
_BASIS_MEMORY = 0.6
_STABLE_SIGMA = 0.0002


@dataclass(frozen=True, slots=True)
class HistoricalCloses:
    """dates: ISO, increasing; prices: one mapping a date, instrument to price, on the instrument's tick."""

    dates: tuple[str, ...]
    prices: tuple[dict[str, float], ...]


def simulate_closes(first: Mapping[str, float]) -> HistoricalCloses:
    """DAYS closes that end one simulated day before `first`, the first real mid of each instrument."""
    draw = Random(SEED)
    moves = _coin_moves(draw, DAYS + 1)  # the last one leads from the last close to the first real mid
    spreads = {name: _around(draw, DAYS + 1, _BASIS_SIGMA) for name in (*LINEAR, *INVERSE)}
    stable = _around(draw, DAYS + 1, _STABLE_SIGMA)
    levels = {CONTRACTS[name].coin: first[name] for name in SPOT}
    premium = {name: first[name] / levels[CONTRACTS[name].coin] for name in (*LINEAR, *INVERSE)}
    rows: list[dict[str, float]] = []
    for day in range(DAYS - 1, -1, -1):
        for coin, moved in moves.items():
            levels[coin] /= 1.0 + moved[day + 1]
        row = {name: levels[CONTRACTS[name].coin] for name in SPOT}
        for name, around in spreads.items():
            row[name] = levels[CONTRACTS[name].coin] * premium[name] * (1.0 + around[day])
        row[STABLE] = first[STABLE] * (1.0 + stable[day])
        rows.append({name: _on_tick(price, CONTRACTS[name].tick) for name, price in row.items()})
    dates = tuple((LAST_DATE - timedelta(days=back)).isoformat() for back in range(DAYS - 1, -1, -1))
    return HistoricalCloses(dates, tuple(reversed(rows)))


def _coin_moves(draw: Random, days: int) -> dict[str, list[float]]:
    """Daily returns of both coins: one spread for both that clusters as in a GARCH(1,1), and rare jumps."""
    moves: dict[str, list[float]] = {coin: [] for coin in _DAILY_SIGMA}
    variance = 1.0
    for _ in range(days):
        spread = math.sqrt(variance)
        common, own = _normal(draw), _normal(draw)
        jump = 4.0 * (draw.random() - 0.6) if draw.random() < _JUMP_RATE else 0.0
        shocks = {"BTC": common + jump, "ETH": _SHARED * common + math.sqrt(1.0 - _SHARED**2) * own + jump}
        for coin, sigma in _DAILY_SIGMA.items():
            moves[coin].append(max(-0.3, sigma * spread * shocks[coin]))
        variance = 0.06 + 0.09 * variance * (common + jump) ** 2 + 0.85 * variance
    return moves


def _around(draw: Random, days: int, sigma: float) -> list[float]:
    """A mean-reverting gap around 0 with daily innovations of `sigma`."""
    gap, gaps = 0.0, []
    for _ in range(days):
        gap = _BASIS_MEMORY * gap + sigma * _normal(draw)
        gaps.append(gap)
    return gaps


def _normal(draw: Random) -> float:
    """Near normal by twelve uniforms: the same bits on every machine, which a libm's logarithm does not promise."""
    return math.fsum(draw.random() for _ in range(12)) - 6.0


def _on_tick(price: float, tick: float) -> float:
    return round(round(price / tick) * tick, 4)
