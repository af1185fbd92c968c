"""Books that move and fade: every number equals that of the whole evaluation, at a fraction of its cost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core import Core
from risk.measures import Vector
from risk.scope_book import ScopeBook
from tests.helpers import play
from tests.replay.made_stream import made_events, made_setup

METRICS = ("var_95", "var_99", "es_975", "var_999", "es_999", "worst_loss", "gross", "net", "gross_leverage",
           "net_leverage")  # fmt: skip
SCOPES = ("firm", "firm/fund", "calm/a")


@pytest.fixture(scope="module")
def core() -> Core:
    """A core with a full window, fitted tails, working orders and two roots."""
    return play(made_events(seed=2, days=262, quoted=2, quotes=10), made_setup()).core


def book_of(core: Core, scope: str, *, cancelled: bool) -> ScopeBook:
    book = ScopeBook(core.state, core.state.scope_index[scope])
    return book.without("all") if cancelled else book


def close_to(book: ScopeBook, metric: str, value: float) -> object:
    """Return what a number is held against: to 1e-9 of what the whole book has."""
    return pytest.approx(value, rel=1e-9, abs=1e-9 * abs(book.evaluate(metric, book.quantity)) + 1e-9)


@settings(max_examples=25)
@given(st.integers(0, 100_000), st.sampled_from(METRICS), st.sampled_from(SCOPES), st.booleans())
def test_a_moving_book_has_the_numbers_of_one_that_is_evaluated_whole(
    core: Core, seed: int, metric: str, scope: str, cancelled: bool
) -> None:
    """In small steps and large ones, through flat, and to the other side."""
    book = book_of(core, scope, cancelled=cancelled)
    moving, draw = book.moving(metric), np.random.Generator(np.random.Philox(seed))
    quantity = book.quantity.copy()
    for _ in range(12):
        places = draw.integers(0, quantity.size, draw.integers(1, quantity.size + 1))
        quantity = quantity.copy()
        quantity[places] *= draw.choice([-0.5, 0.0, 0.5, 0.9, 1.1], places.size)
        assert moving(quantity) == close_to(book, metric, book.evaluate(metric, quantity))
    assert moving(0.0 * quantity) == close_to(book, metric, book.evaluate(metric, 0.0 * quantity))


@settings(max_examples=30)
@given(st.integers(0, 100_000), st.sampled_from(METRICS), st.sampled_from(SCOPES), st.booleans())
def test_a_fading_book_has_the_numbers_of_the_quantities_on_its_way(
    core: Core, seed: int, metric: str, scope: str, cancelled: bool
) -> None:
    book = book_of(core, scope, cancelled=cancelled)
    draw = np.random.Generator(np.random.Philox(seed))
    weight: Vector = draw.uniform(0.02, 1.0, book.quantity.size) * (draw.random(book.quantity.size) < 0.7)
    weight[0] = 1.0
    along = book.fading(metric, weight)
    assert along is not None
    for times in (np.sort(draw.uniform(0.0, 20.0, 9)), np.array([0.0, 0.5, 1.0]), np.array([40.0, 60.0])):
        expected = [book.evaluate(metric, book.quantity * np.maximum(0.0, 1.0 - t * weight)) for t in times]
        for value, wanted in zip(along(times).tolist(), expected, strict=True):
            assert value == close_to(book, metric, wanted)


def test_metrics_of_one_family_share_the_book_that_moves(core: Core) -> None:
    """What one of them left behind is no wrong beginning for the other, nor is a reduced book for the whole."""
    book = book_of(core, "firm", cancelled=True)
    tail, shortfall, half = book.moving("var_99"), book.moving("es_95"), 0.5 * book.quantity
    for quantity in (book.quantity, half):
        assert tail(quantity) == close_to(book, "var_99", book.evaluate("var_99", quantity))
        assert shortfall(quantity) == close_to(book, "es_95", book.evaluate("es_95", quantity))
    along = book.reduced(half).fading("var_99", np.ones(half.size))
    assert along is not None
    assert along(np.array([0.5]))[0] == close_to(book, "var_99", 0.25 * book.evaluate("var_99", book.quantity))


@pytest.mark.parametrize("metric", ["top_share", "hhi", "k_ratio", "liquidity_cost", "failures", "drawdown"])
def test_what_does_not_add_up_over_names_is_evaluated_whole_and_has_no_cheap_line(core: Core, metric: str) -> None:
    book = book_of(core, "firm", cancelled=False)
    assert book.fading(metric, np.ones(book.quantity.size)) is None
    half = 0.5 * book.quantity
    assert book.moving(metric)(half) == pytest.approx(book.evaluate(metric, half), nan_ok=True)


def test_scenarios_that_do_not_cover_the_book_do_not_count_on_the_way_either(core: Core) -> None:
    book = book_of(core, "firm", cancelled=True)
    kept = np.zeros(book.quantity.size)
    kept[0] = 1.0
    quantity = book.quantity * kept
    assert book.moving("worst_loss")(quantity) == pytest.approx(book.evaluate("worst_loss", quantity), nan_ok=True)
