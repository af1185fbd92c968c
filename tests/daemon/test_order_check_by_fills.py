"""Answers about orders against what real fills make of a made stream with everything in it."""

import pickle

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core import Core
from enforcement.limits import matches
from enforcement.merge import severity
from feeds.order_verdict import Outcome
from risk.measures import METRIC_INDEX
from tests.daemon.order_desk import ask, feed, made_core
from tests.helpers import fill

MOMENTS = ((1, 0), (2, 61))  # of made streams: seed, and inputs left out at the end


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_goes_keeps_every_limit_and_one_lot_more_does_not(data: st.DataObject) -> None:
    """By real fills on a made stream in mode full: what was cut stands at its limits, and nothing is made worse."""
    seed, left = data.draw(st.sampled_from(MOMENTS))
    core = made_core(seed, left=left, mode="full")
    leaf = data.draw(st.sampled_from(["firm/fund", "firm/desk", "calm/a"]))
    name = data.draw(st.sampled_from(["S0", "S2", "S4", "C1", "FUT", "PARIS"]))
    quantity = data.draw(st.integers(-3_000, 3_000).map(float).filter(bool))
    answer = ask(core, name, quantity, leaf)
    if answer.quantity > answer.reducing:
        filled = made_core(seed, left=left, mode="full")
        fill_now(filled, leaf, name, answer.quantity if quantity > 0 else -answer.quantity)
        assert not broken(core, filled, answer.scopes)
    is_by_limits = answer.outcome is not Outcome.GO and answer.allowed_by_state == answer.question.quantity
    if is_by_limits:
        filled = made_core(seed, left=left, mode="full")
        more = answer.quantity + 1.0
        fill_now(filled, leaf, name, more if quantity > 0 else -more)
        assert broken(core, filled, answer.scopes)


def fill_now(core: Core, leaf: str, name: str, quantity: float) -> None:
    price = float(core.state.arrays.mark[core.state.instrument_index[name]])
    feed(core, fill(leaf, name, quantity, price, "now", core.now_ns))


def broken(before: Core, after: Core, scopes: tuple[str, ...]) -> list[str]:
    """Return the enforced levels, throttle or more, whose number is over them and larger than before, by the config."""
    found = []
    for scope in scopes:
        was, now = (core.state.arrays.metrics[core.state.scope_index[scope]] for core in (before, after))
        for limit in before.setup.config.enforcement.limits:
            at = METRIC_INDEX[limit.metric]
            if matches(limit.scope, scope) and limit.metric != "es_999":  # it is fitted anew
                found += [
                    f"{limit.id} of {scope}"
                    for level in limit.levels
                    if severity(level.action) >= 2 and now[at] > level.at and not now[at] <= was[at] * (1 + 1e-8)
                ]
    return found


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_reducing_order_always_goes_and_asking_leaves_no_trace(data: st.DataObject) -> None:
    """Whatever the state of desks and data: half of it, all of it, or all and more."""
    seed, left = data.draw(st.sampled_from(MOMENTS))
    core = made_core(seed, left=left, mode="full")
    state = core.state
    leaf = data.draw(st.sampled_from(["firm/fund/_self", "firm/desk", "firm/abroad", "calm/a"]))
    held = {
        terms.name: float(quantity)
        for terms, quantity in zip(state.terms, state.arrays.quantity[state.scope_index[leaf]], strict=False)
        if quantity and terms.kind != "cash"
    }
    name = data.draw(st.sampled_from(sorted(held)))
    pending = state.working.get(state.scope_index[leaf], {}).get(state.instrument_index[name], (0.0, 0.0))
    free = abs(held[name]) - pending[1 if held[name] > 0 else 0]
    before = pickle.dumps((state, core.enforcer._scopes, core.enforcer._publisher))
    if free >= 1.0:
        side = -1.0 if held[name] > 0 else 1.0
        for share in (0.5, 1.0, 2.0):
            answer = ask(core, name, side * free * share, leaf)
            assert answer.quantity >= free * min(share, 1.0) * (1.0 - 1e-12)
            assert share > 1.0 or answer.outcome is Outcome.GO
    assert pickle.dumps((state, core.enforcer._scopes, core.enforcer._publisher)) == before
