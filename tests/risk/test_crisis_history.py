"""Rows of crises that outlive the window, and proxies for who was not there."""

import datetime

import numpy as np
import pytest

from config.crises import Crisis
from config.setup import Setup
from risk.crisis_history import crisis_windows, known_crises, stand_in
from risk.proxies import CellFlag
from risk.state import RiskState
from tests.helpers import EventDict, calendar, close, close_of, date_of, open_of, play, small_setup, snapshot, stock

FALL = Crisis("fall", "Fall", date_of(3), date_of(6), "made for tests")
LATER = Crisis("later", "Later", date_of(5), date_of(8), "made for tests")
BEFORE = Crisis("before", "Before the data", "2018-12-20", date_of(2), "made for tests")
AHEAD = Crisis("ahead", "Not over yet", date_of(7), date_of(400), "made for tests")
PRICES = [100.0, 101.0, 99.0, 100.0, 90.0, 80.0, 72.0, 75.0, 80.0, 81.0, 82.0, 83.0]


def setup_of(*crises: Crisis) -> Setup:
    base = small_setup(window={"rows": 20})
    return Setup(base.config, base.calendars, base.scenarios, crises)


def closes_until(days: int) -> list[EventDict]:
    events = [stock("AA", sector="Energy"), stock("BB"), snapshot({("firm", "AA"): 10.0}, open_of(0))]
    for day in range(days):
        price = PRICES[day % len(PRICES)]
        events += [close("AA", day, price), close("BB", day, 2.0 * price, close_of(day) + 2 * 10**6)]
    return events


def windows_of(state: RiskState, *names: str) -> dict[str, "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"]:
    held = np.array([state.instrument_index[name] for name in names], dtype=np.int64)
    return {window.crisis.name: window.returns[:, held] for window in crisis_windows(state)}


def test_the_rows_of_a_crisis_stay_when_the_window_has_forgotten_them() -> None:
    state = play(closes_until(60), setup_of(FALL, LATER, BEFORE, AHEAD)).core.state
    assert state.rows == 20
    assert [crisis.name for crisis in known_crises(state)] == ["fall", "later"]
    found = windows_of(state, "AA")
    np.testing.assert_allclose(found["fall"][:, 0], [90 / 100 - 1, 80 / 90 - 1, 72 / 80 - 1], rtol=1e-12)
    np.testing.assert_allclose(found["later"][:, 0], [72 / 80 - 1, 75 / 72 - 1, 80 / 75 - 1], rtol=1e-12)
    days = [int(calendar().dates[day]) for day in (1, 2, *range(4, 60))]
    assert state.crisis_rows.days == days, "each row once, also one of several crises"


def test_a_crisis_is_known_when_its_last_row_is_complete() -> None:
    """Day 6 is FALL's end: its row is done with its closes."""
    assert known_crises(play(closes_until(6), setup_of(FALL)).core.state) == ()
    assert known_crises(play(closes_until(7), setup_of(FALL)).core.state) == (FALL,)


def test_without_rows_nothing_is_known() -> None:
    state = play(closes_until(1), setup_of(FALL)).core.state
    assert known_crises(state) == ()
    assert windows_of(state, "AA") == {}


@pytest.mark.parametrize(
    ("fields", "expected", "told"),
    [
        ({"proxy": {"instrument": "BB", "beta": 1.5}}, 1.5, "1.5 x BB"),
        ({"sector": "Energy"}, 1.0, "mean of Energy"),
        ({}, 1.0, "mean of equity.USD"),
    ],
)
def test_who_joins_later_takes_its_proxy_in_the_rows_before(fields: EventDict, expected: float, told: str) -> None:
    events = [*closes_until(9), stock("CC", **fields) | {"ts": close_of(8) + 10**9}]
    state = play(events, setup_of(FALL)).core.state
    found = windows_of(state, "AA", "CC")["fall"]
    np.testing.assert_allclose(found[:, 1], expected * found[:, 0], rtol=1e-12)
    i = state.instrument_index["CC"]
    assert set(state.crisis_rows.frozen()[1][:, i]) == {CellFlag.PROXIED}
    assert stand_in(state, i) == told
    assert windows_of(state, "CC")["fall"].tolist() == found[:, 1:].tolist(), "filled once"


def test_what_nothing_stands_for_stays_unmodelled_and_cash_stands_still() -> None:
    late = {"ts": close_of(8) + 10**9}
    events = [*closes_until(9), stock("FF", kind="future", currency="USD") | late, stock("USD", kind="cash") | late]
    state = play(events, setup_of(FALL)).core.state
    held = np.array([state.instrument_index["FF"], state.instrument_index["USD"]], dtype=np.int64)
    (window,) = crisis_windows(state)
    assert window.flags[:, held].tolist() == [[CellFlag.UNMODELLED, CellFlag.CLOSED]] * 3
    assert not window.returns[:, held].any()


def test_many_names_and_rows_find_room() -> None:
    """More instruments and rows than the first allocation holds."""
    end = datetime.date.fromordinal(int(calendar().dates[80])).isoformat()
    names = [f"N{number:02}" for number in range(40)]
    events: list[EventDict] = [stock(name) for name in names]
    for day in range(82):
        events += [close(name, day, 100.0 + day, close_of(day) + 10**6 + at) for at, name in enumerate(names)]
    long = Crisis("long", "Long", date_of(1), end, "made for tests")
    state = play(events, setup_of(long)).core.state
    found = windows_of(state, *names)["long"]
    assert found.shape == (79, 40)
    np.testing.assert_allclose(found, np.array([[1.0 / (101.0 + row)] * 40 for row in range(79)]), rtol=1e-12)


def test_a_split_that_is_heard_late_is_no_fall_in_the_rows_of_a_crisis() -> None:
    """Two for one on day 5, told an hour after its close: the row was complete with half the price."""
    split = {"type": "adjustment", "instrument": "AA", "ex_ts": open_of(5) - 10**9, "price_factor": 0.5}
    events = [stock("AA"), stock("BB"), snapshot({("firm", "AA"): 10.0}, open_of(0))]
    for day in range(9):
        price = 100.0 if day < 5 else 51.0
        events += [close("AA", day, price), close("BB", day, 20.0, close_of(day) + 2 * 10**6)]
        if day == 5:
            before = play(events, setup_of(FALL)).core.state.crisis_rows.digest
            events.append(split | {"ts": close_of(5) + 3_600 * 10**9})
            assert play(events, setup_of(FALL)).core.state.crisis_rows.digest != before
    state = play(events, setup_of(FALL)).core.state
    np.testing.assert_allclose(windows_of(state, "AA")["fall"][:, 0], [0.0, 0.02, 0.0], rtol=1e-12, atol=1e-15)
