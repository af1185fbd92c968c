"""While a limit fires, a price that cannot change anything is not looked at: not a byte differs for it."""

import pytest

from daemon.looking import Looking
from enforcement.enforcer import Enforcer
from enforcement.moment import Wake
from feeds.record import Record
from risk.measures import Vector
from tests.helpers import Played, play, records_of
from tests.replay.made_stream import made_events, made_setup

Bands = tuple[Vector, Vector] | None


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return records_of(made_events(days=262, quoted=8, quotes=60))


def played(records: list[Record], monkeypatch: pytest.MonkeyPatch, *, dozes: bool) -> tuple[Played, int]:
    """Return what came of the records, and how often a price was looked at."""
    looks = 0
    look = Looking.look

    def counted(self: Looking, *, n: int, cause: Wake, ts_event: int, suspect: bool = False) -> None:
        nonlocal looks
        looks += cause == "price"
        look(self, n=n, cause=cause, ts_event=ts_event, suspect=suspect)

    with monkeypatch.context() as patch:
        patch.setattr(Looking, "look", counted)
        if not dozes:
            patch.setattr(Enforcer, "bands", lambda *_: None)
        return play(records, made_setup("full"), batch=500), looks


def test_not_looking_at_every_price_of_a_firing_book_changes_no_byte(
    records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    always, looked_always = played(records, monkeypatch, dozes=False)
    dozing, looked = played(records, monkeypatch, dozes=True)
    assert len(always.outputs.decisions) > 200
    assert dozing.bytes_out() == always.bytes_out()
    assert looked < 0.8 * looked_always  # its lives are mostly pending, recovering, or about to be
