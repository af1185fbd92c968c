"""A broker with three guarded listeners and ACLs, the files to reach it by, and the rights of docs/security.md."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from config.schema import KafkaConfig, SecurityConfig, Topics
from feeds.broker.apache import LocalKafka
from feeds.broker.guards import Guard
from tests.kafka.certificates import Authority

PASSWORD = "correct horse"
WRONG_PASSWORD = "battery staple"
KEY_PASSWORD = "opens the key"
Protocol = Literal["ssl", "sasl_ssl", "sasl_plaintext"]
TOPIC, GROUP, TRANSACTIONAL_ID = ResourceType.TOPIC, ResourceType.GROUP, ResourceType.TRANSACTIONAL_ID


@dataclass(frozen=True, slots=True)
class Site:
    """A broker with three guarded listeners and ACLs, and the files to reach it by."""

    broker: LocalKafka
    folder: Path

    def file(self, name: str) -> str:
        return str(self.folder / name)

    def config(self, protocol: Protocol, prefix: str, **other: str | None) -> KafkaConfig:
        """How user `riskd` comes in, with topics of this prefix; `other` replaces keys of `kafka.security`."""
        fields: dict[str, str | None] = {"protocol": protocol}
        if protocol != "sasl_plaintext":
            fields["ca_file"] = self.file("authority.pem")
        if protocol == "ssl":
            fields |= {"certificate_file": self.file("riskd.crt"), "key_file": self.file("riskd.key")}
            fields["key_password_file"] = self.file("key_password")
        else:
            fields |= {"username_file": self.file("riskd"), "password_file": self.file("password")}
            fields["sasl_mechanism"] = "PLAIN" if protocol == "sasl_plaintext" else "SCRAM-SHA-512"
        return KafkaConfig(
            bootstrap=self.broker.guarded_bootstrap(protocol.upper()),
            group=prefix,
            topics=topics_of(prefix),
            security=SecurityConfig.model_validate(fields | other),
        )

    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.broker.bootstrap})

    def make_topics(self, prefix: str) -> None:
        admin, names = self.admin(), topics_of(prefix).model_dump().values()
        for made in admin.create_topics([NewTopic(name, 1, 1) for name in names]).values():
            made.result(30)

    def allow(self, user: str, kind: ResourceType, name: str, *operations: str, is_prefix: bool = False) -> None:
        admin = self.admin()
        pattern = ResourcePatternType.PREFIXED if is_prefix else ResourcePatternType.LITERAL
        bindings = [
            AclBinding(kind, name, pattern, f"User:{user}", "*", AclOperation[operation], AclPermissionType.ALLOW)
            for operation in operations
        ]
        for made in admin.create_acls(bindings).values():
            made.result(30)

    def forbid(self, user: str, topic: str, operation: str) -> None:
        """Take a right on a topic away."""
        admin = self.admin()
        binding = AclBindingFilter(
            TOPIC, topic, ResourcePatternType.LITERAL, f"User:{user}", None,
            AclOperation[operation], AclPermissionType.ALLOW,
        )  # fmt: skip
        for taken in admin.delete_acls([binding]).values():
            assert len(taken.result(30)) == 1

    def allow_daemon(self, user: str, config: KafkaConfig) -> None:
        """The table of docs/security.md, and nothing besides."""
        topics = config.topics
        for topic in (topics.reference, topics.control, topics.positions, topics.market_data, topics.acks):
            self.allow(user, TOPIC, topic, "READ")
        for topic in (topics.actions, topics.shadow, topics.deadletter):
            self.allow(user, TOPIC, topic, "READ", "WRITE")
        for topic in (topics.state, topics.leases, topics.checkpoints):
            self.allow(user, TOPIC, topic, "WRITE")
        self.allow(user, GROUP, config.group, "READ", is_prefix=True)
        self.allow(user, TRANSACTIONAL_ID, config.group, "WRITE", is_prefix=True)


def make_guards(folder: Path) -> list[Guard]:
    """Write certificates and secrets into `folder`; return a listener for each protocol, for users riskd and guest."""
    authority, stranger = Authority(folder, "authority"), Authority(folder, "stranger")
    identity_file = authority.issue("broker").both_file
    authority.issue("riskd", key_password=KEY_PASSWORD)
    stranger.issue("mallory")
    secrets = {"riskd": "riskd\n", "guest": "guest", "password": PASSWORD, "key_password": f"{KEY_PASSWORD}\r\n"}
    for name, content in {**secrets, "wrong_password": WRONG_PASSWORD}.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(content, encoding="utf-8", newline="")
    passwords = {"riskd": PASSWORD, "guest": PASSWORD}
    return [
        Guard("SSL", identity_file, authority.file),
        Guard("SASL_SSL", identity_file, passwords=passwords),
        Guard("SASL_PLAINTEXT", mechanism="PLAIN", passwords=passwords),
    ]


def topics_of(prefix: str) -> Topics:
    return Topics(**{name: f"{prefix}.{topic}" for name, topic in Topics().model_dump().items()})
