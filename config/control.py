"""Who may command, and how far: keys by actor, and the bounds of exceptions."""

from typing import Annotated

from pydantic import AfterValidator, Field

from config.durations import DurationNs
from config.frozen import Frozen
from config.names import Name

_DAY_NS = 86_400 * 10**9


def _sorted_keys(values: dict[str, str]) -> dict[str, str]:
    return dict(sorted(values.items()))


Keys = Annotated[
    dict[str, Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]],
    AfterValidator(_sorted_keys),
]


class OverrideConfig(Frozen):
    """Bounds of overrides, in core time.

    length_max        : from the command to `expires_at`
    reminder          : how long before its end an override is called to mind; half of its length where that is less
    hard_increase_max : how many times its configured level a hard limit may be raised to
    suppress_needs_approval : whether keeping a limit's actions back takes two people, as raising its level does
    """

    length_max: Annotated[DurationNs, Field(gt=0)] = 7 * _DAY_NS
    reminder: Annotated[DurationNs, Field(gt=0)] = 3600 * 10**9
    hard_increase_max: float = Field(default=2.0, gt=1)
    suppress_needs_approval: bool = False


class ControlConfig(Frozen):
    """Who may command: Ed25519 public keys (64 hex digits) by actor; `allow_unsigned` lets anyone with the topic.

    approve_within : how long a command that takes two people waits for the second
    deployment     : name of this riskd, which commands must then carry in what is signed: one that was said to a test
                     desk with the same keys is worth nothing here. None: commands name none
    command_age    : how much older than core time a command may be, but for a halt; the backlog of a start is exempt
    """

    keys: Keys = Field(default_factory=dict)
    allow_unsigned: bool = False
    deployment: Name | None = None
    approve_within: Annotated[DurationNs, Field(gt=0)] = _DAY_NS
    command_age: Annotated[DurationNs, Field(gt=0)] = 3600 * 10**9
    overrides: OverrideConfig = OverrideConfig()
