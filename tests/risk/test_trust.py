"""How long a price may be trusted: open time, quiet names, close-only names, their own ages."""

import pytest

from tests.helpers import (
    MINUTE_NS,
    SECOND_NS,
    EventDict,
    check,
    close,
    close_of,
    heartbeat,
    open_of,
    quote,
    snapshot,
    stock,
)

NOON = open_of(10) + 120 * MINUTE_NS


def held(**fields: object) -> list[EventDict]:
    return [stock("AA", **fields), stock("BB"), snapshot({("firm", "AA"): 100.0}, NOON - 10)]


def order(ts: int) -> EventDict:
    """An event of another topic: it moves time, and does not say that the feed lives."""
    return {"type": "order", "ts": ts, "portfolio": "firm", "instrument": "BB", "order_id": "o", "side": "buy",
            "open_quantity": 0.0}  # fmt: skip


def check_trust(events: list[EventDict], expected: str) -> None:
    invalid = {"missing": "INVALID", "stale": "INVALID"}.get(expected, "OK")
    check(events, {"firm": {"trust": expected, "metrics.gross.status": invalid}})


def test_a_quote_is_fresh_for_sixty_seconds_of_a_silent_feed() -> None:
    events = [*held(), quote("AA", 20.0, NOON)]
    check_trust([*events, order(NOON + 60 * SECOND_NS - 1)], "fresh")
    check_trust([*events, order(NOON + 60 * SECOND_NS)], "stale")


def test_a_quiet_name_is_fresh_for_fifteen_minutes_of_a_feed_that_lives() -> None:
    events = [*held(), quote("AA", 20.0, NOON)]
    events += [quote("BB", 30.0, NOON + step * 50 * SECOND_NS) for step in range(18)]
    check_trust([*events, order(NOON + 15 * MINUTE_NS - 1)], "fresh")
    check_trust([*events, order(NOON + 15 * MINUTE_NS)], "stale")


def test_only_open_time_counts() -> None:
    late = close_of(10) - 30 * SECOND_NS
    events = [*held(), quote("AA", 20.0, late)]
    check_trust([*events, order(open_of(11) + 29 * SECOND_NS)], "fresh")
    check_trust([*events, order(open_of(11) + 31 * SECOND_NS)], "stale")


def test_a_close_only_name_is_fresh_for_three_sessions() -> None:
    """A proxy stands for its missing closes: without one they would be unmodelled, and that counts as stale at once."""
    events = [*held(), close("AA", 10, 20.0), *(close("BB", day, 30.0) for day in (10, 11, 12))]
    check_trust([*events, heartbeat(close_of(13) - 1)], "fresh")
    check_trust([*events, heartbeat(close_of(13) + MINUTE_NS)], "stale")
    check_trust([*held(), close("AA", 10, 20.0), heartbeat(close_of(12) + 3 * 60 * MINUTE_NS)], "stale")


def test_max_age_overrides_both_rules() -> None:
    age = 5 * MINUTE_NS
    events = [*held(max_age=age), quote("AA", 20.0, NOON)]
    check_trust([*events, order(NOON + age - 1)], "fresh")
    check_trust([*events, order(NOON + age)], "stale")


def test_a_new_price_makes_fresh_again_what_had_gone_stale() -> None:
    events = [*held(), quote("AA", 20.0, NOON), order(NOON + 5 * MINUTE_NS)]
    check_trust([*events, quote("AA", 20.0, NOON + 6 * MINUTE_NS)], "fresh")


def test_a_mark_does_not_move_because_time_passes() -> None:
    events = [*held(), close("AA", 9, 18.0, NOON - 5), quote("AA", 20.0, NOON)]
    check([*events, order(NOON + 20 * MINUTE_NS)], {"firm": {"exposures.gross": 2_000.0, "trust": "stale"}})


@pytest.mark.parametrize(("quantity", "status"), [(0.5, "DEGRADED"), (30.0, "INVALID")])
def test_a_stale_part_degrades_up_to_one_per_cent_of_gross(quantity: float, status: str) -> None:
    events = [*held(), {"type": "position", "ts": NOON, "portfolio": "firm", "instrument": "BB", "quantity": quantity}]
    later = NOON + 20 * MINUTE_NS
    events += [quote("BB", 20.0, NOON + 1), quote("AA", 20.0, later)]
    check(events, {"firm": {"trust": "stale", "metrics.gross.status": status}})


def test_a_stale_pair_makes_what_it_converts_stale() -> None:
    events: list[EventDict] = [
        stock("EURUSD", kind="fx", base="EUR", quote="USD"), stock("PA", currency="EUR", max_age=10**15),
        snapshot({("firm", "PA"): 10.0}, NOON), quote("EURUSD", 1.1, NOON + 1), quote("PA", 50.0, NOON + 2),
    ]  # fmt: skip
    check_trust(events, "fresh")
    check_trust([*events, heartbeat(NOON + 20 * MINUTE_NS)], "stale")
