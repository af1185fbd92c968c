"""Coins at their worth: the value that riskd keeps from fills and prices is what an accountant finds from nothing."""

import pytest

from daemon.core import Core
from daemon.edge import decode_inputs
from daemon.shipped import CRYPTO
from daemon.wiring import build_setup
from feeds.events import Fill, Nav, PositionsSnapshot
from tests.helpers import MINUTE_NS, SECOND_NS
from tests.recordings.coin_account import FEE_SHARE
from tests.recordings.coin_contracts import FACE_USD
from tests.recordings.coin_desks import FUNDING_RATE, MIDNIGHT_S, OPENING
from tests.replay.crypto_minutes import crypto_minutes

WITH_COINS = ("firm/inverse", "firm/momentum")
MIDNIGHT_NS = MIDNIGHT_S * SECOND_NS


def test_navs_differ_from_the_tracked_value_by_fees_and_funding_alone() -> None:
    """By the whole stream, to a millionth of NAV; books that hold coins, to two basis points.

    riskd reaches dollars from a coin by its inverse contract, directly; the accountant by the spot pair and USDT. The
    gap between the two prices, some basis points that come and go, is in the accountant's NAV and not in riskd's.
    """
    setup = build_setup(CRYPTO.config)
    core = Core(setup)
    records = crypto_minutes(history_days=3, is_thinned=False)
    inputs = decode_inputs(records, {each.code for each in setup.calendars}, setup.config)
    start, compared, is_open = 0, 0, False
    paid: dict[str, float] = dict.fromkeys(OPENING, 0.0)
    for at, item in enumerate(inputs):
        event, state = item.event, core.state
        is_open = is_open or isinstance(event, PositionsSnapshot)
        if isinstance(event, Fill):
            paid[event.portfolio] += FEE_SHARE * event.quantity * FACE_USD.get(event.instrument, event.price)
        if not isinstance(event, Nav):
            continue
        core.step(inputs[start:at])
        start = at
        if event.ts > MIDNIGHT_NS + 2 * MINUTE_NS:
            break
        if core.state.arrays.has_nav[state.scope_index[event.portfolio]] == 0:
            continue  # the first says what else the book owns
        if MIDNIGHT_NS < event.ts < MIDNIGHT_NS + 10 * SECOND_NS:
            paid[event.portfolio] += FUNDING_RATE * _face_usd(core, event.portfolio)
        tracked = float(state.arrays.value[state.scope_index[event.portfolio]])
        bound = 2e-4 if event.portfolio in WITH_COINS else 1e-6
        assert event.nav == pytest.approx(tracked - paid[event.portfolio], rel=bound), (at, event.portfolio)
        paid[event.portfolio] = 0.0
        compared += 1
    assert is_open
    assert compared >= 28


def _face_usd(core: Core, portfolio: str) -> float:
    """What the book's perpetuals are worth: funding is paid on it, by whoever is long."""
    state = core.state
    p = state.scope_index[portfolio]
    return sum(
        float(state.arrays.quantity[p, i]) * float(state.arrays.unit[i])
        for i, terms in enumerate(state.terms)
        if terms.kind == "perpetual"
    )
