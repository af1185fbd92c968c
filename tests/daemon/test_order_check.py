"""Questions about orders: what goes, what is cut and why, what always goes, and that asking changes nothing."""

from math import inf, isnan, nan
from typing import ClassVar, Self

import pytest

from config.schema import Limit
from config.sensor_facts import Metric, SensorFacts
from daemon.core import Core
from daemon.order_answer import (
    OrderQuestion,
    OrderRefusedError,
    RefusalCode,
)
from daemon.order_check import OrderChecker
from enforcement.effects import Stage
from enforcement.records import TradingState
from feeds.order_verdict import Outcome
from risk.measures import METRIC_INDEX, Measures, Status
from sensors.catalogue import SHIPPED, Catalogue
from sensors.reading import Reading
from tests.daemon.order_desk import GROSS, WARNED, ask, desk, feed
from tests.helpers import DAY_NS, HOUR_NS, close_of, command, fill, nav, quote, small_setup, snapshot, stock


def test_an_order_within_all_limits_goes() -> None:
    answer = ask(desk(), "A", 50.0)
    assert (answer.outcome, answer.quantity, answer.verdicts) == (Outcome.GO, 50.0, ())
    at = METRIC_INDEX["gross"]
    assert answer.scopes == ("firm/desk", "firm")
    assert answer.before.values[:, at].tolist() == [12_000.0, 12_000.0]
    assert answer.after.values[:, at].tolist() == answer.whole.values[:, at].tolist() == [17_000.0, 17_000.0]


def test_an_order_over_a_limit_is_cut_to_what_fits_under_it() -> None:
    """Gross is 12,000 of 20,000, so that 80 A at 100 fit, to the unit."""
    answer = ask(desk(), "A", 200.0)
    assert (answer.outcome, answer.quantity) == (Outcome.REDUCED, 80.0)
    assert answer.binding == (("firm/desk", "gross"),)  # its root, which is as full, was not searched any more
    assert {(each.line.scope, each.line.limit, each.says) for each in answer.verdicts} == {
        ("firm/desk", "gross", "stops"),
        ("firm", "gross", "stops"),
    }
    assert answer.after.values[0, METRIC_INDEX["gross"]] == 20_000.0
    assert answer.whole.values[0, METRIC_INDEX["gross"]] == 32_000.0
    assert answer.reason == "80 of 200 may go: gross of firm/desk: gross exposure 32.00k with all of it"


def test_whole_lots_go() -> None:
    assert ask(desk(lot=30.0), "A", 180.0).quantity == 60.0


def test_nothing_goes_where_the_book_is_full() -> None:
    full = desk(more=[fill("firm/desk", "A", 80.0, 100.0, "f", close_of(0) + 10**7)])
    answer = ask(full, "A", 1.0)
    assert (answer.outcome, answer.quantity) == (Outcome.NO, 0.0)
    assert answer.after.values.tobytes() == answer.before.values.tobytes()


def test_a_limit_in_shadow_is_told_and_stops_nothing() -> None:
    answer = ask(desk(mode="monitoring"), "A", 200.0)
    assert (answer.outcome, answer.quantity) == (Outcome.GO, 200.0)
    assert {each.says for each in answer.verdicts} == {"would_stop"}


def test_a_hard_limit_stops_in_every_mode() -> None:
    assert ask(desk([GROSS | {"hard": True}], mode="monitoring"), "A", 200.0).quantity == 80.0


def test_a_warning_is_told_and_stops_nothing_unless_configured() -> None:
    answer = ask(desk([WARNED]), "A", 100.0)
    assert (answer.quantity, [each.says for each in answer.verdicts]) == (100.0, ["warns"])
    assert ask(desk([WARNED], pretrade={"stops_from": "warn"}), "A", 100.0).quantity == 70.0


def test_several_limits_at_once_leave_what_fits_under_all() -> None:
    answer = ask(desk([GROSS, WARNED], pretrade={"stops_from": "warn"}), "A", 500.0)
    assert (answer.quantity, answer.binding) == (70.0, (("firm", "net"),))
    assert {each.line.limit for each in answer.verdicts if each.says == "stops"} == {"gross", "net"}


def test_what_lowers_a_number_over_its_limit_is_not_stopped_by_it() -> None:
    """A hedge that makes no number worse goes, though the book is over: net falls, gross has no limit here."""
    over = [WARNED | {"levels": [{"at": 5_000.0, "action": "warn"}]}]
    assert ask(desk(over, pretrade={"stops_from": "warn"}), "B", -30.0).outcome is Outcome.GO


def test_a_halt_lets_through_what_reduces_and_nothing_else() -> None:
    core = desk()
    feed(core, command("halt", close_of(0) + 10**7, "h", scope="firm"))
    increase, reduction, flip = ask(core, "A", 10.0), ask(core, "A", -100.0), ask(core, "A", -130.0)
    assert [each.outcome for each in (increase, reduction, flip)] == [Outcome.NO, Outcome.GO, Outcome.REDUCED]
    assert flip.quantity == flip.reducing == 100.0
    assert increase.states.effective is TradingState.HALTED
    assert increase.reason == "0 of 10 may go: HALTED lets through what reduces: 0 of 10"
    assert ask(core, "B", 50.0).outcome is Outcome.GO


def test_orders_that_work_already_leave_less_to_reduce() -> None:
    core = desk()
    order = {"type": "order", "ts": close_of(0) + 10**7, "portfolio": "firm/desk", "instrument": "A", "order_id": "o"}
    feed(core, order | {"side": "sell", "open_quantity": 70.0}, command("halt", close_of(0) + 10**8, "h", scope="firm"))
    assert ask(core, "A", -100.0).quantity == 30.0


def test_a_flip_is_held_to_the_limits_with_what_is_beyond_flat() -> None:
    """Selling 300 A leaves 200 short: 20,000 and 2,000 of B, over 20,000 of gross by 20 units."""
    answer = ask(desk(), "A", -300.0)
    assert (answer.quantity, answer.reducing) == (280.0, 100.0)


def test_a_reduction_goes_though_it_makes_a_number_worse() -> None:
    """Buying the short back unwinds a hedge: net rises over its level, and still it goes."""
    over = [WARNED | {"levels": [{"at": 8_500.0, "action": "warn"}]}]
    answer = ask(desk(over, pretrade={"stops_from": "warn"}), "B", 50.0)
    assert (answer.outcome, [each.says for each in answer.verdicts]) == (Outcome.GO, ["spared"])
    assert answer.reason == "it reduces a position, which always passes"


def test_a_reduction_goes_with_stale_prices() -> None:
    """Weeks without a price: no number is left, a limit with `on_no_data: reduce` holds the book, and a sale goes."""
    core = desk([GROSS | {"on_no_data": "halt", "no_data_after": "1s"}])
    ts = close_of(0) + 30 * DAY_NS
    feed(core, *({"type": "heartbeat", "ts": at, "source": "feed"} for at in (ts, ts + DAY_NS)))
    sale, purchase = ask(core, "A", -100.0), ask(core, "A", 1.0)
    assert (sale.outcome, sale.trust) == (Outcome.GO, "stale")
    assert (purchase.outcome, purchase.states.effective) == (Outcome.NO, TradingState.HALTED)


def test_a_number_that_was_missing_before_is_told_and_the_state_decides() -> None:
    """As long as a breach life holds its state, orders go, and the answer says who is blind."""
    core = desk([GROSS | {"no_data_after": "2000h"}])
    ts = close_of(0) + 30 * DAY_NS
    feed(core, {"type": "heartbeat", "ts": ts, "source": "feed"})
    answer = ask(core, "A", 1.0)
    assert answer.outcome is Outcome.GO
    assert {(each.line.limit, each.says, each.takes_number) for each in answer.verdicts} >= {
        ("gross", "no_number", False)
    }
    assert all(isnan(each.whole) for each in answer.verdicts)
    assert "nobody can tell what it does to gross of firm" in answer.reason


@pytest.mark.parametrize(("policy", "quantity"), [(None, 0.0), ("reduce", 0.0), ("warn", 20.0), ("hold", 20.0)])
def test_an_order_that_takes_a_number_away_is_held_to_what_missing_data_calls_for(
    policy: str | None, quantity: float
) -> None:
    """NEW has no price, so that nobody could measure the book that holds it: INVALID reduces, unless told otherwise."""
    limit = GROSS if policy is None else GROSS | {"on_no_data": policy}
    answer = ask(desk([limit]), "NEW", 20.0)
    assert answer.quantity == quantity
    assert {(each.takes_number, each.status) for each in answer.verdicts} == {(True, Status.INVALID)}


def test_a_throttle_lets_through_its_largest_notional() -> None:
    throttle = {"id": "lev", "scope": "firm", "sensor": "leverage", "metric": "gross_leverage",
                "levels": [{"at": 0.2, "action": "throttle", "params": {"max_notional": 550.0}}]}  # fmt: skip
    core = desk([throttle])
    answer = ask(core, "B", -20.0)
    assert (answer.states.effective, answer.allowed_by_state) == (TradingState.THROTTLED, 13.0)
    assert answer.quantity == 0.0  # the leverage is over its level already, and worse with any of it
    assert ask(core, "A", -100.0).quantity == 100.0


def test_an_order_of_a_parent_is_held_by_its_implicit_leaf() -> None:
    answer = ask(desk(), "A", 200.0, portfolio="firm")
    assert (answer.scopes, answer.quantity, answer.reducing) == (("firm",), 80.0, 0.0)
    assert ask(desk(), "A", -10.0, portfolio="firm").reducing == 0.0  # it has no position of its own


@pytest.mark.parametrize(
    ("portfolio", "name", "quantity", "code", "told"),
    [
        ("firm/dsk", "A", 1.0, RefusalCode.UNKNOWN_PORTFOLIO, "no portfolio 'firm/dsk' holds anything here"),
        ("firm/desk", "Z", 1.0, RefusalCode.UNKNOWN_INSTRUMENT, "no instrument 'Z' in the reference data"),
        ("firm/desk", "A", nan, RefusalCode.BAD_REQUEST, "quantity must be finite and above 0, got nan"),
        ("firm/desk", "A", inf, RefusalCode.BAD_REQUEST, "quantity must be finite and above 0, got inf"),
        ("firm/desk", "NEW", 15.0, RefusalCode.LOT, "quantity must be a multiple of the lot 10 of NEW, got 15"),
    ],
)
def test_a_question_without_an_answer_says_why(
    portfolio: str, name: str, quantity: float, code: RefusalCode, told: str
) -> None:
    question = OrderQuestion(portfolio=portfolio, instrument=name, side="buy", quantity=quantity)
    with pytest.raises(OrderRefusedError, match=told) as refused:
        OrderChecker(desk()).check(question)
    assert refused.value.code is code


def test_an_odd_lot_may_be_closed_and_an_expired_position_too() -> None:
    core = desk(lot=30.0)
    assert ask(core, "A", -100.0).outcome is Outcome.GO
    feed(core, stock("A", lot=30.0, status="expired") | {"ts": close_of(0) + HOUR_NS})
    assert ask(core, "A", -100.0).outcome is Outcome.GO
    with pytest.raises(OrderRefusedError, match="instrument A has expired"):
        ask(core, "A", -130.0)


class Lopsided:
    """A sensor with a number of its own: net over gross."""

    facts: ClassVar[SensorFacts] = SensorFacts(
        "lopsided",
        (Metric("lopsidedness", "lopsidedness", "net over gross", "share", "LOPSIDED", irreducible="it is told"),),
    )

    @classmethod
    def of(cls, limit: Limit, currency: str) -> Self:  # noqa: ARG003 -- the shape of all sensors
        return cls()

    def read(self, measures: Measures) -> Reading:
        share = measures.value("net") / measures.value("gross") if measures.value("gross") else 0.0
        return Reading(
            "lopsided", "lopsidedness", share, Status.OK, "share", (0.8,), share / 0.8, f"net over gross {share:.2f}"
        )


def test_a_number_that_only_its_sensor_computes_stops_all_but_what_reduces() -> None:
    """8,000 of 12,000 is 0.67; with 100 more of A it is 0.82, and how much of it fits is not sought."""
    limit = {"id": "lop", "scope": "firm", "sensor": "lopsided", "metric": "lopsidedness",
             "levels": [{"at": 0.8, "action": "throttle"}]}  # fmt: skip
    setup = small_setup([limit], mode="full")
    core = Core(setup, catalogue=Catalogue((*SHIPPED.sensors, Lopsided)))
    at = close_of(0)
    feed(core, stock("A"), stock("B"), snapshot({("firm/desk", "A"): 100.0, ("firm/desk", "B"): -50.0}, at - 10),
         nav("firm/desk", 50_000.0, at), quote("A", 100.0, at + 1), quote("B", 40.0, at + 2))  # fmt: skip
    assert ask(core, "A", 20.0).outcome is Outcome.GO
    answer = ask(core, "A", 100.0)
    assert (answer.outcome, answer.quantity) == (Outcome.NO, 0.0)
    assert [each.line.limit for each in answer.verdicts] == ["lop"]


def test_answers_follow_a_limit_that_climbs_its_ladder() -> None:
    """In gradual mode a limit stops orders from the stage on in which its action restricts: SOFT caps at throttle."""
    core = desk(mode="gradual")
    checker = OrderChecker(core)
    question = OrderQuestion(portfolio="firm/desk", instrument="A", side="buy", quantity=200.0)
    assert checker.check(question).outcome is Outcome.GO
    core.enforcer.stages["gross", "firm/desk"] = Stage.SOFT
    soft = checker.check(question)
    assert soft.quantity == 80.0
    assert {each.line.scope: each.says for each in soft.verdicts} == {"firm/desk": "stops", "firm": "would_stop"}
    core.enforcer.stages["gross", "firm/desk"] = Stage.SHADOW
    assert checker.check(question).outcome is Outcome.GO
