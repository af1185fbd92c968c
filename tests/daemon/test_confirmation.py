"""What wakes the enforcer: a price, news of the book, or time alone, which confirms nothing."""

import pytest

from tests.helpers import SECOND_NS, EventDict, heartbeat, open_of, play, quote, small_setup, snapshot, stock

NOON = open_of(0) + 3600 * SECOND_NS
GROSS = {"id": "cap", "scope": "firm", "sensor": "exposure", "metric": "gross", "hard": True,
         "levels": [{"at": 100_000.0, "action": "halt"}]}  # fmt: skip
# One price of AA over the cap; BB, small, turns stale a quarter of a minute later, which looks at the book again.
ONE_BAD_PRICE: list[EventDict] = [
    stock("AA", calendar="XNYS"),
    stock("BB", calendar="XNYS", max_age=15 * SECOND_NS),
    snapshot({("firm", "AA"): 990.0, ("firm", "BB"): 1.0}, NOON - SECOND_NS),
    quote("AA", 100.0, NOON),
    quote("BB", 1.0, NOON + 1),
    quote("AA", 102.0, NOON + SECOND_NS),
    heartbeat(NOON + 30 * SECOND_NS),
]


@pytest.mark.parametrize("wait", ["0s", "20s"])
def test_a_timer_or_a_heartbeat_confirms_no_breach_that_one_price_began(wait: str) -> None:
    setup = small_setup([{**GROSS, "for": wait}])
    played = play(ONE_BAD_PRICE, setup)
    assert played.outputs.decisions[-1].transition == "ok>pending"
    second = play([*ONE_BAD_PRICE, quote("AA", 102.0, NOON + 31 * SECOND_NS)], setup)
    assert second.outputs.decisions[-1].transition == "pending>firing"
