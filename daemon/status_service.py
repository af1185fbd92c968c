"""The lower half of `riskd status`: data, sources, and what waits where."""

from collections.abc import Iterator

from rich.text import Text

from daemon.state_views import ShardView, StateDocument
from daemon.status_tables import NS_PER_S, age_text

_LEASE_SOON_S = 10.0
_OLD_S = 5.0


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


def _of(shard: ShardView, document: StateDocument) -> str:
    """Name the shard where there are several."""
    return "" if len(document.shards) == 1 else f"shard {shard.shard}: "
