"""How two setups differ, by path: what a rehearsal compares, named as the file names it."""

from collections.abc import Iterator, Mapping, Sequence
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


def setting_lines(changes: Sequence[SettingChange]) -> Iterator[str]:
    """Yield the changes for people: a line each, and one for all values of a limit that is new or taken away."""
    whole = [
        each.path.removesuffix(f".{key}")
        for each in changes
        for key in _NAMED_BY
        if each.path.endswith(f"].{key}") and _ABSENT in (each.old, each.new)
    ]
    members: dict[str, list[SettingChange]] = {}
    for each in changes:
        member = min((path for path in whole if each.path.startswith(f"{path}.")), key=len, default=each.path)
        members.setdefault(member, []).append(each)
    for path, found in members.items():
        first = found[0]
        if path == first.path:
            yield f"{path}: {first.old} -> {first.new}"
        elif first.new == _ABSENT:
            yield f"{path}: taken away"
        else:
            values = [f"{each.path[len(path) + 1 :]} {each.new}" for each in found if each.new is not None]
            yield f"{path}: new, with {', '.join(values)}"


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
