"""The preallocated arrays of the risk state, as one named tuple that kernels take whole."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk.measures import METRICS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CANDIDATES = 96  # worst scenarios kept sorted per book; 38 are needed at 95 % of 756 rows
LANES, BLOCKS = 16, 8  # a strip of a sum over instruments: 16 lanes of 8 (risk/kernels/sums.py)
STRIP = LANES * BLOCKS
BUDGETS = 6
LIQUID = 4
SUMS_SCRATCH = 6 * LANES + 2 * STRIP


class Arrays(NamedTuple):
    """N instruments (capacity), P books (capacity), T rows, S scenarios, K metrics.

    Books are the scopes, and after all that there is room for, the books that working orders could make of some
    (risk/working.py). Money is in base currency, prices in the instrument's own; times are ns since the epoch, 0 for
    never.
    """

    # --- instruments, (N,)
    mark: Floats  # NaN: no price yet
    mark_ts: Ints
    mark_source: Ints  # Source
    unit: Floats  # exposure of one unit; 0 where there is no value
    pnl_unit: Floats  # base currency won by one unit when the price rises by one
    floor: Floats  # a price must be above it
    band: Floats  # relative move beyond which a price is quarantined
    fast: Ints  # 1: fresh, valued, linear, no pair of a currency path: kernels may take its prices alone
    quote_fresh: Ints
    quote_mid: Floats
    quote_ts: Ints
    trade_price: Floats
    trade_ts: Ints
    last_ts: Ints  # of the quote or trade last applied
    last_source: Ints  # index of the partition it came from, -1 none
    untrusted: Floats  # 1.0: stale or unmodelled
    suspect: Floats  # 1.0: a price is in quarantine, or a bad record named it
    spread: Floats  # relative, that costs are computed with; NaN unknown
    spread_reference: Floats  # of the reference data; NaN unknown
    spread_count: Floats  # quotes that the two below rest on, weighted
    spread_mean: Floats
    spread_squares: Floats  # weighted sum of squared distances from the mean
    per_adv: Floats  # 1 / average daily volume in units; NaN unknown
    slow_above: Floats  # units that take longer to sell than they may; -1 unknown
    proxied: Floats  # 1.0: some cells of the window are proxied
    returns_min: Floats
    returns_max: Floats
    # --- windows and matrices
    returns: Floats  # (N, T) base-currency returns, ring over completed rows
    shocks: Floats  # (N, S) base-currency relative shocks
    covered: Floats  # (N, S) 1.0 where a shock was found
    sigma: Floats  # (N, N) covariance a day
    slow_sigma: Floats  # (N, N) its slow twin
    deviation: Floats  # (N,) square root of sigma's diagonal
    align: Floats  # (N,) deviation over the slow twin's: with both sides scaled by it, the twins have one diagonal
    # --- scopes
    parent: Ints  # (P,) -1 for a root
    leaf: Ints  # (P,) 1: holds positions itself
    known: Ints  # (P,)
    missing: Ints  # (P,) held instruments without a value
    has_nav: Ints  # (P,) V is known
    own_nav: Ints  # (P,) V comes from its own nav events
    index_valid: Ints  # (P,)
    quantity: Floats  # (P, N)
    exposure: Floats  # (P, N)
    sigma_x: Floats  # (P, N) covariance times exposure
    slow_x: Floats  # (P, N) slow covariance times (align times exposure)
    fit_exposure: Floats  # (P, N) exposure that the last tail fit saw
    moved: Floats  # (P,) at least the sum of |exposure - fit_exposure|; inf where nothing is known of it
    loss: Floats  # (P, T)
    candidates: Ints  # (P, CANDIDATES) rows with the worst losses, descending
    member: Ints  # (T,) scratch while candidates are renewed
    sums_scratch: Floats  # (SUMS_SCRATCH,) scratch while a book is added up
    candidate_bound: Floats  # (P,) no other row's loss is above it
    stress: Floats  # (P, S) loss
    stress_suspect: Floats  # (P, S) what quarantined prices would add to the loss
    covered_gross: Floats  # (P, S)
    liquid: Floats  # (P, LIQUID) sums over the book (risk/kernels/liquidity.py)
    liquid_part: Floats  # (P, N, LIQUID) what each position adds to them
    traded: Floats  # (P,) notional of the fills of a rolling session; NaN where one has no value
    nav_row: Floats  # (P,) V when the last row was completed; NaN unknown
    sigma_peak: Floats  # (P,) largest |covariance| of a held instrument with any
    sigma_peaks: Floats  # (N,) scratch while a book is built
    settled: Ints  # (P,) 1: measured, and its budget holds
    unmeasured: Ints  # (P,) 1: moved within its budget since it was measured, while prices are run
    budget: Floats  # (P, BUDGETS) how far the book may move before a number could matter (risk/kernels/budgets.py)
    spent: Floats  # (P, BUDGETS) how far it has moved since it was measured
    largest: Floats  # (P,) largest |exposure| when it was measured
    names: Ints  # (P,) held names when it was measured
    value: Floats  # (P,) V
    value_base: Floats  # (P,) V at the last nav
    index_base: Floats  # (P,) index at the last nav
    high_water: Floats  # (P,) of the index
    day_pnl: Floats  # (P,) since the open of the base session
    variance: Floats  # (P,)
    fit: Floats  # (P, Fit.COUNT)
    updates: Ints  # (P,) incremental updates since the last full recomputation
    worked_row: Ints  # (P,) first of the scope's four books with working orders, -1 where it has none
    worst: Ints  # (P, K) which of them gave each metric: index into BOOKS; 0 where there are no orders
    metrics: Floats  # (P, K)
    statuses: Ints  # (P, K)
    fresh: Ints  # (P, K) statuses in the making, while a scope is measured
    wake: Floats  # (P, K) levels above which a scope needs a look
    doze_low: Floats  # (P, K) levels at or under which a scope that dozes needs a look; its `wake` is the upper one
    dozing: Ints  # (P,) 1: alive, but no price needs a look while every metric stays between its two levels
    alive: Ints  # (P,) a breach life is not ok: look after every event
    woken: Ints  # (P,)
    refit: Ints  # (P,) a new tail fit is wanted
    data_status: Ints  # (P,)
    scenario_limit: Floats  # (S,)
    # --- partitions and scalars
    source_ts: Ints  # (sources,) event time of the last record each partition delivered
    source_waiting: Ints  # (sources,) 1: its next record needs the slow path, for prices that wait for it
    scalars: Ints  # Scalar
    settings: Floats  # Setting


class Source:
    """Where a mark comes from."""

    NONE, QUOTE, TRADE, CLOSE, DOUBTED = 0, 1, 2, 3, 4  # DOUBTED: a quote that a close has ended, until its row


class Scalar:
    """Indices into Arrays.scalars."""

    NOW, INSTRUMENTS, SCOPES, ROWS, SCENARIOS = 0, 1, 2, 3, 4
    FLAGGED = 5  # instruments that are untrusted, suspect or proxied
    BARS_WAIT = 6  # 1: no bar is running, and the next price begins one
    WORKING = 7  # scopes with working orders


class Setting:
    """Indices into Arrays.settings: what kernels need of the configuration."""

    STALE_GROSS_MAX, AHEAD_NS_MAX = 0, 1
    SPREAD_RULE, SPREAD_SIGMAS, SPREAD_QUOTES_MIN, SPREAD_FACTOR = 2, 3, 4, 5
    IMPACT_RULE, IMPACT_FACTOR, UNKNOWN_GROSS_MAX = 6, 7, 8


class Budget:
    """Columns of Arrays.budget and Arrays.spent: what a move of the book is held against, each in its own unit.

    EXPOSURE, TAIL, SHOCK in base currency: of exposures, of any row's loss, of any scenario's loss; VARIANCE in its
    square: of the variance, and CROSS: of the sum of |exposure times sigma times exposure| by instrument; RISK in base
    currency: of the book's deviation, with either covariance
    """

    EXPOSURE, TAIL, SHOCK, VARIANCE, CROSS, RISK = 0, 1, 2, 3, 4, 5


class Liquid:
    """Columns of Arrays.liquid, in base currency.

    COST : of selling everything; SLOW : exposure that takes too many days to sell; UNPRICED, UNSIZED : exposure whose
    cost, whose days are unknown, and which counts at its whole value in the other two
    """

    COST, SLOW, UNPRICED, UNSIZED = 0, 1, 2, 3


class Fit:
    """Columns of Arrays.fit: the tail fit's numbers for the book it saw, and that book's variance today."""

    VAR_999, ES_999, REFERENCE_VARIANCE, VAR_STATUS, ES_STATUS, GROSS = 0, 1, 2, 3, 4, 5
    RATIO, RATIO_SURE = 6, 7  # ES/VaR at 99 %, and what four of five resamples exceed: no scale changes them
    COUNT = 8


_INT = {
    "mark_ts", "mark_source", "fast", "quote_fresh", "quote_ts", "trade_ts", "last_ts", "last_source",
    "parent", "leaf", "known", "missing", "has_nav", "own_nav", "index_valid", "candidates", "updates", "statuses",
    "fresh", "member", "alive", "dozing", "woken", "refit", "data_status", "source_ts", "source_waiting",
    "scalars", "settled", "unmeasured", "names", "worked_row", "worst",
}  # fmt: skip
_FILL: dict[str, float] = {
    "mark": np.nan, "quote_mid": np.nan, "trade_price": np.nan, "last_source": -1, "parent": -1, "index_valid": 1,
    "band": np.inf, "metrics": np.nan, "wake": np.inf, "doze_low": -np.inf, "candidate_bound": np.inf, "moved": np.inf,
    "value": np.nan, "spread": np.nan, "spread_reference": np.nan, "per_adv": np.nan, "slow_above": -1,
    "nav_row": np.nan, "worked_row": -1,
}  # fmt: skip
_ONE_INSTRUMENT = (
    "mark", "mark_ts", "mark_source", "unit", "pnl_unit", "floor", "band", "fast", "quote_fresh",
    "quote_mid", "quote_ts", "trade_price", "trade_ts", "last_ts", "last_source", "untrusted", "suspect",
    "proxied",
    "returns_min", "returns_max", "sigma_peaks", "deviation", "align", "spread", "spread_reference", "spread_count",
    "spread_mean", "spread_squares", "per_adv", "slow_above",
)  # fmt: skip
_ONE_SCOPE = (
    "parent", "leaf", "known", "missing", "has_nav", "own_nav", "index_valid", "candidate_bound", "moved", "value",
    "value_base", "index_base", "high_water", "day_pnl", "variance", "updates", "alive", "dozing", "woken", "refit",
    "data_status", "sigma_peak", "settled", "unmeasured", "largest", "names", "traded", "nav_row", "worked_row",
)  # fmt: skip


def allocate(instruments: int, books: int, rows: int, scenarios: int, sources: int) -> Arrays:
    """Return arrays of these capacities, filled with their neutral values."""
    shapes = _shapes(instruments, books, rows, scenarios, sources)
    return Arrays._make(_filled(name, shapes[name]) for name in Arrays._fields)


def _shapes(n: int, p: int, t: int, s: int, sources: int) -> dict[str, tuple[int, ...]]:
    k = len(METRICS)
    shapes: dict[str, tuple[int, ...]] = {}
    shapes |= dict.fromkeys(_ONE_INSTRUMENT, (n,))
    shapes |= dict.fromkeys(_ONE_SCOPE, (p,))
    shapes |= {"returns": (n, t), "shocks": (n, s), "covered": (n, s), "sigma": (n, n), "slow_sigma": (n, n)}
    shapes |= dict.fromkeys(("quantity", "exposure", "sigma_x", "slow_x", "fit_exposure"), (p, n))
    shapes |= {
        "member": (t,),
        "sums_scratch": (SUMS_SCRATCH,),
        "loss": (p, t),
        "candidates": (p, CANDIDATES),
        "fit": (p, Fit.COUNT),
        "scenario_limit": (s,),
    }
    shapes |= dict.fromkeys(("stress", "stress_suspect", "covered_gross"), (p, s))
    shapes |= dict.fromkeys(("budget", "spent"), (p, BUDGETS))
    shapes |= {"liquid": (p, LIQUID), "liquid_part": (p, n, LIQUID)}
    shapes |= dict.fromkeys(("metrics", "statuses", "fresh", "wake", "doze_low", "worst"), (p, k))
    shapes |= {"source_ts": (sources,), "source_waiting": (sources,), "scalars": (8,), "settings": (9,)}
    return shapes


_SCRATCH = frozenset({"member", "sums_scratch", "sigma_peaks"})
_BY_BOOK = frozenset(name for name, shape in _shapes(-1, -2, -3, -4, -5).items() if shape[0] == -2)


def grow(old: Arrays, instruments: int, scopes: int, worked: int, sources: int, *, scopes_before: int) -> Arrays:
    """Return larger arrays that hold everything the old ones do; capacities never shrink.

    scopes, worked : room for scopes, and for books with working orders after them; scopes_before: room for scopes in
                     the old arrays, whose books with working orders move behind the new room
    """
    new = allocate(instruments, scopes + worked, old.returns.shape[1], old.shocks.shape[1], sources)
    for name in Arrays._fields:
        source, target = getattr(old, name), getattr(new, name)
        rest = tuple(slice(0, size) for size in source.shape[1:])
        if name in _BY_BOOK:
            target[(slice(0, scopes_before), *rest)] = source[:scopes_before]
            target[(slice(scopes, scopes + len(source) - scopes_before), *rest)] = source[scopes_before:]
        else:
            target[(slice(0, len(source)), *rest)] = source
    new.worked_row[new.worked_row >= 0] += scopes - scopes_before
    return new


def with_books(arrays: Arrays, books: int) -> Arrays:
    """Return arrays for so many books apart from these: what is of instruments and partitions is shared, not copied."""
    count, rows = arrays.returns.shape
    shapes = _shapes(count, books, rows, arrays.shocks.shape[1], len(arrays.source_ts))
    own = _BY_BOOK | _SCRATCH
    return Arrays._make(
        _filled(name, shapes[name]) if name in own else getattr(arrays, name) for name in Arrays._fields
    )


def _filled(name: str, shape: tuple[int, ...]) -> Floats | Ints:
    """Return one array of its neutral value; zeros take memory only where something is written."""
    value = _FILL.get(name, 0)
    if name in _INT:
        return np.full(shape, value, dtype=np.int64) if value else np.zeros(shape, dtype=np.int64)
    return np.full(shape, value, dtype=np.float64) if value else np.zeros(shape, dtype=np.float64)
