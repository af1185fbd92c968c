"""Trials of sensors: those that ship meet every fault, and a blind or a nervous one is told."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
import yaml
from typer.testing import CliRunner

from config.promotion import Sensitivity, SensorTrial
from config.sensor_facts import SensorFacts
from daemon.cli import app
from daemon.core import MODEL_VERSION
from daemon.fault_injection import missed_faults
from daemon.sensitivity import sensitivity_yaml, try_sensors
from risk.measures import Measures
from sensors.catalogue import SHIPPED, Catalogue
from sensors.leverage import Leverage
from sensors.reading import Reading


@dataclass(frozen=True, slots=True)
class Blind(Leverage):
    """Reads half of what is there."""

    facts: ClassVar[SensorFacts] = Leverage.facts

    def read(self, measures: Measures) -> Reading:
        reading = Leverage.read(self, measures)
        return replace(reading, statistic=reading.statistic / 2.0)


@pytest.mark.parametrize("facts", SHIPPED.known.facts, ids=lambda facts: facts.name)
def test_every_shipped_sensor_meets_every_injected_fault(facts: SensorFacts) -> None:
    assert missed_faults(facts) == []


def test_a_sensor_that_is_blind_is_told() -> None:
    missed = missed_faults(Leverage.facts, Catalogue((Blind,)))
    assert any("fires just over its level" in each for each in missed)


def test_the_trials_print_what_a_configuration_takes() -> None:
    said: list[str] = []
    found = try_sensors(said.append, with_crises=False)
    assert said == []
    assert Sensitivity.model_validate(yaml.safe_load(sensitivity_yaml(found))["sensitivity"]) == found
    assert found.shows("leverage", (), MODEL_VERSION)


def test_a_sensor_is_shown_by_faults_every_claimed_crisis_and_this_model_alone() -> None:
    found = Sensitivity(
        model_version="7", sensors={"a": SensorTrial(crises=(2008, 2020), faults=True), "b": SensorTrial()}
    )
    assert found.shows("a", (2008,), "7")
    assert not found.shows("a", (2008, 1998), "7")
    assert not found.shows("a", (2008,), "8")
    assert not found.shows("b", (), "7")
    assert not found.shows("c", (), "7")


def test_the_command_exits_clean_and_prints_yaml() -> None:
    shown = CliRunner().invoke(app, ["sensitivity", "--faults-only"])
    assert shown.exit_code == 0
    assert set(yaml.safe_load(shown.stdout)["sensitivity"]["sensors"]) == set(SHIPPED.known.names)
