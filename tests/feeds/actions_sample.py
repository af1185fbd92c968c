"""Action records and leases made with the types that riskd itself publishes, and readers that have read them."""

import json

from config.schema import ActionType
from enforcement.merge import Demand, allowed_in, merge
from enforcement.records import (
    Action,
    Cause,
    Effect,
    Evidence,
    HaltParams,
    Inputs,
    Kind,
    NoParams,
    Params,
    ReduceParams,
    Target,
    ThrottleParams,
    encode,
)
from feeds.action_records import TradingState
from feeds.action_state import ActionState

SECOND = 10**9
NOW = 1_700_000_000 * SECOND
LEASE_NS = 30 * SECOND

THROTTLE = ThrottleParams(2, 1_000, 50_000.0)
REDUCE = ReduceParams((Target("ABC", 40.0, "sell"),))
HALT = HaltParams("increasing", flatten=False)
PARAMS: tuple[Params | None, ...] = (None, NoParams(), THROTTLE, REDUCE, HALT)
SCOPES = ("firm", "firm/eq", "firm/eq/arb", "firm/fx", "other")


def action(
    scope: str,
    seq: int,
    params: Params | None = None,
    *,
    epoch: int = 1,
    action_id: str | None = None,
    effect: Effect = Effect.ENFORCED,
    limit: str = "var99",
) -> bytes:
    """Return the bytes of one record; the parameters say its type, and none at all that nothing is active."""
    kind = type_of(params)
    demands = [] if params is None else [Demand(limit, "hard", NOW, kind, params)]
    merged = merge(demands)
    return encode(Action(
        action_id=action_id or f"{epoch}-{seq}-{scope}", shard=0, d=seq, epoch=epoch, seq=seq, scope=scope,
        trading_state=merged.trading_state, allowed=allowed_in(merged.trading_state), type=merged.type,
        params=merged.params, effect=effect, mode="full",
        cause=Cause(limit, "var_breach", "e", "hard", Kind.TRANSITION, "ok>firing", kind, kind, 1.0, 1.0, None, 0.9),
        active=merged.active, reason_code="VAR_LIMIT_BREACHED", reason=f"{limit} speaks",
        evidence=Evidence(2.0, "USD", "OK", None, (), None), inputs=Inputs("fresh", seq, NOW, {}),
        model_version="m", config_hash="c", input_digest="i", ts_event=NOW, ts_decided=NOW, on_expiry="restrict",
        requires_ack=kind not in ("none", "warn"), ack_by=None,
    ))  # fmt: skip


def lease(
    scope: str,
    last_seq: int,
    *,
    epoch: int = 1,
    valid_until: int = NOW + LEASE_NS,
    on_expiry: str | None = "restrict",
) -> bytes:
    """Return the bytes of a lease; without `on_expiry` where it is None."""
    fields: dict[str, object] = {"schema": "risk.lease", "schema_version": 1, "scope": scope, "epoch": epoch}
    fields |= {"last_seq": last_seq, "valid_until": valid_until}
    return json.dumps(fields if on_expiry is None else fields | {"on_expiry": on_expiry}).encode()


def type_of(params: Params | None) -> ActionType:
    """Return the type of action that these parameters belong to."""
    match params:
        case ThrottleParams():
            return "throttle"
        case ReduceParams():
            return "reduce_position"
        case HaltParams():
            return "halt"
        case NoParams():
            return "warn"
        case None:
            return "none"


def following(*values: bytes, partitions: tuple[int, ...] = (0,), is_leased: bool = False) -> ActionState:
    """A reader that has read this history of partition 0 to its end."""
    state = ActionState(partitions, is_leased=is_leased)
    for offset, value in enumerate(values):
        state.apply(None, value, 0, offset)
    for number in partitions:
        state.reached_end(number)
        state.reached_lease_end(number)
    return state


def state_of(state: ActionState, scope: str, now_ns: int = NOW) -> TradingState:
    """Return what a scope acts as."""
    return state.standing(scope, now_ns).state


def codes(state: ActionState, scope: str, now_ns: int = NOW) -> list[str]:
    """Return the codes of all that restricts a scope."""
    return [cause.code for cause in state.standing(scope, now_ns).causes]


def picture(state: ActionState, now_ns: int = NOW) -> list[object]:
    """Everything that a consumer can see."""
    return [(state.standing(scope, now_ns), state.record(scope)) for scope in SCOPES]
