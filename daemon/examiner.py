"""Recomputes every rate and stage from an audit log alone, and says where the log's own steps differ."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from typing import cast

import msgspec
import orjson

from audit.segments import PARTITION_FOLDERS, find_segments, segments
from daemon.examined_unit import BLIND, STAGES, Climbing, ExaminedUnit, WatchedLimit

Line = dict[str, object]
# What the log alone cannot tell: open time needs the calendars, and a change of the configuration is an input.
TAKEN_CAUSES = ("invalid", "model_changed", "limit_changed")
_RESTRICTS_ROOT = ("model_available", "data_fresh")
_DEMOTE_AT = log(20.0)


def folders_of(directory: Path) -> list[Path]:
    """Return the folders of the logs in an audit folder: its own, and one for each further shard."""
    own = [directory] if find_segments(directory) else []
    return own + [folder for folder in sorted(directory.glob(PARTITION_FOLDERS)) if find_segments(folder)]


def lines_of(directory: Path) -> Iterator[Line]:
    """Yield the records of one log in order; raises AuditError where there is no audit file."""
    for segment in segments(directory):
        for line in segment.lines():
            if line.endswith(b"\n"):
                yield orjson.loads(line)


@dataclass(slots=True)
class Examiner:
    """Plays the records of one log.

    units : by (limit, scope), in the order of their beginning; built_in: life of what restricts a root, by its levels
    """

    units: dict[tuple[str, str], ExaminedUnit] = field(default_factory=dict)
    built_in: dict[tuple[str, str, str], str] = field(default_factory=dict)
    red: set[tuple[str, str]] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    by_episode: dict[str, ExaminedUnit] = field(default_factory=dict)
    ts: int = 0

    def play(self, directory: Path) -> "Examiner":
        """Take in every record of a log."""
        for line in lines_of(directory):
            self.take(line)
        return self

    def take(self, line: Line) -> None:
        """Take in one record."""
        ts, kind = cast(int, line["ts"]), line["kind"]
        self.ts = max(self.ts, ts)
        match kind:
            case "watch":
                self._watch(ts, line)
            case "unwatch":
                self.left.add(str(line["root"]))
            case "decision":
                self._decision(ts, line)
            case "label" | "verification" | "outcome":
                self._judge(ts, str(kind), line)
            case "model_zone":
                self._zone(ts, line)
            case "look":
                for unit in self._climbing():
                    self._look(unit, ts)
            case "mode_change":
                self._turn(line)
            case "unwatch_limits":
                self._drop(ts, line)
            case "promotion" | "demotion" | "evidence_reset":
                self._logged(ts, line)
            case _:
                pass

    def differences(self) -> list[str]:
        """Return where the steps in the log are not those of the formulas; empty: nowhere."""
        found = []
        for (limit, scope), unit in self.units.items():
            for at in range(max(len(unit.steps), len(unit.logged))):
                told = unit.logged[at] if at < len(unit.logged) else None
                due = unit.steps[at] if at < len(unit.steps) else None
                if told != due:
                    found.append(f"{limit} in {scope}: the log has {_shown(told)}, the formulas give {_shown(due)}")
                    break
        return found

    def _watch(self, ts: int, line: Line) -> None:
        scope = str(line["scope"])
        for watched in msgspec.convert(line["limits"], list[WatchedLimit]):
            known = self.units.get((watched.limit, scope))
            if known is not None:  # its rules have changed, or it has returned
                known.watched = watched
                known.lives = {level: known.lives.get(level, "ok") for level in watched.levels}
                known.live.turn(ts, is_on=known.is_quiet)
                known.up.turn(ts, is_on=not any(life in BLIND for life in known.lives.values()))
                continue
            unit = ExaminedUnit(watched, scope, dict.fromkeys(watched.levels, "ok"), since=ts)
            unit.live.turn(ts, is_on=True)
            unit.up.turn(ts, is_on=True)
            self.units[watched.limit, scope] = unit

    def _turn(self, line: Line) -> None:
        """Follow a change of modes: only in gradual mode does evidence move a limit."""
        for each in msgspec.convert(line["climbing"], list[Climbing]):
            unit = self.units[each.limit, each.scope]
            unit.watched = msgspec.structs.replace(unit.watched, climbs=each.climbs)

    def _drop(self, ts: int, line: Line) -> None:
        """Look no more at limits that a scope has no more: nothing is live in them."""
        for name in cast(list[str], line["limits"]):
            unit = self.units[name, str(line["scope"])]
            unit.watched = msgspec.structs.replace(unit.watched, climbs=False)
            unit.lives = {}
            unit.live.turn(ts, is_on=False)
            unit.up.turn(ts, is_on=False)

    def _decision(self, ts: int, line: Line) -> None:
        limit, scope, level, life = (str(line[key]) for key in ("limit", "scope", "level", "life"))
        unit = self.units.get((limit, scope))
        if unit is None:
            self.built_in[limit, scope, level] = life
            return
        episode = str(line["episode_id"])
        unit.decide(ts, level, life, episode)
        self.by_episode[episode] = unit

    def _judge(self, ts: int, kind: str, line: Line) -> None:
        unit = self.by_episode[str(line["episode_id"])]
        episode = next(each for each in unit.episodes if each.id == line["episode_id"])
        cause = None if line.get("cause") is None else str(line["cause"])
        match kind:
            case "label":
                episode.label = (str(line["verdict"]), cause)
            case "verification":
                episode.check = (str(line["result"]), cause)
            case _:
                episode.outcome = str(line["result"])
        self._demote_if_due(unit, ts)

    def _zone(self, ts: int, line: Line) -> None:
        scope, confidence = str(line["scope"]), str(line["confidence"])
        if line["zone"] != "red":
            self.red.discard((scope, confidence))
            return
        self.red.add((scope, confidence))
        for unit in self.units.values():
            if (unit.scope, unit.watched.backtest) == (scope, confidence):
                self._demote_if_due(unit, ts, is_red=True)

    def _climbing(self) -> Iterator[ExaminedUnit]:
        for unit in self.units.values():
            if unit.watched.climbs and unit.scope.split("/", 1)[0] not in self.left:
                yield unit

    def _look(self, unit: ExaminedUnit, ts: int) -> None:
        is_red = unit.watched.backtest is not None and (unit.scope, unit.watched.backtest) in self.red
        if not self._demote_if_due(unit, ts, is_red=is_red) and not self.missing(unit, ts):
            unit.step(ts, STAGES[STAGES.index(unit.stage) + 1], "evidence")

    def missing(self, unit: ExaminedUnit, ts: int) -> list[str]:
        """Return what a promotion lacks at `ts`."""
        rules, root = unit.watched.promotion, unit.scope.split("/", 1)[0]
        is_free = all(
            life == "ok"
            for (limit, scope, _), life in self.built_in.items()
            if scope == root and limit in _RESTRICTS_ROOT
        )
        checks = {
            "evidence": unit.is_shown(ts),
            "weeks": unit.weeks(ts) >= rules.weeks_min,
            "uptime": unit.uptime(ts) >= rules.uptime_min,
            "labels": unit.is_labelled(),
            "sensitivity": unit.watched.sensitive,
            "backtest": unit.watched.backtest is None or (unit.scope, unit.watched.backtest) not in self.red,
            "quiet": unit.is_quiet and is_free,
            "automatic": rules.automatic,
            "top": unit.stage != STAGES[-1],
        }
        return [name for name, is_met in checks.items() if not is_met]

    def _demote_if_due(self, unit: ExaminedUnit, ts: int, *, is_red: bool = False) -> bool:
        if unit.stage == STAGES[0]:
            return False
        causes = {
            "model_red": is_red,
            "data_errors": unit.has_data_errors(ts),
            "cusum": unit.cusum(ts)[1] >= _DEMOTE_AT,
        }
        cause = next((name for name, is_due in causes.items() if is_due), None)
        if cause is not None:
            unit.step(ts, STAGES[STAGES.index(unit.stage) - 1], cause)
        return cause is not None

    def _logged(self, ts: int, line: Line) -> None:
        unit = self.units[str(line["limit"]), str(line["scope"])]
        before, after, cause = (str(line[key]) for key in ("before", "after", "cause"))
        unit.logged.append((ts, before, after, cause))
        if cause in TAKEN_CAUSES:
            unit.step(ts, after, cause)


def _shown(step: tuple[int, str, str, str] | None) -> str:
    return "no further step" if step is None else f"{step[1]} to {step[2]} at {step[0]} ({step[3]})"
