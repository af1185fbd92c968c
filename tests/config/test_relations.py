"""Rules between fields: `kafka.security`; the others are in test_loader.py. And the examples of docs/security.md."""

import re
from pathlib import Path

import pytest

from config.faults import ConfigError
from config.loader import parse_config
from sensors.catalogue import SHIPPED

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
TLS = "ca_file: ca"
PAIR = "certificate_file: crt, key_file: key"
USER = "username_file: user, password_file: password"


def faults(security: str) -> list[str]:
    """Key and message of each fault of a configuration with this `kafka.security`, in the order of the file."""
    try:
        parse_config(f"kafka: {{security: {{{security}}}}}".encode(), "test.yaml", SHIPPED.known)
    except ConfigError as error:
        return [str(fault).rpartition("kafka.security.")[2] for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "security",
    [
        "",
        "protocol: plaintext",
        "protocol: ssl",
        f"protocol: ssl, {TLS}, {PAIR}, key_password_file: word",
        f"protocol: sasl_ssl, {TLS}, {PAIR}, {USER}",
        f"protocol: sasl_plaintext, sasl_mechanism: PLAIN, {USER}",
    ],
)
def test_a_whole_security_is_taken(security: str) -> None:
    assert faults(security) == []


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        (TLS, ["ca_file: ca_file needs protocol ssl or sasl_ssl, got plaintext"]),
        (
            f"protocol: sasl_plaintext, {USER}, {PAIR}",
            [
                "certificate_file: certificate_file needs protocol ssl or sasl_ssl, got sasl_plaintext",
                "key_file: key_file needs protocol ssl or sasl_ssl, got sasl_plaintext",
            ],
        ),
        (
            f"protocol: ssl, {USER}",
            [
                "username_file: username_file needs protocol sasl_ssl or sasl_plaintext, got ssl",
                "password_file: password_file needs protocol sasl_ssl or sasl_plaintext, got ssl",
            ],
        ),
        (
            "protocol: sasl_ssl, username_file: user",
            ["password_file: password_file is required with protocol sasl_ssl"],
        ),
        ("protocol: ssl, certificate_file: crt", ["key_file: key_file is required with certificate_file"]),
        ("protocol: ssl, key_file: key", ["certificate_file: certificate_file is required with key_file"]),
        ("protocol: ssl, key_password_file: word", ["key_password_file: key_password_file needs key_file"]),
    ],
)
def test_half_a_security_and_files_that_nobody_would_read_are_faults(security: str, expected: list[str]) -> None:
    assert faults(security) == expected


def test_the_documented_examples_are_configurations() -> None:
    examples = re.findall(r"^```yaml\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    loaded = [parse_config(example.encode(), "security.md", SHIPPED.known) for example in examples]
    assert [config.kafka.security.protocol for config in loaded] == ["ssl", "sasl_ssl", "plaintext"]
    assert list(loaded[-1].control.keys) == ["alice"]
