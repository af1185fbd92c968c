"""The lower half of `riskd status`: data, sources, what waits where, and what speaks for each limit."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from daemon.state_views import ShardView, StateDocument, as_float
from daemon.status_tables import NS_PER_S, age_text, table_with

_LEASE_SOON_S = 10.0
_OLD_S = 5.0
READY_AT = 20.0


def data_lines(document: StateDocument) -> Iterator[Text]:
    """Return the lines on instruments and on watched sources."""
    yield Text("Data", style="bold")
    for shard in document.shards:
        counts = ", ".join(f"{count} {trust}" for trust, count in shard.instruments.items() if count) or "nothing held"
        worse = ", ".join(f"{name} {trust}" for name, trust in shard.not_fresh.items())
        yield Text(
            f"  {_of(shard, document)}held: {counts}" + (f": {worse}" if worse else ""), "yellow" if worse else ""
        )
        for name, source in shard.sources.items():
            heard = f"{age_text(shard.core_time_ns - source.last_ns)} ago" if source.last_ns else "never heard"
            yield Text(
                f"  {_of(shard, document)}source {name}: {'SILENT, ' if source.is_silent else ''}{heard}, "
                f"at most {age_text(source.max_silence_ns)}",
                "bold red" if source.is_silent else "",
            )


def service_lines(document: StateDocument) -> Iterator[Text]:
    """Return the lines on what waits to be read, applied, published and audited, and on the leases."""
    yield Text("Service", style="bold")
    for shard in document.shards:
        lag = ", ".join(f"{kind} {records:,}" for kind, records in shard.lag_records.items() if records)
        lease_s = shard.lease_until_s - document.at_ns / NS_PER_S
        lease = f"lease {lease_s:.0f} s" if shard.lease_until_s else "no lease"
        is_late = shard.oldest_s > _OLD_S or not shard.lease_until_s or lease_s < _LEASE_SOON_S
        published = ", ".join(f"{topic} seq {seq:,}" for topic, seq in shard.seq.items())
        yield Text(
            f"  {_of(shard, document)}epoch {shard.epoch}; to read: {lag or 'nothing'}; in merge {shard.waiting:,}; "
            f"to leave {shard.outbox:,} (oldest {shard.oldest_s:.1f} s); to audit {shard.audit_waiting:,}; "
            f"{lease}; {published}",
            "yellow" if is_late else "",
        )


def evidence_table(shards: Sequence[ShardView]) -> Table:
    """Return what speaks for each limit in its present stage: false episodes, live time, their rate, readiness."""
    columns = ("limit", "stage", "k", "T weeks", "false a week", "at most", "E", "D", "ready")
    table = table_with(
        f"Evidence   (k: no person found them true; ready where E is {READY_AT:.0f}, demoted where D is 3.0)", columns
    )
    for shard in shards:
        for limit, evidence in shard.evidence.items():
            rate, readiness = as_float(evidence.rate_per_week), as_float(evidence.readiness)
            table.add_row(
                limit if len(shards) == 1 else f"{limit} ({shard.shard})",
                evidence.stage,
                f"{evidence.false}",
                f"{evidence.stage_weeks:.1f}",
                f"{rate:.2f}" if rate >= 0.0 else "-",
                f"{as_float(evidence.rate_upper):.2f}",
                f"{readiness:.3g}",
                f"{evidence.cusum:.2f}",
                "yes" if readiness >= READY_AT else "no",
            )
    return table


def _of(shard: ShardView, document: StateDocument) -> str:
    """Name the shard where there are several."""
    return "" if len(document.shards) == 1 else f"shard {shard.shard}: "
