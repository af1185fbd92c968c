"""One answer for all limits that reduce a scope: kept while it clears, asked for anew when it does not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.schema import Limit
from enforcement.records import Kind, ReduceParams
from enforcement.targets import solve
from risk.measures import Vector
from sensors.catalogue import SHIPPED
from tests.enforcement.desk import Desk, RowBook, config_with, limit_with, measures_with, row_book
from tests.enforcement.test_targets import applied

SENSORS = {"gross": "exposure", "net": "exposure", "worst_loss": "stress_failure", "var_99": "var_breach",
           "k_ratio": "correlation", "drawdown": "drawdown"}  # fmt: skip


def reducing(metric: str, at: float) -> Limit:
    return limit_with(metric, SENSORS[metric], metric, at=at, action="reduce_position")


def desk_of(book: RowBook, levels: dict[str, float], *more: Limit) -> Desk:
    desk = Desk(config_with(*(reducing(metric, at) for metric, at in levels.items()), *more, mode="full"), book=book)
    look(desk, book, levels)
    return desk


def look(desk: Desk, book: RowBook, levels: dict[str, float], **values: float) -> list[Kind]:
    """Show the numbers that the book has; return the kinds of the decisions."""
    desk.book = book
    seen = {metric: book.evaluate(metric, book.quantity) for metric in levels} | values
    return [outcome.decision.kind for outcome in desk.see("other", measures=measures_with(**seen))]


def params(desk: Desk) -> ReduceParams:
    found = desk.enforcer.published("firm")[0].params
    assert isinstance(found, ReduceParams)
    return found


def holds(book: RowBook, targets: ReduceParams, levels: dict[str, float]) -> bool:
    """Say whether all levels clear, at their shipped share of 90 %, with the targets applied."""
    capped = {target.instrument: target.max_abs_qty for target in targets.targets}
    size = np.array([capped.get(name, np.inf) for name in book.instruments])
    after: Vector = np.copysign(np.minimum(np.abs(book.quantity), size), book.quantity)
    return all(book.evaluate(metric, after) <= 0.9 * at * (1.0 + 1e-9) for metric, at in levels.items())


def test_the_answer_stays_while_the_same_is_asked_for_and_it_clears() -> None:
    book = row_book(11, 8)
    levels = {metric: 0.6 * book.evaluate(metric, book.quantity) for metric in ("worst_loss", "net")}
    desk = desk_of(book, levels, limit_with(at=1e5, action="warn"))
    before = params(desk)
    assert holds(book, before, levels)
    assert look(desk, book, levels, var_99=2e5) == [Kind.TRANSITION], "a warning beside it"
    assert params(desk) == before


def test_an_answer_that_clears_no_longer_is_asked_for_anew_though_no_limits_own_targets_have_moved() -> None:
    anew = 0
    for seed in range(40):
        book = row_book(seed, 8)
        levels = {metric: 0.6 * book.evaluate(metric, book.quantity) for metric in ("worst_loss", "net", "var_99")}
        if min(levels.values()) <= 0.0:
            continue
        desk = desk_of(book, levels)
        named = {target.instrument for target in params(desk).targets}
        shrunk = np.where([name in named for name in book.instruments], book.quantity, np.round(book.quantity * 0.99))
        moved = replace(book, quantity=shrunk)
        own = {outcome.decision.limit: outcome.decision.params for outcome in desk.outcomes}
        was_over = not holds(moved, params(desk), levels)
        kinds = look(desk, moved, levels)
        assert holds(moved, params(desk), levels)
        told = [outcome.decision for outcome in desk.outcomes[len(desk.outcomes) - len(kinds) :]]
        anew += was_over and any(one.params == own[one.limit] for one in told)
    assert anew > 0


def test_where_nothing_clears_all_the_action_says_so_and_asks_for_what_leaves_least() -> None:
    book = replace(row_book(3, 5), fixed=("I01",))
    fixed = abs(book.quantity[1] * book.unit[1])
    levels = {"gross": 0.5 * fixed, "worst_loss": 0.5 * book.evaluate("worst_loss", book.quantity)}
    asked = params(desk_of(book, levels))
    assert isinstance(asked.clears_if, str)
    assert asked.clears_if.startswith("no reduction clears gross.hard, worst_loss.hard together")
    assert {target.instrument: target.max_abs_qty for target in asked.targets} == dict.fromkeys(
        ("I00", "I02", "I03", "I04"), 0.0
    )


def test_a_level_without_a_number_is_not_said_to_clear() -> None:
    book = row_book(11, 8)
    levels = {metric: 0.6 * book.evaluate(metric, book.quantity) for metric in ("worst_loss", "net")}
    desk = Desk(
        config_with(*(reducing(metric, at) for metric, at in levels.items()), reducing("k_ratio", 1.2)), book=book
    )
    look(desk, book, levels, k_ratio=2.0)
    (merged,) = {desk.enforcer.published("firm")[1]}
    assert {each.limit for each in merged.active} == {"worst_loss", "net", "k_ratio"}
    assert isinstance(merged.params, ReduceParams)
    assert str(merged.params.clears_if).endswith("clears net.hard, worst_loss.hard")


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from(["worst_loss", "var_99", "gross", "net"]))
def test_books_that_hold_parts_of_lots_clear_as_they_add_up(seed: int, metric: str) -> None:
    """Whole lots of 10 of two books that hold odd units are not what whole lots of their sum are."""
    draw = np.random.Generator(np.random.Philox(seed))
    made = replace(row_book(seed, 4), lot=np.full(4, 10.0))
    held = draw.integers(20, 200, (3, 4)) * np.where(draw.random(4) < 0.3, -1.0, 1.0)
    leaves = tuple(replace(made, scope=f"firm/{at}", quantity=row) for at, row in enumerate(held))
    book = replace(made, quantity=held.sum(axis=0), children=leaves)
    known = next(each for each in SHIPPED.known.metrics() if each.name == metric)
    level = 0.7 * book.evaluate(metric, book.quantity)
    found = solve(book, known, lambda _names: level)
    assert found.does_clear
    after = {(leaf.scope, name): q for leaf in leaves for name, q in zip(leaf.instruments, leaf.quantity, strict=True)}
    for share in found.books:
        place = share.portfolio, share.instrument
        after[place] = float(np.copysign(share.max_abs_qty, after[place]))
    net = np.array([sum(q for (_, held_name), q in after.items() if held_name == name) for name in book.instruments])
    assert net == pytest.approx(applied(book, found.targets), abs=1e-9)
    assert book.evaluate(metric, net) <= level * (1.0 + 1e-12)


def test_where_the_books_lots_overshoot_what_clears_the_scope_is_cut_by_what_they_add_up_to() -> None:
    """Five books of 89 in lots of 100 cannot hold 400 together, and the 356 that they can are hedged by too much."""
    made = replace(row_book(1, 2), lot=np.array([100.0, 1.0]), unit=np.ones(2))
    held = np.array([[89.0, -400.0], *[[89.0, 0.0]] * 4])
    leaves = tuple(replace(made, scope=f"firm/{at}", quantity=row) for at, row in enumerate(held))
    book = replace(made, quantity=held.sum(axis=0), children=leaves)
    net = next(each for each in SHIPPED.known.metrics() if each.name == "net")
    found = solve(book, net, lambda _names: 40.0)
    assert found.does_clear
    assert book.evaluate("net", applied(book, found.targets)) <= 40.0
    given = sum(89.0 - share.max_abs_qty for share in found.books if share.instrument == "I00")
    assert 445.0 - given == applied(book, found.targets)[0]


def test_flat_is_asked_for_where_the_smallest_of_all_would_leave_more() -> None:
    """The net clears alone by cutting its longs; the gross, which cannot, asks for flat, and so do both together."""
    book = replace(row_book(3, 5), fixed=("I01",))
    fixed = abs(book.quantity[1] * book.unit[1])
    levels = {"gross": 0.9 * fixed, "net": 0.3 * book.evaluate("net", book.quantity)}
    desk = desk_of(book, levels, reducing("drawdown", 0.1))
    look(desk, book, levels, drawdown=0.2)
    asked = params(desk)
    assert str(asked.clears_if).startswith("no reduction clears gross.hard, net.hard together")
    assert {each.limit for each in desk.enforcer.published("firm")[0].active} == {"gross", "net", "drawdown"}


def test_a_held_target_of_a_name_that_is_gone_keeps_its_side() -> None:
    book = row_book(11, 4)
    levels = {"gross": 0.6 * book.evaluate("gross", book.quantity)}
    desk = desk_of(book, levels)
    before = params(desk)
    fewer = replace(
        book, instruments=book.instruments[1:], quantity=-book.quantity[1:], unit=book.unit[1:], lot=book.lot[1:]
    )
    desk.book = fewer
    desk.see("other", measures=measures_with(gross=0.5 * levels["gross"]))
    after = params(desk)
    assert after.targets[0] == before.targets[0]
    sides = [(one.allowed_side, other.allowed_side) for one, other in zip(before.targets, after.targets, strict=True)]
    assert all(one != other for one, other in sides[1:])
