"""Rates: direct, inverted, by one cross, or none; and what a pair's move does to a book."""

import pytest

from tests.helpers import MINUTE_NS, EventDict, check, nav, open_of, quote, snapshot, stock

NOON = open_of(10) + 120 * MINUTE_NS


def pair(base: str, quoted: str, rate: float, ts: int) -> list[EventDict]:
    """A pair and its first price."""
    terms: EventDict = {"kind": "fx", "base": base, "quote": quoted, "currency": quoted}
    return [stock(base + quoted, **terms), quote(base + quoted, rate, ts)]


def held(currency: str, **fields: object) -> list[EventDict]:
    """Ten of a name at 100 in a currency, and a nav."""
    return [
        stock("NN", currency=currency, **fields), snapshot({("firm", "NN"): 10.0}, NOON), quote("NN", 100.0, NOON + 1),
        nav("firm", 5_000.0, NOON + 2),
    ]  # fmt: skip


GROSS = "exposures.gross"


@pytest.mark.parametrize(
    ("currency", "pairs", "gross"),
    [
        ("USD", [], 1_000.0),
        ("EUR", [("EUR", "USD", 1.25)], 1_250.0),
        ("JPY", [("USD", "JPY", 125.0)], 8.0),
        ("CHF", [("EUR", "CHF", 0.8), ("EUR", "USD", 1.25)], 1_562.5),
        ("EUR", [("EUR", "USD", 1.25), ("USD", "EUR", 0.5)], 1_250.0),
    ],
    ids=["base", "direct", "inverted", "cross", "direct before inverted"],
)
def test_a_currency_is_reached(currency: str, pairs: list[tuple[str, str, float]], gross: float) -> None:
    events = held(currency)
    for place, (base, quoted, rate) in enumerate(pairs):
        events += pair(base, quoted, rate, NOON + 10 + place)
    check(events, {"firm": {GROSS: gross, "trust": "fresh", "nav": 5_000.0}})


def test_a_currency_without_a_path_has_no_value_and_its_book_no_valid_number() -> None:
    check(
        [*held("SEK"), *pair("EUR", "USD", 1.25, NOON + 5)],
        {"firm": {GROSS: None, "status": "INVALID", "trust": "missing"}},
    )


def test_two_crosses_are_one_too_many() -> None:
    events = [*held("SEK"), *pair("NOK", "SEK", 1.0, NOON + 5), *pair("EUR", "NOK", 10.0, NOON + 6)]
    check([*events, *pair("EUR", "USD", 1.25, NOON + 7)], {"firm": {"trust": "missing"}})


def test_a_pair_moves_the_value_of_what_is_paid_for_in_full() -> None:
    events = [*held("EUR"), *pair("EUR", "USD", 1.25, NOON + 5), quote("EURUSD", 1.2, NOON + 6)]
    check(events, {"firm": {GROSS: 1_200.0, "nav": 4_950.0}})


def test_a_pair_moves_only_the_exposure_of_what_is_margined() -> None:
    """A future's gains are in euro; its notional was never bought."""
    events = [*held("EUR", kind="future"), *pair("EUR", "USD", 1.25, NOON + 5), quote("EURUSD", 1.2, NOON + 6)]
    check(events, {"firm": {GROSS: 1_200.0, "nav": 5_000.0}})
    check([*events, quote("NN", 101.0, NOON + 7)], {"firm": {GROSS: 1_212.0, "nav": 5_012.0}})


def test_an_inverse_contract_is_worth_its_face_and_wins_coins() -> None:
    """q·m·(1/p₀ − 1/p) coins at the new price are q·m·r; they are cash in the coin from then on."""
    terms: EventDict = {
        "kind": "perpetual",
        "contract": "inverse",
        "multiplier": 100.0,
        "settle_currency": "XBT",
        "base": "XBT",
    }
    events = [stock("PP", **terms), snapshot({("firm", "PP"): 10.0}, NOON), quote("PP", 5_000.0, NOON + 1)]
    events += [nav("firm", 2_000.0, NOON + 2), quote("PP", 5_500.0, NOON + 3)]
    check(events, {"firm": {"exposures.by_instrument.PP": 1_000.0, "nav": 2_100.0}})
    back = [*events, quote("PP", 5_000.0, NOON + 4)]
    check(back, {"firm": {"nav": 2_000.0}})
