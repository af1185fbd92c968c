"""The player never runs more than its bound ahead of what the reader has committed, and says so when nobody reads."""

from collections.abc import Iterator
from itertools import count

import pytest
from confluent_kafka import Consumer, TopicPartition

import feeds.player_window
from config.schema import KafkaConfig, Topics
from feeds.embedded_broker import PARTITIONS, EmbeddedBroker
from feeds.kafka_properties import KafkaError
from feeds.merge import Partition
from feeds.player import HEARTBEAT_EVERY_RECORDS, Player
from feeds.player_window import UNREAD_RECORDS_MAX, UnreadWindow
from feeds.record import Record

TOPIC = "market-data"
PARTITION = (TOPIC, 0)
SERVED = 1 + 4 * PARTITIONS  # one positions partition, four of each other input topic


class Reader:
    """A group that has read as far as it says."""

    def __init__(self, config: KafkaConfig) -> None:
        self._consumer = Consumer(
            {"bootstrap.servers": config.bootstrap, "group.id": config.group, "enable.auto.commit": False}
        )
        self.offsets: dict[Partition, int] = {}

    def commit(self, partition: Partition, offset: int) -> None:
        self.offsets[partition] = offset
        self._consumer.commit(offsets=[TopicPartition(*partition, offset)], asynchronous=False)

    def end(self, partition: Partition) -> int:
        """Offset after the last record that is there."""
        end: int = self._consumer.get_watermark_offsets(TopicPartition(*partition), timeout=10)[1]
        return end

    def close(self) -> None:
        self._consumer.close()


@pytest.fixture
def config() -> Iterator[KafkaConfig]:
    with EmbeddedBroker(Topics()) as broker:
        yield KafkaConfig(bootstrap=broker.bootstrap, positions_partitions=(0,))


@pytest.fixture
def reader(config: KafkaConfig) -> Iterator[Reader]:
    reader = Reader(config)
    yield reader
    reader.close()


def quotes(records: int) -> list[Record]:
    payload = b'{"type":"quote","ts":%d,"instrument":"A","bid":1,"ask":2}'
    return [Record(n, TOPIC, 0, -1, payload % n) for n in range(1, records + 1)]


def test_up_to_the_bound_nobody_waits_and_the_next_record_waits_for_a_commit(
    config: KafkaConfig, reader: Reader
) -> None:
    waits = count()

    def sleep(_seconds: float) -> None:
        if next(waits) == 2:  # two looks find nothing new
            reader.commit(PARTITION, 4)

    window = UnreadWindow(config, [PARTITION], records_max=10, sleep=sleep)
    for _ in range(10):
        window.take(TOPIC)
    assert (window.unread(TOPIC), next(waits)) == (10, 0)
    window.take(TOPIC)
    assert (window.unread(TOPIC), next(waits)) == (7, 3)
    window.close()


def test_the_bound_holds_for_each_topic_by_itself(config: KafkaConfig) -> None:
    def never(_seconds: float) -> None:
        raise AssertionError("nothing here has to wait")

    window = UnreadWindow(config, [PARTITION, ("control", 0)], records_max=2, sleep=never)
    for topic in (TOPIC, TOPIC, "control", "control"):
        window.take(topic)
    assert (window.unread(TOPIC), window.unread("control")) == (2, 2)
    window.close()


def test_what_lay_there_unread_before_counts_too(config: KafkaConfig, reader: Reader) -> None:
    player = Player(config, layout="first_partitions")
    player.play(quotes(30))
    player.finish()  # with an end heartbeat to each partition
    window = UnreadWindow(config, [PARTITION])
    assert window.unread(TOPIC) == 31
    window.close()
    reader.commit(PARTITION, 20)
    again = UnreadWindow(config, [PARTITION])
    assert again.unread(TOPIC) == 11
    again.close()


def test_a_reader_that_reads_nothing_is_named(config: KafkaConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds.player_window, "SILENCE_TIMEOUT_S", 0.0)
    window = UnreadWindow(config, [PARTITION], records_max=1, sleep=lambda _: None)
    window.take(TOPIC)
    with pytest.raises(KafkaError, match="group riskd has read nothing of market-data for 0 s, and 1 records wait"):
        window.take(TOPIC)
    window.close()


def test_the_player_keeps_at_most_20_000_records_unread_a_partition(config: KafkaConfig, reader: Reader) -> None:
    """What is written is asked of the broker at every wait: it includes what is still on its way there."""
    most = 0

    def sleep(_seconds: float) -> None:
        nonlocal most
        end = reader.end(PARTITION)
        most = max(most, end - reader.offsets.get(PARTITION, 0))
        reader.commit(PARTITION, end)

    player = Player(config, layout="first_partitions", window_sleep=sleep)
    records = 2 * UNREAD_RECORDS_MAX + 5_000
    player.play(quotes(records))
    played = player.finish()
    assert 0 < most <= UNREAD_RECORDS_MAX
    assert played.records == records
    assert played.by_type == {"Quote": records}
    assert played.first_ts == 1
    beats = (records - 1) // HEARTBEAT_EVERY_RECORDS + 1  # after every 1,000 but the last, and at the end
    assert played.heartbeats == beats * SERVED
    assert reader.end(PARTITION) == records + beats


def test_a_gate_sees_every_event_time_and_ends_the_play_by_raising(config: KafkaConfig) -> None:
    seen: list[int | None] = []

    class EnoughError(Exception):
        pass

    def gate(ts: int | None) -> None:
        seen.append(ts)
        if ts == 3:
            raise EnoughError

    player = Player(config, layout="first_partitions", gate=gate)
    with pytest.raises(EnoughError):
        player.play([Record(0, TOPIC, 0, -1, b"not json"), *quotes(9)])
    player.abandon()
    assert seen == [None, 1, 2, 3]


def test_by_key_the_records_of_one_instrument_meet_in_one_partition(config: KafkaConfig, reader: Reader) -> None:
    player = Player(config)
    player.play(quotes(50))
    played = player.finish()
    assert sorted(reader.end((TOPIC, number)) for number in range(PARTITIONS)) == [1, 1, 1, 51]
    assert (played.records, played.heartbeats) == (50, SERVED)
