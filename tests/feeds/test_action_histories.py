"""Any history of actions: repeats, a start from what compaction left, and records that were missed."""

import json

from hypothesis import given
from hypothesis import strategies as st

from feeds.action_partition import Alarm, AlarmKind, Seen
from feeds.order_verdict import Holding, Order, Outcome
from tests.feeds.actions_sample import (
    NOW,
    PARAMS,
    SCOPES,
    action,
    following,
    picture,
)


@st.composite
def histories(draw: st.DrawFn) -> list[bytes]:
    """Records of one partition as riskd writes them: numbers from 1 without a gap, epochs that never fall."""
    steps = draw(st.lists(st.tuples(st.sampled_from(SCOPES), st.sampled_from(PARAMS), st.booleans()), max_size=14))
    epoch, values = 1, []
    for seq, (scope, params, is_restart) in enumerate(steps, start=1):
        epoch += is_restart
        values.append(action(scope, seq, params, epoch=epoch))
    return values


@given(history=histories(), data=st.data())
def test_repeats_of_any_prefix_and_redeliveries_change_nothing(history: list[bytes], data: st.DataObject) -> None:
    clean = following(*history)
    split = data.draw(st.integers(0, len(history)))
    noisy = following(*history[:split])
    offset = split
    for value in history[split:]:
        assert noisy.apply(None, value, 0, offset).alarms == ()
        offset += 1
        for again in range(data.draw(st.integers(0, offset))):
            assert noisy.apply(None, history[again], 0, again) == Seen()
    end = picture(noisy)
    assert end == picture(clean)
    epochs = [json.loads(value)["epoch"] for value in history]
    for value, epoch in zip(history, epochs, strict=True):  # written once more, behind all others
        seen = noisy.apply(None, value, 0, offset)
        offset += 1
        assert seen.news is None
        assert [alarm.kind for alarm in seen.alarms] == ([AlarmKind.STALE_EPOCH] if epoch < epochs[-1] else [])
    assert picture(noisy) == end
    assert noisy.to_read_again == ()


@given(history=histories(), data=st.data())
def test_a_start_from_the_compacted_history_ends_where_a_follower_is(history: list[bytes], data: st.DataObject) -> None:
    follower = following(*history)
    last = {json.loads(value)["scope"]: value for value in history}
    kept = [value for value in history if value in last.values() or data.draw(st.booleans())]
    assert picture(following(*kept)) == picture(follower)


@given(history=histories(), data=st.data())
def test_whatever_is_missed_a_follower_hears_of_it_and_opens_nothing(history: list[bytes], data: st.DataObject) -> None:
    if len(history) < 2:
        return
    start = data.draw(st.integers(0, len(history) - 2))
    missed = data.draw(st.integers(start, len(history) - 2))
    state = following(*history[:start])
    alarms: list[Alarm] = []
    for offset, value in enumerate(history[start:], start=start):
        if offset != missed:
            alarms += state.apply(None, value, 0, offset).alarms
    assert [alarm.kind for alarm in alarms] == [AlarmKind.GAP]
    for scope in SCOPES:
        assert state.allowed(Order(scope, "ABC", "buy", 1.0), Holding(), NOW).outcome is not Outcome.GO
    state.read_again(0)
    for offset, value in enumerate(history):
        state.apply(None, value, 0, offset)
    state.reached_end(0)
    assert picture(state) == picture(following(*history))
