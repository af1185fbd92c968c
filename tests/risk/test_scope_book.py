"""A scope's book for the enforcer: every metric as the engine keeps it, and contributions that add up to it."""

import numpy as np
import pytest

from daemon.core import Core
from risk.arrays import Fit
from risk.book import Book
from risk.measures import METRICS, Status
from risk.measuring import input_digest, measures_of
from risk.scope_book import ScopeBook
from risk.tail_fits import TailRequest, apply_result, compute, request_all
from tests.helpers import close_of, play, quote
from tests.replay.made_stream import made_events, made_setup

HOMOGENEOUS = ("var_95", "var_975", "es_95", "es_99", "var_999", "es_999", "worst_loss", "net", "net_leverage", "gross",
               "gross_leverage", "top_share")  # fmt: skip
EVALUATED = (*HOMOGENEOUS, "var_99", "es_975", "failures", "hhi", "k_ratio", "vol_ratio")
RATIOS = ("k_ratio", "vol_ratio")
SCOPES = ("firm", "firm/fund", "firm/desk", "calm/a")


@pytest.fixture(scope="module")
def core() -> Core:
    """A core with a full window, fitted tails and two roots."""
    return play(made_events(seed=2, days=262, quoted=2, quotes=10), made_setup()).core


def book_of(core: Core, scope: str) -> Book:
    return ScopeBook(core.state, core.state.scope_index[scope])


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("metric", EVALUATED)
def test_the_book_as_it_is_has_the_metric_that_is_kept(core: Core, scope: str, metric: str) -> None:
    book = book_of(core, scope)
    kept = measures_of(core.state, core.state.scope_index[scope]).value(metric)
    assert np.isfinite(kept)
    assert book.evaluate(metric, book.quantity) == pytest.approx(kept, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("metric", HOMOGENEOUS)
def test_contributions_add_up_to_the_metric(core: Core, scope: str, metric: str) -> None:
    book = book_of(core, scope)
    parts = book.components(metric)
    assert parts.shape == book.quantity.shape
    assert parts.sum() == pytest.approx(book.evaluate(metric, book.quantity), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("metric", RATIOS)
def test_the_parts_of_a_ratio_are_its_slopes_and_sum_to_zero(core: Core, scope: str, metric: str) -> None:
    book = book_of(core, scope).without("all")
    parts = book.components(metric)
    assert abs(parts.sum()) < 1e-9
    assert np.any(np.abs(parts) > 1e-6)
    for at in range(parts.size):
        step = np.zeros(parts.size)
        step[at] = 1e-5
        up, down = (book.evaluate(metric, book.quantity * (1.0 + sign * step)) for sign in (1.0, -1.0))
        assert (up - down) / 2e-5 == pytest.approx(parts[at], rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("metric", RATIOS)
def test_a_ratio_does_not_depend_on_the_size_of_the_book(core: Core, metric: str) -> None:
    book = book_of(core, "firm/fund")
    whole = book.evaluate(metric, book.quantity)
    assert book.evaluate(metric, -0.5 * book.quantity) == pytest.approx(whole, rel=1e-12)
    assert book.evaluate(metric, 0.0 * book.quantity) == 0.0
    one = np.where(np.arange(book.quantity.size) == 0, book.quantity, 0.0)
    assert book.components(metric).size == book.quantity.size
    if metric == "k_ratio":
        assert book.evaluate(metric, one) == 1.0


@pytest.mark.parametrize("metric", ["var_99", "es_95", "var_999", "worst_loss", "gross"])
def test_half_the_book_has_half_the_risk_and_none_has_none(core: Core, metric: str) -> None:
    book = book_of(core, "firm/fund")
    whole = book.evaluate(metric, book.quantity)
    assert book.evaluate(metric, 0.5 * book.quantity) == pytest.approx(0.5 * whole, rel=1e-12)
    assert book.evaluate(metric, 0.0 * book.quantity) == 0.0


def test_no_quantity_changes_what_has_happened(core: Core) -> None:
    book = book_of(core, "firm")
    assert np.isnan(book.evaluate("drawdown", book.quantity))


def test_a_book_speaks_of_the_moment_at_which_it_was_made() -> None:
    played = play(made_events(seed=2, days=8, quoted=0), made_setup())
    book = book_of(played.core, "firm/fund")
    before = book.quantity.copy(), book.unit.copy()
    played.core.state.arrays.quantity[:] = 0.0
    played.core.state.arrays.unit[:] = 0.0
    assert (book.quantity == before[0]).all()
    assert (book.unit == before[1]).all()


def test_measures_name_their_scope_and_have_a_number_wherever_their_status_promises_one(core: Core) -> None:
    promised = 0
    for p in range(len(core.state.scopes)):
        measures = measures_of(core.state, p)
        assert measures.scope == core.state.scopes[p]
        numbers = [name for name in METRICS if measures.status(name) < Status.INSUFFICIENT]
        promised += len(numbers)
        assert not any(np.isnan(measures.value(name)) for name in numbers)
    assert promised > 0


def test_the_input_digest_tells_two_moments_apart_and_the_same_moment_not(core: Core) -> None:
    digests = [input_digest(core.state, p) for p in range(len(core.state.scopes))]
    assert digests == [input_digest(core.state, p) for p in range(len(core.state.scopes))]
    p = core.state.scope_index["firm/fund"]
    core.state.arrays.quantity[p, 0] += 1.0
    changed = input_digest(core.state, p)
    core.state.arrays.quantity[p, 0] -= 1.0
    assert changed != digests[p] == input_digest(core.state, p)


# --- tail fits


def requests(core: Core) -> list[TailRequest]:
    """Ask for fits of every book, through the core that leaves them to others."""
    request_all(core.state)
    outputs = core.looking.begin()
    core.looking.look(n=core.n, cause="other", ts_event=core.now_ns)
    return outputs.requests


@pytest.fixture
def outside() -> Core:
    """A core whose slow work is computed outside."""
    events = made_events(seed=4, days=258, quoted=0)
    played = play(events, made_setup())
    played.core.looking._computes = False
    return played.core


def test_a_fit_is_a_function_of_its_request_and_comes_back_once(outside: Core) -> None:
    asked = requests(outside)
    assert {outside.state.scopes[each.scope] for each in asked} >= {"firm", "firm/fund", "firm/desk", "calm", "calm/a"}
    assert len({each.id for each in asked}) == len(asked)
    for request in asked:
        assert request.losses.size == outside.state.rows
        result = compute(request)
        assert compute(request) == result or np.isnan(result.xi)
        assert apply_result(outside.state, result)
        assert not apply_result(outside.state, result), "the second time nothing waits for it"


def test_a_fit_speaks_of_the_book_that_it_saw(outside: Core) -> None:
    """The book moves while the fit is computed; its number is then scaled from the book of the request."""
    p = outside.state.scope_index["firm/fund"]
    request = next(each for each in requests(outside) if each.scope == p)
    result = compute(request)
    seen = request.exposure.copy()
    outside.state.arrays.exposure[p] *= 2.0
    apply_result(outside.state, result)
    np.testing.assert_array_equal(outside.state.arrays.fit_exposure[p, : seen.size], seen)


def test_a_book_that_moved_by_over_five_per_cent_asks_for_a_new_fit() -> None:
    events = made_events(seed=4, days=258, quoted=0)
    at = close_of(258 + 5) + 10**12
    price = next(float(str(each["price"])) for each in reversed(events) if each.get("instrument") == "C0")
    small, large = (play([*events, quote("C0", price * move, at)], made_setup()) for move in (1.02, 1.19))
    before = play(events, made_setup()).core.state.request_count
    assert small.core.state.request_count == before
    assert large.core.state.request_count == before + 2, "the book and its root"


def test_a_tail_fitted_to_a_book_without_risk_has_no_number_for_another() -> None:
    state = play(made_events(seed=2, days=262, quoted=2, quotes=10), made_setup()).core.state
    p = state.scope_index["firm/fund"]
    book = ScopeBook(state, p)
    assert book.evaluate("var_999", book.quantity * 0.5) > 0.0
    state.arrays.fit[p, Fit.REFERENCE_VARIANCE] = 0.0  # as after a refit of a book that was flat that night
    assert np.isnan(book.evaluate("var_999", book.quantity * 0.5))
    assert np.isnan(book.components("es_999")).all()
