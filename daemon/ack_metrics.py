"""The metrics of acknowledgements: what is open, and which scope waits for one that does not come."""

from collections.abc import Sequence

from daemon.metric_families import Families
from daemon.report import ShardReport
from daemon.scope_metrics import PortfolioLabels
from daemon.state_views import ack_views


def add_acks(families: Families, shards: Sequence[ShardReport], labels: PortfolioLabels) -> None:
    """Add what is open and missing of every shard; a scope without a label of its own is under `other`."""
    for shard in shards:
        acks = ack_views(shard.acks)
        families["acks_open"].add(sum(each.open for each in acks.values()))
        for scope, each in acks.items():
            families["ack_missing"].add(float(each.missing is not None), labels.of(scope))
            families["enforcement_ineffective"].add(float(bool(each.contradictions)), labels.of(scope))
