"""Canonical JSON: one form for each record, and no number lost in silence."""

import math

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.line import canonical_json


def test_keys_keep_the_order_they_were_given_in() -> None:
    assert canonical_json({"n": 1, "ts": 2, "b": 3, "a": 4}) == b'{"n":1,"ts":2,"b":3,"a":4}'


def test_a_missing_number_is_null_and_an_infinite_one_says_so() -> None:
    record = {"value": math.nan, "es": [math.inf, {"low": -math.inf}], "pair": (1.5, math.nan)}
    assert canonical_json(record) == b'{"value":null,"es":["Infinity",{"low":"-Infinity"}],"pair":[1.5,null]}'


def test_a_numpy_float_is_written_as_the_same_number() -> None:
    assert canonical_json({"value": np.float64(0.1), "missing": np.float64("nan")}) == b'{"value":0.1,"missing":null}'


@pytest.mark.parametrize("value", [np.zeros(2), {1, 2}, 2**70, b"bytes"])
def test_a_value_without_a_json_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no canonical JSON"):
        canonical_json({"value": value})


@given(
    st.dictionaries(
        st.text(),
        st.recursive(st.floats() | st.integers(-(2**60), 2**60) | st.text(), st.lists, max_leaves=6),
        max_size=6,
    )
)
def test_canonical_json_is_a_fixed_point(record: dict[str, object]) -> None:
    """Reading a line and writing it again must give the same bytes, or verification would see a change."""
    line = canonical_json(record)
    assert canonical_json(orjson.loads(line)) == line
