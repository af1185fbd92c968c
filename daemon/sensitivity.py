"""The trials of the sensors: fault injection, and the replay of 33 years of closes for the crises that each claims."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

import yaml

from config.dump import dump_full
from config.promotion import Sensitivity, SensorTrial
from config.schema import Config, EnforcementConfig, Level, Limit
from daemon.core import MODEL_VERSION
from daemon.fault_injection import missed_faults
from daemon.replay import ReplayPlan, replay
from daemon.shipped import EQUITIES
from sensors.catalogue import SHIPPED

_REFIT_ROWS = 5
_YEARS = {"start": "1989-01-01", "end": "2023-12-31"}


def try_sensors(
    say: Callable[[str], object], *, with_crises: bool = True, crises_folder: Path | None = None
) -> Sensitivity:
    """Return what every sensor showed under this model; `say` is told what is missing, and how far it is.

    with_crises   : replay the shipped closes at the default limits, some two minutes; else no crisis counts as passed
    crises_folder : where the outputs of that replay are left; None: nowhere
    """
    tripped = _tripped_years(say, crises_folder) if with_crises else {}
    trials: dict[str, SensorTrial] = {}
    for facts in SHIPPED.known.facts:
        missed = missed_faults(facts)
        for each in missed:
            say(f"MISSED: {each}")
        years = tuple(year for year in facts.claims if year in tripped.get(facts.name, set()))
        if with_crises and years != facts.claims:
            say(f"MISSED: {facts.name} claims {facts.claims} and tripped in {years}")
        trials[facts.name] = SensorTrial(crises=years, faults=not missed)
    return Sensitivity(model_version=MODEL_VERSION, sensors=trials)


def sensitivity_yaml(found: Sensitivity) -> str:
    """Return what goes under `enforcement` of a configuration."""
    text: str = yaml.safe_dump({"sensitivity": found.model_dump(mode="json")}, sort_keys=False, default_flow_style=None)
    return text


def crises_config() -> Config:
    """Return the configuration of that replay: default limits of the sensors that claim something, on any book."""
    limits = tuple(
        Limit(
            id=default.id, scope="**", sensor=facts.name, metric=default.metric,
            levels=(Level(at=default.at, action="warn"),),
        )
        for facts, default in SHIPPED.known.defaults()
        if facts.claims
    )  # fmt: skip
    return Config(
        portfolios=("firm",), refit=_REFIT_ROWS, enforcement=EnforcementConfig(limits=limits),
        calendar=Config().calendar.model_copy(update=_YEARS),
    )  # fmt: skip


def _tripped_years(say: Callable[[str], object], out: Path | None) -> dict[str, set[int]]:
    """Return the years in which a default limit of each sensor fired, on any book of the shipped closes."""
    sensor_of = {default.id: facts.name for facts, default in SHIPPED.known.defaults() if facts.claims}
    say("replaying 33 years of closes for the crises that sensors claim; some two minutes")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "defaults.yaml"
        path.write_text(dump_full(crises_config()))
        summary = replay(ReplayPlan(recording=EQUITIES.recording, out=out or Path(folder) / "out", config=path))
    years = cast(dict[str, dict[str, dict[str, dict[str, dict[str, int]]]]], summary["fired_by_year"])
    tripped: dict[str, set[int]] = {}
    for year, scopes in years.items():
        for by_limit in scopes.values():
            for limit, levels in by_limit.items():
                if limit in sensor_of and any(level["began"] for level in levels.values()):  # others are built in
                    tripped.setdefault(sensor_of[limit], set()).add(int(year))
    return tripped
