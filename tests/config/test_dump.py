"""The full expansion as text, and the hash of what decisions depend on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.dump import decision_config_hash, dump_full
from config.durations import duration_text
from config.loader import load_shipped_config, parse_config
from config.schema import Config
from sensors.catalogue import SHIPPED


def load(text: str) -> Config:
    return parse_config(text.encode(), "test.yaml", SHIPPED.known)


def test_the_dump_loads_to_an_equal_configuration() -> None:
    config = load_shipped_config(SHIPPED.known)
    assert load(dump_full(config)) == config
    assert "keep_firing_for: 1m" in dump_full(config)


@given(st.integers(0, 100 * 366 * 86400 * 10**9))
def test_every_duration_survives_its_text(duration_ns: int) -> None:
    assert load(
        f"enforcement: {{limits: []}}\ndata: {{fill_memory: {duration_text(duration_ns)}}}"
    ).data.fill_memory == (duration_ns)


@pytest.mark.parametrize(
    "change",
    [
        "enforcement: {mode: gradual}",
        "enforcement: {mode: full}",
        "enforcement: {false_positive_threshold_per_week: 2}",
        "enforcement: {rules: [{rule_id: drawdown, monitoring_mode: true}]}",
        "kafka: {bootstrap: 'b:9'}",
        "journal: {directory: x}",
        "audit: {enabled: false}",
        "metrics: {namespace: x}",
        "http: {port: 1}",
    ],
)
def test_what_does_not_decide_leaves_the_hash(change: str) -> None:
    assert decision_config_hash(load(change)) == decision_config_hash(load(""))


@pytest.mark.parametrize(
    "change",
    [
        "base_currency: EUR",
        "bar: 1m",
        "refit: 6",
        "clock: wall",
        "scenarios: mine.yaml",
        "enforcement: {var_limits: {var_95_limit: 1}}",
        "enforcement: {rules: [{rule_id: drawdown, action: halt}]}",
        "enforcement: {limits: []}",
        "data: {sources: {feed: 5s}}",
    ],
)
def test_what_decides_changes_the_hash(change: str) -> None:
    assert decision_config_hash(load(change)) != decision_config_hash(load(""))


def test_the_order_of_parameters_and_sources_changes_nothing() -> None:
    one, two = load("data: {sources: {a: 1s, b: 2s}}"), load("data: {sources: {b: 2s, a: 1s}}")
    assert decision_config_hash(one) == decision_config_hash(two)
    assert list(one.data.sources) == list(two.data.sources) == ["a", "b"]
