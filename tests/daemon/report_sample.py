"""A report made of a real core's state records: three books of one firm, one limit that fires and one without data."""

from dataclasses import asdict, replace

from config.crises import Crisis
from daemon.core import Core
from daemon.report import Condition, Report, ShardReport, SourceReport
from enforcement.effects import Stage
from enforcement.evidence import LimitEvidence
from tests.helpers import Played, close, close_of, nav, open_of, play, small_setup, snapshot, stock

VAR = {"id": "var99", "sensor": "var_breach", "metric": "var_99", "levels": [{"at": 10, "action": "halt"}]}
LEVERAGE = {
    "id": "leverage",
    "scope": "**",
    "sensor": "leverage",
    "metric": "gross_leverage",
    "levels": [{"name": "soft", "at": 0.1, "action": "warn"}, {"name": "hard", "at": 3, "action": "halt"}],
}
FALL = Crisis("fall", "Fall", "2019-02-01", "2019-02-05", "made for tests")
AT_NS = 1_800_000_000 * 10**9


EVIDENCE = LimitEvidence(
    sensor="leverage", episodes=2, live_weeks=4.0, false=2, stage_weeks=4.0, resolved=1, rate_per_week=0.5,
    rate_upper=1.574, readiness=1.85, cusum=0.7, precision=0.25, stage=Stage.SHADOW, false_causes={"data_error": 1},
)  # fmt: skip

ACKS: dict[str, object] = {
    "action_id": "ab" * 16, "asked": 5 * 10**9, "ack_by": 10 * 10**9, "open": True, "owing": ["oms"],
    "said": {"algo": {"result": "partial", "residual": 3.0}}, "missing": {"since": 10 * 10**9, "why": "silent"},
    "contradictions": ["firm/a S0 went from 10 to 12"],
}  # fmt: skip


def small_run() -> Played:
    """Play firm (gross leverage 0.125), firm/a (0.2) and firm/b (0.05), before any return is known."""
    day = close_of(0)
    events = [
        stock("S0"), stock("S1"), snapshot({("firm/a", "S0"): 10.0, ("firm/b", "S1"): -5.0}, open_of(0)),
        close("S0", 0, 100.0), close("S1", 0, 50.0),
        nav("firm/a", 5_000.0, day + 10**7), nav("firm/b", 5_000.0, day + 10**7),
    ]  # fmt: skip
    setup = replace(small_setup([VAR, LEVERAGE], portfolios=["firm"]), crises=(FALL,))
    return play(events, setup)


def small_core() -> Core:
    """Return the core of that run."""
    return small_run().core


def shard_report(core: Core, shard: int = 0) -> ShardReport:
    """Return the report of a shard that holds this core."""
    feeds = {"feed": SourceReport(60 * 10**9, core.now_ns - 5 * 10**9, False), "mute": SourceReport(10**9, 0, True)}
    return ShardReport(
        shard=shard, epoch=3, n=core.n, core_time_ns=core.now_ns, decisions=4,
        lag_records={"market_data": 7, "positions": 2}, waiting=1, outbox=2, oldest_s=0.25, audit_waiting=3,
        seq={"actions": 1, "shadow": 9}, lease_until_s=1_800_000_030.0,
        instruments={"fresh": 1, "stale": 1, "suspect": 0, "missing": 0}, not_fresh={"S1": "stale"}, sources=feeds,
        evidence={"leverage": asdict(EVIDENCE)}, acks={"firm": ACKS},
    )  # fmt: skip


def report_of(core: Core, troubles: dict[Condition, str] | None = None, *, shards: int = 1) -> Report:
    """Return a report of this core, as the one shard or as the first of several that are alike but for their number."""
    first = shard_report(core)
    return Report(
        AT_NS, troubles or {}, tuple(replace(first, shard=i) for i in range(shards)),
        tuple({"shard": 0, **state} for state in core.state_records()),
    )  # fmt: skip
