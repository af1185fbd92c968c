"""The nightly stress as slow work: the request for one scope, its computation, and what its result does."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from config.stress import StressConfig
from risk.crisis_history import crisis_windows
from risk.measures import METRIC_INDEX, Vector
from risk.scaled_shocks import scaled_shocks
from risk.state import RiskState
from risk.stress_book import StressBook, stress_book
from risk.stress_figures import correlation_figures, crisis_figures, plausible_figure, reverse_figures
from risk.stress_metrics import METRICS_OF_STRESS, metrics_of
from risk.stress_result import StressResult

KIND = "stress"
_COLUMNS = np.array([METRIC_INDEX[name] for name in METRICS_OF_STRESS], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class StressRequest:
    """A wish for the stress of one scope's book, as it was when the wish arose."""

    id: str
    digest: str
    scope: int
    as_of_ns: int
    book: StressBook
    settings: StressConfig
    nu: float


def due_requests(state: RiskState) -> list[StressRequest]:
    """Return the stresses that are wanted now, in scope order, and forget that they are."""
    wanted = sorted(state.stress_wanted)
    state.stress_wanted.clear()
    if not wanted:
        return []
    shocks, windows = scaled_shocks(state), crisis_windows(state)
    return [_request(state, p, stress_book(state, p, shocks, windows)) for p in wanted]


def watch(state: RiskState, p: int, wake: Vector) -> None:
    """Note the wake-up levels of a new scope's limits on its stress; wake: (len(METRICS),), +inf where none is."""
    levels = wake[_COLUMNS].copy()
    if bool((levels < np.inf).any()):
        state.stress_watched[p] = levels


def request_night(state: RiskState) -> None:
    """Ask for every scope, where the row that was just completed is one of the cadence."""
    settings = state.config.stress
    if settings.nightly and state.window.rows_total > 0 and state.window.rows_total % settings.every == 0:
        state.stress_wanted.update(range(len(state.scopes)))


def request_again(state: RiskState, moved: Iterable[int]) -> None:
    """Ask again during the day, for scopes with a limit on the stress alone.

    moved : scopes whose book has moved so far that its tail is fitted again: what has grown must not wait for the night
    Where a number is over its wake-up level any change of the positions counts: what a desk reduced clears at once.
    """
    if not state.config.stress.nightly or not state.stress_watched:
        return
    state.stress_wanted.update(p for p in moved if p in state.stress_watched)
    count = len(state.terms)
    for p, levels in state.stress_watched.items():
        if bool((state.arrays.metrics[p, _COLUMNS] > levels).any()):
            seen, held = state.stress_quantities[p], state.arrays.quantity[p, :count]
            if not (np.array_equal(seen, held[: seen.size]) and not held[seen.size :].any()):
                state.stress_wanted.add(p)


def compute(request: StressRequest) -> StressResult:
    """Run the stress tools: a function of the request alone."""
    book = request.book
    return StressResult(
        id=request.id,
        digest=request.digest,
        scope=request.scope,
        as_of_ns=request.as_of_ns,
        rows=book.rows,
        reverse=reverse_figures(book, request.settings),
        plausible=plausible_figure(book, request.settings, request.nu),
        correlation=correlation_figures(book),
        crises=crisis_figures(book),
    )


def apply_result(state: RiskState, result: StressResult) -> bool:
    """Make the result the scope's stress; False where no such request waits (a result that comes twice)."""
    if state.stress_requests.pop(result.id, None) is None:
        return False
    p, arrays = result.scope, state.arrays
    for name, (value, status) in metrics_of(result).items():
        arrays.metrics[p, METRIC_INDEX[name]] = value
        arrays.statuses[p, METRIC_INDEX[name]] = status
    arrays.woken[p] = 1
    state.stress_results[p] = result
    state.dirty.add(p)
    return True


def _request(state: RiskState, p: int, book: StressBook) -> StressRequest:
    state.request_count += 1
    name = f"{KIND}|{state.scopes[p]}|{state.request_count}"
    id_ = blake2b(name.encode(), digest_size=16).hexdigest()
    state.stress_requests[id_] = p
    if p in state.stress_watched:
        state.stress_quantities[p] = state.arrays.quantity[p, : len(state.terms)].copy()
    settings, nu = state.config.stress, state.config.student_t_nu
    return StressRequest(id_, digest_of(book, settings, nu), p, state.now_ns, book, settings, nu)


def digest_of(book: StressBook, settings: StressConfig, nu: float) -> str:
    """Return blake2b-128 in hex of all that the figures are computed from."""
    told = (
        book.names, book.stand_ins, book.nav, int(book.data), book.rows, book.history, book.scenarios,
        [window.crisis.name for window in book.windows], settings.reverse_loss, settings.plausible_loss, nu,
    )  # fmt: skip
    digest = blake2b(repr(told).encode(), digest_size=16)
    shocks = book.shocks
    for part in (
        book.columns, book.exposure, book.sigma, shocks.moves, shocks.inverted, shocks.covered, shocks.funded,
        shocks.currency, shocks.leg_moves, shocks.leg_inverted,
    ):  # fmt: skip
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
