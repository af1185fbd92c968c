"""The tree of paths: how scopes come into being, and what is known of them."""

import random

import pytest

from config.setup import Setup
from risk.measuring import measures_of
from risk.portfolios import ensure_scope, leaf_for, make_known, root_of, subtree
from risk.state import RiskState
from tests.helpers import (
    MINUTE_NS,
    Source,
    at_place,
    check,
    close,
    close_of,
    fill,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

NOON = open_of(10) + 120 * MINUTE_NS


def empty_state(setup: Setup | None = None) -> RiskState:
    return RiskState(small_setup() if setup is None else setup)


def test_a_path_brings_its_parents_into_being_before_itself() -> None:
    state = empty_state()
    assert [state.scopes[p] for p in ensure_scope(state, "firm/eq/arb")] == ["firm", "firm/eq", "firm/eq/arb"]
    assert ensure_scope(state, "firm/eq") == []
    assert [int(state.arrays.parent[p]) for p in range(3)] == [-1, 0, 1]
    assert [int(state.arrays.leaf[p]) for p in range(3)] == [0, 0, 1]
    assert state.path_of(2) == [2, 1, 0]


def test_what_is_booked_on_a_parent_gets_a_leaf_of_its_own_once() -> None:
    state = empty_state()
    ensure_scope(state, "firm/eq")
    leaf, new = leaf_for(state, "firm")
    assert (state.scopes[leaf], new) == ("firm/_self", [leaf])
    assert leaf_for(state, "firm") == (leaf, [])
    assert leaf_for(state, "firm/eq") == (1, [])


def test_a_subtree_is_told_by_whole_parts_of_the_path() -> None:
    state = empty_state()
    for path in ("firm/eq", "firm/equity", "firm/eq/arb", "firmament"):
        ensure_scope(state, path)
    assert [state.scopes[p] for p in subtree(state, "firm/eq")] == ["firm/eq", "firm/eq/arb"]
    assert root_of("firm/eq/arb") == root_of("firm") == "firm"


def test_a_known_root_makes_its_tree_known_also_what_comes_later() -> None:
    state = empty_state()
    ensure_scope(state, "firm/eq")
    ensure_scope(state, "other")
    make_known(state, "firm")
    ensure_scope(state, "firm/fx")
    assert {state.scopes[p]: int(state.arrays.known[p]) for p in range(4)} == {
        "firm": 1, "firm/eq": 1, "other": 0, "firm/fx": 1,
    }  # fmt: skip


def test_only_a_snapshot_of_the_root_makes_a_book_known() -> None:
    events = [stock("AA"), fill("firm/a", "AA", 5.0, 20.0, "f", NOON), quote("AA", 20.0, NOON + 1)]
    part = snapshot({("firm/a", "AA"): 9.0}, NOON + 2, root="firm/a")
    unknown = {"known": False, "metrics.gross.status": "INVALID"}
    check([*events, part], {"firm": unknown, "firm/a": unknown})
    whole = snapshot({("firm/a", "AA"): 9.0}, NOON + 3)
    check([*events, part, whole], {"firm": {"known": True, "metrics.gross.value": 180.0, "metrics.gross.status": "OK"}})


def test_a_listed_root_is_restricted_from_the_first_event_until_it_is_known() -> None:
    limit = {"id": "gross", "scope": "firm", "sensor": "exposure", "metric": "gross", "hard": True,
             "levels": [{"at": 1e6, "action": "halt"}]}  # fmt: skip
    setup = small_setup([limit], portfolios=["firm"])
    events = [stock("AA"), quote("AA", 20.0, NOON)]
    assert at_place(play(events, setup).state("firm"), "trading_state.own") == "REDUCING"
    known = play([*events, snapshot({}, NOON + 1)], setup)
    assert at_place(known.state("firm"), "trading_state.own") == "ACTIVE"
    assert (known.outputs.actions[0].type, known.outputs.actions[-1].type) == ("reduce_position", "none")


def test_a_sum_knows_its_value_when_every_child_does() -> None:
    events = [
        stock("AA"),
        snapshot({("firm/a", "AA"): 1.0, ("firm/b", "AA"): 1.0}, NOON),
        nav("firm/a", 10.0, NOON + 1),
    ]
    check(events, {"firm": {"nav": None}})
    check([*events, nav("firm/b", 20.0, NOON + 2)], {"firm": {"nav": 30.0}})


def test_many_scopes_and_instruments_grow_the_arrays_without_losing_anything() -> None:
    names = [f"N{n:03d}" for n in range(70)]
    held = {(f"firm/b{n % 20}", name): 10.0 + n for n, name in enumerate(names)}
    events = [stock(name) for name in names]
    events += [quote(name, 20.0, NOON + n) for n, name in enumerate(names[:40])]
    events += [snapshot(held, NOON + 100)]
    events += [quote(name, 20.0, NOON + 101 + n) for n, name in enumerate(names)]
    gross = 20.0 * sum(held.values())
    check(
        events,
        {"firm": {"exposures.gross": gross, "trust": "fresh"}, "firm/b3": {"exposures.by_instrument.N063": 1460.0}},
    )


def test_a_book_that_opens_within_the_day_has_its_whole_tail_at_once() -> None:
    """Its first loss vector is no rebuilt one; the first row's loss is among the worst, so the tail lies around it."""
    walk = random.Random(3)
    prices = [100.0]
    for day in range(1, 160):
        prices.append(prices[-1] * (0.97 if day == 1 else 1.0 + walk.gauss(0.0, 0.01)))
    events: list[Source] = [stock("AA"), snapshot({("firm/old", "AA"): 10.0}, open_of(10))]
    events += [close("AA", day, price, close_of(day) + 10) for day, price in enumerate(prices, 10)]
    events.append(snapshot({("firm/old", "AA"): 10.0, ("firm/new", "AA"): 10.0}, close_of(169) + 20))
    state = play(events, small_setup()).core.state
    values = [[measures_of(state, state.scope_index[path]).value(name) for path in ("firm/old", "firm/new")]
              for name in ("var_95", "var_975", "var_99", "es_95", "es_99")]  # fmt: skip
    assert [new for _, new in values] == pytest.approx([old for old, _ in values], rel=1e-12)
