"""What `riskd evidence --from-audit` prints: every rate and stage, recomputed from an audit log alone."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from audit.errors import AuditError
from audit.verify import verify
from daemon.examined_unit import ExaminedUnit
from daemon.examiner import Examiner, folders_of
from daemon.summary import iso_time

_COLUMNS = ("limit", "scope", "stage", "k", "T weeks", "naive", "at most", "E", "D", "labelled", "uptime", "lacks")


@dataclass(frozen=True, slots=True)
class Examination:
    """One log: what was recomputed, and where the log differs; bad: the first record that is not as it was written."""

    directory: Path
    examiner: Examiner
    differences: list[str]
    bad: str | None

    @property
    def is_sound(self) -> bool:
        """Say whether the log is whole, and its steps are those of the formulas."""
        return self.bad is None and not self.differences


def examine(directory: Path) -> list[Examination]:
    """Recompute each log in the folder, and follow its chain. Raises AuditError where there is no log."""
    folders = folders_of(directory)
    if not folders:
        raise AuditError(f"{directory}: holds no audit log")
    found = []
    for folder in folders:
        bad = verify(folder).first_bad
        # A line without its end at the very end is one that a living daemon is writing, or a crash cut: no fault.
        why = None if bad is None or bad.torn else f"{bad.file}, line {bad.line}: {bad.why}"
        examiner = Examiner()
        if why is None:
            examiner.play(folder)
        found.append(Examination(folder, examiner, examiner.differences(), why))
    return found


def examination_record(found: Examination) -> dict[str, object]:
    """Return one log's examination for scripts; a number that does not exist is null."""
    examiner = found.examiner
    return {
        "directory": str(found.directory),
        "sound": found.is_sound,
        "bad": found.bad,
        "differences": found.differences,
        "until": examiner.ts,
        "limits": [_unit_record(examiner, unit) for unit in examiner.units.values()],
    }


def examination_text(found: Examination) -> str:
    """Return one log's examination for people."""
    examiner = found.examiner
    rows = [_COLUMNS, *(_row(examiner, unit) for unit in examiner.units.values())]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    steps = [
        f"  {iso_time(ts)}  {limit} in {scope}: {before} to {after} ({cause})"
        for (limit, scope), unit in examiner.units.items()
        for ts, before, after, cause in unit.steps
    ]
    verdict = (
        [f"NOT AS IT WAS WRITTEN: {found.bad}"]
        if found.bad is not None
        else [f"DIFFERS: {each}" for each in found.differences] or ["every step in the log is that of the formulas"]
    )
    return "\n".join([str(found.directory), *table, *(["steps"] if steps else []), *steps, *verdict])


def _unit_record(examiner: Examiner, unit: ExaminedUnit) -> dict[str, object]:
    ts = examiner.ts
    rate, upper = unit.rate(ts)
    level, peak = unit.cusum(ts)
    return {
        "limit": unit.watched.limit, "scope": unit.scope, "sensor": unit.watched.sensor, "stage": unit.stage,
        "since": unit.since, "k": len(unit.false_weeks()), "k_counted": unit.k_counted(ts), "weeks": unit.weeks(ts),
        "naive_rate_per_week": _number(rate), "rate_upper_per_week": _number(upper),
        "e_value": _number(unit.e_value(ts)), "d": level, "d_peak": peak, "episodes": len(unit.counted()),
        "resolved": unit.resolved(), "uptime": unit.uptime(ts), "climbs": unit.watched.climbs,
        "lacks": examiner.missing(unit, ts),
        "causes": _causes(unit, ts),
        "steps": [
            {"ts": at, "before": before, "after": after, "cause": cause} for at, before, after, cause in unit.steps
        ],
    }  # fmt: skip


def _causes(unit: ExaminedUnit, ts: int) -> dict[str, int]:
    """Return how many of the stage's episodes are judged false, by cause."""
    causes = [cause for each in unit.counted() if (cause := unit.is_judged_false(each, ts)) is not None]
    return {cause: causes.count(cause) for cause in sorted(set(causes))}


def _row(examiner: Examiner, unit: ExaminedUnit) -> tuple[str, ...]:
    ts = examiner.ts
    rate, upper = unit.rate(ts)
    lacks = ", ".join(examiner.missing(unit, ts)) if unit.watched.climbs else "not in gradual mode"
    return (
        unit.watched.limit, unit.scope, unit.stage, str(len(unit.false_weeks())), f"{unit.weeks(ts):.2f}",
        f"{rate:.3g}", f"{upper:.3g}", f"{unit.e_value(ts):.3g}", f"{unit.cusum(ts)[0]:.2f}",
        f"{unit.resolved()}/{len(unit.counted())}", f"{100 * unit.uptime(ts):.2f} %", lacks or "nothing",
    )  # fmt: skip


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
