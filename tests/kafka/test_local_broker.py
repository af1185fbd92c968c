"""The local Apache Kafka: real jars by digest, Java from a wheel, only its own process."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from feeds.broker.apache import LocalKafka
from feeds.broker.jars import BrokerUnavailableError, Jar, cache_folder, fetch_jars, locked_jars, maven_mirror

JAR = Jar("org.slf4j:slf4j-api:1.7.36", next(j.sha256 for j in locked_jars() if "slf4j-api" in j.coordinates))


def test_lock_names_kafka_and_every_jar_once() -> None:
    jars = locked_jars()
    assert any(jar.coordinates == "org.apache.kafka:kafka_2.13:4.1.0" for jar in jars)
    assert len({jar.file_name for jar in jars}) == len(jars)
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in jars)


def test_lock_and_code_name_no_registry() -> None:
    """Addresses of registries belong to the machine and the library, never to this repository."""
    folder = Path(__file__).parents[2] / "feeds" / "broker"
    for file in folder.iterdir():
        if file.is_file():
            listeners = re.compile(r"(?:CONTROLLER|\{name\})://")
            assert "://" not in listeners.sub("", file.read_text(encoding="utf-8")), file


def test_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RISKD_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path / "kafka"
    monkeypatch.delenv("RISKD_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "riskd" / "kafka"


def test_mirror_of_the_users_maven_settings_is_taken(tmp_path: Path) -> None:
    settings = tmp_path / "settings.xml"
    assert maven_mirror(settings) is None
    mirror = "<mirror><mirrorOf>{}</mirrorOf><url>{}</url></mirror>"
    body = mirror.format("other", "a") + mirror.format("external:*,!central", "b") + mirror.format("central", "c")
    for opening in ("<settings>", '<settings xmlns="urn:maven:settings">'):
        settings.write_text(f"{opening}<mirrors>{body}</mirrors></settings>", encoding="utf-8")
        assert maven_mirror(settings) == "c"
    settings.write_text("<settings>", encoding="utf-8")
    assert maven_mirror(settings) is None


@pytest.mark.kafka
def test_jar_with_another_digest_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    wrong = Jar(JAR.coordinates, "0" * 64)
    with pytest.raises(BrokerUnavailableError, match=f"must have sha256 {'0' * 64}, got {JAR.sha256}"):
        fetch_jars(lambda _: None, folder=tmp_path, jars=(wrong,))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.kafka
def test_damaged_jar_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    said: list[str] = []
    (path,) = fetch_jars(said.append, folder=tmp_path, jars=(JAR,))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    fetch_jars(said.append, folder=tmp_path, jars=(JAR,))
    assert path.read_bytes() == whole
    fetch_jars(said.append, folder=tmp_path, jars=(JAR,))
    assert len(said) == 2, "a whole jar in the cache needs no download"


@pytest.mark.kafka
def test_broker_needs_no_java_on_path_and_stops_its_own_process(kafka_bootstrap: str, tmp_path: Path) -> None:
    """A second broker beside the session's: nothing is shared, and stopping one leaves the other."""
    script = (
        "import sys; from pathlib import Path; from feeds.broker.apache import LocalKafka\n"
        "with LocalKafka(Path(sys.argv[1])) as broker: print(broker.bootstrap, broker.pid)\n"
    )
    environment = {**os.environ, "PATH": str(tmp_path), "JAVA_HOME": ""}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "broker")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    bootstrap, pid = done.stdout.split()
    assert bootstrap != kafka_bootstrap
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    assert AdminClient({"bootstrap.servers": kafka_bootstrap}).list_topics(timeout=10).brokers


@pytest.mark.kafka
def test_killed_broker_comes_back_with_its_records(kafka_bootstrap: str, tmp_path: Path) -> None:
    with LocalKafka(tmp_path / "broker") as broker:
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})
        admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])["kept"].result(20)
        producer = Producer({"bootstrap.servers": broker.bootstrap, "enable.idempotence": True})
        producer.produce("kept", b"before the kill")
        assert producer.flush(20) == 0
        address = broker.bootstrap
        broker.kill()
        broker.start()
        assert broker.bootstrap == address
        consumer = Consumer({"bootstrap.servers": address, "group.id": "kept"})
        consumer.assign([TopicPartition("kept", 0, 0)])
        message = consumer.poll(20)
        consumer.close()
    assert message is not None
    assert message.error() is None
    assert message.value() == b"before the kill"
