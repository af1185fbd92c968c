"""The live table: numbers as people read them, and nothing that a state record can hold breaks it."""

import doctest
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import daemon.screen_text
from daemon.demo_table import demo_view, read_states
from daemon.screen_text import money, percent
from daemon.state_views import Shown


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(daemon.screen_text).failed == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (999.0, "999"),
        (1_000.0, "1.00k"),
        (12_345.0, "12.3k"),
        (-12_345_678.0, "-12.3m"),
        (2_500_000_000.0, "2.50bn"),
        (math.nan, "-"),
        (None, "-"),
        ("Infinity", "∞"),
        ("-Infinity", "-∞"),
    ],
)
def test_money_is_shown_in_three_digits(value: Shown, text: str) -> None:
    assert money(value) == text


def test_a_share_is_shown_as_a_percentage() -> None:
    assert (percent(0.1234), percent(None)) == ("12.3%", "-")


number = st.floats() | st.none() | st.sampled_from(["Infinity", "-Infinity"])
states = st.lists(
    st.fixed_dictionaries(
        {
            "scope": st.just("firm/a"),
            "trust": st.sampled_from(["fresh", "missing"]),
            "nav": number,
            "metrics": st.dictionaries(
                st.sampled_from(["var_99", "es_99", "drawdown", "gross_leverage", "worst_loss"]),
                st.fixed_dictionaries({"value": number, "status": st.just("OK")}),
            ),
            "limits": st.lists(
                st.fixed_dictionaries(
                    {
                        "limit": st.just("var"),
                        "level": st.just("hard"),
                        "life": st.sampled_from(["ok", "firing", "no_data", "error"]),
                        "utilisation": number,
                        "stage": st.just("SHADOW"),
                    }
                ),
                max_size=2,
            ),
        }
    ),
    max_size=3,
)


@given(records=states)
def test_every_state_record_can_be_drawn(records: list[dict[str, object]]) -> None:
    console = Console(width=140, file=io.StringIO())
    file = console.file
    shown = read_states(records)
    console.print(demo_view(shown, {}, [], now_ns=10**18, n=5, done_ratio=0.5))
    assert isinstance(file, io.StringIO)
    text = file.getvalue()
    assert text.count("firm/a") == len(records) + sum(len(state.limits) for state in shown)
    assert "2001-09-09" in text
