"""Sends one command to the control topic: made, signed, and acknowledged before anybody calls it sent."""

import json
from collections.abc import Mapping

from confluent_kafka import KafkaError as ClientError
from confluent_kafka import KafkaException, Message, Producer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.schema import KafkaConfig
from feeds.kafka_properties import IN_ORDER, KafkaError, Property, client_properties, delivery_failure
from feeds.signature import canonical_command

SEND_WITHIN_S = 10.0
_MORE_S = 2.0  # for the report to come after the client has given up

_OWN_PROPERTIES: dict[str, Property] = {
    "enable.idempotence": True,
    "acks": "all",
    **IN_ORDER,
    "log_level": 0,
}


def command_payload(command: Mapping[str, object], key: Ed25519PrivateKey | None) -> bytes:
    """Return the command's bytes as canonical JSON, signed where there is a key; what is None is left out.

    command : `type`, `ts`, `actor`, `reason`, `command_id` and the fields of its type (contracts.md)
    """
    said = {name: value for name, value in command.items() if value is not None}
    bare = canonical_command(json.dumps(said).encode())
    return bare if key is None else canonical_with(bare, key.sign(bare).hex())


def canonical_with(bare: bytes, sig: str) -> bytes:
    """Return a canonical command with its signature in its place."""
    return json.dumps(
        json.loads(bare) | {"sig": sig}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


def send_command(
    config: KafkaConfig, payload: bytes, *, scope: str | None, within_s: float = SEND_WITHIN_S
) -> tuple[int, int]:
    """Write a command to the control topic; return its partition and offset once all replicas have it.

    scope : key of the record
    Raises KafkaError where it was not acknowledged within `within_s`: nobody knows then whether it is there.
    """
    reports: list[tuple[str | None, int, int]] = []

    def note(error: ClientError | None, message: Message) -> None:
        offset = message.offset()
        reports.append((delivery_failure(error, message), message.partition() or 0, -1 if offset is None else offset))

    own = _OWN_PROPERTIES | {"delivery.timeout.ms": round(within_s * 1_000)}
    producer = Producer(client_properties(config, own))
    try:
        producer.produce(config.topics.control, payload, None if scope is None else scope.encode(), on_delivery=note)
    except KafkaException as error:
        raise KafkaError(f"{config.topics.control} took no command: {error.args[0].str()}") from error
    producer.flush(within_s + _MORE_S)
    if not reports:
        raise KafkaError(f"{config.topics.control} did not acknowledge the command within {within_s:g} s")
    failure, partition, offset = reports[0]
    if failure is not None:
        raise KafkaError(f"the command is not known to be there: {failure}")
    return partition, offset
