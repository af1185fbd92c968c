"""Whatever bytes come, the decoder gives a value: an event within its bounds, or a rejection."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from feeds.decode import decode
from feeds.events import Quote
from feeds.record import Rejection
from tests.feeds.events_sample import GOOD, changed, on_its_topic


@given(st.binary(max_size=300) | st.text(alphabet='{}[]":,\\eE+-.0123456789ntf', max_size=200).map(str.encode))
def test_any_bytes_end_as_a_value(payload: bytes) -> None:
    assert isinstance(decode("market-data", payload), Rejection)


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_a_damaged_good_record_ends_as_a_value(name: str, data: st.DataObject) -> None:
    payload = bytearray(changed(name)[1])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(payload) - 1))
        payload[at : at + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
        if not payload:
            break
    result = on_its_topic(bytes(payload), name)
    assert isinstance(result, Rejection | msgspec.Struct)
    if isinstance(result, Rejection):
        msgspec.json.encode(result)  # what is said of it can be written down


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_any_value_in_any_field_ends_as_a_value_that_holds_what_was_sent(name: str, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(sorted(GOOD[name])))
    value = data.draw(json_values)
    result = on_its_topic(changed(name, **{field: value})[1], name)
    if isinstance(result, Rejection):
        msgspec.json.encode(result)
    elif isinstance(value, int | float | str) and field != "limits":
        assert getattr(result, field) == value


@given(st.floats(), st.floats(), st.integers())
def test_an_accepted_quote_is_finite_uncrossed_and_in_time(bid: float, ask: float, ts: int) -> None:
    result = on_its_topic(changed("quote", bid=bid, ask=ask, ts=ts)[1], "quote")
    is_good = bid <= ask and abs(bid) <= 1e18 and abs(ask) <= 1e18 and 0 <= ts < 2**63
    assert isinstance(result, Quote) == is_good
