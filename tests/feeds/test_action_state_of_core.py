"""The reader against riskd itself: from the published actions alone it holds the trading states that the core holds."""

import msgspec

from enforcement.records import encode
from feeds.action_state import ActionState
from tests.helpers import Played, play, small_setup
from tests.replay.made_stream import LIMITS, made_events

LOOK_EVERY = 23


class _Trading(msgspec.Struct):
    own: str
    effective: str


class _State(msgspec.Struct):
    n: int
    scope: str
    trading_state: _Trading


def test_a_reader_of_the_actions_holds_the_trading_states_of_the_core() -> None:
    """With numbers often missing, which restricts most scopes, and with limits that hold through that."""
    events = made_events(seed=3, days=25, quoted=8)
    at = range(LOOK_EVERY, len(events), LOOK_EVERY)
    seen: set[tuple[str, str]] = set()
    for policy in ({}, {"on_no_data": "hold"}):
        setup = small_setup([{**limit, **policy} for limit in LIMITS], mode="full", portfolios=("firm", "calm"))
        seen |= compared(play(events, setup, states_at=at))
    assert seen >= {
        ("ACTIVE", "ACTIVE"),
        ("ACTIVE", "REDUCING"),
        ("THROTTLED", "THROTTLED"),
        ("REDUCING", "REDUCING"),
        ("HALTED", "HALTED"),
    }


def compared(played: Played) -> set[tuple[str, str]]:
    """Hold a reader against every state record; return the own and effective states that occurred."""
    actions, applied = played.outputs.actions, 0
    reader = ActionState([0], is_leased=False)
    reader.reached_end(0)
    seen = set()
    for state in (msgspec.json.decode(line, type=_State) for line in played.states):
        while applied < len(actions) and actions[applied].inputs.n <= state.n:
            result = reader.apply(actions[applied].scope.encode(), encode(actions[applied]), 0, applied)
            assert result.alarms == ()
            assert result.news is not None
            applied += 1
        trading, own = state.trading_state, reader.record(state.scope)
        assert reader.standing(state.scope, 0).state == trading.effective, state.scope
        assert ("ACTIVE" if own is None else own.trading_state) == trading.own, state.scope
        seen.add((trading.own, trading.effective))
    assert applied > len(actions) // 2
    return seen
