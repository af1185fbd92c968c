"""The record that follows an action: the whole state of its scope, told again because of what became of it."""

import msgspec

from enforcement.follow_words import FollowUp
from enforcement.merge import Merged, allowed_in
from enforcement.moment import Moment
from enforcement.records import Action, Inputs, Kind, digest_of

_KINDS = {"missing": Kind.ESCALATION, "ineffective": Kind.ESCALATION, "repeat": Kind.REMINDER}


def follow_up_id(base: Action, count: int) -> str:
    """Return the id of the count-th follow-up of a scope, whose last action by a decision is `base`."""
    where = (base.shard, base.d, base.cause.limit, base.scope)
    return digest_of(("follow_up", *where, base.cause.episode_id, base.cause.level, count))


def follow_action(
    base: Action, told: FollowUp, merged: Merged, moment: Moment, *,
    trust: str, epoch: int, seq: int, count: int, ack_by: int | None,
) -> Action:  # fmt: skip
    """Return the record of a follow-up: `base` with the state and the time of now.

    It is no decision: `d`, cause and evidence stay those of the decision whose action is followed up. What that asks
    for now is told in `type`, `params` and `active`.
    """
    cause = msgspec.structs.replace(base.cause, kind=_KINDS.get(told.kind, Kind.TRANSITION))
    return msgspec.structs.replace(
        base, action_id=follow_up_id(base, count), epoch=epoch, seq=seq, trading_state=merged.trading_state,
        allowed=allowed_in(merged.trading_state), type=merged.type, params=merged.params, cause=cause,
        active=merged.active, reason=told.reason,
        reason_code=base.reason_code if told.code is None else told.code.value,
        inputs=Inputs(trust, moment.n, moment.ts, dict(moment.offsets)), input_digest=moment.input_digest,
        ts_event=moment.ts if moment.ts_event is None else moment.ts_event, ts_decided=moment.ts,
        requires_ack=ack_by is not None, ack_by=ack_by,
    )  # fmt: skip
