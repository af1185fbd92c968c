"""Whatever bytes come, the decoder gives a value: an event within its bounds, or a rejection."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Topics
from feeds.decode import decode, decode_all
from feeds.events import Quote
from feeds.record import Record, Rejection
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


_PRICE_FIELDS = {
    "bid": st.sampled_from([1.0, 1, -2.5, 1e18, 1.1e18, 10**400]), "ask": st.sampled_from([1.0, 2, 1e18, 1e19, "1"]),
    "bid_size": st.sampled_from([..., 0, 3.5, None, -1, 1e19]), "ask_size": st.sampled_from([..., 1, None, -0.5]),
    "size": st.sampled_from([..., 2, None, -2, 1e19]), "price": st.sampled_from([-3, 0.5, 1e18, -1e19]),
    "ts": st.sampled_from([0, 1, 2**63 - 1, 2**63, -1]),
    "instrument": st.sampled_from(["AAPL", "", "\n", "x" * 256, "x" * 257, "é"]), "venue": st.sampled_from([..., "N"]),
}  # fmt: skip


@st.composite
def batches(draw: st.DrawFn) -> list[Record]:
    """Many plain prices, with a few records among them of which any field may be odd, or that are something else."""
    records = []
    for _ in range(draw(st.integers(32, 80))):
        fields: dict[str, object] = {"ts": draw(st.integers(0, 9)), "instrument": draw(st.sampled_from(["A", "B"]))}
        name, prices = ("quote", {"bid": 1.5, "ask": 2.5}) if draw(st.booleans()) else ("trade", {"price": 2.0})
        records.append((name, fields | prices))
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(["quote", "trade", "close", "heartbeat", "fill"]))
        fields = dict(GOOD[name])
        for field in draw(st.sets(st.sampled_from(sorted(set(_PRICE_FIELDS) & {*fields, "venue", "bid_size"})))):
            fields[field] = draw(_PRICE_FIELDS[field])
        records.insert(draw(st.integers(0, len(records))), (name, fields))
    payloads = [
        json.dumps({"type": name} | {key: value for key, value in fields.items() if value is not ...}).encode()
        for name, fields in records
    ]
    if draw(st.booleans()):
        at = draw(st.integers(0, len(payloads) - 1))
        payloads[at] = draw(st.sampled_from([b"", b"{", payloads[at].replace(b"{", b'{"ts":5,', 1), b"\xff"]))
    topics = st.sampled_from(["market-data"] * 9 + ["positions"])
    return [Record(0, draw(topics), 0, offset, payload) for offset, payload in enumerate(payloads)]


@given(batches())
def test_records_decoded_together_are_what_they_are_alone(records: list[Record]) -> None:
    topics = Topics()
    alone = [decode(record.topic, record.payload, topics) for record in records]
    assert decode_all(records, topics) == alone
    assert decode_all(records[:3], topics) == alone[:3]
