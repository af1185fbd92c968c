"""The trading day in bars: how both covariances move between two rows (semantics.md, Covariance).

Σ = λ^u Σ_d + Σ_k λ^(u - u_k) · (1 - λ^τ_k)/τ_k · r_k r_kᵀ, for instruments with quotes or trades since the last row's
base close. An instrument without any has no bars, so its side does not fade: λ^u becomes L Σ_d L, where L is λ^(u/2)
for those that take part and 1 for the others. That is positive semidefinite and leaves a book of closes at Σ_d.
"""

import math

import numpy as np

from risk.arrays import Scalar
from risk.bar_state import EndedBar, Flags
from risk.business_time import Bar, bar_at, half_of, power, weight_of
from risk.calendars import FAR_FUTURE_NS
from risk.covariance import debias, twins
from risk.kernels.bars import fade_book, fade_covariance
from risk.kernels.window import align_twins
from risk.measures import Vector
from risk.row_cells import Row
from risk.state import RiskState

BAR_END = "bar"


def begin_bars(state: RiskState) -> None:
    """A price has come while no bar was running: the bar of this moment runs."""
    state.arrays.scalars[Scalar.BARS_WAIT] = 0
    bar = _bar_at(state, state.now_ns)
    if bar is None:
        return
    bars, passed = state.bars, _passed(state, bar)
    bars.fade = [power(twin.decay, max(0.0, passed - bars.begun) / 2.0) for twin in twins(state)]
    state.timers.arm(BAR_END, bar.end_ns)


def end_bar(state: RiskState, end_ns: int) -> None:
    """The running bar ends: its returns enter both covariances and every book, and the next one begins.

    Where nothing has had a price since the last row, none begins before the next price: closes alone have no bars.
    """
    bar = _bar_at(state, end_ns - 1)
    assert bar is not None, f"no bar ends at {end_ns}"
    row_close, next_close = state.window.row_closes[-1], _close_of(state, state.window.session)
    quoted, rates = _quoted(state, row_close), _rates(state)
    if end_ns > row_close:  # else the row that has completed holds it
        ended = EndedBar(end_ns, bar.share, quoted, _returns(state, quoted, rates))
        _fade_books(state, ended, _enter(state, ended))
    if end_ns > next_close:
        later = _quoted(state, next_close)
        state.bars.kept.append(EndedBar(end_ns, bar.share, later, _returns(state, later, rates)))
    _set_levels(state, quoted, rates, end_ns)
    following = _bar_at(state, end_ns)
    if following is not None and quoted.any():
        state.timers.arm(BAR_END, following.end_ns)
    else:
        state.arrays.scalars[Scalar.BARS_WAIT] = int(following is not None)


def restart_bars(state: RiskState, row: Row) -> None:
    """A row has completed: bars up to its close are in it, later ones enter its covariance again. Books are stale."""
    bars, window = state.bars, state.window
    row_close, next_close = window.row_closes[-1], _close_of(state, window.session + 1)
    bars.forget()
    kept = [bar for bar in bars.kept if bar.end_ns > row_close]
    for bar in kept:
        _enter(state, bar)
    bars.kept = [bar for bar in kept if bar.end_ns > next_close]
    if not kept:  # the running bar began at the row's close: with the prices that the row has
        bars.since_ns = row_close
        for i, price in enumerate(row.price):
            if row.seen[i]:
                bars.level[i], bars.cash[i] = price, 0.0
            if state.terms[i].kind == "cash":
                bars.level[i] = float(state.arrays.mark[i])
            if row.seen[i] or state.terms[i].kind == "cash":
                bars.rate[i] = window.rate_level.get(state.terms[i].currency, math.nan)
    if not state.timers.armed(BAR_END):
        state.arrays.scalars[Scalar.BARS_WAIT] = 1


def adjust_bars(state: RiskState, i: int, ex_ts: int, factor: float, cash: float) -> None:
    """Restate the price that the running bar starts from. Books are stale where `drop_bars` was needed."""
    if state.bars.since_ns < ex_ts or state.arrays.mark_ts[i] < ex_ts:
        state.bars.level[i] *= factor
        state.bars.cash[i] += cash * factor
    elif state.window.rows_total > 0 and ex_ts > state.window.row_closes[-1]:
        drop_bars(state)  # the news is late: a bar of today took the new kind of price for a move
        state.rebuild_all()


def drop_bars(state: RiskState) -> None:
    """What bars say is wrong: the covariances are those of the rows again, and bars begin anew. Books are stale."""
    bar = _bar_at(state, state.now_ns)
    state.bars.forget()
    state.bars.kept.clear()
    state.bars.begun = 0.0 if bar is None else _passed(state, bar)
    debias(state)
    _set_levels(state, np.ones(len(state.terms), dtype=np.bool_), _rates(state), state.now_ns)


def _bar_at(state: RiskState, ts: int) -> Bar | None:
    config = state.config
    return bar_at(state.base_calendar, ts, config.bar, config.covariance.overnight_weight)


def _close_of(state: RiskState, session: int) -> int:
    closes = state.base_calendar.closes_sorted
    return closes[session] if session < len(closes) else FAR_FUTURE_NS


def _passed(state: RiskState, bar: Bar) -> float:
    """Return the business time from the last row's close to the beginning of the bar, in base sessions."""
    return bar.session - state.window.session + bar.elapsed


def _quoted(state: RiskState, since_ns: int) -> Flags:
    """Return (n,) what had a quote or trade from `since_ns` on; coins take part by what tells their rate."""
    arrays, count = state.arrays, len(state.terms)
    quoted = np.maximum(arrays.quote_ts[:count], arrays.trade_ts[:count]) >= since_ns
    for i, terms in enumerate(state.terms):
        if terms.kind == "cash":
            quoted[i] = any(quoted[pair] for pair, _ in state.paths.get(terms.currency, ()))
    return quoted


def _rates(state: RiskState) -> Vector:
    """Return (n,) base currency per unit of each instrument's currency."""
    return np.array([state.rates.get(terms.currency, math.nan) for terms in state.terms], dtype=np.float64)


def _returns(state: RiskState, quoted: Flags, rates: Vector) -> Vector:
    """Return (n,) the base-currency returns of the running bar; 0 for what has none.

    Funded kinds (1 + r)(1 + f) - 1, margined ones r (1 + f), as `risk.instruments.cell_return` has them.
    """
    bars, count = state.bars, len(state.terms)
    with np.errstate(divide="ignore", invalid="ignore"):
        currency = rates / bars.rate - 1.0
        price = (state.arrays.mark[:count] + bars.cash) / bars.level - 1.0
        returns = np.where(bars.funded, (1.0 + price) * (1.0 + currency) - 1.0, price * (1.0 + currency))
    return np.asarray(np.where(quoted & np.isfinite(returns), returns, 0.0))


def _enter(state: RiskState, bar: EndedBar) -> Vector:
    """Let a bar into both covariances; return (n,) what it leaves of each instrument's side of the fast one.

    What takes part from now on fades at once by as much as the day before has faded the others.
    """
    bars, count = state.bars, bar.quoted.size
    taking = bars.takes_part[:count]
    kept: list[Vector] = []
    for at, twin in enumerate(twins(state)):
        half = half_of(twin.decay, bar.share)
        left = np.where(taking, half, np.where(bar.quoted, bars.fade[at] * half, 1.0))
        fade_covariance(twin.sigma, left, bar.returns, weight_of(twin.decay, bar.share))
        bars.fade[at] *= half
        bars.faded[at][:count] *= left
        kept.append(left)
    bars.takes_part[:count] |= bar.quoted
    align_twins(state.arrays)
    return kept[0]


def _fade_books(state: RiskState, bar: EndedBar, left: Vector) -> None:
    weight = weight_of(state.config.covariance.decay, bar.share)
    for p in range(len(state.scopes)):
        for book in state.books_of(p):
            fade_book(state.arrays, book, left, bar.returns, weight)
        state.dirty.add(p)


def _set_levels(state: RiskState, moved: Flags, rates: Vector, since_ns: int) -> None:
    """The running bar begins; what takes part starts from the marks and rates of now, all else where it was."""
    bars = state.bars
    moved = moved | bars.takes_part
    bars.since_ns = since_ns
    bars.level[moved], bars.rate[moved] = state.arrays.mark[: moved.size][moved], rates[moved]
    bars.cash[moved] = 0.0
