"""What is read straight from the bytes is what the decoder reads, to the last bit; and nothing else is taken."""

import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.names import NAME_CHARACTERS_MAX
from feeds.decode import decode
from feeds.events import Quote, Trade
from feeds.kernels.scan import NAME_BYTES_MAX
from feeds.price_columns import plain_columns
from feeds.symbols import Symbols

NUMBERS = st.one_of(
    st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["", "-", "01", "1.", ".5", "+1", "1e5", "-0", "-0.0", "NaN", "null", '"1"', "1_0", "0x1"]),
    st.sampled_from([f"{10**18}", f"{10**18}.000", "999999999999999999.9", "9007199254740993", "0.30000000000000004"]),
)
TIMES = st.one_of(
    st.integers(0, 2**63 - 1).map(str), st.sampled_from(["-1", str(2**63), str(2**64 + 5), "1.0", "007"]), NUMBERS
)
NAMES = st.one_of(
    st.text(max_size=6),
    st.text(alphabet='AB"\\: {}~\x7fé', max_size=6),
    st.sampled_from(["", "N" * 256, "N" * 257]),
)


def rows_of(payloads: Sequence[bytes]) -> list[Quote | Trade | None]:
    """Return what the columns say of each payload, None where a row is odd; sizes are checked and not kept."""
    symbols = Symbols()
    columns, odd = plain_columns(payloads, symbols)
    rows: list[Quote | Trade | None] = []
    for at, payload in enumerate(payloads):
        assert columns.payload(at) == payload
        if at in odd:
            rows.append(None)
            continue
        name, ts, low = symbols.names[columns.symbol[at]], int(columns.ts[at]), float(columns.low[at])
        if columns.is_trade[at]:
            assert columns.mid[at] == low
            rows.append(Trade(ts=ts, instrument=name, price=low))
        else:
            event = decode("market-data", payload)
            assert isinstance(event, Quote)
            assert columns.mid[at] == (event.bid + event.ask) / 2.0
            rows.append(Quote(ts=ts, instrument=name, bid=low, ask=event.ask))
    return rows


def check(payload: bytes) -> bool:
    """Check one payload, and say whether it was plain."""
    (row,) = rows_of([payload])
    if row is None:
        return False
    event = decode("market-data", payload)
    assert isinstance(event, Quote | Trade), f"{payload!r} was taken and is {event}"
    if isinstance(event, Quote):
        assert isinstance(row, Quote)
        assert (row.ts, row.instrument, row.bid.hex()) == (event.ts, event.instrument, event.bid.hex())
    else:
        assert isinstance(row, Trade)
        assert (row.ts, row.instrument, row.price.hex()) == (event.ts, event.instrument, event.price.hex())
    return True


@given(NAMES, TIMES, NUMBERS, NUMBERS, st.none() | NUMBERS, st.none() | NUMBERS, st.permutations(range(7)))
def test_a_quote_of_any_numbers_is_what_the_decoder_reads(
    name: str, ts: str, bid: str, ask: str, bid_size: str | None, ask_size: str | None, order: list[int]
) -> None:
    members = {"type": '"quote"', "ts": ts, "instrument": json.dumps(name), "bid": bid, "ask": ask}
    members |= {key: size for key, size in (("bid_size", bid_size), ("ask_size", ask_size)) if size is not None}
    keys = [list(members)[at] for at in order if at < len(members)]
    check(("{" + ",".join(f'"{key}":{members[key]}' for key in keys) + "}").encode())


@given(NAMES, TIMES, NUMBERS, st.none() | NUMBERS)
@example(name="A", ts="1", price="123456789012345.6", size=None)
@example(name="A", ts="1", price="0.1234567890123456789", size=None)
@example(name="A", ts="1", price="-0.0", size="18446744073709551616")
def test_a_trade_of_any_numbers_is_what_the_decoder_reads(name: str, ts: str, price: str, size: str | None) -> None:
    text = f'{{"type":"trade","ts":{ts},"instrument":{json.dumps(name)},"price":{price}'
    check((text + ("}" if size is None else f',"size":{size}}}')).encode())


GOOD = b' {"type" : "quote", "ts":5,\t"instrument": "AA",\r\n"bid":1.5,"ask":2.25, "bid_size":3 } '
FULL_TRADE = b'{"size":1.25,"price":7,"instrument":"BB","ts":6,"type":"trade"}'


@pytest.mark.parametrize("payload", [GOOD, FULL_TRADE])
def test_blanks_and_any_order_of_fields_are_plain(payload: bytes) -> None:
    assert check(payload)


@given(st.sampled_from([GOOD, FULL_TRADE]), st.data())
def test_a_damaged_record_is_what_the_decoder_reads_or_odd(good: bytes, data: st.DataObject) -> None:
    payload = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(payload)))
        letters = data.draw(st.text(alphabet='{}[]":,\\ -+.e0123456789bidaskzepr', max_size=4))
        payload[at : at + data.draw(st.integers(0, 4))] = letters.encode()
    check(bytes(payload))


@pytest.mark.parametrize(
    "odd",
    [
        b"", b"{}", b"[]", GOOD[:-3], GOOD + b"x", GOOD.replace(b"ask", b"bid"), GOOD.replace(b"bid_size", b"venue"),
        GOOD.replace(b"2.25", b"1.25"), GOOD.replace(b"quote", b"trade"), GOOD.replace(b"AA", b"A\\u0041"),
        GOOD.replace(b"AA", "é".encode()), GOOD.replace(b"3 }", b"-3}"), GOOD.replace(b"AA", b""),
        GOOD.replace(b"bid_size", b"size"), GOOD.replace(b"1.5", b"1e0"), b'{"type":"close","ts":1}',
    ],
)  # fmt: skip
def test_what_is_not_plain_is_odd_and_leaves_its_neighbours(odd: bytes) -> None:
    rows = rows_of([GOOD, odd, FULL_TRADE])
    assert rows[1] is None
    assert [type(row) for row in rows] == [Quote, type(None), Trade]


def test_a_part_of_columns_is_columns_of_a_part() -> None:
    payloads = [GOOD, FULL_TRADE, GOOD, FULL_TRADE]
    columns, _ = plain_columns(payloads, Symbols())
    part = columns.part(1, 3)
    assert part.payloads() == payloads[1:3]
    assert [part.payload(at) for at in range(2)] == payloads[1:3]
    np.testing.assert_array_equal(part.mid, columns.mid[1:3])


def test_a_name_may_be_as_long_here_as_anywhere() -> None:
    assert NAME_BYTES_MAX == NAME_CHARACTERS_MAX
