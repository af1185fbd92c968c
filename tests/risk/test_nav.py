"""V, flows, the index and its high-water mark, for books and for their parents."""

import pytest

from tests.helpers import MINUTE_NS, EventDict, check, command, nav, open_of, quote, snapshot, stock

NOON = open_of(10) + 120 * MINUTE_NS
OPENING: tuple[EventDict, ...] = (
    stock("AA"), snapshot({("firm/a", "AA"): 100.0, ("firm/b", "AA"): 100.0}, NOON), quote("AA", 20.0, NOON + 1),
    nav("firm/a", 10_000.0, NOON + 2), nav("firm/b", 30_000.0, NOON + 3),
)  # fmt: skip


def test_without_a_nav_leverage_and_drawdown_are_insufficient() -> None:
    expected = {"nav": None, "metrics.drawdown.status": "INSUFFICIENT", "metrics.gross_leverage.status": "INSUFFICIENT"}
    check(OPENING[:4], {"firm/b": expected, "firm": {"metrics.drawdown.status": "INSUFFICIENT"}})


def test_a_nav_rebases_and_the_index_goes_on() -> None:
    events = [*OPENING, quote("AA", 21.0, NOON + 4), nav("firm/a", 10_200.0, NOON + 5), quote("AA", 22.0, NOON + 6)]
    check(events, {"firm/a": {"nav": 10_300.0, "index": 1.03}, "firm": {"nav": 40_500.0, "index": 1.0125}})


def test_a_flow_is_no_performance_of_the_book_or_its_parents() -> None:
    events = [*OPENING, nav("firm/a", 15_000.0, NOON + 4, flow=4_900.0)]
    check(events, {"firm/a": {"nav": 15_000.0, "index": 1.01}, "firm": {"nav": 45_000.0, "index": 1.0025}})


def test_a_first_nav_is_a_flow_of_its_own_into_the_parent() -> None:
    later = {"type": "position", "ts": NOON + 5, "portfolio": "firm/c", "instrument": "AA", "quantity": 1.0}
    check([*OPENING, later, nav("firm/c", 7_000.0, NOON + 6)], {"firm": {"nav": 47_000.0, "index": 1.0}})


def test_drawdown_is_the_fall_from_the_high_of_the_index_and_not_of_the_money() -> None:
    events = [*OPENING, quote("AA", 23.0, NOON + 4), nav("firm/a", 5_300.0, NOON + 5, flow=-5_000.0)]
    check(events, {"firm/a": {"index": 1.03, "high_water": 1.03, "metrics.drawdown.value": 0.0}})
    fallen = [*events, quote("AA", 20.65, NOON + 6)]
    check(fallen, {"firm/a": {"high_water": 1.03, "metrics.drawdown.value": 1.0 - (5_300.0 - 235.0) / 5_300.0}})


def test_reset_hwm_starts_the_high_at_the_index_of_now() -> None:
    events = [
        *OPENING,
        quote("AA", 23.0, NOON + 4),
        quote("AA", 21.0, NOON + 5),
        command("reset_hwm", NOON + 6, "c", scope="firm/a"),
    ]
    check(events, {"firm/a": {"index": 1.01, "high_water": 1.01, "metrics.drawdown.value": 0.0}})


@pytest.mark.parametrize("lost", [0.0, -500.0])
def test_a_value_at_or_under_zero_makes_the_index_invalid_until_it_is_reset(lost: float) -> None:
    events = [*OPENING, nav("firm/a", lost, NOON + 4), nav("firm/a", 8_000.0, NOON + 5)]
    useless = [*events[:-1], command("reset_hwm", NOON + 4, "c0", scope="firm/a")]  # nothing can start from there
    check(useless, {"firm/a": {"metrics.gross_leverage.value": "Infinity", "metrics.drawdown.status": "INVALID"}})
    check(events, {"firm/a": {"metrics.drawdown.status": "INVALID", "metrics.gross_leverage.value": 0.25}})
    reset = [*events, command("reset_hwm", NOON + 6, "c", scope="firm/a"), quote("AA", 16.0, NOON + 7)]
    check(reset, {"firm/a": {"metrics.drawdown.value": 0.05, "metrics.drawdown.status": "OK"}})


def test_a_value_that_prices_took_under_zero_breaks_the_index_too() -> None:
    """A nav of a book that was wiped out tells of new money, not of a performance; it heals nothing."""
    poor = [*OPENING, nav("firm/a", 1_000.0, NOON + 4)]
    wiped = [*poor, *(quote("AA", 9.0, NOON + 4 + n) for n in range(1, 4))]
    check(wiped, {"firm/a": {"nav": -100.0}})
    check([*wiped, nav("firm/a", 8_000.0, NOON + 9)], {"firm/a": {"metrics.drawdown.status": "INVALID"}})


def test_a_parent_with_a_nav_of_its_own_keeps_it_beside_its_children() -> None:
    events = [*OPENING, nav("firm", 50_000.0, NOON + 4), quote("AA", 21.0, NOON + 5)]
    check(events, {"firm": {"nav": 50_200.0}, "firm/a": {"nav": 10_100.0}})
    check([*events, nav("firm/a", 12_000.0, NOON + 6, flow=1_900.0)], {"firm": {"nav": 52_100.0}})


def test_the_day_loss_starts_at_zero_when_the_base_session_opens() -> None:
    events = [*OPENING, quote("AA", 19.0, NOON + 4)]
    check(events, {"firm": {"metrics.day_loss.value": 200.0}})
    later = quote("AA", 18.5, open_of(11) + 1)
    check([*events, later], {"firm": {"metrics.day_loss.value": 100.0}})


def test_a_nav_in_another_currency_counts_at_its_rate() -> None:
    pair: list[EventDict] = [stock("EURUSD", kind="fx", base="EUR", quote="USD"), quote("EURUSD", 1.25, NOON + 4)]
    check(
        [*OPENING, *pair, nav("firm/a", 8_000.0, NOON + 5, currency="EUR")], {"firm/a": {"nav": 10_000.0, "index": 1.0}}
    )
