"""Random risk arrays for kernels: a root over three leaves, filled windows, books rebuilt from nothing."""

from collections.abc import Callable, Collection

import numpy as np

from config.liquidity import LiquidityConfig
from risk.arrays import Arrays, Scalar, Setting, allocate
from risk.kernels.book import rebuild
from risk.kernels.measure import measure
from risk.kernels.window import align_twins
from risk.liquidity import write_liquidity, write_settings
from risk.measures import BOOKS, METRICS, Status

NAMES, LEAVES, ROWS, SCENARIOS = 11, (1, 2, 3), 140, 4
ROOM, WORKED = 6, (0, 1, 2)  # rows for scopes, and the scopes that get orders


def random_arrays(seed: int, *, rows: int = ROWS, names: int = NAMES, orders: bool = False) -> Arrays:
    """Return arrays whose books are whole: root 0 is the sum of the leaves; every name has a price.

    orders : leaves 1 and 2 have working orders, and with them the root; leaf 2 holds nothing else
    All scopes are measured, none is woken, nothing is stale.
    """
    draw = np.random.Generator(np.random.Philox(seed))
    arrays = allocate(names + 2, ROOM + len(WORKED) * len(BOOKS), max(rows, ROWS), SCENARIOS, 2)
    arrays.scalars[:7] = (10**18, names, 1 + len(LEAVES), rows, SCENARIOS, 0, 0)
    arrays.mark[:names] = draw.uniform(5.0, 200.0, names)
    arrays.pnl_unit[:names] = draw.choice([1.0, 0.5, 10.0], names)
    arrays.unit[:names] = arrays.mark[:names] * arrays.pnl_unit[:names]
    arrays.fast[:names], arrays.band[:names] = 1, 0.2
    arrays.last_source[:names] = 0
    arrays.returns[:names, :rows] = draw.standard_t(4, (names, rows)) * 0.01
    arrays.returns_min[:names] = np.minimum(0.0, arrays.returns[:names].min(axis=1))
    arrays.returns_max[:names] = np.maximum(0.0, arrays.returns[:names].max(axis=1))
    arrays.shocks[:names] = draw.uniform(-0.5, 0.1, (names, SCENARIOS))
    arrays.covered[:names] = 1.0
    arrays.scenario_limit[:] = draw.uniform(1e3, 1e6, SCENARIOS)
    factors = draw.standard_normal((names, 4)) * 0.01
    arrays.sigma[:names, :names] = factors @ factors.T + np.diag(draw.uniform(1e-5, 1e-4, names))
    slow = np.random.Generator(np.random.Philox([seed, 1])).standard_normal((names, 4)) * 0.01
    arrays.slow_sigma[:names, :names] = slow @ slow.T + 5e-5 * np.eye(names)
    align_twins(arrays)
    arrays.leaf[list(LEAVES)], arrays.parent[list(LEAVES)] = 1, 0
    quantities = np.round(draw.normal(0, 300, (len(LEAVES), names))) * (draw.random((len(LEAVES), names)) < 0.7)
    if orders:
        quantities[1] = 0.0
    arrays.quantity[list(LEAVES), :names] = quantities
    arrays.quantity[0, :names] = quantities.sum(axis=0)
    count = 1 + len(LEAVES)
    arrays.known[:count] = arrays.has_nav[:count] = 1
    arrays.value[list(LEAVES)] = draw.uniform(1e5, 1e6, len(LEAVES))
    arrays.value[0] = arrays.value[list(LEAVES)].sum()
    arrays.value_base[:count] = arrays.value[:count] * draw.uniform(0.9, 1.1, count)
    arrays.index_base[:count], arrays.high_water[:count] = 1.1, 1.2
    arrays.day_pnl[:count] = draw.normal(0, 1e3, count)
    arrays.statuses[:count] = Status.OK
    arrays.settings[Setting.STALE_GROSS_MAX], arrays.settings[Setting.AHEAD_NS_MAX] = 0.01, 60 * 10**9
    write_settings(arrays, LiquidityConfig())
    for i in range(names):  # from days to years of volume, spreads of 1 to 50 bp
        adv, spread = float(10.0 ** draw.uniform(0.5, 4.0)), float(draw.uniform(1e-4, 5e-3))
        write_liquidity(arrays, i, adv=adv, spread=spread, is_cash=False, rules=LiquidityConfig())
    arrays.traded[list(LEAVES)] = draw.uniform(0.0, 2e6, len(LEAVES))
    arrays.traded[0] = arrays.traded[list(LEAVES)].sum()
    arrays.nav_row[1:count] = arrays.value[1:count] * draw.uniform(0.9, 1.1, len(LEAVES))
    if orders:
        _give_orders(arrays, draw, names)
    for p in range(count):
        rebuild(arrays, p)
        measure(arrays, p)
        arrays.woken[p] = 0
    return arrays


def _give_orders(arrays: Arrays, draw: np.random.Generator, names: int) -> None:
    """Open orders on both sides of about half the names of two leaves; the books that they could make are whole."""
    buys, sells = (np.round(draw.uniform(0, 300, (2, names))) * (draw.random((2, names)) < 0.5) for _ in range(2))
    arrays.scalars[Scalar.WORKING] = len(WORKED)
    for place, p in enumerate(WORKED):
        first = arrays.worked_row[p] = ROOM + place * len(BOOKS)
        buy, sell = (side.sum(axis=0) if p == 0 else side[p - 1] for side in (buys, sells))
        held = arrays.quantity[p, :names]
        up, down = held + buy, held - sell
        larger = np.where(np.abs(up) >= np.abs(down), up, down)
        for book, quantity in enumerate((held, up, down, larger)):
            arrays.quantity[first + book, :names] = quantity
            arrays.value_base[first + book] = arrays.high_water[first + book] = 1.0
            if book:
                rebuild(arrays, first + book)


def copied(arrays: Arrays) -> Arrays:
    """Return a copy that shares nothing."""
    return Arrays._make(array.copy() for array in arrays)


def assert_same_bytes(one: Arrays, other: Arrays, *, apart_from: Collection[str] = ()) -> None:
    """Compare every array bit by bit, but for those that are named."""
    for name, left, right in zip(Arrays._fields, one, other, strict=True):
        assert name in apart_from or left.tobytes() == right.tobytes(), f"{name} differs"


def assert_twin(kernel: Callable[..., object], arrays: Arrays, *arguments: object) -> None:
    """Run a kernel and its own `.py_func` on copies and compare what they return and change, bit by bit."""
    compiled, plain = copied(arrays), copied(arrays)
    python: Callable[..., object] = getattr(kernel, "py_func")  # noqa: B009 -- numba's dispatchers are untyped
    with np.errstate(all="ignore"):
        found = python(plain, *arguments)
    given = kernel(compiled, *arguments)
    assert np.asarray(given).tobytes() == np.asarray(found, dtype=np.asarray(given).dtype).tobytes()
    assert_same_bytes(compiled, plain)


def metric(arrays: Arrays, p: int, name: str) -> float:
    """Return a metric of a scope."""
    return float(arrays.metrics[p, METRICS.index(name)])


def status(arrays: Arrays, p: int, name: str) -> Status:
    """Return a metric's status."""
    return Status(int(arrays.statuses[p, METRICS.index(name)]))
