"""What a typed JSON decoder lets pass in the text of a record: keys that come twice, bad bytes, deep nesting."""

import json
import math
import re

import msgspec

from feeds.record import RejectReason
from feeds.shape import Fault, shorten

NESTING_LEVELS_MAX = 32
DUPLICATE_KEY = RejectReason.NOT_JSON  # not I-JSON (RFC 7493): two readers may see two different values

_INTEGER_DIGITS_MAX = 300
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_KEY_END = re.compile(rb'"\s*:')
# An unterminated string runs to the end, so that one pass over hostile bytes stays linear.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


class Parsed(msgspec.Struct, frozen=True):
    """A parsed payload, and the first of its numbers that is not finite."""

    value: object
    not_finite: str | None


def is_flat_and_unique(payload: bytes) -> bool:
    """Say whether valid JSON is certainly one flat ASCII object whose keys come once; False means: not certain."""
    return (
        payload.count(b"{") == 1
        and b"[" not in payload
        and b"\\" not in payload
        and payload.isascii()
        # Without escapes every key's closing quote is found; a string that begins with a colon only adds to the count.
        and len(_KEYS.decode(payload)) == len(_KEY_END.findall(payload))
    )


def parse_leniently(payload: bytes) -> Parsed | Fault:
    """Parse any bytes; NaN, Infinity and huge numbers become floats, keys that come twice are a fault."""
    levels = _nesting_levels(payload)
    if levels > NESTING_LEVELS_MAX:
        return Fault(RejectReason.TOO_LARGE, f"nesting must have at most {NESTING_LEVELS_MAX} levels, got {levels}")
    not_finite: list[str] = []
    twice: list[str] = []

    def number(token: str) -> float | int:
        if len(token) <= _INTEGER_DIGITS_MAX and token.lstrip("-").isdigit():
            return int(token)
        value = float(token)
        if not math.isfinite(value):
            not_finite.append(shorten(token))
        return value

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) != len(pairs):
            twice.append(_first_repeated(pairs))
        return members

    try:
        value = json.loads(
            payload.decode(), object_pairs_hook=unique, parse_int=number, parse_float=number, parse_constant=number
        )
    except UnicodeDecodeError as error:
        return Fault(RejectReason.NOT_JSON, f"payload must be UTF-8: {error.reason} at byte {error.start}")
    except json.JSONDecodeError as error:
        return Fault(RejectReason.NOT_JSON, f"payload must be JSON: {error.msg} at character {error.pos}")
    if twice:
        return Fault(DUPLICATE_KEY, f"key {shorten(twice[0])} must come once in its object")
    return Parsed(value, not_finite[0] if not_finite else None)


def _first_repeated(pairs: list[tuple[str, object]]) -> str:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    raise AssertionError("no key comes twice")


def _nesting_levels(payload: bytes) -> int:
    """Return the deepest nesting of brackets outside strings; 0 where there are too few brackets to matter.

    Counted on the bytes, since the depth at which a parser gives up depends on the caller's stack.
    """
    if payload.count(b"{") + payload.count(b"[") <= NESTING_LEVELS_MAX:
        return 0
    level = deepest = 0
    for match in _BRACKET.finditer(_STRING.sub(b"", payload)):
        if match[0] in b"[{":
            level += 1
            deepest = max(deepest, level)
        else:
            level -= 1
    return deepest
