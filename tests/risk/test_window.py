"""Rows of the return window: when they complete, what their cells are, and what waits for what."""

import pytest

from config.setup import Setup
from risk.proxies import CellFlag
from risk.state import RiskState
from tests.helpers import (
    HOUR_NS,
    Played,
    Source,
    calendar,
    close,
    close_of,
    heartbeat,
    open_of,
    play,
    quote,
    small_setup,
    stock,
)

BASE = [stock("AA"), stock("BB")]


def played(events: list[Source], setup: Setup | None = None) -> RiskState:
    return play(events, small_setup() if setup is None else setup).core.state


def cells(state: RiskState, name: str) -> list[float]:
    found: list[float] = state.arrays.returns[state.instrument_index[name], : state.rows].tolist()
    return found


def flags(state: RiskState, name: str) -> list[CellFlag]:
    i = state.instrument_index[name]
    return [CellFlag(int(flag)) for flag in state.window.flags[i, : state.rows]]


def days(*rows: tuple[float | None, float | None]) -> list[Source]:
    """Closes of AA and BB from session 10 on; None does not come, and an event after the cut-off ends its row."""
    events: list[Source] = [*BASE]
    for day, prices in enumerate(rows, 10):
        named = zip(("AA", "BB"), prices, strict=True)
        events += [close(name, day, price, close_of(day) + 10 + n) for n, (name, price) in enumerate(named) if price]
        if None in prices:
            events.append(heartbeat(close_of(day) + 2 * HOUR_NS))
    return events


def test_the_first_session_gives_levels_only() -> None:
    assert played(days((100.0, 50.0))).rows == 0


def test_a_row_completes_with_its_last_close_and_holds_simple_returns() -> None:
    state = played(days((100.0, 50.0), (110.0, 49.0)))
    assert cells(state, "AA") == [pytest.approx(0.1)]
    assert cells(state, "BB") == [pytest.approx(-0.02)]
    assert played([*days((100.0, 50.0)), close("AA", 11, 110.0)]).rows == 0


def test_a_row_waits_no_longer_than_its_cut_off() -> None:
    waiting = [*days((100.0, 50.0)), close("AA", 11, 110.0)]
    assert played([*waiting, heartbeat(close_of(11) + 2 * HOUR_NS - 1)]).rows == 0
    assert played([*waiting, heartbeat(close_of(11) + 2 * HOUR_NS)]).rows == 1


def test_a_close_of_a_later_session_completes_the_row_before_it() -> None:
    state = played([*days((100.0, 50.0)), close("AA", 11, 110.0), close("AA", 12, 120.0)])
    assert state.rows == 1
    assert state.window.closes[0] == {calendar().dates_sorted[12]: (120.0, close_of(12) + 10**6)}


def test_a_missing_close_takes_its_proxy_s_return_and_its_next_cell_runs_from_there() -> None:
    """BB stands for AA by kind and currency; the level then is the old one moved by that return."""
    state = played(days((100.0, 50.0), (None, 55.0), (121.0, 55.0)))
    assert flags(state, "AA") == [CellFlag.PROXIED, CellFlag.OBSERVED]
    assert cells(state, "AA") == [pytest.approx(0.1), pytest.approx(0.1)]


def test_a_cell_is_never_zero_because_nothing_is_known() -> None:
    state = played(days((100.0, 50.0), (None, None), (110.0, 51.0)))
    assert flags(state, "AA") == [CellFlag.UNMODELLED, CellFlag.OBSERVED]
    assert cells(state, "AA")[1] == pytest.approx(0.1), "two sessions compound"


def test_a_market_that_was_closed_returns_nothing_and_then_everything_at_once() -> None:
    """Hong Kong rests for the new year while New York trades."""
    rest = next(day for day in range(10, 60) if calendar().dates_sorted[day] not in calendar("XHKG").dates_sorted)
    events: list[Source] = [*BASE[:1], stock("HK", calendar="XHKG")]
    prices = {rest - 1: (100.0, 50.0), rest: (101.0, None), rest + 1: (101.0, None)}
    after = next(d for d in range(rest + 1, 70) if calendar().dates_sorted[d] in calendar("XHKG").dates_sorted)
    for day in range(rest - 1, after + 1):
        events.append(close("AA", day, prices.get(day, (101.0, None))[0]))
        if day in (rest - 1, after):
            events.append(close("HK", day, 50.0 if day < rest else 53.0, close_of(day) + 10**7))
    state = played(events)
    assert flags(state, "HK")[:-1] == [CellFlag.CLOSED] * (after - rest)
    assert cells(state, "HK") == [0.0] * (after - rest) + [pytest.approx(0.06)]


def test_names_by_mark_take_their_mark_at_the_base_close() -> None:
    events: list[Source] = [stock("AA"), stock("EURUSD", kind="fx", base="EUR", quote="USD")]
    for day, rate in ((10, 1.25), (11, 1.2)):
        events += [quote("EURUSD", rate, close_of(day) - 1), close("AA", day, 100.0)]
    later = quote("EURUSD", 1.0, close_of(11) + HOUR_NS)
    assert cells(played([*events, later]), "EURUSD") == [pytest.approx(-0.04)]


def test_a_mark_of_an_hour_ago_is_the_day_s_price_and_one_of_yesterday_is_none() -> None:
    events: list[Source] = [stock("AA"), stock("EURUSD", kind="fx", base="EUR", quote="USD")]
    for day, rate in ((10, 1.25), (11, 1.2), (12, None)):
        if rate is not None:
            events.append(quote("EURUSD", rate, close_of(day) - HOUR_NS))
        events.append(close("AA", day, 100.0))
    state = played(events)
    assert cells(state, "EURUSD")[0] == pytest.approx(-0.04)
    assert flags(state, "EURUSD") == [CellFlag.OBSERVED, CellFlag.UNMODELLED]


def test_returns_are_in_base_currency() -> None:
    pair = stock("EURUSD", kind="fx", base="EUR", quote="USD", closes="official")
    events: list[Source] = [pair, stock("PA", currency="EUR"), stock("FF", kind="future", currency="EUR")]
    for day, rate, price in ((10, 1.25, 100.0), (11, 1.2, 110.0)):
        named = (("EURUSD", rate), ("PA", price), ("FF", price))
        events += [close(name, day, value, close_of(day) + 10 + n) for n, (name, value) in enumerate(named)]
    state = played(events)
    assert cells(state, "PA") == [pytest.approx(1.1 * 0.96 - 1.0)]
    assert cells(state, "FF") == [pytest.approx(0.1 * 0.96)]


def test_the_window_is_a_ring() -> None:
    setup = small_setup(window={"rows": 20})
    rows = [(100.0 + n, 50.0) for n in range(26)]
    state = played(days(*rows), setup)
    assert (state.rows, state.window.rows_total) == (20, 25)
    newest = [(100.0 + n) / (99.0 + n) - 1.0 for n in range(21, 26)]
    assert cells(state, "AA")[:5] == [pytest.approx(each) for each in newest]


def test_a_new_name_joins_with_a_full_window_of_its_proxies() -> None:
    events = days((100.0, 50.0), (110.0, 51.0), (99.0, 52.0))
    state = played(
        [
            *events,
            stock("CC", ts=open_of(13), proxy={"instrument": "AA", "beta": 0.5}),
            quote("CC", 10.0, open_of(13) + 1),
        ]
    )
    assert cells(state, "CC") == [pytest.approx(0.05), pytest.approx(-0.05)]
    assert flags(state, "CC") == [CellFlag.PROXIED] * 2
    i, a = state.instrument_index["CC"], state.instrument_index["AA"]
    assert state.arrays.sigma[i, i] == pytest.approx(0.25 * state.arrays.sigma[a, a])
    assert state.arrays.sigma[i, a] == pytest.approx(0.5 * state.arrays.sigma[a, a])


def test_a_proxy_goes_before_the_sector_and_the_sector_before_the_kind() -> None:
    named = {"AA": 0.1, "BB": 0.02, "CC": 0.04, "DD": -0.3}
    events: list[Source] = [stock(name, sector="Energy" if name in "BB CC" else "Utilities") for name in named]
    events += [stock("XX", sector="Energy"), stock("YY", sector="Mining"), stock("ZZ", proxy={"instrument": "AA"})]
    for day in (10, 11):
        for n, (name, move) in enumerate(named.items()):
            events.append(close(name, day, 100.0 * (1.0 + move * (day - 10)), close_of(day) + 10 + n))
        if day == 10:
            events += [close(name, day, 100.0, close_of(day) + 20) for name in ("XX", "YY", "ZZ")]
    state = played([*events, heartbeat(close_of(11) + 2 * HOUR_NS)])
    found = [cells(state, name)[0] for name in ("XX", "YY", "ZZ")]
    assert found == [pytest.approx(0.03), pytest.approx(sum(named.values()) / 4), pytest.approx(0.1)]


def test_the_audit_tells_var_and_stress_once_a_row() -> None:
    played_rows: Played = play(
        [*days((100.0, 50.0), (110.0, 49.0), (111.0, 49.5)), heartbeat(open_of(13))], small_setup(portfolios=["firm"])
    )
    kinds = [record["kind"] for record in played_rows.outputs.audit if record.get("run") != "nightly"]
    assert (kinds.count("var_calculation"), kinds.count("stress_result")) == (2, 2)


def test_cash_that_is_named_long_before_the_first_price_opens_no_window() -> None:
    """A coin's cash is worth 1 from its reference data on; rows of nothing would make what comes later untrusted."""
    coin = stock("BTC", kind="cash", currency="BTC")
    state = played([coin, heartbeat(close_of(5)), *days((100.0, 50.0), (110.0, 49.0))])
    assert state.rows == 1
    assert flags(state, "AA") == [CellFlag.OBSERVED]
