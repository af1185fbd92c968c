"""Reads plain quotes and trades straight from their bytes; whatever is not plain is left to the typed decoder.

Plain is: an object of known fields, each once, without escapes, exponents or null. Of a number with at most 15 digits
the quotient of two exact doubles is the nearest double (Clinger 1990); longer ones are only found here.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

QUOTE, TRADE, ODD = 0, 1, -1
LOW, HIGH = 0, 1  # columns of what a price is: bid and ask, or a trade's price twice
DIGITS_EXACT = 15
NAME_BYTES_MAX = 256
WHOLE_DIGITS_MAX = 18  # then a number is under 1e18, the largest that an input may hold
_TYPE, _TS, _INSTRUMENT, _BID, _ASK, _PRICE, _BID_SIZE, _ASK_SIZE, _SIZE = 1, 2, 4, 8, 16, 32, 64, 128, 256
_QUOTE_NEEDS = _TYPE | _TS | _INSTRUMENT | _BID | _ASK
_QUOTE_MAY = _QUOTE_NEEDS | _BID_SIZE | _ASK_SIZE
_TRADE_NEEDS = _TYPE | _TS | _INSTRUMENT | _PRICE
_TRADE_MAY = _TRADE_NEEDS | _SIZE
_NONE = -1
_TS_END = np.uint64(1 << 63)
_POWERS = np.array([10.0**power for power in range(DIGITS_EXACT + 1)])
_KEYS = ("type", "ts", "instrument", "bid", "ask", "price", "bid_size", "ask_size", "size")
_KEY_ENDS = np.cumsum([len(key) for key in _KEYS])
_KEY_TEXT = np.frombuffer("".join(_KEYS).encode(), dtype=np.uint8)
_WORDS = np.frombuffer(b"quotetrade", dtype=np.uint8)
_WORD = 5  # letters of each
_SPACE, _QUOTATION, _BACKSLASH, _COLON, _COMMA, _MINUS, _POINT, _OPEN, _CLOSE = 32, 34, 92, 58, 44, 45, 46, 123, 125
_ZERO, _NINE, _PRINTABLE_END = 48, 57, 127


@njit(cache=True, error_model="numpy", _nrt=False, inline="always")
def _past_blanks(text: Bytes, at: int, stop: int) -> int:
    while at < stop and (text[at] == 32 or text[at] == 10 or text[at] == 13 or text[at] == 9):
        at += 1
    return at


@njit(cache=True, error_model="numpy", _nrt=False)
def _string_end(text: Bytes, at: int, stop: int) -> int:
    """Return the place of the quotation mark that ends a string of printable ASCII; -1 where it is another string."""
    while at < stop:
        letter = text[at]
        if letter == _QUOTATION:
            return at
        if letter < _SPACE or letter >= _PRINTABLE_END or letter == _BACKSLASH:
            return _NONE
        at += 1
    return _NONE


@njit(cache=True, error_model="numpy", _nrt=False)
def _key(text: Bytes, start: int, stop: int) -> int:
    """Return the bit of a known key, 0 for another."""
    begin = 0
    for number in range(_KEY_ENDS.size):
        end = _KEY_ENDS[number]
        if end - begin == stop - start:
            same = True
            for at in range(stop - start):
                if text[start + at] != _KEY_TEXT[begin + at]:
                    same = False
                    break
            if same:
                return 1 << number
        begin = end
    return 0


@njit(cache=True, error_model="numpy", _nrt=False)
def _word(text: Bytes, start: int, stop: int) -> int:
    """Return QUOTE or TRADE for these words, ODD for others."""
    if stop - start != _WORD:
        return ODD
    for kind in range(2):
        same = True
        for at in range(_WORD):
            if text[start + at] != _WORDS[kind * _WORD + at]:
                same = False
                break
        if same:
            return kind
    return ODD


@njit(cache=True, error_model="numpy", _nrt=False)
def _number(text: Bytes, at: int, stop: int) -> tuple[int, np.uint64, int, int, bool]:
    """Return (end, digits as a whole number, digits, of them behind the point, negative); end -1 where it is odd."""
    negative = at < stop and text[at] == _MINUS
    if negative:
        at += 1
    start, whole, digits, behind = at, np.uint64(0), 0, 0
    while at < stop and _ZERO <= text[at] <= _NINE:
        if digits < 19:  # what has more digits is not computed from them
            whole = whole * np.uint64(10) + np.uint64(text[at] - _ZERO)
        digits += 1
        at += 1
    if digits == 0 or digits > WHOLE_DIGITS_MAX + 1 or (digits > 1 and text[start] == _ZERO):
        return _NONE, whole, 0, 0, False
    if at < stop and text[at] == _POINT:
        at += 1
        while at < stop and _ZERO <= text[at] <= _NINE:
            if digits < 19:
                whole = whole * np.uint64(10) + np.uint64(text[at] - _ZERO)
            digits += 1
            behind += 1
            at += 1
        if behind == 0:
            return _NONE, whole, 0, 0, False
    return at, whole, digits, behind, negative


@njit(cache=True, error_model="numpy", _nrt=False)
def _take_number(text: Bytes, at: int, stop: int, field: int, row: int, ts: Ints, price: Floats, places: Ints) -> int:
    """Read the number of a field into its row and return where it ends; -1 where it is odd."""
    end, whole, digits, behind, negative = _number(text, at, stop)
    if end == _NONE:
        return _NONE
    if field == _TS:
        if negative or behind > 0 or whole >= _TS_END:
            return _NONE
        ts[row] = np.int64(whole)
    elif digits - behind > WHOLE_DIGITS_MAX:
        return _NONE
    elif field in (_BID, _ASK, _PRICE):
        column = HIGH if field == _ASK else LOW
        if digits <= DIGITS_EXACT:
            value = float(whole) / _POWERS[behind]
            price[row, column] = -value if negative else value
        else:
            places[row, 2 * column], places[row, 2 * column + 1] = at, end
    elif negative:  # a size
        return _NONE
    return int(end)


@njit(cache=True, error_model="numpy", _nrt=False)
def _scan(text: Bytes, at: int, stop: int, row: int, ts: Ints, price: Floats, places: Ints, name: Ints) -> int:
    """Read one record into its row and return QUOTE, TRADE or ODD."""
    at = _past_blanks(text, at, stop)
    if at >= stop or text[at] != _OPEN:
        return ODD
    seen, kind = 0, ODD
    while True:
        at = _past_blanks(text, at + 1, stop)
        end = _string_end(text, at + 1, stop) if at < stop and text[at] == _QUOTATION else _NONE
        field = 0 if end == _NONE else _key(text, at + 1, end)
        if field == 0 or seen & field:
            return ODD
        seen |= field
        at = _past_blanks(text, end + 1, stop)
        if at >= stop or text[at] != _COLON:
            return ODD
        at = _past_blanks(text, at + 1, stop)
        if field in (_TYPE, _INSTRUMENT):
            end = _string_end(text, at + 1, stop) if at < stop and text[at] == _QUOTATION else _NONE
            if end == _NONE or not 0 < end - at - 1 <= NAME_BYTES_MAX:
                return ODD
            if field == _TYPE:
                kind = _word(text, at + 1, end)
            else:
                name[row, 0], name[row, 1] = at + 1, end
            at = end + 1
        else:
            at = _take_number(text, at, stop, field, row, ts, price, places)
            if at == _NONE:
                return ODD
        at = _past_blanks(text, at, stop)
        if at >= stop or (text[at] != _COMMA and text[at] != _CLOSE):
            return ODD
        if text[at] == _CLOSE:
            break
    if _past_blanks(text, at + 1, stop) != stop:
        return ODD
    needs, may = (_QUOTE_NEEDS, _QUOTE_MAY) if kind == QUOTE else (_TRADE_NEEDS, _TRADE_MAY)
    return kind if seen & needs == needs and seen & ~may == 0 else ODD


@njit(cache=True, error_model="numpy", _nrt=False, nogil=True)
def scan_prices(text: Bytes, ends: Ints, kind: Ints, ts: Ints, price: Floats, places: Ints, name: Ints) -> int:
    """Read the records of a text and return how many are odd.

    text   : (B,) their bytes, joined; ends : (n,) where each ends
    kind   : (n,) set to QUOTE, TRADE or ODD
    ts     : (n,) set, ns; price : (n, 2) set to bid and ask, or a trade's price in LOW
    places : (n, 4) from and to where the digits of LOW and HIGH stand, set only where they are too many for `price`
    name   : (n, 2) set to where the instrument's name stands
    """
    odd, start = 0, 0
    for row in range(ends.size):
        kind[row] = _scan(text, start, ends[row], row, ts, price, places, name)
        odd += kind[row] == ODD
        start = ends[row]
    return odd


@njit(cache=True, error_model="numpy", _nrt=False, nogil=True)
def find_names(text: Bytes, name: Ints, kind: Ints, slots: Ints, known: Bytes, known_ends: Ints, symbol: Ints) -> int:
    """Set the number of each row's name, -1 where it is not known, and return how many are not; odd rows have none.

    slots      : (2^k,) hash table of name numbers, -1 where free, with room
    known      : the known names, joined; known_ends : where each ends
    """
    mask, missing = slots.size - 1, 0
    for row in range(kind.size):
        symbol[row] = _NONE
        if kind[row] == ODD:
            continue
        start, length = name[row, 0], name[row, 1] - name[row, 0]
        slot = hash_name(text, start, length) & mask
        while slots[slot] != _NONE:
            number = slots[slot]
            begin = known_ends[number - 1] if number > 0 else 0
            same = known_ends[number] - begin == length
            if same:
                for at in range(length):
                    if known[begin + at] != text[start + at]:
                        same = False
                        break
            if same:
                symbol[row] = number
                break
            slot = (slot + 1) & mask
        missing += symbol[row] == _NONE
    return missing


@njit(cache=True, error_model="numpy", _nrt=False)
def hash_name(text: Bytes, start: int, length: int) -> int:
    """Return the FNV-1a hash of some bytes (Fowler, Noll and Vo 1991), under 2^62."""
    value = np.uint64(14695981039346656037)
    for at in range(length):
        value = (value ^ np.uint64(text[start + at])) * np.uint64(1099511628211)
    return int(np.int64(value >> np.uint64(2)))
