"""Which shard hears a command: the one that has the book, or all where only one of them can know what is meant."""

import pytest

from daemon.homes import Homes
from feeds.decode import decode
from feeds.events import Foreign
from feeds.record import Input, Rejection
from tests.daemon.command_desk import LEVERAGE, override, said
from tests.helpers import EventDict, records_of

ACK: EventDict = {"type": "ack", "ts": 1, "action_id": "a", "consumer": "oms", "result": "applied"}
ALL: dict[str, EventDict] = {
    "a mode everywhere": said("mode", 0, "c", mode="monitoring"),
    "an approval without a scope": said("approve", 0, "c", approves="x"),
    "an end without a scope": said("override_end", 0, "c", override_id="x"),
    "limits": said("limits", 0, "c", limits=[LEVERAGE]),
    "an acknowledgement without a scope": ACK,
    "an acknowledgement of a root that nobody knows": ACK | {"scope": "fund"},
    "a glob over roots": override(0, "c", 5, kind="pin_state", scope="**", state="HALTED"),
}
ONE = {
    "an acknowledgement with a scope": ACK | {"scope": "firm/a"},
    "an override of a book": override(0, "c", 5, kind="pin_state", scope="firm/a", state="HALTED"),
    "an approval with a scope": said("approve", 0, "c", approves="x", scope="firm/a"),
    "an end with a scope": said("override_end", 0, "c", override_id="x", scope="firm"),
    "a mode of a book": said("mode", 0, "c", mode="monitoring", scope="firm/**"),
}


def heard_by(event: EventDict) -> list[int]:
    (record,) = records_of([event])
    decoded = decode(record.topic, record.payload)
    assert not isinstance(decoded, Rejection)
    homes = Homes({"firm": 1}, several=True)
    routed = {shard: homes.route([Input(record, decoded)], shard) for shard in range(3)}
    return [shard for shard, items in routed.items() if not isinstance(items[0].event, Foreign)]


@pytest.mark.parametrize("what", sorted(ALL))
def test_every_shard_hears_what_any_of_them_may_know(what: str) -> None:
    assert heard_by(ALL[what]) == [0, 1, 2]


@pytest.mark.parametrize("what", sorted(ONE))
def test_only_the_shard_of_a_book_hears_what_is_of_that_book(what: str) -> None:
    assert heard_by(ONE[what]) == [1]
