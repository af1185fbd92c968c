"""Limits on every level of the tree: what a parent is tested on, what it asks of its books, what holds under it."""

import math
from collections.abc import Mapping, Sequence

import pytest
from msgspec import UNSET

from daemon.core import Core
from daemon.edge import decode_inputs
from enforcement.records import Action, Decision, ReduceParams, encode
from feeds.record import Input, Record
from risk.measuring import measures_of
from tests.daemon.order_desk import feed
from tests.helpers import (
    EventDict,
    Played,
    close,
    close_of,
    command,
    fill,
    nav,
    play,
    records_of,
    small_setup,
    snapshot,
    stock,
)

AT = close_of(0)


def exposure(
    name: str, scope: str, at: float, metric: str = "gross", action: str = "reduce_position"
) -> dict[str, object]:
    return {"id": name, "scope": scope, "sensor": "exposure", "metric": metric,
            "levels": [{"name": "hard", "at": at, "action": action}]}  # fmt: skip


def desk(
    held: Mapping[tuple[str, str], float], limits: Sequence[Mapping[str, object]], *more: EventDict,
    mode: str = "full", portfolios: tuple[str, ...] = ("firm",), **config: object,
) -> Played:  # fmt: skip
    """Play a snapshot of names at a price of 10.0 each."""
    names = sorted({name for _, name in held})
    events: list[EventDict] = [stock(name) for name in names] + [nav("firm", 1e6, AT - 20)]
    events += [close(name, 0, 10.0) for name in names]
    events += [snapshot(held, AT + 10**9), *more]
    return play(events, small_setup(limits, mode=mode, portfolios=portfolios, **config))


def decoded(core: Core, event: EventDict) -> list[Input]:
    record = records_of([event])[0]
    bare = Record(core.n + 1, record.topic, 0, -1, record.payload)
    return decode_inputs([bare], {"XNYS"}, core.setup.config)


def last(played: Played, scope: str) -> Action:
    return [action for action in played.outputs.actions if action.scope == scope][-1]


def decided(played: Played, limit: str, scope: str) -> Decision:
    return [one for one in played.outputs.decisions if (one.limit, one.scope) == (limit, scope)][-1]


def shares(params: object) -> dict[tuple[str, str], float]:
    assert isinstance(params, ReduceParams)
    assert params.books is not UNSET
    return {(share.portfolio, share.instrument): share.max_abs_qty for share in params.books}


def states(core: Core, *scopes: str) -> list[tuple[str, str]]:
    found = [core.enforcer.trading_states(scope) for scope in scopes]
    return [(each.own.value, each.effective.value) for each in found]


def test_each_level_is_tested_on_its_own_aggregate() -> None:
    """What one book is long and another is short is net for their parent: it holds less than its books together."""
    held = {("firm/eq/a", "A"): 1_000.0, ("firm/eq/b", "A"): -900.0, ("firm/fx", "B"): 300.0}
    limits = [
        exposure("leaf", "firm/eq/*", 9_500.0),
        exposure("eq", "firm/eq", 500.0),
        exposure("all", "firm", 3_900.0),
        exposure("any", "firm/**", 2_900.0),
    ]
    played = desk(held, limits)
    decisions = [one for one in played.outputs.decisions if one.limit != "model_available"]
    firing = {(one.scope, one.limit): one.statistic for one in decisions if one.life == "firing"}
    assert firing == {
        ("firm/eq/a", "leaf"): 10_000.0, ("firm/eq", "eq"): 1_000.0, ("firm", "all"): 4_000.0,
        ("firm/eq/a", "any"): 10_000.0, ("firm/eq/b", "any"): 9_000.0, ("firm/fx", "any"): 3_000.0,
        ("firm", "any"): 4_000.0,
    }  # fmt: skip


def test_a_parents_targets_name_the_leaves_that_hold_them_also_two_levels_down_and_its_own_book() -> None:
    held = {("firm/eq/a", "A"): 400.0, ("firm/eq/b", "A"): 200.0, ("firm/eq", "A"): 200.0, ("firm/fx", "A"): -300.0}
    played = desk(held, [exposure("all", "firm", 4_500.0)])
    action = last(played, "firm")
    assert [(target.instrument, target.max_abs_qty) for target in action.params.targets] == [("A", 405.0)]
    found = shares(action.params)
    assert found.keys() == {("firm/eq/a", "A"), ("firm/eq/b", "A"), ("firm/eq/_self", "A")}
    assert sum(found.values()) - 300.0 == 405.0
    assert found["firm/eq/a", "A"] == pytest.approx(400.0 * 705.0 / 800.0, abs=1.0)


def test_no_book_is_pushed_over_its_own_limit_where_another_can_give() -> None:
    """`a` hedges its A with B: its part of the cut would leave it short, so `b` gives all of it."""
    held = {("firm/a", "A"): 500.0, ("firm/a", "B"): -500.0, ("firm/b", "A"): 900.0, ("firm/b", "B"): 500.0}
    free = desk(held, [exposure("all", "firm", 12_000.0)])
    assert shares(last(free, "firm").params) == {("firm/a", "A"): 386.0, ("firm/b", "A"): 694.0}
    limits = [exposure("all", "firm", 12_000.0), exposure("flat", "firm/a", 500.0, "net", "warn")]
    spared = desk(held, limits)
    assert shares(last(spared, "firm").params) == {("firm/b", "A"): 580.0}
    assert decided(spared, "all", "firm").evidence.clears_if == "A <= 1080"


def test_where_no_other_can_give_the_action_says_whom_it_takes_over() -> None:
    held = {("firm/a", "A"): 900.0, ("firm/a", "B"): -900.0, ("firm/b", "B"): 900.0}
    limits = [exposure("all", "firm", 5_000.0), exposure("flat", "firm/a", 1_500.0, "net", "warn")]
    played = desk(held, limits)
    text = decided(played, "all", "firm").evidence.clears_if
    assert text is not None
    assert "; it takes flat.hard of firm/a (" in text
    assert text.endswith("over 1.50k) over")


def test_the_share_of_a_childs_largest_name_is_looked_at_by_the_level_for_so_many_names() -> None:
    """In a book of few names it is a share of NAV, which no reduction makes larger."""
    held = {("firm/a", "A"): 900.0, ("firm/a", "B"): 100.0, ("firm/b", "B"): -90.0}
    top = {
        "id": "top", "scope": "firm/a", "sensor": "concentration", "metric": "top_share", "small_book_at": 0.5,
        "levels": [{"name": "hard", "at": 0.2, "action": "warn"}],
    }  # fmt: skip
    played = desk(held, [exposure("all", "firm", 5_000.0), top])
    assert decided(played, "all", "firm").evidence.clears_if == "A <= 446 and B <= 4", "its share of NAV only falls"


def test_who_has_done_his_share_is_not_asked_for_more_because_another_has_not() -> None:
    held = {("firm/a", "A"): 600.0, ("firm/b", "A"): 400.0}
    played = desk(held, [exposure("all", "firm", 8_000.0)])
    asked = shares(last(played, "firm").params)
    feed(played.core, fill("firm/a", "A", asked["firm/a", "A"] - 600.0, 10.0, "f1", AT + 2 * 10**9))
    assert shares(played.core.enforcer.published("firm")[0].params) == asked
    feed(played.core, fill("firm/b", "A", asked["firm/b", "A"] - 400.0, 10.0, "f2", AT + 3 * 10**9))
    seen = measures_of(played.core.state, played.core.state.scope_index["firm"])
    lives = [one.life for one in played.core.enforcer.limit_states("firm", seen) if one.limit == "all"]
    assert lives == ["recovering"]


HEDGED = {("firm/a", "A"): 1_000.0, ("firm/b", "B"): -900.0, ("firm/c", "C"): 300.0}


def nets(played: Played) -> list[float]:
    """Return what the firm holds net after its targets, alone and with what `firm/b` is asked for, in money."""
    firm, below = (played.core.enforcer.published(scope)[0].params for scope in ("firm", "firm/b"))
    assert isinstance(firm, ReduceParams)
    assert isinstance(below, ReduceParams)
    state = played.core.state
    held = dict(zip([each.name for each in state.terms], state.arrays.quantity[0], strict=False))
    own = dict(
        zip([each.name for each in state.terms], state.arrays.quantity[state.scope_index["firm/b"]], strict=False)
    )
    after = held | {each.instrument: math.copysign(each.max_abs_qty, held[each.instrument]) for each in firm.targets}
    given = {each.instrument: own[each.instrument] for each in below.targets}
    with_b = dict(after)
    asked = shares(firm)
    for each in below.targets:
        kept = min(each.max_abs_qty, asked.get(("firm/b", each.instrument), math.inf))
        with_b[each.instrument] += math.copysign(kept, given[each.instrument]) - math.copysign(
            asked.get(("firm/b", each.instrument), abs(given[each.instrument])), given[each.instrument]
        )
    return [abs(math.fsum(book.values())) * 10.0 for book in (after, with_b)]


def test_a_parent_clears_with_and_without_what_its_books_are_asked_for() -> None:
    """`b` has to buy back a part of what hedges the parent, whose targets alone would leave it long with that."""
    played = desk(HEDGED, [exposure("net", "firm", 3_000.0, "net"), exposure("gross", "firm/b", 8_000.0)])
    assert max(nets(played)) <= 2_700.0
    text = str(last(played, "firm").params.clears_if)
    assert text.endswith("clears net.hard, also with what books under it are asked for")


def test_a_parent_asks_again_when_a_book_under_it_is_asked_for_something() -> None:
    limits = [exposure("net", "firm", 3_000.0, "net"), exposure("gross", "firm/b", 10_500.0)]
    played = desk(HEDGED | {("firm/a", "D"): 1.0}, limits)
    assert last(played, "firm").params.clears_if is UNSET
    outputs = played.core.step(decoded(played.core, fill("firm/b", "D", 200.0, 10.0, "f1", AT + 2 * 10**9)))
    told = [(action.scope, action.reason) for action in outputs.actions]
    assert [scope for scope, _ in told] == ["firm", "firm/b", "firm"], "the firm looks first, and again after its book"
    assert told[-1][1].endswith(": the targets moved with those of the books under firm")
    assert max(nets(played)) <= 2_700.0


@pytest.mark.parametrize("own", [("monitoring", "full"), ("full", "monitoring"), ("full", "full")])
def test_what_may_act_changes_no_decision_and_each_topic_clears_what_it_carries(own: tuple[str, str]) -> None:
    """The firm has two limits that reduce it and a book under it one; the modes of the firm's differ."""
    limits = [
        exposure("net", "firm", 3_000.0, "net") | {"mode": own[0]},
        exposure("gross", "firm", 14_000.0) | {"mode": own[1]},
        exposure("book", "firm/b", 8_000.0),
    ]
    decisions = desk(HEDGED, limits, mode="full").outputs.decisions
    played = desk(HEDGED, limits, mode="monitoring")
    assert [encode(one) for one in played.outputs.decisions] == [encode(one) for one in decisions]
    enforced, shadow = played.core.enforcer.published("firm")
    assert {each.limit for each in shadow.active} == {"net", "gross"}
    assert {each.limit for each in enforced.active} == {
        name for name, mode in zip(("net", "gross"), own, strict=True) if mode == "full"
    }
    for merged in (enforced, shadow):
        after = {"A": 1_000.0, "B": 900.0, "C": 300.0}
        after |= {each.instrument: each.max_abs_qty for each in merged.params.targets}
        if any(each.limit == "net" for each in merged.active):
            assert abs(after["A"] + after["C"] - after["B"]) * 10.0 <= 2_700.0
        if any(each.limit == "gross" for each in merged.active):
            assert sum(after.values()) * 10.0 <= 12_600.0


def test_an_operators_halt_of_a_parent_holds_all_under_it_and_nothing_beside_it() -> None:
    held = {("firm/eq/a", "A"): 10.0, ("firm/eq/b", "A"): 10.0, ("firm/fx", "A"): 10.0}
    played = desk(held, [exposure("all", "firm", 1e9)], command("halt", AT + 2 * 10**9, "h1", scope="firm/eq"))
    core = played.core
    assert states(core, "firm", "firm/eq", "firm/eq/a", "firm/eq/b", "firm/fx") == [
        ("ACTIVE", "ACTIVE"), ("HALTED", "HALTED"), ("ACTIVE", "HALTED"), ("ACTIVE", "HALTED"), ("ACTIVE", "ACTIVE"),
    ]  # fmt: skip
    feed(core, fill("firm/eq/new", "A", 5.0, 10.0, "f1", AT + 3 * 10**9))
    assert states(core, "firm/eq/new") == [("ACTIVE", "HALTED")], "a book that comes into being under it is held too"
    feed(core, command("reinstate", AT + 4 * 10**9, "r1", scope="firm/eq"))
    assert states(core, "firm/eq", "firm/eq/a", "firm/eq/new") == [("ACTIVE", "ACTIVE")] * 3


def test_a_halted_book_halts_neither_its_parent_nor_its_sibling_and_outlives_its_parents_halt() -> None:
    held = {("firm/eq/a", "A"): 10.0, ("firm/eq/b", "A"): 10.0}
    halts = [command("halt", AT + k * 10**9, f"h{k}", scope=scope) for k, scope in ((2, "firm"), (3, "firm/eq/a"))]
    core = desk(held, [exposure("all", "firm", 1e9)], *halts).core
    feed(core, command("reinstate", AT + 4 * 10**9, "r1", scope="firm"))
    assert states(core, "firm", "firm/eq", "firm/eq/a", "firm/eq/b") == [
        ("ACTIVE", "ACTIVE"), ("ACTIVE", "ACTIVE"), ("HALTED", "HALTED"), ("ACTIVE", "ACTIVE"),
    ]  # fmt: skip


def test_an_unknown_root_restricts_what_is_under_it_until_its_snapshot() -> None:
    events: list[EventDict] = [stock("A"), close("A", 0, 10.0)]
    events += [fill("firm/eq/a", "A", 5.0, 10.0, "f0", AT + 2 * 10**6)]
    core = play(events, small_setup([exposure("all", "firm", 1e9)], mode="full", portfolios=("firm",))).core
    assert states(core, "firm", "firm/eq/a") == [("REDUCING", "REDUCING"), ("ACTIVE", "REDUCING")]
    feed(core, snapshot({("firm/eq/a", "A"): 5.0}, AT + 3 * 10**9))
    assert states(core, "firm", "firm/eq/a") == [("ACTIVE", "ACTIVE"), ("ACTIVE", "ACTIVE")]
