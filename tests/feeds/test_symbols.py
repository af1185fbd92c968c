"""Names have one number each, for ever, and strange names do not fill memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import feeds.symbols
from feeds.kernels.scan import ODD, QUOTE
from feeds.symbols import Symbols

NAMES = st.lists(st.text(alphabet="ABC:/-", min_size=1, max_size=4), min_size=1, max_size=30)


def numbers(symbols: Symbols, names: list[str], kind: list[int] | None = None) -> list[int]:
    text = np.frombuffer("".join(names).encode(), dtype=np.uint8)
    ends = np.cumsum([len(name) for name in names])
    places = np.stack([ends - [len(name) for name in names], ends], axis=1)
    found: list[int] = symbols.number(text, places, np.array(kind or [QUOTE] * len(names))).tolist()
    return found


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_every_name_keeps_the_number_that_it_was_given_first(batches: list[list[str]]) -> None:
    symbols = Symbols()
    known: dict[str, int] = {}
    for names in batches:
        for name, number in zip(names, numbers(symbols, names), strict=True):
            assert known.setdefault(name, len(known)) == number
    assert symbols.names == list(known)


def test_many_names_with_long_letters_are_all_told_apart() -> None:
    symbols = Symbols()
    names = [f"{'LONG' * 40}{number}" for number in range(2_000)]
    assert numbers(symbols, names) == list(range(2_000))
    assert numbers(symbols, names[::-1]) == list(range(2_000))[::-1]


def test_an_odd_row_has_no_name() -> None:
    symbols = Symbols()
    assert numbers(symbols, ["AA", "BB", "AA"], [QUOTE, ODD, QUOTE]) == [0, -1, 0]
    assert symbols.names == ["AA"]


def test_names_beyond_the_bound_have_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds.symbols, "NAMES_MAX", 2)
    assert numbers(Symbols(), ["AA", "BB", "CC", "AA"]) == [0, 1, -1, 0]
