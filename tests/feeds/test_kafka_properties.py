"""What a Kafka client is made with: security from files, and a properties file that may add and never weaken."""

from pathlib import Path

import pytest

from config.schema import KafkaConfig, SecurityConfig
from feeds.kafka_properties import SECRET_BYTES_MAX, KafkaError, client_properties, exposed_secrets

SECRET = "swordfish"


def secured(folder: Path, **contents: bytes) -> SecurityConfig:
    """SASL over TLS, with a file for each field; its content is the field's name where none is given."""
    fields = {"protocol": "sasl_ssl"}
    for field in ("ca_file", "certificate_file", "key_file", "key_password_file", "username_file", "password_file"):
        path = folder / field
        path.write_bytes(contents.get(field, field.encode()))
        fields[field] = str(path)
    return SecurityConfig.model_validate(fields)


def refusal(config: KafkaConfig) -> str:
    """The message of the refusal; neither it nor what caused it holds a secret."""
    with pytest.raises(KafkaError) as caught:
        client_properties(config, {})
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in repr(error)
        error = None if error.__suppress_context__ and error.__cause__ is None else error.__cause__ or error.__context__
    return str(caught.value)


def test_plaintext_asks_for_nothing() -> None:
    assert client_properties(KafkaConfig(bootstrap="here:1"), {}) == {"bootstrap.servers": "here:1"}


def test_paths_stay_paths_and_secrets_are_read(tmp_path: Path) -> None:
    security = secured(tmp_path, username_file=b"riskd\n", password_file=f" {SECRET} \r\n".encode())
    assert client_properties(KafkaConfig(security=security), {"acks": "all"}) == {
        "security.protocol": "sasl_ssl",
        "enable.ssl.certificate.verification": True,
        "ssl.ca.location": str(tmp_path / "ca_file"),
        "ssl.certificate.location": str(tmp_path / "certificate_file"),
        "ssl.key.location": str(tmp_path / "key_file"),
        "ssl.key.password": "key_password_file",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "riskd",
        "sasl.password": f" {SECRET} ",
        "bootstrap.servers": "localhost:9092",
        "acks": "all",
    }


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "must hold one line, and is empty"),
        (b"\n", "must hold one line, and is empty"),
        (f"{SECRET}\n\n".encode(), "must hold one line, and has more"),
        (f"{SECRET}\0".encode(), "must hold one line, and has more"),
        (SECRET.encode() + b"\xff", "must be UTF-8"),
        (SECRET.encode() * SECRET_BYTES_MAX, f"must hold at most {SECRET_BYTES_MAX} bytes"),
    ],
)
def test_an_unusable_secret_is_named_and_not_shown(tmp_path: Path, content: bytes, complaint: str) -> None:
    config = KafkaConfig(security=secured(tmp_path, password_file=content))
    assert refusal(config) == f"kafka.security.password_file {tmp_path / 'password_file'} {complaint}"


@pytest.mark.parametrize("field", ["ca_file", "certificate_file", "key_file", "key_password_file", "username_file"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, field: str) -> None:
    security = secured(tmp_path)
    (tmp_path / field).unlink()
    message = refusal(KafkaConfig(security=security))
    assert message == f"kafka.security.{field} {tmp_path / field} cannot be read: No such file or directory"


@pytest.mark.parametrize(
    "line",
    [
        f"sasl.password={SECRET}",
        "sasl.mechanisms=PLAIN",
        "security.protocol=plaintext",
        "enable.ssl.certificate.verification=false",
        "ssl.ca.location=elsewhere",
    ],
)
def test_the_properties_file_cannot_change_the_security(tmp_path: Path, line: str) -> None:
    file = tmp_path / "client.properties"
    file.write_text(line, encoding="utf-8")
    message = refusal(KafkaConfig(security=secured(tmp_path), properties_file=str(file)))
    assert message.startswith(f"{file}: ")
    assert message.endswith(" must be what kafka.security says, or absent")


@pytest.mark.parametrize("line", ["bootstrap.servers=other:1", "metadata.broker.list=other:1"])
def test_the_properties_file_cannot_change_the_address(tmp_path: Path, line: str) -> None:
    file = tmp_path / "client.properties"
    file.write_text(line, encoding="utf-8")
    message = refusal(KafkaConfig(bootstrap="here:1", properties_file=str(file)))
    assert message == f"{file}: bootstrap.servers must be here:1 for this client, got other:1"


def test_a_second_name_of_a_property_is_the_property(tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    config = KafkaConfig(properties_file=str(file))
    file.write_text("request.required.acks=1\n", encoding="utf-8")
    with pytest.raises(KafkaError, match="acks must be all for this client, got 1"):
        client_properties(config, {"acks": "all"})


def test_the_properties_file_alone_may_say_how_to_come_in(tmp_path: Path) -> None:
    """For what `kafka.security` has no words for: Kerberos, tokens."""
    file = tmp_path / "client.properties"
    file.write_text("security.protocol = sasl_ssl\nsasl.mechanism = OAUTHBEARER\n", encoding="utf-8")
    properties = client_properties(KafkaConfig(properties_file=str(file)), {})
    assert (properties["security.protocol"], properties["sasl.mechanism"]) == ("sasl_ssl", "OAUTHBEARER")


def test_a_properties_file_that_is_no_text_is_named_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_bytes(SECRET.encode() + b"\xff")
    assert refusal(KafkaConfig(properties_file=str(file))) == f"kafka.properties_file {file} must be UTF-8"


def test_secrets_that_everybody_can_read_are_told(tmp_path: Path) -> None:
    security = secured(tmp_path)
    for path in tmp_path.iterdir():
        path.chmod(0o440)
    assert exposed_secrets(KafkaConfig(security=security)) == []
    absent = tmp_path / "absent"
    assert exposed_secrets(KafkaConfig(properties_file=str(absent))) == [
        f"kafka.properties_file {absent} cannot be read: No such file or directory"
    ]
    config = KafkaConfig(security=security)
    (tmp_path / "ca_file").chmod(0o644)  # no secret
    (tmp_path / "password_file").chmod(0o444)
    assert exposed_secrets(config) == [
        f"kafka.security.password_file {tmp_path / 'password_file'} can be read by every user of this machine: "
        "its mode is 0444"
    ]
