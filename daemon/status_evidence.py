"""What speaks for each sensor and each limit, and what a promotion lacks, for `riskd status` and `riskd evidence`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from daemon.state_views import EvidenceView, ScopeView, ShardView, as_float
from daemon.status_tables import table_with
from sensors.catalogue import SHIPPED

READY_AT = 20.0
DEMOTED_AT = 3.0
_STAGES = ("SHADOW", "SOFT", "FULL")
_STAGE_STYLES = {"SHADOW": "dim", "SOFT": "yellow", "FULL": "bold"}
_FIRING = ("firing", "latched", "recovering")
_WIDE = 100
# What a promotion may lack, in a word that says who can do something about it.
_LACKS = {
    "evidence": "evidence (E)",
    "weeks": "weeks",
    "uptime": "uptime",
    "labels": "labels",
    "sensitivity": "sensitivity",
    "backtest": "a backtest that is not red",
    "quiet": "quiet",
    "automatic": "a person (automatic: false)",
}


@dataclass(slots=True)
class _SensorRow:
    """A sensor's figures, which are the sums over its limits: the least of stage and readiness, the most of D."""

    limits: int = 0
    modes: dict[str, None] = field(default_factory=dict)
    stage: str = _STAGES[-1]
    firing: int = 0
    false: int = 0
    weeks: float = 0.0
    readiness: float = float("inf")
    lacks: dict[str, None] = field(default_factory=dict)

    def add(self, evidence: EvidenceView) -> None:
        """Take in one limit of the sensor."""
        self.limits += 1
        self.modes |= dict.fromkeys(evidence.modes)
        self.stage = min(self.stage, stage_of(evidence), key=_STAGES.index)
        self.false += evidence.false
        self.weeks += evidence.stage_weeks
        self.readiness = min(self.readiness, as_float(evidence.readiness))
        self.lacks |= dict.fromkeys(evidence.lacks)


def sensor_table(shards: Sequence[ShardView], states: Sequence[ScopeView], *, width: int) -> Table:
    """Return each sensor with its mode, how many of its limits fire where, and what its least ready limit lacks."""
    rows = _sensor_rows(shards, states)
    wide = width >= _WIDE
    columns = ["sensor", "mode", "stage", "fires", "k", "T weeks", "E", *(["lacks to climb"] if wide else [])]
    table = table_with("", columns)
    table.title = None
    for sensor, row in rows.items():
        if not row.limits:
            table.add_row(sensor, Text("no limit", style="dim"))
            continue
        cells: list[str | Text] = [
            sensor, "/".join(row.modes), Text(row.stage, style=_STAGE_STYLES[row.stage]),
            Text(str(row.firing) if row.firing else "-", style="bold red" if row.firing else "dim"),
            str(row.false), f"{row.weeks:.1f}", f"{row.readiness:.3g}",
        ]  # fmt: skip
        table.add_row(*cells, *([_lacking(list(row.modes), list(row.lacks), row.stage)] if wide else []))
    return table


def evidence_table(shards: Sequence[ShardView], *, width: int = _WIDE) -> Table:
    """Return what speaks for each limit in its present stage: false episodes, live time, their rate, readiness."""
    wide = width >= _WIDE
    columns = ["limit", "stage", "k", "T weeks", "FP/week", *(["at most"] if wide else []), "E", "D", "lacks to climb"]
    table = table_with("", columns)
    table.title = None
    for shard in shards:
        for limit, evidence in shard.evidence.items():
            rate, readiness = as_float(evidence.rate_per_week), as_float(evidence.readiness)
            cells: list[str | Text] = [
                limit if len(shards) == 1 else f"{limit} ({shard.shard})",
                Text(stage_of(evidence), style=_STAGE_STYLES[stage_of(evidence)]),
                f"{evidence.false}",
                f"{evidence.stage_weeks:.1f}",
                f"{rate:.2f}" if rate >= 0.0 else "-",
                *([f"{as_float(evidence.rate_upper):.2f}"] if wide else []),
                Text(f"{readiness:.3g}", style="green" if readiness >= READY_AT else ""),
                Text(f"{evidence.cusum:.2f}", style="red" if evidence.cusum >= DEMOTED_AT else ""),
                _lacking(evidence.modes, evidence.lacks, evidence.stage),
            ]
            table.add_row(*cells)
    return table


def stage_of(evidence: EvidenceView) -> str:
    """Return the lowest stage that a limit is held to: only in gradual mode is it the one that it has climbed to."""
    stages = [
        evidence.stage if mode == "gradual" else _STAGES[-1] if mode in ("hard", "full") else _STAGES[0]
        for mode in evidence.modes
    ]
    return min(stages, key=_STAGES.index, default=_STAGES[0])


def evidence_parts(shards: Sequence[ShardView], states: Sequence[ScopeView], *, width: int) -> Iterator[RenderableType]:
    """Yield both tables under their headings."""
    if not any(shard.evidence for shard in shards):
        return
    yield Text("\nSensors   (fires: limits and books; k, T, E: of the stage, of the least ready)", style="bold")
    yield sensor_table(shards, states, width=width)
    yield Text(
        f"\nEvidence   (k: found true by no person; E {READY_AT:.0f} promotes, D {DEMOTED_AT:.0f} demotes)",
        style="bold",
    )
    yield evidence_table(shards, width=width)


def _sensor_rows(shards: Sequence[ShardView], states: Sequence[ScopeView]) -> dict[str, _SensorRow]:
    """Return the rows of the sensors that limits watch, in the order of evaluation, then of those that none does."""
    sensor_of = {limit: each.sensor for shard in shards for limit, each in shard.evidence.items()}
    shipped = [sensor.facts.name for sensor in SHIPPED.sensors]
    rows = {sensor: _SensorRow() for sensor in dict.fromkeys([*sensor_of.values(), *shipped])}
    for shard in shards:
        for evidence in shard.evidence.values():
            rows[evidence.sensor].add(evidence)
    for scope in states:
        for limit in scope.limits:
            if limit.life in _FIRING and limit.limit in sensor_of:
                rows[sensor_of[limit.limit]].firing += 1
    return rows


def _lacking(modes: Sequence[str], lacks: Sequence[str], stage: str) -> Text:
    """Say what stands between a limit and its next stage, or why it does not climb."""
    if "gradual" not in modes:
        words = {
            "hard": "acts in every mode",
            "full": "acts",
            "pinned": "pinned in shadow",
            "monitoring": "only watches",
        }
        return Text("/".join(words.get(mode, mode) for mode in modes), style="dim")
    missing = [each for each in lacks if each != "top"]
    if not missing:
        return Text("nothing" if stage != _STAGES[-1] else "nothing: it is at the top", style="green")
    return Text(", ".join(_LACKS[each] for each in missing))
