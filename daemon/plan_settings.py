"""How two setups differ, by path: what a rehearsal compares, named as the file names it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from config.setup import Setup

_ABSENT = "(absent)"
# Lists whose members have a name of their own: a limit that moved up the file is no change.
_NAMED_BY = ("id", "name", "code", "instrument")


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One value, as it is and as it is proposed; `path` such as `enforcement.limits[var99].levels[hard].at`."""

    path: str
    old: object
    new: object


def setting_changes(base: Setup, proposed: Setup) -> list[SettingChange]:
    """Return every value of configuration, scenarios and crises in which two setups differ, in the base's order."""
    before, after = dict(_leaves(_document(base), "")), dict(_leaves(_document(proposed), ""))
    paths = [path for path in before if path not in after or before[path] != after[path]]
    paths += [path for path in after if path not in before]
    return [SettingChange(path, before.get(path, _ABSENT), after.get(path, _ABSENT)) for path in paths]


def _document(setup: Setup) -> dict[str, object]:
    config = setup.config.model_dump(mode="json", by_alias=True, context={"durations": "text"})
    return {
        **config,
        "scenario": [msgspec.to_builtins(each) for each in setup.scenarios],
        "crisis": [msgspec.to_builtins(each) for each in setup.crises],
        "base_calendar": [{"code": each.code, "sessions": len(each.dates)} for each in setup.calendars],
    }


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple) and value:
        names = [_name(each) for each in value]
        is_named = None not in names and len(set(names)) == len(names)
        for index, each in enumerate(value):
            yield from _leaves(each, f"{path}[{names[index] if is_named else index}]")
    else:
        yield path, value


def _name(value: object) -> str | None:
    if isinstance(value, Mapping):
        return next((str(value[key]) for key in _NAMED_BY if key in value), None)
    if isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[0], str):
        return value[0]  # a shock: its key and its size
    return None
