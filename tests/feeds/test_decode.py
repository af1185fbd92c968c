"""Every kind of bad record ends as its own rejection, every good one as its event, and nothing as an exception."""

import json
import sys

import msgspec
import pytest

from config.schema import Topics
from feeds.decode import PAYLOAD_BYTES_MAX, decode, decode_accepted, topic_of_type
from feeds.events import Instrument, PositionsSnapshot, Quote
from feeds.record import Rejection, RejectReason
from feeds.shape import EVENT_TYPES
from tests.feeds.events_sample import GOOD, changed, on_its_topic

R = RejectReason
QUOTE = '{"type":"quote","ts":%s,"instrument":"AAPL","bid":%s,"ask":2%s}'


def quote(ts: str = "1", bid: str = "1", more: str = "") -> tuple[str, bytes]:
    return "quote", (QUOTE % (ts, bid, more)).encode()


def in_limits(raw: bytes) -> tuple[str, bytes]:
    return "limits", changed("limits", limits=["@"])[1].replace(b'"@"', raw)


BAD: list[tuple[RejectReason, str, tuple[str, bytes]]] = [
    (R.NOT_JSON, "payload", ("quote", b"")),
    (R.NOT_JSON, "payload", ("quote", b" \r")),
    (R.NOT_JSON, "BOM", ("quote", b"\xef\xbb\xbf" + quote()[1])),
    (R.NOT_JSON, "payload", ("quote", quote()[1][:-1])),
    (R.NOT_JSON, "payload", ("quote", quote()[1] + b"}")),
    (R.NOT_JSON, "UTF-8", ("quote", quote()[1].replace(b"AAPL", b"\xff"))),
    (R.NOT_JSON, "UTF-8", ("quote", quote(more=',"venue":"?"')[1].replace(b"?", b"\xff"))),
    (R.NOT_JSON, "UTF-8", ("quote", quote()[1].replace(b"AAPL", b"\xed\xa0\x80"))),
    (R.NOT_JSON, "surrogate", ("quote", quote()[1].replace(b"AAPL", b"\\ud800"))),
    (R.NOT_JSON, "payload", quote(bid="01")),
    (R.NOT_JSON, "'bid'", quote(more=',"bid":1')),
    (R.NOT_JSON, "'bid'", quote(more=',"b\\u0069d":1')),
    (R.NOT_JSON, "'bid'", quote(more=',"bid" :1')),
    (R.NOT_JSON, "'venue'", quote(more=',"venue":"a:b","venue":"c"')),
    (R.NOT_JSON, "'a'", quote(more=',"venue":{"a":1,"a":2}')),
    (R.NOT_JSON, "'at'", ("limits", changed("limits")[1].replace(b'"at": 1.5', b'"at": 1.5, "at": 2'))),
    (R.NOT_OBJECT, "null", ("quote", b"null")),
    (R.NOT_OBJECT, "[1]", ("quote", b"[1]")),
    (R.NOT_OBJECT, "'x'", ("quote", b'"x"')),
    (R.UNKNOWN_TYPE, "'quotes'", ("quote", b'{"type":"quotes","ts":1}')),
    (R.UNKNOWN_TYPE, "'tick'", ("quote", b'{"type":"tick","ts":1}')),
    (R.WRONG_TOPIC, "positions", ("quote", changed("fill")[1])),
    (R.WRONG_TOPIC, "market-data", ("fill", quote()[1])),
    (R.WRONG_TOPIC, "positions", ("quote", b'{"type":"fill"}')),
    (R.MISSING_FIELD, "type", ("quote", b"{}")),
    (R.MISSING_FIELD, "bid", changed("quote", bid=...)),
    (
        R.MISSING_FIELD,
        "items[0].quantity",
        changed("positions_snapshot", items=[{"portfolio": "f", "instrument": "A"}]),
    ),
    (R.MISSING_FIELD, "proxy.instrument", changed("instrument", proxy={})),
    (R.WRONG_FIELD_TYPE, "type", ("quote", b'{"type":1}')),
    (R.WRONG_FIELD_TYPE, "ts", quote(ts="1.0")),
    (R.WRONG_FIELD_TYPE, "ts", quote(ts="1e3")),
    (R.WRONG_FIELD_TYPE, "ts", quote(ts="true")),
    (R.WRONG_FIELD_TYPE, "ts", quote(ts='"1"')),
    (R.WRONG_FIELD_TYPE, "bid", quote(bid="true")),
    (R.WRONG_FIELD_TYPE, "bid", quote(bid='"1"')),
    (R.WRONG_FIELD_TYPE, "bid", quote(bid="null")),
    (R.WRONG_FIELD_TYPE, "instrument", changed("quote", instrument=5)),
    (R.WRONG_FIELD_TYPE, "items", changed("positions_snapshot", items={})),
    (R.WRONG_FIELD_TYPE, "items[0]", changed("positions_snapshot", items=[5])),
    (R.WRONG_FIELD_TYPE, "proxy", changed("instrument", proxy="SPY")),
    (R.WRONG_FIELD_TYPE, "side", changed("fill", side=1)),
    (R.WRONG_FIELD_TYPE, "end", changed("heartbeat", end=1)),
    (R.UNKNOWN_FIELD, "'foo'", changed("halt", foo=1)),
    (R.NOT_FINITE, "bid", quote(bid="NaN")),
    (R.NOT_FINITE, "bid", quote(bid="-Infinity")),
    (R.NOT_FINITE, "bid", quote(bid="1e999")),
    (R.NOT_FINITE, "bid", quote(bid="9" * 400)),
    (R.NOT_FINITE, "bid", quote(bid="9" * 310)),
    (R.NOT_FINITE, "NaN", quote(more=',"venue":NaN')),
    (R.NOT_FINITE, "limits", ("limits", changed("limits")[1].replace(b"1.5", b"1e999"))),
    (R.NOT_FINITE, "limits", in_limits(b"1e999")),
    (R.NOT_FINITE, "limits", in_limits(b"9" * 5000)),
    (R.NOT_JSON, "UTF-8", in_limits(b'"\xff"')),
    (R.TOO_LARGE, "levels", in_limits(b"[" * 900 + b"]" * 900)),
    (R.BAD_TIMESTAMP, "ts", quote(ts="-1")),
    (R.BAD_TIMESTAMP, "ts", quote(ts=str(2**63))),
    (R.BAD_TIMESTAMP, "ts", quote(ts="9" * 5000)),
    (R.BAD_TIMESTAMP, "as_of", changed("position", as_of=-1)),
    (R.BAD_TIMESTAMP, "ex_ts", changed("adjustment", ex_ts=2**64)),
    (R.BAD_TIMESTAMP, "expires_at", changed("override", expires_at=-5)),
    *[
        (R.BAD_PATH, "portfolio", changed("position", portfolio=path))
        for path in (
            "",
            "/",
            "/firm",
            "firm/",
            "firm//eq",
            "firm/_self",
            "_self",
            " firm",
            "firm/ /x",
            "a\n",
            "x" * 257,
        )
    ],
    (R.BAD_PATH, "scope", changed("halt", scope="firm/")),
    (R.BAD_PATH, "items[0].portfolio", changed("positions_snapshot", portfolio="fir")),
    (R.BAD_PATH, "items[0].portfolio", changed("positions_snapshot", portfolio="firm/e")),
    *[
        (R.BAD_DATE, "date", changed("close", date=date))
        for date in (
            "2023-02-29",
            "20240809",
            "2024-W32-5",
            "2024-8-9",
            "2024-08-09T00",
            "",
            "٢٠٢٤-٠٨-٠٩",
            "0000-01-01",
        )
    ],
    (R.BAD_DATE, "expiry", changed("instrument", expiry="2024-13-01")),
    (R.OUT_OF_BOUNDS, "bid_size", changed("quote", bid_size=-1)),
    (R.OUT_OF_BOUNDS, "ask_size", changed("quote", ask_size=-0.5)),
    (R.OUT_OF_BOUNDS, "ask", changed("quote", ask=2e18)),
    (R.OUT_OF_BOUNDS, "size", changed("trade", size=-1)),
    (R.OUT_OF_BOUNDS, "price", changed("trade", price=-2e18)),
    (R.OUT_OF_BOUNDS, "instrument", changed("trade", instrument="")),
    (R.OUT_OF_BOUNDS, "instrument", changed("trade", instrument="A\tB")),
    (R.OUT_OF_BOUNDS, "instrument", changed("trade", instrument="x" * 257)),
    (R.OUT_OF_BOUNDS, "quantity", changed("fill", quantity=0)),
    (R.OUT_OF_BOUNDS, "quantity", changed("fill", quantity=-1)),
    (R.OUT_OF_BOUNDS, "side", changed("fill", side="hold")),
    (R.OUT_OF_BOUNDS, "open_quantity", changed("order", open_quantity=-1)),
    (R.OUT_OF_BOUNDS, "nav", changed("nav", nav=-2e18)),
    (R.OUT_OF_BOUNDS, "price_factor", changed("adjustment", price_factor=0)),
    (R.OUT_OF_BOUNDS, "price_factor", changed("adjustment", price_factor=-2)),
    (R.OUT_OF_BOUNDS, "multiplier", changed("instrument", multiplier=0)),
    (R.OUT_OF_BOUNDS, "max_age", changed("instrument", max_age=0)),
    (R.OUT_OF_BOUNDS, "kind", changed("instrument", kind="swap")),
    (R.OUT_OF_BOUNDS, "proxy.beta", changed("instrument", proxy={"instrument": "SPY", "beta": 1e19})),
    (R.OUT_OF_BOUNDS, "confidence", changed("label", confidence=1.5)),
    (R.OUT_OF_BOUNDS, "limits", changed("limits", limits=[])),
    (R.OUT_OF_BOUNDS, "reason", changed("halt", reason="")),
    (
        R.OUT_OF_BOUNDS,
        "items[1]",
        changed("positions_snapshot", items=[{"portfolio": "firm", "instrument": "A", "quantity": 1}] * 2),
    ),
    (R.CROSSED_QUOTE, "bid", quote(bid="2.01")),
    (R.TOO_LARGE, "bytes", ("quote", quote()[1] + b" " * PAYLOAD_BYTES_MAX)),
    (R.TOO_LARGE, "levels", quote(more=',"deep":' + "[" * 40 + "]" * 40)),
    (R.TOO_LARGE, "levels", quote(more=',"deep":' + "[" * 9000 + "]" * 9000)),
    (R.TOO_LARGE, "levels", ("quote", b"[" * 100_000)),
    (R.TOO_LARGE, "levels", ("quote", b'{"a":' * 100_000)),
]


@pytest.mark.parametrize(("reason", "word", "record"), BAD)
def test_a_bad_record_is_rejected_for_its_own_reason_and_the_detail_names_the_field(
    reason: RejectReason, word: str, record: tuple[str, bytes]
) -> None:
    result = on_its_topic(record[1], record[0])
    assert isinstance(result, Rejection)
    assert result.reason is reason, result
    assert word in result.detail.replace("None", "null")
    assert len(result.detail) < 600


def test_every_reason_of_the_decoder_has_a_case() -> None:
    reasons = list(RejectReason)
    assert {reason for reason, _, _ in BAD} == set(reasons[: reasons.index(R.PRICE_OUT_OF_BOUNDS)])


def test_the_samples_hold_every_type() -> None:
    assert set(GOOD) == set(EVENT_TYPES)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_record_of_every_type_is_accepted_on_its_topic_and_only_there(name: str) -> None:
    payload = changed(name)[1]
    event = on_its_topic(payload, name)
    assert type(event) is EVENT_TYPES[name]
    assert decode_accepted(payload) == event or name == "limits"  # raw parts have no equality
    others = [
        topic for topic in ("market-data", "positions", "reference", "control", "acks") if topic != topic_of_type(name)
    ]
    for topic in [*others, "risk.actions", ""]:
        elsewhere = decode(topic, payload)
        if name == "heartbeat" and topic in others:
            assert elsewhere == event
        else:
            assert isinstance(elsewhere, Rejection)
            assert elsewhere.reason is R.WRONG_TOPIC


@pytest.mark.parametrize("name", GOOD)
def test_unknown_fields_are_refused_on_control_and_ignored_elsewhere(name: str) -> None:
    result = on_its_topic(changed(name, venue="X:N", deep={"a": [1, {"b": 2}]})[1], name)
    if topic_of_type(name) == "control":
        assert isinstance(result, Rejection)
        assert result.reason is R.UNKNOWN_FIELD
    else:
        assert result == on_its_topic(changed(name)[1], name)


@pytest.mark.parametrize("name", GOOD)
def test_each_missing_required_field_is_named(name: str) -> None:
    for field in msgspec.structs.fields(EVENT_TYPES[name]):
        if field.required:
            result = on_its_topic(changed(name, **{field.name: ...})[1], name)
            assert result == Rejection(R.MISSING_FIELD, f"{field.name} is missing", getattr(result, "instrument", None))


@pytest.mark.parametrize("name", GOOD)
def test_a_key_that_comes_twice_is_refused_in_every_type(name: str) -> None:
    payload = changed(name)[1]
    for key, value in GOOD[name].items():
        result = on_its_topic(payload[:-1] + f', "{key}": {json.dumps(value)}}}'.encode(), name)
        assert isinstance(result, Rejection), key
        assert result.reason is R.NOT_JSON
        assert key in result.detail


def test_a_rejection_names_the_instrument_where_the_record_still_does() -> None:
    assert on_its_topic(quote(bid="3")[1], "quote") == Rejection(
        R.CROSSED_QUOTE, "bid must be at most ask, got bid 3.0 and ask 2.0", "AAPL"
    )
    for record in (quote(ts="true"), quote(bid="NaN"), changed("trade", price=...)):
        result = on_its_topic(record[1], record[0])
        assert isinstance(result, Rejection)
        assert result.instrument == "AAPL"
    nameless = on_its_topic(changed("trade", instrument=5)[1], "trade")
    assert isinstance(nameless, Rejection)
    assert nameless.instrument is None


def test_whether_nesting_is_too_deep_does_not_depend_on_the_stack_of_the_caller() -> None:
    payload = quote(bid="3", more=',"deep":' + "[" * 600 + "]" * 600)[1]

    def deeper(levels: int) -> object:
        return deeper(levels - 1) if levels else decode("market-data", payload)

    assert deeper(0) == deeper(sys.getrecursionlimit() // 2)


def test_hostile_escapes_are_scanned_in_linear_time() -> None:
    """Quadratic scanning of a megabyte would take hours, and the test would time out."""
    for payload in (b'"' + b'\\"' * 500_000, b"[" * 40 + b'"\\' * 500_000, b"[" * 40 + b'"' + b'\\"' * 500_000):
        assert isinstance(decode("market-data", payload), Rejection)


def test_prices_at_or_below_zero_pass_because_only_the_core_knows_the_instrument() -> None:
    assert isinstance(on_its_topic(quote(bid="-5")[1], "quote"), Quote)
    assert on_its_topic(changed("trade", price=0)[1], "trade") == decode_accepted(changed("trade", price=0)[1])


def test_a_null_minimum_price_is_not_an_absent_one() -> None:
    lifted = on_its_topic(changed("instrument", min_price=None)[1], "instrument")
    absent = on_its_topic(changed("instrument", min_price=...)[1], "instrument")
    assert isinstance(lifted, Instrument)
    assert isinstance(absent, Instrument)
    assert lifted.min_price is None
    assert absent.min_price is msgspec.UNSET


def test_an_empty_snapshot_is_good_because_it_says_that_a_book_is_flat() -> None:
    assert isinstance(on_its_topic(changed("positions_snapshot", items=[])[1], "positions_snapshot"), PositionsSnapshot)


def test_configured_topic_names_replace_the_default_ones() -> None:
    topics = Topics(market_data="md", control="ctl")
    assert topic_of_type("quote", topics) == "md"
    assert topic_of_type("halt", topics) == "ctl"
    assert topic_of_type("nothing", topics) is None
    assert isinstance(decode("md", quote()[1], topics), Quote)
    wrong = decode("market-data", quote()[1], topics)
    assert isinstance(wrong, Rejection)
    assert wrong.reason is R.WRONG_TOPIC
