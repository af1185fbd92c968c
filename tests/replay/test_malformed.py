"""5,000 malformed records between good ones: each in the dead letters with its reason, and no number moves."""

import base64
from collections import Counter
from dataclasses import dataclass

import msgspec
import orjson
import pytest

from enforcement.records import Decision
from feeds.record import RejectReason
from tests.daemon.command_desk import CONTROL, said
from tests.helpers import Played, Source, play
from tests.replay.bad_claims import ASKED
from tests.replay.bad_records import Bad, bad_records
from tests.replay.made_stream import made_events, made_setup

BAD_RECORDS = 5_000
LOOKS = 40
# What a bad record may change on a scope that holds the instrument it names: how far numbers are trusted.
TRUST_KEYS = ("n", "trust", "status", "limits", "trading_state")


@dataclass(frozen=True, slots=True)
class Story:
    """The same good events alone and among bad ones, looked at after the same good ones."""

    alone: Played
    among: Played
    bad: dict[int, Bad]  # by n
    places: dict[int, int]  # n among the bad ones -> n alone


@pytest.fixture(scope="module")
def story() -> Story:
    good = made_events(seed=5, days=40, quoted=14, quotes=40)
    good.insert(200, said("mode", 0, ASKED, mode="full", ts=int(str(good[199]["ts"])) + 1))
    mixed: list[Source] = []
    bad: dict[int, Bad] = {}
    looks: dict[int, int] = {}
    places: dict[int, int] = {}
    seen = 0
    for item in bad_records(BAD_RECORDS, 11, good):
        if isinstance(item, Bad):
            mixed.append(item.record)
            bad[len(mixed)] = item
            continue
        mixed.append(item)
        seen += 1
        places[len(mixed)] = seen
        if seen % (len(good) // LOOKS) == 0 or seen == len(good):
            looks[len(mixed)] = seen
    setup = made_setup("full", control={**CONTROL, "allow_unsigned": True, "approve_within": "100d"})
    alone = play(good, setup, states_at=looks.values())
    among = play(mixed, setup, states_at=looks)
    return Story(alone, among, bad, places)


def numbers_of(value: object) -> object:
    """A state record without what only says how far a number is trusted."""
    if isinstance(value, dict):
        return {key: numbers_of(part) for key, part in value.items() if key not in TRUST_KEYS}
    return [numbers_of(part) for part in value] if isinstance(value, list) else value


def states(played: Played, scopes: str = "") -> list[dict[str, object]]:
    records: list[dict[str, object]] = [orjson.loads(line) for line in played.states]
    return [record for record in records if str(record["scope"]).startswith(scopes)]


def bare(decision: Decision) -> dict[str, object]:
    """A decision without n, offsets and digests."""
    content: dict[str, object] = msgspec.to_builtins(decision)
    inputs = content["inputs"]
    assert isinstance(inputs, dict)
    del inputs["offsets"], inputs["n"], content["digest"], content["input_digest"]
    return content


def test_every_bad_record_is_a_dead_letter_with_its_reason_and_no_good_one_is(story: Story) -> None:
    letters = {record.n: rejection.reason.value for record, rejection in story.among.outputs.rejections}
    wrong = {
        n: (bad.reason, letters.get(n), bad.record.payload[:200])
        for n, bad in story.bad.items()
        if letters.get(n) != bad.reason
    }
    assert wrong == {}
    assert len(story.among.outputs.rejections) == len(letters) == BAD_RECORDS == len(story.bad)
    assert story.alone.outputs.rejections == []


def test_every_reason_was_among_them(story: Story) -> None:
    reasons = Counter(bad.reason for bad in story.bad.values())
    assert set(reasons) == {reason.value for reason in RejectReason}
    assert min(reasons.values()) > 20


def test_the_dead_letters_hold_every_payload_whole(story: Story) -> None:
    for line, (n, bad) in zip(story.among.bytes_out()["deadletter"].split(b"\n"), story.bad.items(), strict=True):
        letter = orjson.loads(line)
        kept = letter["payload"].encode() if "payload" in letter else base64.b64decode(letter["payload_b64"])
        assert (letter["n"], letter["topic"], letter["partition"]) == (n, bad.record.topic, bad.record.partition)
        assert kept == bad.record.payload


def test_the_numbers_at_the_good_records_are_bit_equal(story: Story) -> None:
    alone, among = states(story.alone), states(story.among)
    assert len(alone) > 5 * LOOKS
    for one, other in zip(alone, among, strict=True):
        assert numbers_of(other) == numbers_of(one), f"{one['scope']} at {one['n']}"


def test_scopes_that_hold_no_named_instrument_are_equal_in_everything(story: Story) -> None:
    alone, among = states(story.alone, "calm"), states(story.among, "calm")
    assert alone
    for one, other in zip(alone, among, strict=True):
        assert story.places[msgspec.convert(other["n"], int)] == one["n"]
        assert other | {"n": 0} == one | {"n": 0}


def test_decisions_on_scopes_that_hold_no_named_instrument_are_equal(story: Story) -> None:
    alone, among = (
        [bare(each) for each in played.outputs.decisions if each.scope.startswith(("calm", "absent"))]
        for played in (story.alone, story.among)
    )
    assert len(alone) > 30
    assert among == alone


def test_no_decision_anywhere_comes_goes_or_moves(story: Story) -> None:
    """On a scope that holds a named instrument a decision may say DEGRADED and suspect; what is decided stays."""

    def core_of(decision: Decision) -> tuple[object, ...]:
        return (
            decision.d, decision.scope, decision.limit, decision.level, decision.kind, decision.transition,
            decision.decided_type, decision.params, decision.statistic, decision.episode_id, decision.ts_decided,
        )  # fmt: skip

    alone, among = ([core_of(each) for each in played.outputs.decisions] for played in (story.alone, story.among))
    assert len(alone) > 300
    assert among == alone


def test_a_named_instrument_is_trusted_less_where_its_price_was_bad(story: Story) -> None:
    """Otherwise the numbers were equal because nobody noticed."""
    trusts = Counter(
        (one["trust"], other["trust"]) for one, other in zip(states(story.alone), states(story.among), strict=True)
    )
    assert trusts[("fresh", "suspect")] > 10


def test_the_audit_counts_every_rejection(story: Story) -> None:
    counted: Counter[str] = Counter()
    times = []
    for record in story.among.outputs.audit:
        times.append(msgspec.convert(record["ts"], int))
        if record["kind"] == "rejection":
            counted[str(record["reason"])] += msgspec.convert(record["count"], int)
    assert counted == Counter(bad.reason for bad in story.bad.values())
    assert times == sorted(times)
