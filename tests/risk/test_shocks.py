"""Which shock hits an instrument, in its own currency and in the base currency."""

import pytest

from risk.instruments import Terms
from risk.shocks import price_shock
from tests.helpers import MINUTE_NS, EventDict, check, open_of, quote, snapshot, stock

NOON = open_of(10) + 120 * MINUTE_NS
ALL = {"AA": -0.1, "UU": -0.2, "Energy": -0.3, "equity.EUR": -0.4, "equity": -0.5}


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (tuple(ALL), -0.1),
        (tuple(ALL)[1:], -0.2),
        (tuple(ALL)[2:], -0.3),
        (tuple(ALL)[3:], -0.4),
        (("equity",), -0.5),
        ((), None),
    ],
)
def test_the_first_key_that_hits_wins(left: tuple[str, ...], expected: float | None) -> None:
    terms = Terms("AA", "equity", "EUR", "XNYS", sector="Energy", underlying="UU")
    assert price_shock({key: ALL[key] for key in left}, terms) == expected


def test_a_bond_moves_by_its_duration_times_the_yield() -> None:
    bond = Terms("BB", "bond", "USD", "XNYS", duration=7.0)
    assert price_shock({"bond": 100.0}, bond) == pytest.approx(-0.07, rel=1e-12)


def test_no_price_falls_by_more_than_all_of_it() -> None:
    assert price_shock({"equity": -3.0}, Terms("AA", "equity", "USD", "XNYS")) == -0.9999


def book(name: str, **fields: object) -> list[EventDict]:
    return [
        stock("EURUSD", kind="fx", base="EUR", quote="USD"), stock(name, **fields), quote("EURUSD", 1.25, NOON),
        quote(name, 100.0, NOON + 1), snapshot({("firm", name): 10.0}, NOON + 2),
    ]  # fmt: skip


LOSS, COVERAGE = "stress.crash.loss", "stress.crash.coverage"


def test_a_stock_in_euro_falls_by_its_shock_and_its_currency() -> None:
    check(book("AA", currency="EUR"), {"firm": {LOSS: 1_250.0 * (1.0 - 0.6 * 0.9), COVERAGE: 1.0}})


def test_a_future_in_euro_loses_its_shock_at_the_shocked_rate() -> None:
    check(book("AA", currency="EUR", kind="future"), {"firm": {LOSS: 1_250.0 * 0.3 * 0.9}})


def test_a_pair_is_shocked_by_its_own_key_and_a_sector_before_the_kind() -> None:
    events = [*book("AA", sector="Energy"), snapshot({("firm", "EURUSD"): 1_000.0, ("firm", "AA"): 10.0}, NOON + 3)]
    check(
        events,
        {"firm": {LOSS: 125.0 + 500.0, "stress.energy.loss": 300.0, "stress.energy.coverage": 1_000.0 / 2_250.0}},
    )


def test_a_short_book_gains_in_a_crash_and_its_worst_loss_may_be_negative() -> None:
    events = [*book("AA"), snapshot({("firm", "AA"): -10.0}, NOON + 3)]
    check(events, {"firm": {LOSS: -400.0, "metrics.worst_loss.value": -400.0, "metrics.failures.value": 0.0}})


def test_what_no_key_hits_is_not_covered() -> None:
    uncovered = {
        LOSS: 0.0,
        COVERAGE: 0.0,
        "metrics.worst_loss.status": "INSUFFICIENT",
        "metrics.worst_loss.value": None,
    }
    check(book("II", kind="index"), {"firm": uncovered})


def test_options_and_bonds_without_duration_have_no_value() -> None:
    for kind in ("option", "bond"):
        check(book("OO", kind=kind), {"firm": {"trust": "missing", "status": "INVALID", "exposures.gross": None}})
