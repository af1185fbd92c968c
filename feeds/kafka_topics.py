"""Creates riskd's topics with the partitions and clean-up that their meaning needs; safe to run again."""

import time
from dataclasses import dataclass

from confluent_kafka import KafkaError as ClientError
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, OffsetSpec, ResourceType

from config.schema import KafkaConfig, PretradeConfig, Topics
from feeds.kafka_properties import METADATA_TIMEOUT_S, KafkaError, client_properties
from feeds.kafka_watermarks import BETWEEN_LEADERS

REQUEST_TIMEOUT_S = 30.0
LEADER_RETRY_S = 0.1
SEVEN_DAYS_MS = 7 * 86_400_000
BROKERS_DEFAULT = -1
_NOT_LED_YET = (*BETWEEN_LEADERS, ClientError._TIMED_OUT)

# A reader of a compacted topic finds the newest record of each key; a scope's history stays whole for a week.
_ACTION_SETTINGS = {"cleanup.policy": "compact", "min.compaction.lag.ms": str(SEVEN_DAYS_MS)}
_REFERENCE_SETTINGS = {"cleanup.policy": "compact"}
_LEASE_SETTINGS = {"cleanup.policy": "compact"}
# Commands are a history, not a state per key: a first start reads all of them.
_CONTROL_SETTINGS = {"cleanup.policy": "delete", "retention.ms": "-1"}
_STREAM_SETTINGS = {"cleanup.policy": "delete"}
_LETTER_SETTINGS = {"cleanup.policy": "delete", "retention.ms": "-1"}  # a restart compares its tail with the journal
_CHECKPOINT_SETTINGS = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
}  # they prove the log for as long as it is kept


@dataclass(frozen=True, slots=True)
class TopicPlan:
    """How one topic must be: `settings` are Kafka's topic configurations."""

    name: str
    partitions: int
    settings: dict[str, str]


@dataclass(frozen=True, slots=True)
class TopicOutcome:
    """What became of one topic; `difference` says how an existing one departs from the plan, None where it does not."""

    name: str
    created: bool
    difference: str | None


def plan_topics(
    topics: Topics, *, market_data_partitions: int = 1, positions_partitions: int = 1,
    pretrade: PretradeConfig | None = None,
) -> list[TopicPlan]:  # fmt: skip
    """The plan: what a shard writes follows the positions partitions, because partition p writes partition p.

    `reference` keeps the newest record of each key. An `adjustment` has its instrument's key too, so compaction may
    drop an instrument behind its adjustment, or an older adjustment behind a newer one: producers must send the whole
    current record, the `instrument`, after every adjustment, or give adjustments a key of their own.

    Replicas and `min.insync.replicas` are the cluster's choice, so that one broker is enough to begin with; three and
    two are what a cluster should have. An acknowledged output that it lost is found and repaired at the next start.
    """
    return [
        TopicPlan(topics.market_data, market_data_partitions, _STREAM_SETTINGS),
        TopicPlan(topics.positions, positions_partitions, _STREAM_SETTINGS),
        TopicPlan(topics.reference, 1, _REFERENCE_SETTINGS),
        TopicPlan(topics.control, 1, _CONTROL_SETTINGS),
        TopicPlan(topics.acks, 1, _STREAM_SETTINGS),
        TopicPlan(topics.actions, positions_partitions, _ACTION_SETTINGS),
        TopicPlan(topics.shadow, positions_partitions, _ACTION_SETTINGS),
        TopicPlan(topics.state, positions_partitions, _STREAM_SETTINGS),
        TopicPlan(topics.leases, positions_partitions, _LEASE_SETTINGS),
        TopicPlan(topics.deadletter, positions_partitions, _LETTER_SETTINGS),
        TopicPlan(topics.checkpoints, 1, _CHECKPOINT_SETTINGS),
        *(
            TopicPlan(name, positions_partitions, _STREAM_SETTINGS)
            for name in ((pretrade.requests, pretrade.answers) if pretrade and pretrade.on_kafka else ())
        ),
    ]


def create_topics(
    config: KafkaConfig,
    *,
    market_data_partitions: int = 1,
    positions_partitions: int = 1,
    replication_factor: int = BROKERS_DEFAULT,
    pretrade: PretradeConfig | None = None,
) -> list[TopicOutcome]:
    """Create what is missing and compare what exists with the plan; nothing that exists is changed.

    raises : KafkaError where the cluster does not answer or refuses
    """
    plans = plan_topics(
        config.topics, market_data_partitions=market_data_partitions, positions_partitions=positions_partitions,
        pretrade=pretrade,
    )  # fmt: skip
    admin = AdminClient(client_properties(config, {"log_level": 0}))  # errors come as exceptions
    wanted = [
        NewTopic(plan.name, num_partitions=plan.partitions, replication_factor=replication_factor, config=plan.settings)
        for plan in plans
    ]
    outcomes = []
    for plan, done in zip(plans, admin.create_topics(wanted, request_timeout=REQUEST_TIMEOUT_S).values(), strict=True):
        try:
            done.result(REQUEST_TIMEOUT_S)
            outcomes.append(TopicOutcome(plan.name, True, None))
        except KafkaException as error:
            if error.args[0].code() != ClientError.TOPIC_ALREADY_EXISTS:
                raise KafkaError(f"topic {plan.name} cannot be created: {error.args[0].str()}") from error
            outcomes.append(TopicOutcome(plan.name, False, _difference(admin, plan)))
    _await_leaders(admin, {outcome.name for outcome in outcomes})
    return outcomes


def _await_leaders(admin: AdminClient, names: set[str]) -> None:
    """Return when every partition can be used: a created topic is not led at once, and its leader learns it last."""
    deadline_s = time.monotonic() + REQUEST_TIMEOUT_S
    while not _are_led(admin, names):
        if time.monotonic() > deadline_s:
            raise KafkaError(f"topics were not ready within {REQUEST_TIMEOUT_S} s of their creation")
        admin.poll(LEADER_RETRY_S)


def _are_led(admin: AdminClient, names: set[str]) -> bool:
    """Say whether the leader of each partition answers for it."""
    found = admin.list_topics(timeout=METADATA_TIMEOUT_S).topics
    partitions = [TopicPartition(name, number) for name in names if name in found for number in found[name].partitions]
    if {partition.topic for partition in partitions} != names:
        return False
    ends = admin.list_offsets(
        {partition: OffsetSpec.latest() for partition in partitions}, request_timeout=METADATA_TIMEOUT_S
    )
    try:
        for end in ends.values():
            end.result(REQUEST_TIMEOUT_S)
    except KafkaException as error:
        if error.args[0].code() not in _NOT_LED_YET:
            raise KafkaError(f"the new topics cannot be looked at: {error.args[0].str()}") from error
        return False
    return True


def _difference(admin: AdminClient, plan: TopicPlan) -> str | None:
    """Compare an existing topic with its plan; None where they agree."""
    try:
        partitions = len(admin.list_topics(plan.name, timeout=METADATA_TIMEOUT_S).topics[plan.name].partitions)
        resource = ConfigResource(ResourceType.TOPIC, plan.name)
        settings = admin.describe_configs([resource])[resource].result(REQUEST_TIMEOUT_S)
    except KafkaException as error:
        raise KafkaError(f"topic {plan.name} cannot be described: {error.args[0].str()}") from error
    differences = [
        f"{key} must be {value}, is {settings[key].value}"
        for key, value in plan.settings.items()
        if settings[key].value != value
    ]
    if partitions != plan.partitions:
        differences.insert(0, f"partitions must be {plan.partitions}, are {partitions}")
    return "; ".join(differences) or None
