"""The reduction asked for: it clears, it is small, and it never asks for more than a reduction."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from enforcement.paths import component_path, whole_book_path
from enforcement.records import Target
from enforcement.targets import ClearAt, Reduction, is_material, smallest_clearing
from enforcement.targets import solve as solve_metric
from risk.book import Book
from risk.measures import Vector
from sensors.catalogue import SHIPPED
from tests.enforcement.desk import RowBook, row_book

METRICS = ("var_99", "es_99", "worst_loss", "gross_leverage", "net", "gross", "top_share")
HOMOGENEOUS = METRICS[:-1]


def solve(book: Book, name: str, clear_at: ClearAt) -> Reduction:
    """Solve for the shipped metric of that name."""
    return solve_metric(book, next(metric for metric in SHIPPED.known.metrics() if metric.name == name), clear_at)


def flat_at(level: float) -> Callable[[int], float]:
    return lambda _names: level


def applied(book: RowBook, targets: tuple[Target, ...]) -> Vector:
    """Return the quantities after following the targets exactly."""
    quantity = book.quantity.copy()
    for target in targets:
        at = book.instruments.index(target.instrument)
        quantity[at] = np.copysign(target.max_abs_qty, quantity[at])
    return quantity


@given(
    st.integers(0, 10_000),
    st.integers(1, 12),
    st.sampled_from(METRICS),
    st.floats(0.3, 0.95),
    st.sampled_from([0.01, 1.0, 50.0]),
)
def test_applied_exactly_the_targets_bring_the_statistic_under_its_clear_level(
    seed: int, count: int, metric: str, share: float, lot: float
) -> None:
    book = row_book(seed, count, lot=lot)
    statistic = book.evaluate(metric, book.quantity)
    assume(statistic > 0)
    found = solve(book, metric, flat_at(share * statistic))
    after = applied(book, found.targets)
    assert found.does_clear
    assert book.evaluate(metric, after) <= share * statistic
    for target in found.targets:
        held = book.quantity[book.instruments.index(target.instrument)]
        assert 0 <= target.max_abs_qty < abs(held)
        assert target.allowed_side == ("sell" if held > 0 else "buy")
        lots = target.max_abs_qty / lot
        assert abs(lots - round(lots)) < 1e-6


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 10), st.sampled_from(HOMOGENEOUS), st.floats(0.5, 0.95))
def test_the_reduction_is_within_one_percent_of_the_smallest_along_its_direction(
    seed: int, count: int, metric: str, share: float
) -> None:
    """A walk of 2,000 steps along the same path finds no smaller one."""
    book = row_book(seed, count, lot=1e-6)
    level = share * book.evaluate(metric, book.quantity)
    assume(level > 0)
    path = component_path(book, metric)
    assert path is not None
    found = smallest_clearing(path, lambda quantity: book.evaluate(metric, quantity) - level)
    if found is None:
        return
    walk = (path.at(t) for t in np.linspace(0.0, path.length, 2_000))
    reference = next(quantity for quantity in walk if book.evaluate(metric, quantity) <= level)
    traded = np.abs((book.quantity - found) * book.unit).sum()
    smallest = np.abs((book.quantity - reference) * book.unit).sum()
    # The slow walk itself is one of its steps too far.
    assert traded <= 1.01 * smallest + np.abs(book.quantity * book.unit).sum() * path.length / 2_000


@settings(max_examples=40)
@given(st.integers(0, 100_000), st.integers(2, 8), st.sampled_from(HOMOGENEOUS), st.floats(0.3, 0.95))
def test_of_lots_of_a_quarter_of_a_position_nothing_on_the_line_to_the_targets_clears_by_more_than_lots_sooner(
    seed: int, count: int, metric: str, share: float
) -> None:
    """Beside lots of a sixth, a tenth, a fiftieth and of nearly nothing, as a judge holds it."""
    draw, book = np.random.Generator(np.random.Philox(seed)), row_book(seed, count)
    lot = np.maximum(1.0, np.floor(np.abs(book.quantity) / draw.choice([4, 6, 10, 50, 2_000], count)))
    book = replace(book, lot=lot, quantity=np.round(book.quantity / lot) * lot)
    level = share * book.evaluate(metric, book.quantity)
    assume(level > 0.0)
    after = applied(book, solve(book, metric, flat_at(level)).targets)
    assert book.evaluate(metric, after) <= level
    lots = (np.where(after != book.quantity, lot, 0.0) * book.unit).sum()
    traded = (np.abs(book.quantity - after) * book.unit).sum()
    for step in range(1, 100):
        if book.evaluate(metric, book.quantity + (after - book.quantity) * step / 100.0) <= level:
            assert traded <= 1.01 * traded * step / 100.0 + lots
            return


def test_a_linear_book_is_solved_by_its_closed_form() -> None:
    """models.md 22.8: a uniform direction shrinks a linear book by 1 - clear_at / s."""
    book = replace(row_book(3, 6, lot=1e-9), nav=1e5)
    statistic = book.evaluate("gross_leverage", book.quantity)
    found = solve(book, "gross_leverage", flat_at(0.7 * statistic))
    for target in found.targets:
        held = abs(book.quantity[book.instruments.index(target.instrument)])
        assert target.max_abs_qty == pytest.approx(0.7 * held, rel=1e-3)
        assert target.max_abs_qty <= 0.7 * held + 1e-9


def test_hedges_are_not_cut_while_the_contributors_suffice() -> None:
    book = row_book(11, 6, long_only=True)
    hedged = replace(book, quantity=book.quantity * np.array([1, 1, 1, 1, 1, -0.3]))
    found = solve(hedged, "worst_loss", flat_at(0.8 * hedged.evaluate("worst_loss", hedged.quantity)))
    assert hedged.instruments[-1] not in {target.instrument for target in found.targets}


def test_the_largest_names_come_down_together_for_the_top_share() -> None:
    book = replace(row_book(5, 10, lot=1e-9), unit=np.ones(10))
    book = replace(book, quantity=np.array([500.0, 490.0, -60.0, 50.0, 50.0, 50.0, 50.0, 50.0, 50.0, 50.0]))
    found = solve(book, "top_share", flat_at(0.3))
    sizes = {target.instrument: target.max_abs_qty for target in found.targets}
    assert set(sizes) == {"I00", "I01"}
    assert sizes["I00"] == pytest.approx(sizes["I01"])
    # cap / (2 cap + 410) = 0.3
    assert sizes["I00"] == pytest.approx(307.5, rel=2e-3)


def test_a_flat_contributor_set_that_does_not_clear_scales_the_whole_book() -> None:
    """Two hedges whose contributors, cut to zero, leave the hedge alone and worse."""
    book = replace(row_book(1, 2), quantity=np.array([1_000.0, -900.0]), unit=np.array([10.0, 10.0]))
    shocks = np.array([[-0.5, -0.1], [0.5, 0.6]])
    book = replace(book, shocks=shocks, lot=np.full(2, 1e-6))
    level = 0.02 * book.evaluate("worst_loss", book.quantity)
    found = solve(book, "worst_loss", flat_at(level))
    assert found.does_clear
    assert {target.instrument for target in found.targets} == {"I00", "I01"}
    assert book.evaluate("worst_loss", applied(book, found.targets)) <= level


def test_a_dip_between_two_steps_is_found() -> None:
    book = replace(row_book(1, 1), quantity=np.array([1.0]), unit=np.array([1.0]), lot=np.array([1e-9]))
    path = whole_book_path(book)

    def excess(quantity: Vector) -> float:
        """A parabola that dips under zero only within 0.004 of t = 0.51."""
        return ((1.0 - float(quantity[0])) - 0.51) ** 2 - 0.004**2

    found = smallest_clearing(path, excess)
    assert found is not None
    assert 1.0 - found[0] == pytest.approx(0.506, abs=1e-3)


def test_a_statistic_that_the_positions_alone_do_not_reach_asks_for_no_sale() -> None:
    book = row_book(2, 4)
    found = solve(book, "gross", flat_at(2 * book.evaluate("gross", book.quantity)))
    assert (found.targets, found.does_clear) == ((), True)
    assert found.clears_if == "the positions are at or under 2.40m"


@pytest.mark.parametrize("metric", ["drawdown", "day_loss", "turnover"])
def test_what_speaks_of_the_past_is_cleared_by_no_reduction_and_says_so(metric: str) -> None:
    found = solve(row_book(2, 4), metric, flat_at(0.0))
    assert (found.targets, found.does_clear) == ((), False)
    assert "no reduction clears" in found.clears_if


def test_an_infinite_statistic_has_no_direction_and_only_a_flat_book_clears_it() -> None:
    @dataclass(frozen=True, slots=True)
    class Endless(RowBook):
        def components(self, metric: str) -> Vector:
            return np.full(len(self.instruments), np.inf if metric == "es_999" else np.nan)

        def evaluate(self, metric: str, quantity: Vector) -> float:  # noqa: ARG002 -- the shape of all books
            return np.inf if np.any(quantity) else 0.0

    made = row_book(2, 4)
    book = Endless(made.instruments, made.quantity, made.unit, made.lot, made.returns, made.shocks)
    for metric in ("es_999", "var_999"):
        found = solve(book, metric, flat_at(1.0))
        assert ([target.max_abs_qty for target in found.targets], found.does_clear) == ([0.0] * 4, True)


def test_where_nothing_clears_the_targets_flatten_and_say_so() -> None:
    book = row_book(2, 4)
    found = solve(book, "gross", flat_at(-1.0))
    assert [target.max_abs_qty for target in found.targets] == [0.0] * 4
    assert not found.does_clear
    assert found.clears_if == "no reduction clears gross: the targets flatten the book"


def test_a_number_that_is_missing_asks_for_no_sale() -> None:
    """Not knowing is no reason to trade: the limit holds its state, and asks again with the number."""
    found = solve(row_book(2, 4), "k_ratio", flat_at(1.0))
    assert (found.targets, found.does_clear) == ((), False)
    assert found.clears_if == "correlation ratio K has a number again"


def test_what_nobody_can_trade_is_never_asked_for_and_the_rest_clears_with_it() -> None:
    book = replace(row_book(9, 6), fixed=("I02", "I04"))
    for metric in HOMOGENEOUS:
        found = solve(book, metric, flat_at(0.9 * book.evaluate(metric, book.quantity)))
        assert found.targets
        assert not {"I02", "I04"} & {target.instrument for target in found.targets}
    flat = solve(book, "gross", flat_at(0.0))
    assert not flat.does_clear
    assert {target.instrument for target in flat.targets} == {"I00", "I01", "I03", "I05"}
    assert flat.clears_if.endswith("flatten the book but for I02, I04, which no order changes")


def test_a_book_whose_hedge_is_all_that_can_be_traded_is_not_made_worse() -> None:
    """Flat in what can be traded, it would be net all that cannot be."""
    book = replace(row_book(1, 2), quantity=np.array([1_000.0, -900.0]), unit=np.array([10.0, 10.0]), fixed=("I00",))
    found = solve(book, "net", flat_at(100.0))
    assert (found.targets, found.does_clear, found.clears_if) == ((), False, "no reduction clears net")


@pytest.mark.parametrize("metric", ["gross", "top_share"])
def test_an_empty_book_that_breaches_asks_for_nothing(metric: str) -> None:
    book = replace(row_book(2, 4), quantity=np.zeros(4))
    assert solve(book, metric, flat_at(-1.0)).targets == ()


def test_many_targets_are_named_in_part() -> None:
    book = row_book(4, 9)
    found = solve(book, "gross", flat_at(0.5 * book.evaluate("gross", book.quantity)))
    assert found.clears_if.endswith(" and 4 more by their targets")


def test_targets_move_by_more_than_a_lot_or_one_percent_to_count() -> None:
    lots = {"A": 1.0, "B": 1.0}
    old = (Target("A", 1_000.0, "sell"), Target("B", 20.0, "buy"))
    assert not is_material(old, (Target("A", 1_010.0, "sell"), Target("B", 21.0, "buy")), lots)
    assert is_material(old, (Target("A", 1_010.5, "sell"), Target("B", 20.0, "buy")), lots)
    assert is_material(old, (Target("A", 1_000.0, "sell"), Target("B", 18.0, "buy")), lots)
    assert is_material(old, (Target("A", 1_000.0, "buy"), Target("B", 20.0, "buy")), lots)
    assert is_material(old, (Target("A", 1_000.0, "sell"),), lots)
