"""From a mode to what a decision does: effect, stage, and the type that is published."""

from collections import UserDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from config.schema import ActionType, Limit, Mode
from enforcement.merge import severity
from enforcement.records import Effect


class Stage(StrEnum):
    """How far a limit in a scope has come in gradual mode; each step up needs evidence gathered in the last one."""

    SHADOW = "SHADOW"
    SOFT = "SOFT"
    FULL = "FULL"


# Stages that evidence has earned, by (limit id, scope). Empty: nothing has been earned.
Stages = Mapping[tuple[str, str], Stage]


class EarnedStages(UserDict[tuple[str, str], Stage]):
    """The same while it is gathered. changes: how often any was set, for who remembers what follows from them."""

    changes = 0

    def __setitem__(self, unit: tuple[str, str], stage: Stage) -> None:
        self.changes += 1
        super().__setitem__(unit, stage)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a limit may do in a scope now: the mode that it is under, its stage there, and the effect of both."""

    mode: Mode
    stage: Stage
    effect: Effect


def stage_of(limit: str, scope: str, stages: Stages) -> Stage:
    """Return the stage that evidence has earned; SHADOW where there is none."""
    return stages.get((limit, scope), Stage.SHADOW)


def standing_of(limit: Limit, scope: str, mode: Mode, stages: Stages) -> Standing:
    """Return what the limit may do in the scope.

    mode : that it is under there (`enforcement.modes`)
    A hard limit is enforced in every mode, also where it is pinned: evidence never gates it. A pin beats any mode.
    """
    if limit.hard:
        return Standing(mode, Stage.FULL, Effect.ENFORCED)
    if limit.pinned_shadow or mode == "monitoring":
        return Standing(mode, Stage.SHADOW, Effect.SHADOW)
    stage = Stage.FULL if mode == "full" else stage_of(limit.id, scope, stages)
    return Standing(mode, stage, Effect.SHADOW if stage is Stage.SHADOW else Effect.ENFORCED)


def is_climbing(limit: Limit, mode: Mode) -> bool:
    """Say whether evidence moves the limit: in gradual mode, where it is neither hard nor pinned."""
    return not limit.hard and not limit.pinned_shadow and mode == "gradual"


def published_type(decided: ActionType, stage: Stage) -> ActionType:
    """Return the type that `risk.actions` carries: in SOFT at most a throttle."""
    return "throttle" if stage is Stage.SOFT and severity(decided) > severity("throttle") else decided
