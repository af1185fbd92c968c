"""Canonical JSON of one record: the bytes that the chain hashes and that every replay repeats."""

import math
from collections.abc import Mapping

import orjson


def canonical_json(record: Mapping[str, object]) -> bytes:
    """Return `record` as compact UTF-8 JSON in the record's own key order, without a newline.

    NaN, which stands for a missing number, is written as null; infinities as "Infinity" and "-Infinity". Raises
    TypeError for a value that JSON has no form for (a numpy array, a set, an integer over 64 bits).
    """
    try:
        line = orjson.dumps(record)
    except orjson.JSONEncodeError:  # perhaps only a numpy float, which `_plain` makes a float
        line = b"null"
    if b"null" not in line:  # nothing is missing, and nothing infinite was taken for missing: most lines
        return line
    try:
        return orjson.dumps(_plain(record))
    except orjson.JSONEncodeError as error:
        raise TypeError(f"record {list(record)} has no canonical JSON: {error}") from error


def _plain(value: object) -> object:
    """Return `value` with every non-finite float replaced; orjson alone would write infinity as null."""
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
