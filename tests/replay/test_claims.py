"""What the sensors claim of crises, held against 33 years of the shipped closes at their default levels."""

from pathlib import Path

import pytest

from config.dump import dump_full
from config.schema import Config, EnforcementConfig, Level, Limit
from daemon.replay import ReplayPlan, replay
from daemon.shipped import EQUITIES
from sensors.catalogue import SHIPPED

CLAIMING = tuple(facts for facts in SHIPPED.known.facts if facts.claims)
CALM_YEAR = 2017
FITTED_EVERY_ROWS = 5

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_200)]
Fired = dict[int, dict[str, set[str]]]


@pytest.fixture(scope="module")
def fired(tmp_path_factory: pytest.TempPathFactory) -> Fired:
    """The books on which each default limit began to fire, by year and limit."""
    limits = tuple(
        Limit(
            id=default.id, scope="**", sensor=facts.name, metric=default.metric,
            levels=(Level(at=default.at, action="warn"),),
        )
        for facts in CLAIMING
        for default in facts.defaults
    )  # fmt: skip
    config = Config(
        portfolios=("firm",),
        refit=FITTED_EVERY_ROWS,
        calendar=Config().calendar.model_copy(update={"start": "1989-01-01", "end": "2023-12-31"}),
        enforcement=EnforcementConfig(limits=limits),
    )
    folder = tmp_path_factory.mktemp("claims")
    path = folder / "defaults.yaml"
    path.write_text(dump_full(config))
    summary = replay(ReplayPlan(recording=EQUITIES.recording, out=folder / "out", config=Path(path)))
    years = summary["fired_by_year"]
    assert isinstance(years, dict)
    found: Fired = {}
    for year, scopes in years.items():
        for scope, by_limit in scopes.items():
            for limit, levels in by_limit.items():
                if sum(level["began"] for level in levels.values()):
                    found.setdefault(int(year), {}).setdefault(limit, set()).add(scope)
    return found


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
