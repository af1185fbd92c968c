"""Topics, source, sink and player against a real broker."""

import asyncio
from pathlib import Path

import msgspec
import orjson
import pytest
from confluent_kafka import Message, Producer

from config.schema import KafkaConfig
from feeds.kafka_properties import KafkaError, client_properties, delivery_failure
from feeds.kafka_sink import open_sink
from feeds.kafka_source import BATCH_RECORDS_MAX, KafkaSource
from feeds.kafka_tail import read_tail
from feeds.kafka_topics import create_topics
from feeds.merge import Partition
from feeds.player import HEARTBEAT_EVERY_RECORDS, Player, play
from feeds.record import Record

pytestmark = pytest.mark.kafka


def bare(topic: str, **fields: object) -> Record:
    return Record(0, topic, 0, -1, orjson.dumps(fields))


def quote(ts: int, instrument: str = "ABC") -> Record:
    return bare("market-data", type="quote", ts=ts, instrument=instrument, bid=1.0, ask=2.0)


def read_all(config: KafkaConfig, starts: dict[Partition, int] | None = None) -> dict[Partition, list[Record]]:
    """Everything that the input topics hold now, by partition."""

    async def read(source: KafkaSource) -> dict[Partition, list[Record]]:
        found: dict[Partition, list[Record]] = {partition: [] for partition in source.partitions}
        open_ends = set(source.partitions)
        async for batch in source.batches():
            assert len(batch.records) <= BATCH_RECORDS_MAX
            for record in batch.records:
                found[record.topic, record.partition].append(record)
            open_ends -= set(batch.ends)
            if not open_ends:
                source.stop()
        return found

    with KafkaSource(config, starts or {}) as source:
        return asyncio.run(asyncio.wait_for(read(source), 60))


def test_topics_are_created_once_and_compared_afterwards(kafka_config: KafkaConfig) -> None:
    first = create_topics(kafka_config, market_data_partitions=2)
    assert len(first) == 11
    assert all(outcome.created for outcome in first)
    again = create_topics(kafka_config, market_data_partitions=2)
    assert [(outcome.created, outcome.difference) for outcome in again] == [(False, None)] * 11
    other = create_topics(kafka_config, market_data_partitions=3)
    assert [o.difference for o in other if o.difference] == ["partitions must be 3, are 2"]


def test_missing_topic_is_a_clear_error_of_source_sink_and_player(kafka_config: KafkaConfig) -> None:
    with pytest.raises(KafkaError, match=r"\.reference does not exist at .*riskd topics create"):
        KafkaSource(kafka_config, {})
    with pytest.raises(KafkaError, match=r"no topics .*risk\.actions.*: `riskd topics create`"):
        open_sink(kafka_config, shard=0)
    with pytest.raises(KafkaError, match=r"\.reference does not exist"):
        Player(kafka_config)


def test_played_bytes_arrive_as_they_were_with_heartbeats_between(kafka_config: KafkaConfig) -> None:
    create_topics(kafka_config, market_data_partitions=3)
    records = [quote(1_000 + number, f"I{number % 7}") for number in range(2_500)]
    records[10] = Record(0, "market-data", 0, -1, b"\xff not json")
    records[11] = Record(0, "reference", 0, -1, b"{}")
    records[12] = Record(0, "", 0, -1, b"a line that names no type has no topic")
    records.append(bare("positions", type="position", ts=9_000, portfolio="firm/desk", instrument="I1", quantity=5.0))
    told: list[int] = []
    played = play([records[:2_000], records[2_000:]], kafka_config, told.append)
    found = read_all(kafka_config)

    assert told == [2_000, 2_501]
    assert (played.records, played.heartbeats) == (2_501, 3 * len(found))
    counts = {partition: (len(log), [record.offset for record in log[:3]]) for partition, log in found.items()}
    assert sum(count for count, _ in counts.values()) == played.records + played.heartbeats, counts
    payloads = {
        partition: [r.payload for r in log if b"heartbeat" not in r.payload] for partition, log in found.items()
    }
    assert sorted(p for log in payloads.values() for p in log) == sorted(r.payload for r in records)
    homes: dict[bytes, set[Partition]] = {}
    for partition, log in payloads.items():
        numbers = [record.ts for record in map(_peek, log) if record is not None]
        assert numbers == sorted(numbers), "a partition keeps the recording's order"
        for payload in log:
            if (record := _peek(payload)) is not None and record.type == "quote":
                homes.setdefault(record.instrument.encode(), set()).add(partition)
    assert all(len(places) == 1 for places in homes.values()), "an instrument has one partition"
    for whole in found.values():
        beats = [orjson.loads(r.payload) for r in whole if b"heartbeat" in r.payload]
        reached = [1_000 + HEARTBEAT_EVERY_RECORDS * k - 1 for k in (1, 2)]
        assert [(beat["ts"], beat.get("end", False)) for beat in beats] == [
            (reached[0], False),
            (reached[1], False),
            (9_000, True),
        ]


def test_heartbeat_after_a_record_from_the_future_promises_nothing_untrue(kafka_config: KafkaConfig) -> None:
    create_topics(kafka_config)
    records = [quote(number) for number in range(HEARTBEAT_EVERY_RECORDS + 1)]
    records[-2] = quote(10**18, "UNKNOWN")
    play([records], kafka_config, lambda _: None)
    (log,) = [log for (topic, _), log in read_all(kafka_config).items() if topic == kafka_config.topics.acks]
    assert orjson.loads(log[0].payload)["ts"] == HEARTBEAT_EVERY_RECORDS


def test_source_starts_at_given_offsets_and_refuses_one_that_is_gone(kafka_config: KafkaConfig) -> None:
    create_topics(kafka_config)
    play([[quote(number) for number in range(20)]], kafka_config, lambda _: None)
    market_data = (kafka_config.topics.market_data, 0)
    log = read_all(kafka_config, {market_data: 15})[market_data]
    assert [record.offset for record in log] == list(range(15, 21))
    assert all(record.n == 0 and record.ts_in > 0 for record in log)
    with pytest.raises(KafkaError, match=r"holds offsets 0 to 21, the journal goes on at 1000"):
        read_all(kafka_config, {market_data: 1_000})


def test_idle_source_gives_empty_batches_so_that_time_can_pass(kafka_config: KafkaConfig) -> None:
    create_topics(kafka_config)

    async def three_empty(source: KafkaSource) -> int:
        empty = 0
        async for batch in source.batches():
            empty += not batch.records and not batch.ends
            if empty == 3:
                source.stop()
        return empty

    with KafkaSource(kafka_config, {}) as source:
        assert asyncio.run(asyncio.wait_for(three_empty(source), 30)) == 3


def test_any_fault_in_the_reading_thread_reaches_whoever_waits(kafka_config: KafkaConfig) -> None:
    """A thread that died in silence would leave the daemon waiting for ever, deaf to SIGTERM too."""
    create_topics(kafka_config)

    async def one(source: KafkaSource) -> None:
        source.pause([("no\0topic", 0)])
        async for _ in source.batches():
            source.stop()

    with KafkaSource(kafka_config, {}) as source, pytest.raises(ValueError, match="null"):
        asyncio.run(asyncio.wait_for(one(source), 30))


def test_source_reads_the_positions_that_are_served_here(kafka_config: KafkaConfig) -> None:
    create_topics(kafka_config, positions_partitions=3)
    with KafkaSource(kafka_config, {}) as source:
        assert [number for topic, number in source.partitions if topic == kafka_config.topics.positions] == [0, 1, 2]
    with KafkaSource(kafka_config.model_copy(update={"positions_partitions": (2,)}), {}) as source:
        assert [number for topic, number in source.partitions if topic == kafka_config.topics.positions] == [2]
    with pytest.raises(KafkaError, match=r"has partitions \[0, 1, 2\], kafka\.positions_partitions wants \[7\]"):
        KafkaSource(kafka_config.model_copy(update={"positions_partitions": (1, 7)}), {})


def test_tail_is_found_before_the_markers_of_a_transaction(kafka_config: KafkaConfig) -> None:
    """The last offsets may hold no record: an aborted transaction leaves only what readers skip."""
    create_topics(kafka_config)
    actions = kafka_config.topics.actions
    producer = Producer({"bootstrap.servers": kafka_config.bootstrap, "transactional.id": kafka_config.group})
    producer.init_transactions(60)
    for value, is_kept in ((b"kept", True), (b"dropped", False)):
        producer.begin_transaction()
        for _ in range(5):
            producer.produce(actions, value, b"firm", 0)
        producer.flush(30)
        if is_kept:
            producer.commit_transaction(30)
        else:
            producer.abort_transaction(30)
    assert read_tail(kafka_config, actions) == {(actions, 0): b"kept"}


def test_acknowledgement_without_an_offset_is_a_failure() -> None:
    """A success that was only implied by a later one's: the record may not be there (seen)."""
    assert delivery_failure(None, Message(topic="t", partition=0, offset=5)) is None
    implied = delivery_failure(None, Message(topic="t", partition=0))
    assert implied == "t[0] acknowledged a record without its offset, so that it may not be there"


def test_properties_file_adds_and_never_weakens(tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    config = KafkaConfig(bootstrap="here:1", properties_file=str(file))
    file.write_text("# a comment\n\nsecurity.protocol = SASL_SSL\n", encoding="utf-8")
    assert client_properties(config, {"acks": "all"}) == {
        "bootstrap.servers": "here:1",
        "security.protocol": "SASL_SSL",
        "acks": "all",
    }
    file.write_text("acks=1\n", encoding="utf-8")
    with pytest.raises(KafkaError, match=r"acks must be all for this client, got 1"):
        client_properties(config, {"acks": "all"})
    file.write_text("sasl.password\n", encoding="utf-8")
    with pytest.raises(KafkaError, match=r":1 must look like key=value"):
        client_properties(config, {})
    file.unlink()
    with pytest.raises(KafkaError, match=r"cannot be read"):
        client_properties(config, {})


class _Seen(msgspec.Struct):
    ts: int
    type: str
    instrument: str


def _peek(payload: bytes) -> _Seen | None:
    try:
        return msgspec.json.decode(payload, type=_Seen)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
