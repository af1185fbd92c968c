"""What the sensors claim of crises, held against 33 years of the shipped closes at their default levels."""

from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from config.promotion import Sensitivity
from daemon.core import MODEL_VERSION
from daemon.sensitivity import crises_config, try_sensors
from sensors.catalogue import SHIPPED

CLAIMING = tuple(facts for facts in SHIPPED.known.facts if facts.claims)
CALM_YEAR = 2017

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_200)]
Fired = dict[int, dict[str, set[str]]]


@dataclass(frozen=True, slots=True)
class Tried:
    """What `riskd sensitivity` found, what it said meanwhile, and the outputs of its replay."""

    found: Sensitivity
    said: list[str]
    folder: Path


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Tried:
    folder, said = tmp_path_factory.mktemp("claims"), list[str]()
    return Tried(try_sensors(said.append, crises_folder=folder), said, folder)


@pytest.fixture(scope="module")
def fired(tried: Tried) -> Fired:
    """The books on which each default limit began to fire, by year and limit."""
    years = orjson.loads((tried.folder / "summary.json").read_bytes())["fired_by_year"]
    found: Fired = {}
    for year, scopes in years.items():
        for scope, by_limit in scopes.items():
            for limit, levels in by_limit.items():
                if sum(level["began"] for level in levels.values()):
                    found.setdefault(int(year), {}).setdefault(limit, set()).add(scope)
    return found


def test_every_sensor_trips_in_the_crises_that_it_claims(tried: Tried) -> None:
    assert not [each for each in tried.said if each.startswith("MISSED")]
    for facts in SHIPPED.known.facts:
        assert tried.found.shows(facts.name, facts.claims, MODEL_VERSION)


def test_the_replay_is_at_the_default_limits_of_each_sensor_that_claims_something() -> None:
    limits = {limit.id: limit for limit in crises_config().enforcement.limits}
    defaults = {default.id: default for facts in CLAIMING for default in facts.defaults}
    assert {name: [level.at for level in limit.levels] for name, limit in limits.items()} == {
        name: [default.at] for name, default in defaults.items()
    }


@pytest.mark.parametrize(("sensor", "year"), [(facts.name, year) for facts in CLAIMING for year in facts.claims])
def test_each_sensor_speaks_in_the_years_that_it_claims(fired: Fired, sensor: str, year: int) -> None:
    facts = SHIPPED.known.sensor(sensor)
    assert facts is not None
    spoke = {default.id: sorted(fired.get(year, {}).get(default.id, ())) for default in facts.defaults}
    print(sensor, year, spoke)
    assert any(spoke.values())


def test_what_the_issue_asks_for_is_claimed() -> None:
    claims = {facts.name: set(facts.claims) for facts in CLAIMING}
    assert claims["volatility"] >= {2020}
    assert claims["correlation"] >= {2007, 2018}
    assert claims["tail_risk"] >= {2020}


def test_a_calm_year_is_quiet(fired: Fired) -> None:
    assert fired.get(CALM_YEAR, {}) == {}
