"""Asks the cluster, before anything starts, whether it takes this client and what the client may do there."""

import time
from collections.abc import Mapping, Sequence
from typing import Literal

from confluent_kafka import KafkaError as ClientError
from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient

from config.schema import KafkaConfig, PretradeConfig, Topics
from feeds.kafka_properties import METADATA_TIMEOUT_S, KafkaError, client_properties
from feeds.kafka_trouble import explain, is_refusal

Right = Literal["READ", "WRITE"]
Needs = Mapping[str, tuple[Right, ...]]

# Waits of growing length: errors are told only between two, and the answer of a large cluster takes its time.
LOOKS_S = (0.25, 0.5, 1.0, 2.0, 4.0)
REFUSAL_GRACE_S = 1.0  # a broker that is just starting refuses users that it has not read yet
MOCK_CLUSTER = "mockCluster"  # librdkafka's own broker knows no rights and leaves the question unanswered


def daemon_needs(topics: Topics, pretrade: PretradeConfig | None = None) -> dict[str, tuple[Right, ...]]:
    """Return what `riskd run` does with each topic; outputs that a restart compares with the journal are read too."""
    asked: dict[str, tuple[Right, ...]] = {}
    if pretrade is not None and pretrade.on_kafka:
        asked = {pretrade.requests: ("READ",), pretrade.answers: ("WRITE",)}
    return {
        **recorder_needs(topics),
        **dict.fromkeys((topics.actions, topics.shadow, topics.deadletter), ("READ", "WRITE")),
        **dict.fromkeys((topics.state, topics.leases, topics.checkpoints), ("WRITE",)),
        **asked,
    }


def recorder_needs(topics: Topics) -> dict[str, tuple[Right, ...]]:
    """Return what `riskd record` does with each topic."""
    return dict.fromkeys(
        (topics.reference, topics.control, topics.positions, topics.market_data, topics.acks), ("READ",)
    )


def check_connection(config: KafkaConfig) -> None:
    """Return when the cluster answers this client, after at most 8 s.

    raises : KafkaError that says why it does not, and which key of the configuration to look at
    """
    _connect(config)


def check_rights(config: KafkaConfig, needs: Needs) -> None:
    """Connect, and return when the client may do all this, after at most 30 s; one error names all that it lacks.

    needs  : by topic; the consumer groups that riskd names in its requests are asked for besides
    raises : KafkaError where the cluster does not answer, a topic is missing, or a right is
    A broker older than 2.3 cannot tell; the right to the transactional id shows itself when a sink opens.
    """
    admin, cluster_id = _connect(config)
    if cluster_id.startswith(MOCK_CLUSTER):
        return
    lacks = [*_lacking_topics(admin, needs, config), *_lacking_groups(admin, config)]
    if lacks:
        raise KafkaError(f"{config.bootstrap}: {'; '.join(lacks)}")


def _connect(config: KafkaConfig) -> tuple[AdminClient, str]:
    """Return a client that has reached the cluster, and the id of it."""
    errors: list[ClientError] = []
    properties = client_properties(config, {}) | {"log_level": 0, "error_cb": errors.append}
    try:
        admin = AdminClient(properties)
    except KafkaException as error:
        raise KafkaError(f"no Kafka client with this configuration: {explain(error.args[0])}") from error
    refused_since_s: float | None = None
    for look_s in LOOKS_S:
        try:
            return admin, admin.list_topics(timeout=look_s).cluster_id or ""
        except KafkaException as error:
            last = error.args[0]
        admin.poll(0)  # serves error_cb
        now_s = time.monotonic()
        if any(is_refusal(error) for error in errors):
            refused_since_s = now_s if refused_since_s is None else refused_since_s
            if now_s - refused_since_s >= REFUSAL_GRACE_S:
                break
    raise KafkaError(f"{config.bootstrap} cannot be used: {_reason(errors, last)}")


def _reason(errors: list[ClientError], last: ClientError) -> str:
    """The newest refusal, else the newest that says something."""
    said = [text for error in (*errors, *filter(is_refusal, errors)) if (text := explain(error)) is not None]
    if said:
        return said[-1]
    if errors:  # all brokers are down, and none said why: what a TLS listener does with a client that speaks none
        return "every broker ends the connection without a word; see protocol under kafka.security"
    return f"no answer within {sum(LOOKS_S)} s: {last.str()}"


def _lacking_topics(admin: AdminClient, needs: Needs, config: KafkaConfig) -> list[str]:
    answers = admin.describe_topics(
        TopicCollection(list(needs)), include_authorized_operations=True, request_timeout=METADATA_TIMEOUT_S
    )
    lacks: list[str] = []
    unknown: list[str] = []
    for topic, rights in needs.items():
        try:
            allowed = answers[topic].result(METADATA_TIMEOUT_S + 1).authorized_operations
        except KafkaException as error:
            code = error.args[0].code()
            if code == ClientError.TOPIC_AUTHORIZATION_FAILED:
                lacks.append(f"this client has no right to see topic {topic}, and needs {' and '.join(rights)}")
            elif code == ClientError.UNKNOWN_TOPIC_OR_PART:
                unknown.append(topic)
            else:
                raise KafkaError(f"{config.bootstrap} did not describe {topic}: {error.args[0].str()}") from error
            continue
        missing = _missing(rights, allowed)
        lacks += [f"this client has no right to {' and '.join(missing)} topic {topic}"] if missing else []
    if unknown:
        lacks.append(f"no topics {', '.join(unknown)}: `riskd topics create` makes what is missing")
    return lacks


def _lacking_groups(admin: AdminClient, config: KafkaConfig) -> list[str]:
    """Groups without READ. A consumer asks for its group even where partitions are assigned by hand (librdkafka)."""
    groups = [config.group, f"{config.group}-tail"]
    lacks = []
    for group in groups:  # the client takes one group at a time
        (answer,) = admin.describe_consumer_groups(
            [group], include_authorized_operations=True, request_timeout=METADATA_TIMEOUT_S
        ).values()
        try:
            missing = _missing(("READ",), answer.result(METADATA_TIMEOUT_S + 1).authorized_operations)
        except KafkaException as error:
            # Only a refusal counts: a group that nobody used yet may be unknown.
            missing = ["READ"] if error.args[0].code() == ClientError.GROUP_AUTHORIZATION_FAILED else []
        lacks += [f"this client has no right to {right} group {group}" for right in missing]
    return lacks


def _missing(rights: tuple[Right, ...], allowed: Sequence[AclOperation] | None) -> list[Right]:
    """Return the rights that are not allowed; none where the broker does not tell, since who asks may at least see."""
    return [right for right in rights if allowed and AclOperation[right] not in allowed]
