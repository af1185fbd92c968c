"""riskd and a guarded Apache Kafka: TLS with client certificates, SASL, the rights that docs/security.md lists."""

import asyncio
import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from confluent_kafka import Producer

from config.schema import KafkaConfig, Topics
from feeds.broker.apache import LocalKafka
from feeds.broker.jars import BrokerUnavailableError
from feeds.embedded_broker import EmbeddedBroker
from feeds.kafka_preflight import check_connection, check_rights, daemon_needs, recorder_needs
from feeds.kafka_properties import KafkaError, client_properties
from feeds.kafka_sink import Outgoing, open_sink
from feeds.kafka_source import KafkaSource
from feeds.kafka_tail import read_tail
from feeds.kafka_topics import create_topics
from feeds.record import Record
from tests.kafka.conftest import skip_without_broker
from tests.kafka.guarded import (
    GROUP,
    KEY_PASSWORD,
    PASSWORD,
    TOPIC,
    WRONG_PASSWORD,
    Protocol,
    Site,
    make_guards,
)

pytestmark = pytest.mark.kafka

ANSWER_TIME_S_MAX = 10.0
PROTOCOLS: tuple[Protocol, ...] = ("ssl", "sasl_ssl", "sasl_plaintext")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("guarded")
    try:
        with LocalKafka(folder / "broker", guards=make_guards(folder), has_acls=True) as broker:
            yield Site(broker, folder)
    except BrokerUnavailableError as error:
        skip_without_broker(f"{error}: it alone can be guarded")


def first_record(config: KafkaConfig) -> Record:
    """The first record of the input topics, by riskd's own source; its trouble is raised."""

    async def read(source: KafkaSource) -> Record:
        async for batch in source.batches():
            for record in batch.records:
                source.stop()
                return record
        raise AssertionError("the source ended without a record")

    with KafkaSource(config, {}) as source:
        return asyncio.run(asyncio.wait_for(read(source), 30))


def refusal(config: KafkaConfig) -> str:
    """What a start says where the cluster does not take the client; within its bound, and without a secret."""
    begun_s = time.monotonic()
    with pytest.raises(KafkaError) as caught:
        check_connection(config)
    took_s = time.monotonic() - begun_s
    assert took_s < ANSWER_TIME_S_MAX
    message = str(caught.value)
    assert message.startswith((f"{config.bootstrap} cannot be used: ", "no Kafka client with this configuration: "))
    assert not any(secret in message for secret in (PASSWORD, WRONG_PASSWORD, KEY_PASSWORD))
    return message


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_documented_rights_are_enough_for_reading_publishing_and_tails(site: Site, protocol: Protocol) -> None:
    """Encrypted key, user and password come from files; source, sinks and tail go by the same properties."""
    prefix = f"enough-{protocol}"
    config = site.config(protocol, prefix)
    site.make_topics(prefix)
    site.allow_daemon("riskd", config)
    check_rights(config, daemon_needs(config.topics))
    producer = Producer({"bootstrap.servers": site.broker.bootstrap})
    producer.produce(config.topics.market_data, b"from outside")
    assert producer.flush(30) == 0
    assert first_record(config).payload == b"from outside"
    for publish in ("transactional", "idempotent"):
        sink = open_sink(config.model_copy(update={"publish": publish}), shard=0)
        sink.publish([Outgoing(config.topics.actions, 0, b"firm", publish.encode())])
        sink.close()
        assert read_tail(config, config.topics.actions) == {(config.topics.actions, 0): publish.encode()}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_topics_are_created_by_who_may_create_them(site: Site, protocol: Protocol) -> None:
    prefix = f"create-{protocol}"
    config = site.config(protocol, prefix)
    with pytest.raises(KafkaError, match=r"topic create-\w+\.[\w.-]+ cannot be created: Authorization failed"):
        create_topics(config)
    site.allow("riskd", TOPIC, f"{prefix}.", "CREATE", "DESCRIBE", "DESCRIBE_CONFIGS", is_prefix=True)
    assert all(outcome.created for outcome in create_topics(config))
    assert not any(outcome.created or outcome.difference for outcome in create_topics(config))


@pytest.mark.parametrize(
    ("protocol", "other", "reason"),
    [
        (
            "sasl_ssl",
            {"password_file": "wrong_password"},
            "SASL authentication error.*see username_file, password_file",
        ),
        ("sasl_plaintext", {"password_file": "wrong_password"}, "Invalid username or password; see username_file"),
        ("sasl_ssl", {"sasl_mechanism": "PLAIN"}, "supported mechanisms: SCRAM-SHA-512; see .*sasl_mechanism"),
        ("ssl", {"ca_file": "stranger.pem"}, "certificate verify failed.*; see ca_file under kafka.security"),
        ("sasl_ssl", {"ca_file": "riskd"}, r"ssl\.ca\.location failed.*; see ca_file under kafka.security"),
        (
            "ssl",
            {"certificate_file": "mallory.crt", "key_file": "mallory.key", "key_password_file": None},
            "alert .*; see certificate_file, key_file",
        ),
        (
            "ssl",
            {"certificate_file": None, "key_file": None, "key_password_file": None},
            "alert .*see certificate_file",
        ),
        (
            "ssl",
            {"key_password_file": "wrong_password"},
            r"ssl\.key\.location failed.*; see key_file, key_password_file",
        ),
    ],
)
def test_a_connection_that_is_refused_ends_the_start_and_says_why(
    site: Site, protocol: Protocol, other: dict[str, str | None], reason: str
) -> None:
    """librdkafka alone would try again for ever and say nothing but that the transport failed."""
    files = {k: v if v is None or k == "sasl_mechanism" else site.file(v) for k, v in other.items()}
    message = refusal(site.config(protocol, "refused", **files))
    assert re.search(reason, message), message


def test_wrong_protocol_says_where_to_look(site: Site) -> None:
    tls, open_listener = site.config("ssl", "p"), KafkaConfig(bootstrap=site.broker.guarded_bootstrap("SSL"))
    assert "see protocol under kafka.security" in refusal(open_listener)
    assert "see protocol under kafka.security" in refusal(tls.model_copy(update={"bootstrap": site.broker.bootstrap}))


def test_source_and_sink_of_a_refused_client_end_too(site: Site) -> None:
    """Bounded also where nobody asked first."""
    config = site.config("sasl_ssl", "refused", password_file=site.file("wrong_password"))
    with ThreadPoolExecutor() as pool:
        begun_s = time.monotonic()
        for end in (pool.submit(KafkaSource, config, {}), pool.submit(open_sink, config, shard=0)):
            error = end.exception(60)
            assert isinstance(error, KafkaError)
            assert config.bootstrap in str(error)
        assert time.monotonic() - begun_s < 3 * ANSWER_TIME_S_MAX


def test_every_missing_right_is_named_at_once(site: Site) -> None:
    config = site.config("sasl_ssl", "lacking", username_file=site.file("guest"))
    site.make_topics("lacking")
    topics = config.topics
    for topic in (topics.reference, topics.control, topics.acks, topics.shadow):
        site.allow("guest", TOPIC, topic, "READ")
    for topic in (topics.state, topics.leases, topics.checkpoints, topics.shadow, topics.deadletter):
        site.allow("guest", TOPIC, topic, "WRITE")
    site.allow("guest", TOPIC, topics.positions, "DESCRIBE")
    site.allow("guest", TOPIC, topics.actions, "READ")
    site.allow("guest", GROUP, config.group, "READ")
    with pytest.raises(KafkaError) as caught:
        check_rights(config, daemon_needs(topics))
    assert str(caught.value).removeprefix(f"{config.bootstrap}: ").split("; ") == [
        "this client has no right to READ topic lacking.positions",
        "this client has no right to see topic lacking.market-data, and needs READ",
        "this client has no right to WRITE topic lacking.risk.actions",
        "this client has no right to READ topic lacking.risk.deadletter",
        "this client has no right to READ group lacking-tail",
    ]
    site.allow("guest", TOPIC, topics.market_data, "READ")
    with pytest.raises(KafkaError, match=r"reading lacking\.positions\[0\].* TOPIC_AUTHORIZATION_FAILED"):
        first_record(config)
    with pytest.raises(KafkaError, match=r"lacking\.risk\.actions"):
        open_sink(config, shard=0)


def test_missing_topic_is_told_to_who_may_see_all(site: Site) -> None:
    site.allow("riskd", TOPIC, "missing.", "READ", is_prefix=True)
    site.allow("riskd", GROUP, "missing", "READ", is_prefix=True)
    config = site.config("ssl", "missing")
    with pytest.raises(
        KafkaError, match=r"no topics missing\.reference, .*: `riskd topics create` makes what is missing"
    ):
        check_rights(config, recorder_needs(config.topics))


def test_open_broker_lets_everyone_do_everything(kafka_config: KafkaConfig) -> None:
    create_topics(kafka_config)
    check_rights(kafka_config, recorder_needs(kafka_config.topics))


def test_embedded_broker_that_knows_no_rights_is_not_asked() -> None:
    """It leaves such a question without an answer: the demo would wait and fail."""
    with EmbeddedBroker(Topics()) as broker:
        begun_s = time.monotonic()
        check_rights(KafkaConfig(bootstrap=broker.bootstrap), daemon_needs(Topics()))
        assert time.monotonic() - begun_s < ANSWER_TIME_S_MAX


def test_properties_file_may_add_to_the_security_and_not_change_it(site: Site) -> None:
    config = site.config("sasl_ssl", "file", username_file=site.file("riskd"))
    file = site.folder / "client.properties"
    file.write_text("socket.keepalive.enable=true\nsasl.mechanisms=SCRAM-SHA-512\n", encoding="utf-8")
    check_connection(config.model_copy(update={"properties_file": str(file)}))
    for line in (
        f"sasl.password={WRONG_PASSWORD}",
        "enable.ssl.certificate.verification=false",
        "sasl.mechanisms=PLAIN",
    ):
        file.write_text(line, encoding="utf-8")
        with pytest.raises(
            KafkaError, match=r"client\.properties: [a-z.]+ must be what kafka\.security says"
        ) as caught:
            client_properties(config.model_copy(update={"properties_file": str(file)}), {})
        assert WRONG_PASSWORD not in str(caught.value)


def test_guarded_broker_comes_back_from_a_kill_with_users_and_rights(site: Site) -> None:
    """Last of the file: what it checks must hold for the tests above in any case."""
    config = site.config("sasl_ssl", "back")
    site.make_topics("back")
    site.allow_daemon("riskd", config)
    assert os.getpgid(site.broker.pid) == site.broker.pid, "a Ctrl-C of the owner does not reach the broker"
    site.broker.kill()
    site.broker.start()
    check_rights(config, daemon_needs(config.topics))
