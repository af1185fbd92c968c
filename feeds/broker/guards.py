"""Listeners of the local broker that ask who comes: TLS by PEM files, SASL by name and password, and its ACLs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

SCRAM_ITERATIONS = 4096  # the least that Kafka takes
USERS_TIMEOUT_S = 20.0

# The broker calls itself through the open listener, so whoever comes that way may do everything: it is on loopback.
_ACL_PROPERTIES = """\
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:ANONYMOUS
"""
_LOGIN_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


@dataclass(frozen=True, slots=True)
class Guard:
    """One listener beside the open one, named by its protocol; a client is `User:<common name>` or `User:<name>`.

    identity_file  : PEM, the broker's unencrypted private key (PKCS 8) followed by its certificates; for SSL, SASL_SSL
    client_ca_file : PEM; where given, a client must show a certificate of one of these authorities
    passwords      : by user, for SASL; without quotes, backslashes or line ends
    """

    protocol: Literal["SSL", "SASL_SSL", "SASL_PLAINTEXT"]
    identity_file: Path | None = None
    client_ca_file: Path | None = None
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    passwords: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        has_tls = self.protocol != "SASL_PLAINTEXT"
        assert (self.identity_file is not None) == has_tls, f"identity_file must be given for TLS only: {self.protocol}"
        assert bool(self.passwords) == (self.protocol != "SSL"), (
            f"passwords must be given for SASL only: {self.protocol}"
        )
        for text in (*self.passwords, *self.passwords.values()):
            assert not set('"\\\r\n') & set(text), "names and passwords go into a quoted line of server.properties"


def guard_properties(guards: Sequence[Guard], *, has_acls: bool) -> str:
    """Return the lines of `server.properties` for these listeners, without their addresses."""
    lines = "".join(f"{line}\n" for guard in guards for line in _lines(guard))
    return lines + (_ACL_PROPERTIES if has_acls else "")


def add_users(bootstrap: str, guards: Sequence[Guard]) -> None:
    """Make the SCRAM users of a running broker, through its open listener.

    raises : KafkaException where it refuses or does not answer within 20 s
    """
    from confluent_kafka.admin import (
        AdminClient,
        ScramCredentialInfo,
        ScramMechanism,
        UserScramCredentialUpsertion,
    )

    wanted = [
        UserScramCredentialUpsertion(
            user,
            ScramCredentialInfo(ScramMechanism[guard.mechanism.replace("-", "_")], SCRAM_ITERATIONS),
            password.encode(),
        )
        for guard in guards
        if guard.mechanism != "PLAIN"
        for user, password in guard.passwords.items()
    ]
    if wanted:
        admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        for done in admin.alter_user_scram_credentials(wanted, request_timeout=USERS_TIMEOUT_S).values():
            done.result(USERS_TIMEOUT_S)


def _lines(guard: Guard) -> list[str]:
    name = f"listener.name.{guard.protocol.lower()}"
    lines = []
    if guard.identity_file is not None:
        lines += [f"{name}.ssl.keystore.type=PEM", f"{name}.ssl.keystore.location={guard.identity_file}"]
    if guard.client_ca_file is not None:
        lines += [
            f"{name}.ssl.client.auth=required",
            f"{name}.ssl.truststore.type=PEM",
            f"{name}.ssl.truststore.location={guard.client_ca_file}",
            rf"{name}.ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/,DEFAULT",
        ]
    if guard.passwords:
        known = "".join(f' user_{user}="{password}"' for user, password in guard.passwords.items())
        login = f"{_LOGIN_MODULES[guard.mechanism]} required{known if guard.mechanism == 'PLAIN' else ''};"
        lines += [
            f"{name}.sasl.enabled.mechanisms={guard.mechanism}",
            f"{name}.{guard.mechanism.lower()}.sasl.jaas.config={login}",
        ]
    return lines
