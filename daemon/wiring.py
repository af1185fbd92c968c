"""Builds the setup of a core from a configuration file: the one place where configuration is read."""

from pathlib import Path

from config.calendars import UnknownCalendarError, build_calendar
from config.crises import load_crises
from config.faults import ConfigError, Fault
from config.loader import load_config, load_shipped_config
from config.scenarios import BUILTIN, load_scenarios
from config.setup import Setup
from config.stress import BUILTIN as BUILTIN_CRISES
from sensors.catalogue import SHIPPED


def build_setup(config_path: Path | None) -> Setup:
    """Return the setup of the configuration file, or of the shipped default where there is none.

    The calendars are the base calendar alone; others join as instruments name them. Libraries of scenarios and
    crises are looked up from the folder of the configuration. Raises ConfigError with every fault, of the library too.
    """
    config = load_shipped_config(SHIPPED.known) if config_path is None else load_config(config_path, SHIPPED.known)
    folder = config_path.parent if config_path is not None else Path()
    library = None if config.scenarios == BUILTIN else folder / config.scenarios
    crises = None if config.stress.crises == BUILTIN_CRISES else folder / config.stress.crises
    try:
        base = build_calendar(config.calendar.base, config.calendar.start, config.calendar.end)
    except UnknownCalendarError as error:
        file = "" if config_path is None else str(config_path)
        raise ConfigError((Fault("calendar", 0, 0, str(error), file),)) from error
    return Setup(config=config, calendars=(base,), scenarios=load_scenarios(library), crises=load_crises(crises))
