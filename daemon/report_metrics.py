"""The metrics that come from the daemon's report: made anew at each scrape, so that nothing gone lingers."""

import time
from collections.abc import Callable, Sequence
from math import inf, nan

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from config.schema import Config
from daemon.ack_metrics import add_acks
from daemon.metric_families import Families, FamilySpec, smallest, total
from daemon.metrics import metric_prefix
from daemon.report import CONDITIONS, REPORT_AGE_MAX_S, SHARED_TOPIC_KINDS, Report, ShardReport
from daemon.scope_metrics import SCOPE_FAMILIES, TRUST_CODES, PortfolioLabels, add_scopes
from daemon.state_views import EvidenceView, as_float, evidence_views, scope_views
from enforcement.overrides import KINDS as OVERRIDE_KINDS
from enforcement.readiness import naive_rate, rate_upper_bound

NS_PER_S = 1e9

REPORT_FAMILIES = (
    FamilySpec("instruments", "Held instruments by trust", ("trust",), combine=total),
    FamilySpec("source_silence_seconds", "Time since the last sign of life of a source in data.sources", ("source",)),
    FamilySpec("source_silent", "1 where that is over its max_silence", ("source",)),
    FamilySpec("episodes", "Times a limit began to fire in a scope", ("limit",), "counter"),
    FamilySpec("live_exposure_weeks", "Time in which the number was known and the life ok, over scopes", ("limit",)),
    FamilySpec("false_positive_rate_per_week", "Unresolved episodes count as false", ("limit",)),
    FamilySpec("readiness_value", "0.5^k * exp(0.5 * theta * T); ready at 20", ("limit",), combine=smallest),
    FamilySpec("fp_episodes", "Episodes judged false by now, by the cause that counts", ("sensor", "cause"), "counter"),
    FamilySpec("live_weeks", "T: live time in the present stages, over scopes", ("limit",)),
    FamilySpec("fp_rate_per_week", "k / T of the present stages, the naive rate", ("limit",)),
    FamilySpec("fp_ucb95", "Upper 95 % bound of that rate, at one look", ("limit",)),
    FamilySpec("fp_evalue", "E of the present stage, smallest over scopes", ("limit",), combine=smallest),
    FamilySpec("fp_cusum", "D, largest over scopes; a stage is lost at ln 20", ("limit",)),
    FamilySpec("ppv", "Share of the episodes with a known outcome whose adverse event came", ("limit",)),
    FamilySpec("overrides", "Exceptions in force", ("kind",), combine=total),
    FamilySpec("override_ends_seconds", "Core time at which the first of them ends", ("kind",), combine=smallest),
    FamilySpec("approvals_waiting", "Commands that wait for a second person", combine=total),
    FamilySpec("core_time_seconds", "Core time of the shard that is behind, since the epoch", combine=smallest),
    FamilySpec("acks_open", "Scopes whose last action somebody has still to acknowledge", combine=total),
    FamilySpec("ack_missing", "1 where an acknowledgement is missing", ("portfolio",)),
    FamilySpec("enforcement_ineffective", "1 where positions contradict what was applied", ("portfolio",)),
    FamilySpec("journal_lag_seconds", "Age of the oldest output that waits to leave"),
    FamilySpec("audit_lag_records", "Audit records that wait to be written", combine=total),
    FamilySpec("consumer_lag_records", "Records that were not read yet", ("topic",)),
    FamilySpec("merge_waiting_records", "Records read that wait for a slower partition", combine=total),
    FamilySpec("outbox_waiting", "Steps whose outputs wait to leave", combine=total),
    FamilySpec("lease_valid_until_seconds", "Earliest end of the leases, since the epoch", combine=smallest),
    FamilySpec("ready", "1 where the condition holds", ("condition",)),
    FamilySpec("epoch", "Of the journaled assignment"),
)  # fmt: skip


class ReportMetrics:
    """A collector of the last report.

    `update` only keeps it: what a scrape costs is paid in the scrape's thread, not in the daemon's loop.
    registry : None where metrics are off: then nobody asks
    clock    : seconds that only grow; a report older than 5 s leaves no condition of readiness standing
    """

    def __init__(
        self, registry: CollectorRegistry | None, config: Config, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._prefix = metric_prefix(config)
        self._labels = PortfolioLabels(config)
        self._clock = clock
        self._latest: tuple[Report, float] | None = None
        if registry is not None:
            registry.register(self)

    def update(self, report: Report) -> None:
        """Show this report from now on."""
        self._labels.take(str(state["scope"]) for state in report.states)
        self._latest = (report, self._clock())

    def describe(self) -> list[Metric]:
        """Return every metric without samples, for the registry's list of names."""
        return Families(REPORT_FAMILIES + SCOPE_FAMILIES, self._prefix).metrics()

    def collect(self) -> list[Metric]:
        """Return every metric with the samples of the last report; of none but `ready` before the first."""
        families = Families(REPORT_FAMILIES + SCOPE_FAMILIES, self._prefix)
        latest = self._latest
        is_fresh = latest is not None and self._clock() - latest[1] <= REPORT_AGE_MAX_S
        for condition in CONDITIONS:
            holds = latest is not None and is_fresh and condition not in latest[0].troubles
            families["ready"].add(float(holds), condition)
        if latest is not None:
            _add_shards(families, latest[0].shards)
            add_acks(families, latest[0].shards, self._labels)
            add_scopes(families, scope_views(latest[0].states), self._labels)
        return families.metrics()


def _add_shards(families: Families, shards: Sequence[ShardReport]) -> None:
    for shard in shards:
        families["core_time_seconds"].add(shard.core_time_ns / NS_PER_S)
        families["journal_lag_seconds"].add(shard.oldest_s)
        families["audit_lag_records"].add(shard.audit_waiting)
        families["merge_waiting_records"].add(shard.waiting)
        families["outbox_waiting"].add(shard.outbox)
        families["lease_valid_until_seconds"].add(shard.lease_until_s or nan)
        families["epoch"].add(shard.epoch)
        families["approvals_waiting"].add(len(shard.approvals))
        for kind in OVERRIDE_KINDS:
            ends = [float(str(each["expires_at"])) for each in shard.overrides if each["override"] == kind]
            families["overrides"].add(len(ends), kind)
            families["override_ends_seconds"].add(min(ends) / NS_PER_S if ends else inf, kind)
        for source, seen in shard.sources.items():
            silence_s = (shard.core_time_ns - seen.last_ns) / NS_PER_S if seen.last_ns else nan
            families["source_silence_seconds"].add(silence_s, source)
            families["source_silent"].add(float(seen.is_silent), source)
        for trust in TRUST_CODES:
            families["instruments"].add(shard.instruments.get(trust, 0), trust)
    _add_lag(families, shards)
    _add_evidence(families, shards)


def _add_lag(families: Families, shards: Sequence[ShardReport]) -> None:
    """Every shard reads the shared topics whole, so one record there must not count once a shard."""
    for kind in dict.fromkeys(kind for shard in shards for kind in shard.lag_records):
        lags = [shard.lag_records.get(kind, 0) for shard in shards]
        families["consumer_lag_records"].add(max(lags) if kind in SHARED_TOPIC_KINDS else sum(lags), kind)


def _add_evidence(families: Families, shards: Sequence[ShardReport]) -> None:
    """Sum what speaks for a limit over the shards, and take the worst of what no sum means anything of."""
    by_limit: dict[str, list[EvidenceView]] = {}
    for shard in shards:
        for limit, evidence in evidence_views(shard.evidence).items():
            by_limit.setdefault(limit, []).append(evidence)
    causes: dict[tuple[str, str], int] = {}
    for limit, parts in by_limit.items():
        for part in parts:
            families["readiness_value"].add(as_float(part.readiness), limit)
            families["fp_evalue"].add(as_float(part.readiness), limit)
            families["fp_cusum"].add(part.cusum, limit)
            families["ppv"].add(as_float(part.precision), limit)
            for cause, count in part.false_causes.items():
                causes[part.sensor, cause] = causes.get((part.sensor, cause), 0) + count
        false, weeks = sum(part.false for part in parts), sum(part.stage_weeks for part in parts)
        families["episodes"].add(sum(part.episodes for part in parts), limit)
        families["live_exposure_weeks"].add(sum(part.live_weeks for part in parts), limit)
        families["live_weeks"].add(weeks, limit)
        for name in ("false_positive_rate_per_week", "fp_rate_per_week"):
            families[name].add(naive_rate(false, weeks), limit)
        families["fp_ucb95"].add(rate_upper_bound(false, weeks), limit)
    for (sensor, cause), count in causes.items():
        families["fp_episodes"].add(count, sensor, cause)
