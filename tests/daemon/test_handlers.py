"""What events do to the state beyond what the room of risk can see: names of timers, and what waits for its time."""

from tests.helpers import EventDict, Source, open_of, play, quote, small_setup, snapshot, stock

OPENING = open_of(20)


def split(name: str, ex_ts: int, ts: int) -> EventDict:
    return {"type": "adjustment", "ts": ts, "instrument": name, "ex_ts": ex_ts, "price_factor": 0.5}


def test_two_adjustments_announced_for_one_moment_both_act() -> None:
    """Also where another one has acted between the two announcements."""
    events: list[Source] = [
        stock("AA"),
        stock("BB"),
        snapshot({("firm", "AA"): 100.0}, OPENING),
        quote("AA", 40.0, OPENING + 1),
        quote("BB", 50.0, OPENING + 2),
        split("BB", OPENING + 10, OPENING + 3),
        split("AA", OPENING + 50, OPENING + 4),
        quote("BB", 25.0, OPENING + 20),
        split("AA", OPENING + 50, OPENING + 30),
        quote("BB", 25.0, OPENING + 50),
    ]
    assert play(events, small_setup()).core.state.arrays.quantity[0, 0] == 400.0
