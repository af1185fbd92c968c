"""Working orders in replay: they trip limits before they fill, no batch shows, and without them nothing is kept."""

import numpy as np
import pytest
from msgspec import UNSET

from config.setup import Setup
from enforcement.records import Decision, HaltParams, ReduceParams
from risk.arrays import Scalar
from tests.helpers import HOUR_NS, EventDict, Played, close_of, fill, nav, play, quote, small_setup, snapshot, stock
from tests.replay.made_stream import made_events, made_setup

NOON = close_of(10) - 3 * HOUR_NS


def limited(action: str) -> Setup:
    """A gross limit of 2,500 on the firm."""
    limit = {"id": "cap", "scope": "firm", "sensor": "exposure", "metric": "gross", "hard": True,
             "levels": [{"at": 2_500.0, "action": action}], "keep_firing_for": "0s"}  # fmt: skip
    return small_setup([limit], mode="full")


OPENING: tuple[EventDict, ...] = (
    stock("AA"), stock("BB"), snapshot({("firm/a", "AA"): 100.0}, NOON), nav("firm/a", 10_000.0, NOON + 1),
    quote("AA", 20.0, NOON + 2), quote("BB", 10.0, NOON + 3),
)  # fmt: skip


def order(quantity: float, ts: int, name: str = "AA") -> EventDict:
    side = "buy" if quantity > 0 else "sell"
    return {"type": "order", "ts": ts, "portfolio": "firm/a", "instrument": name, "order_id": f"o{name}", "side": side,
            "open_quantity": abs(quantity)}  # fmt: skip


def decisions(played: Played) -> list[Decision]:
    """Return what the cap decided once the book was known and priced."""
    return [each for each in played.outputs.decisions if each.limit == "cap" and each.inputs.n > len(OPENING)]


def test_an_order_that_would_breach_halts_before_it_fills_and_its_cancel_clears() -> None:
    played = play([*OPENING, order(40.0, NOON + 5), order(0.0, NOON + 6), quote("BB", 10.0, NOON + 7)], limited("halt"))
    fired, cleared = decisions(played)
    assert (fired.decided_type, fired.inputs.n, fired.statistic) == ("halt", len(OPENING) + 1, 2_800.0)
    assert isinstance(fired.params, HaltParams)
    assert fired.params.cancel_working == "increasing"
    assert fired.evidence.worst_book == "buys"
    assert (cleared.decided_type, cleared.statistic, cleared.inputs.n) == ("none", 2_000.0, len(OPENING) + 2)
    said = [each.trading_state for each in played.outputs.actions if each.inputs.n > len(OPENING)]
    assert said == ["HALTED", "ACTIVE"]


def test_an_order_that_reduces_never_breaches() -> None:
    played = play([*OPENING, order(-90.0, NOON + 5)], limited("halt"))
    assert decisions(played) == []


def test_a_reduction_asks_for_the_cancel_first_and_for_sales_once_the_order_has_filled() -> None:
    """The order is filled before anybody cancels it: what it asked to cancel is now asked to be sold."""
    filled = fill("firm/a", "AA", 40.0, 20.0, "f", NOON + 6, order_id="oAA")
    played = play([*OPENING, order(40.0, NOON + 5), filled], limited("reduce_position"))
    first, then = decisions(played)
    assert first.params == ReduceParams((), cancel_working="increasing")
    assert first.evidence.clears_if == "increasing working orders are cancelled (buy 40 AA)"
    assert isinstance(then.params, ReduceParams)
    assert [(each.instrument, each.allowed_side) for each in then.params.targets] == [("AA", "sell")]
    assert then.params.cancel_working is UNSET
    assert then.evidence.clears_if is not None
    assert "orders" not in then.evidence.clears_if


@pytest.mark.parametrize("batch", [1, 7, 100_000])
def test_no_batch_shows_in_a_run_with_orders_at_work(batch: int) -> None:
    """The made stream has orders in every session; here they stay open while prices run."""
    events = [each for each in made_events(seed=9, days=30, quoted=2, quotes=30) if each.get("order_id") is None
              or each["type"] == "order"]  # fmt: skip
    points = range(len(events) - 300, len(events), 37)
    whole = play(events, made_setup(), batch=1_000, states_at=points)
    assert whole.core.state.arrays.scalars[Scalar.WORKING] > 0
    assert play(events, made_setup(), batch=batch, states_at=points).bytes_out() == whole.bytes_out()


def test_without_orders_no_book_beside_the_scopes_is_kept() -> None:
    """The price of orders is paid by scopes that have them: no row, no entry, no key in any record without."""
    played = play(OPENING, small_setup())
    state = played.core.state
    assert len(state.arrays.parent) == state.scope_room
    assert (state.arrays.worked_row == -1).all()
    assert state.arrays.scalars[Scalar.WORKING] == 0
    assert (state.working, state.orders, state.orders_at) == ({}, {}, {})
    one = play([*OPENING, order(5.0, NOON + 5)], small_setup()).core.state
    assert one.arrays.scalars[Scalar.WORKING] == 2, "the desk and its root, nobody else"


def test_an_order_that_came_and_went_leaves_the_numbers_as_they_were() -> None:
    calm = play([*OPENING, quote("AA", 21.0, NOON + 9)], small_setup()).core.state
    busy = play([*OPENING, order(5.0, NOON + 5), order(9.0, NOON + 6, "BB"), order(0.0, NOON + 7),
                 order(0.0, NOON + 8, "BB"), quote("AA", 21.0, NOON + 9)], small_setup()).core.state  # fmt: skip
    for p in range(len(calm.scopes)):
        np.testing.assert_array_equal(busy.arrays.metrics[p], calm.arrays.metrics[p])
        np.testing.assert_array_equal(busy.arrays.statuses[p], calm.arrays.statuses[p])
