"""Consumers that say anything at any time: no batching changes a byte, and no word of theirs changes a decision."""

import random
from functools import cache

from enforcement.records import encode
from tests.helpers import SECOND_NS, EventDict, Played, play
from tests.replay.made_stream import made_events, made_setup

RESULTS = ("applied", "applied", "applied", "partial", "rejected", "superseded", "expired")
CONSUMERS = ("oms", "algo", "forger")


@cache
def silent() -> Played:
    return play(made_events(seed=3, days=25, quoted=8), made_setup("full"))


@cache
def talkative() -> list[EventDict]:
    """The made stream with words on its actions: mostly in time, some late, twice, early, or of no action."""
    walk = random.Random(11)
    events = made_events(seed=3, days=25, quoted=8)
    told: list[EventDict] = []
    for action in silent().outputs.actions:
        for _ in range(walk.choice((0, 1, 1, 2))):
            after_ns = walk.choice((-SECOND_NS, 1, SECOND_NS, 4 * SECOND_NS, 7 * SECOND_NS, 900 * SECOND_NS))
            ts = max(action.ts_decided + after_ns, int(str(events[0]["ts"])))  # the first event begins the time
            word: EventDict = {"type": "ack", "ts": ts, "action_id": action.action_id}
            told.append(word | {"consumer": walk.choice(CONSUMERS), "result": walk.choice(RESULTS)})
    return sorted([*events, *told], key=lambda event: int(str(event["ts"])))


def follow_ups(played: Played) -> dict[str, int]:
    kinds = [str(each["change"]) for each in played.outputs.audit if each["kind"] == "follow_up"]
    return {kind: kinds.count(kind) for kind in kinds}


def test_steps_of_any_size_give_the_same_bytes() -> None:
    setup, events = made_setup("full"), talkative()
    whole = play(events, setup, batch=1_000)
    found = follow_ups(whole)
    assert {"missing", "acknowledged", "repeat"} <= set(found), found
    assert {"counts", "superseded", "unknown", "repeat"} <= {
        str(each["standing"]) for each in whole.outputs.audit if each["kind"] == "ack"
    }
    assert play(events, setup, batch=7).bytes_out() == whole.bytes_out()


def test_no_word_of_a_consumer_changes_what_was_decided() -> None:
    """The order of inputs alone has moved: n and what was measured from are left out of the digests."""
    heard = play(talkative(), made_setup("full")).outputs
    before = [each.digest for each in silent().outputs.decisions]
    assert len(before) > 100
    assert [each.digest for each in heard.decisions] == before
    assert [each.action_id for each in heard.shadow] == [each.action_id for each in silent().outputs.shadow]
    named = [encode(each) for each in heard.actions if each.reason_code in ("ACK_MISSING", "ENFORCEMENT_INEFFECTIVE")]
    assert named
