"""What is asked of those who carry actions out: the section `enforcement.acks` of the configuration."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.durations import DurationNs
from config.frozen import Frozen
from config.names import Scope

SECOND_NS = 10**9


def _check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not name or name.strip() != name:
            raise ValueError(f"consumer must be a name without blanks around it, got {name!r}")
    if len(set(names)) < len(names):
        raise ValueError(f"consumers must be unique, got {list(names)}")
    return names


class Consumers(Frozen):
    """Who must acknowledge the actions of a scope, a path or a glob as limits have it: every one of them."""

    scope: Scope
    names: Annotated[tuple[str, ...], AfterValidator(_check_names), Field(min_length=1)]


class AcksConfig(Frozen):
    """Acknowledgements, and what follows where one stays away or positions contradict it (decision 0032).

    within         : core time from an action to its `ack_by`, at least 3s: an outage is noticed within 2 s
    partial_within : open time in which a `partial` has to become `applied`; 0s: a partial is taken for a refusal
    on_missing     : warn repeats the action with its code; escalate asks for the next severe type, halt for a halt.
                     Where nobody is named in `consumers` and nobody of the root has ever acknowledged, it is warn
    repeat_every   : core time between repeats while it is missing
    consumers      : the first entry whose scope matches counts; where none does, any one consumer will do
    grace          : core time after `applied` in which positions and orders may still go the wrong way
    targets_within : open time after `applied` in which positions have to come under their targets
    on_ineffective : what contradicted acknowledgements ask for; never less than the action that is contradicted
    """

    within: Annotated[DurationNs, Field(ge=3 * SECOND_NS)] = 5 * SECOND_NS
    partial_within: DurationNs = 15 * 60 * SECOND_NS
    on_missing: Literal["warn", "escalate", "halt"] = "escalate"
    repeat_every: Annotated[DurationNs, Field(ge=SECOND_NS)] = 3600 * SECOND_NS
    consumers: tuple[Consumers, ...] = ()
    grace: DurationNs = 30 * SECOND_NS
    targets_within: DurationNs = 15 * 60 * SECOND_NS
    on_ineffective: Literal["warn", "halt"] = "halt"
