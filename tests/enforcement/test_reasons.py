"""Codes and sentences."""

from math import nan

import pytest

from config.sensor_facts import Metric
from enforcement.reasons import ReasonCode, code_of_missing_data, sentence
from enforcement.records import Kind, LifeState
from risk.measures import Status
from sensors.catalogue import SHIPPED
from sensors.reading import Reading

READING = Reading("var_breach", "var_99", 2.31e6, Status.OK, "USD", (2e6,), 1.155, "VaR 99% 1d 2.31m")
BLIND = Reading("var_breach", "var_99", nan, Status.INVALID, "USD", (2e6,), nan, "VaR 99% 1d has no number (INVALID)")


@pytest.mark.parametrize("metric", SHIPPED.known.metrics(), ids=lambda metric: metric.name)
def test_every_shipped_metric_has_a_code_in_the_closed_set(metric: Metric) -> None:
    assert metric.code in set(ReasonCode)


@pytest.mark.parametrize(
    ("trust", "code"),
    [
        ("stale", "DATA_STALE"),
        ("fresh", "MODEL_UNAVAILABLE"),
        ("suspect", "DATA_UNTRUSTED"),
        ("missing", "DATA_UNTRUSTED"),
    ],
)
def test_missing_data_says_whether_it_is_old_untrusted_or_not_enough(trust: str, code: str) -> None:
    assert code_of_missing_data(trust) == code


@pytest.mark.parametrize(
    ("kind", "before", "after", "reading", "text"),
    [
        ("transition", "pending", "firing", READING, "VaR 99% 1d 2.31m over 2.00m"),
        ("transition", "ok", "pending", READING, "VaR 99% 1d 2.31m over 2.00m, not confirmed yet"),
        ("transition", "firing", "recovering", READING, "VaR 99% 1d 2.31m at or under 1.80m, not for long enough yet"),
        ("transition", "recovering", "ok", READING, "VaR 99% 1d 2.31m stayed at or under 1.80m"),
        (
            "transition", "recovering", "latched", READING,
            "VaR 99% 1d 2.31m at or under 1.80m: waits for a named reinstate",
        ),
        ("transition", "pending", "ok", READING, "VaR 99% 1d 2.31m at or under 2.00m before it fired"),
        ("transition", "no_data", "ok", READING, "VaR 99% 1d 2.31m: data is back"),
        ("transition", "firing", "no_data", BLIND, "VaR 99% 1d has no number (INVALID): the last state is held"),
        ("escalation", "no_data", "no_data", BLIND, "VaR 99% 1d has no number (INVALID) for too long"),
        ("targets", "firing", "firing", READING, "VaR 99% 1d 2.31m over 2.00m: the targets moved with the book"),
        ("reminder", "firing", "firing", READING, "VaR 99% 1d 2.31m: still halted"),
    ],
)  # fmt: skip
def test_a_decision_reads_as_a_sentence(kind: str, before: str, after: str, reading: Reading, text: str) -> None:
    found = sentence(reading, Kind(kind), LifeState(before), LifeState(after), at=2e6, clear_at=1.8e6)
    assert found == text


def test_a_level_that_fires_again_between_its_levels_does_not_claim_to_be_over_the_limit() -> None:
    between = Reading("var_breach", "var_99", 1.9e6, Status.OK, "USD", (2e6,), 0.95, "VaR 99% 1d 1.90m")
    found = sentence(between, Kind.TRANSITION, LifeState.RECOVERING, LifeState.FIRING, at=2e6, clear_at=1.8e6)
    assert found == "VaR 99% 1d 1.90m over 1.80m, where it would clear"


def test_a_contradicting_reading_says_so() -> None:
    broken = Reading("leverage", "gross_leverage", nan, Status.OK, "x", (4.0,), nan, "gross leverage has no number")
    text = sentence(broken, Kind.TRANSITION, LifeState.OK, LifeState.ERROR, at=4.0, clear_at=3.6)
    assert text == "gross leverage has no number, although its status is OK: the last state is held"
