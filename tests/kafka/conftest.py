"""One Apache Kafka for the session: RISKD_TEST_KAFKA, else a local broker, else testcontainers; never a mock."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import pytest

from config.schema import KafkaConfig, Topics
from feeds.broker.apache import LocalKafka
from feeds.broker.jars import BrokerUnavailableError

CONTAINER_IMAGE = "apache/kafka:4.1.0"

_skipped_because: list[str] = []


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an open broker that accepts connections; in CI a missing broker is a failure, elsewhere a skip."""
    configured = os.environ.get("RISKD_TEST_KAFKA")
    if configured:
        yield configured
        return
    with ExitStack() as stack:
        yield _start_broker(stack, tmp_path_factory.mktemp("kafka"))


@pytest.fixture
def kafka_config(kafka_bootstrap: str) -> KafkaConfig:
    """A configuration with topic names that no other test uses; the topics do not exist yet."""
    prefix = f"t{secrets.token_hex(6)}"  # names only: what a test computes never depends on it
    names = {name: f"{prefix}.{topic}" for name, topic in Topics().model_dump().items()}
    return KafkaConfig(bootstrap=kafka_bootstrap, group=prefix, topics=Topics(**names))


@pytest.hookimpl
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason in _skipped_because:
        terminalreporter.write_line(f"SKIPPED every test on Apache Kafka: {reason}", yellow=True)


def _start_broker(stack: ExitStack, directory: Path) -> str:
    try:
        return stack.enter_context(LocalKafka(directory)).bootstrap
    except BrokerUnavailableError as local:
        container = _start_container(stack)
        if container is not None:
            return container
        return skip_without_broker(
            f"{local}; and no Docker engine answers for {CONTAINER_IMAGE}. Or set RISKD_TEST_KAFKA."
        )


def skip_without_broker(reason: str) -> NoReturn:
    """End the test that has no broker: a failure in CI, elsewhere a skip that the summary tells."""
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        pytest.fail(f"in CI the broker tests must run: {reason}", pytrace=False)
    _skipped_because.append(reason)
    pytest.skip(reason)


def _start_container(stack: ExitStack) -> str | None:
    """A broker in a container where an engine runs; None where none does."""
    import docker
    from docker.errors import DockerException

    try:
        docker.from_env().ping()
    except DockerException:
        return None
    from testcontainers.kafka import KafkaContainer

    container = stack.enter_context(KafkaContainer(CONTAINER_IMAGE).with_kraft())
    return str(container.get_bootstrap_server())
