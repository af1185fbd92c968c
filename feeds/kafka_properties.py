"""librdkafka properties: address and security of the configuration, the properties file, and what each client needs."""

import stat
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import KafkaError as ClientError
from confluent_kafka import Message

from config.schema import KafkaConfig, SecurityConfig

Property = str | int | float | bool
METADATA_TIMEOUT_S = 10.0
SECRET_BYTES_MAX = 8_192  # a longer one is another file, taken by mistake

# One request in flight, although idempotence allows five. Seen with librdkafka 2.16 and Kafka 4.1, in 1 % of new
# topics under load: the first batch meets a leader that is not ready yet, the second is accepted, because the broker
# takes any sequence from a producer that it does not know, and the client then counts the first as acknowledged too.
IN_ORDER: Mapping[str, int] = {"max.in.flight.requests.per.connection": 1}

# Of each file under `kafka.security`, the property that says where it lies, or what it holds.
FILE_PROPERTIES: Mapping[str, str] = {
    "ca_file": "ssl.ca.location",
    "certificate_file": "ssl.certificate.location",
    "key_file": "ssl.key.location",
}
SECRET_PROPERTIES: Mapping[str, str] = {
    "key_password_file": "ssl.key.password",
    "username_file": "sasl.username",
    "password_file": "sasl.password",
}

# Second names that librdkafka takes: without this, a file could weaken by one what riskd sets by the other.
_ALIASES = {
    "compression.codec": "compression.type",
    "max.in.flight": "max.in.flight.requests.per.connection",
    "message.timeout.ms": "delivery.timeout.ms",
    "metadata.broker.list": "bootstrap.servers",
    "queue.buffering.max.ms": "linger.ms",
    "request.required.acks": "acks",
    "sasl.mechanisms": "sasl.mechanism",
}


class KafkaError(RuntimeError):
    """Kafka cannot be used as riskd needs it; the process ends, because going on could lose or repeat an output."""


def client_properties(config: KafkaConfig, own: Mapping[str, Property]) -> dict[str, Property]:
    """Merge the properties of one client; they hold secrets, so nothing may show them.

    own    : what the client's correctness rests on; it wins over the file
    raises : KafkaError where a file cannot be read, a line is no `key=value`, or a value contradicts the configuration
             or `own`
    """
    properties = {} if config.properties_file is None else _read_properties(Path(config.properties_file))
    for key, value in security_properties(config.security).items():
        if _differ(properties.get(key), value):  # either may be a secret: not shown
            raise KafkaError(f"{config.properties_file}: {key} must be what kafka.security says, or absent")
        properties[key] = value
    for key, value in {"bootstrap.servers": config.bootstrap, **own}.items():
        theirs = properties.get(key)
        if _differ(theirs, value):
            raise KafkaError(f"{config.properties_file}: {key} must be {value} for this client, got {theirs}")
        properties[key] = value
    return properties


def security_properties(security: SecurityConfig) -> dict[str, Property]:
    """Return the properties of a protected connection; none where the protocol is plaintext.

    raises : KafkaError where a file cannot be read, or a secret is empty, not one line of UTF-8, or over 8,192 bytes;
             it names the key and the path, never what the file holds
    """
    if security.protocol == "plaintext":
        return {}
    properties: dict[str, Property] = {"security.protocol": security.protocol}
    if security.protocol.endswith("ssl"):
        properties["enable.ssl.certificate.verification"] = True
    if security.protocol.startswith("sasl"):
        properties["sasl.mechanism"] = security.sasl_mechanism
    for key, name in FILE_PROPERTIES.items():
        path = getattr(security, key)
        if path is not None:
            _read(key, path, 1)  # librdkafka's own complaint names neither the path nor the reason
            properties[name] = path
    for key, name in SECRET_PROPERTIES.items():
        path = getattr(security, key)
        if path is not None:
            properties[name] = _secret(key, path)
    return properties


def exposed_secrets(config: KafkaConfig) -> list[str]:
    """Say which secret files every user of the machine can read, or this one cannot: worth a warning, no more.

    Some mounts cannot do better than the first, and a configuration may be checked on another machine than it is for.
    """
    security = config.security
    files = {
        "kafka.security.key_file": security.key_file,
        "kafka.security.key_password_file": security.key_password_file,
        "kafka.security.username_file": security.username_file,
        "kafka.security.password_file": security.password_file,
        "kafka.properties_file": config.properties_file,
    }
    exposed = []
    for key, path in files.items():
        if path is None:
            continue
        try:
            mode = stat.S_IMODE(Path(path).stat().st_mode)
        except OSError as error:
            exposed.append(f"{key} {path} cannot be read: {error.strerror}")
            continue
        if mode & stat.S_IROTH:
            exposed.append(f"{key} {path} can be read by every user of this machine: its mode is {mode:04o}")
    return exposed


def delivery_failure(error: ClientError | None, message: Message) -> str | None:
    """Say why a delivery report is none: an error, or a success that cannot tell where the record lies."""
    where = f"{message.topic()}[{message.partition()}]"
    if error is not None:
        return f"{where} took no record: {error.name()}: {error.str()}"
    offset = message.offset()
    if offset is None or offset < 0:
        return f"{where} acknowledged a record without its offset, so that it may not be there"
    return None


def _differ(theirs: Property | None, ours: Property) -> bool:
    return theirs is not None and str(theirs).lower() != str(ours).lower()


def _secret(key: str, path: str) -> str:
    """One line; the line end that editors and `echo` leave is no part of it."""
    content = _read(key, path, SECRET_BYTES_MAX + 1)
    if len(content) > SECRET_BYTES_MAX:
        raise KafkaError(f"kafka.security.{key} {path} must hold at most {SECRET_BYTES_MAX} bytes")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise KafkaError(f"kafka.security.{key} {path} must be UTF-8") from None  # the cause holds the secret
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise KafkaError(f"kafka.security.{key} {path} must hold one line, and is empty")
    if set(text) & set("\r\n\0"):
        raise KafkaError(f"kafka.security.{key} {path} must hold one line, and has more")
    return text


def _read(key: str, path: str, bytes_max: int) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(bytes_max)
    except OSError as error:
        raise KafkaError(f"kafka.security.{key} {path} cannot be read: {error.strerror}") from error


def _read_properties(path: Path) -> dict[str, Property]:
    """Java's properties form without escapes: `key=value`, `#` opens a comment line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise KafkaError(f"kafka.properties_file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise KafkaError(f"kafka.properties_file {path} must be UTF-8") from None  # the cause holds the file
    properties: dict[str, Property] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise KafkaError(f"{path}:{number} must look like key=value")  # the line may hold a secret: not shown
        properties[_ALIASES.get(key.strip(), key.strip())] = value.strip()
    return properties
