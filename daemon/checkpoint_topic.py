"""Reads the published audit checkpoints from their topic, from its first record to where it ends now."""

from collections.abc import Iterator

from config.schema import KafkaConfig
from daemon.topic_reader import read_topic


def read_checkpoints(config: KafkaConfig) -> Iterator[bytes]:
    """Yield the value of each record of the checkpoints topic, partition by partition in order; tombstones are skipped.

    What is published after a partition's end was seen is not waited for.

    raises : KafkaError where the topic is missing or the cluster gives nothing for 30 s
    """
    for record in read_topic(config, config.topics.checkpoints, group="verify"):
        yield record.value
