"""What is told of an enforced action after it left: the word that becomes a record on `risk.actions`."""

from dataclasses import dataclass
from typing import Literal

from enforcement.reasons import ReasonCode

ACTION_ACKNOWLEDGED = "action_acknowledged"
ENFORCEMENT_EFFECTIVE = "enforcement_effective"
FOLLOW_UP_LIMITS = (ACTION_ACKNOWLEDGED, ENFORCEMENT_EFFECTIVE)  # they ask for something, and no limit is behind them
LEVEL = "hard"

FollowUpKind = Literal["missing", "repeat", "acknowledged", "ineffective", "conforms", "reinstated"]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is to be told of a scope: the record that follows `action_id`.

    code     : None: that of the action that goes on
    owing    : consumers that have not applied it, by name; empty where none is named
    requires_ack : whether the record asks for an acknowledgement where its type would
    is_loud  : published also where nothing of the scope's state changes
    """

    kind: FollowUpKind
    scope: str
    action_id: str
    reason: str
    code: ReasonCode | None
    owing: tuple[str, ...] = ()
    requires_ack: bool = True
    is_loud: bool = True
