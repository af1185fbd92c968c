"""librdkafka properties: the configuration's address, the operator's properties file, and what each client needs."""

from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import KafkaError as ClientError
from confluent_kafka import Message

from config.schema import KafkaConfig

Property = str | int | float | bool
METADATA_TIMEOUT_S = 10.0

# One request in flight, although idempotence allows five. Seen with librdkafka 2.16 and Kafka 4.1, in 1 % of new
# topics under load: the first batch meets a leader that is not ready yet, the second is accepted, because the broker
# takes any sequence from a producer that it does not know, and the client then counts the first as acknowledged too.
IN_ORDER: Mapping[str, int] = {"max.in.flight.requests.per.connection": 1}


class KafkaError(RuntimeError):
    """Kafka cannot be used as riskd needs it; the process ends, because going on could lose or repeat an output."""


def client_properties(config: KafkaConfig, own: Mapping[str, Property]) -> dict[str, Property]:
    """Merge the properties of one client.

    own    : what the client's correctness rests on; it wins over the file
    raises : KafkaError where the file cannot be read, a line is no `key=value`, or a value contradicts `own`
    """
    properties: dict[str, Property] = {"bootstrap.servers": config.bootstrap}
    if config.properties_file is not None:
        properties |= _read_properties(Path(config.properties_file))
    for key, value in own.items():
        theirs = properties.get(key)
        if theirs is not None and str(theirs).lower() != str(value).lower():
            raise KafkaError(f"{config.properties_file}: {key} must be {value} for this client, got {theirs}")
        properties[key] = value
    return properties


def delivery_failure(error: ClientError | None, message: Message) -> str | None:
    """Say why a delivery report is none: an error, or a success that cannot tell where the record lies."""
    where = f"{message.topic()}[{message.partition()}]"
    if error is not None:
        return f"{where} took no record: {error.name()}: {error.str()}"
    offset = message.offset()
    if offset is None or offset < 0:
        return f"{where} acknowledged a record without its offset, so that it may not be there"
    return None


def _read_properties(path: Path) -> dict[str, Property]:
    """Java's properties form without escapes: `key=value`, `#` opens a comment line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise KafkaError(f"kafka.properties_file {path} cannot be read: {error}") from error
    properties: dict[str, Property] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise KafkaError(f"{path}:{number} must look like key=value")  # the line may hold a secret: not shown
        properties[key.strip()] = value.strip()
    return properties
