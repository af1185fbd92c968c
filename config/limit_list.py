"""A list of limits that comes as a command: read by the same rules as a configuration's, many faults at once."""

from collections.abc import Iterable, Sequence

from config.limit_rules import SEVERITY, check_limit, resolve_limit
from config.schema import Level, Limit
from config.sensor_facts import KnownSensors
from config.validation import validate
from config.yaml_source import Document, Tree

FAULTS_TOLD_MAX = 20
_FAULT_CHARACTERS_MAX = 500


class LimitListError(ValueError):
    """Limits that are none; the message names the first 20 faults, each with its place in the list, and counts the
    rest: a refusal has to fit into a record of the dead-letter topic, whatever came.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        told = [fault[:_FAULT_CHARACTERS_MAX] for fault in faults[:FAULTS_TOLD_MAX]]
        left = len(faults) - len(told)
        super().__init__("; ".join([*told, f"and {left} more"] if left else told))


def read_limits(trees: Sequence[Tree], known: KnownSensors) -> tuple[Limit, ...]:
    """Return the limits of the full form in their order; raises LimitListError with what is wrong with them."""
    faults: list[str] = []
    found: list[Limit] = []
    for place, tree in enumerate(trees):
        limit, wrong = validate(Limit, tree, Document("limits", tree))
        faults += [f"limits[{place}]{'.' if fault.path else ''}{fault.path}: {fault.message}" for fault in wrong]
        if limit is not None:
            faults += [f"limits[{place}] ({limit.id}): {message}" for _, message in check_limit(limit, known)]
            if any(other.id == limit.id for other in found):
                faults.append(f"limits[{place}]: duplicate limit id {limit.id!r}")
            found.append(limit)
    if faults:
        raise LimitListError(faults)
    return tuple(resolve_limit(limit, known) for limit in found)


def merged(before: Sequence[Limit], named: Iterable[Limit]) -> tuple[Limit, ...]:
    """Return the limits with each named one in the place of that of its id, or at the end."""
    by_id = {limit.id: limit for limit in (*before, *named)}
    return tuple(by_id.values())


def loosened(before: Sequence[Limit], after: Sequence[Limit]) -> tuple[str, ...]:
    """Return the ids of limits that are gone, or are not plainly as strict as they were: what takes two people.

    As strict is a limit whose levels are all there, none higher, slower to clear or milder, and which is else the same;
    a new limit is strict, unless it is born into full mode.
    """
    new = {limit.id: limit for limit in after}
    gone = [limit.id for limit in before if limit.id not in new or not _is_as_strict(limit, new[limit.id])]
    old = {limit.id for limit in before}
    return (*gone, *(limit.id for limit in after if limit.id not in old and limit.mode == "full"))


def _is_as_strict(before: Limit, after: Limit) -> bool:
    bare = {"levels": before.levels, "hard": before.hard, "small_book_at": before.small_book_at, "rule_name": None}
    if before.model_copy(update={"rule_name": None}) != after.model_copy(update=bare):
        return False
    levels = {level.name: level for level in after.levels}
    return (
        after.hard >= before.hard
        and after.small_book_at <= before.small_book_at
        and all(level.name in levels and _is_level_as_strict(level, levels[level.name]) for level in before.levels)
    )


def _is_level_as_strict(before: Level, after: Level) -> bool:
    assert before.clear_at is not None, "the levels of the configuration are resolved"
    assert after.clear_at is not None, "the levels of the configuration are resolved"
    severer = SEVERITY.index(after.action) - SEVERITY.index(before.action)
    is_told_alike = after.params == before.params if severer == 0 else severer > 0
    return after.at <= before.at and after.clear_at <= before.clear_at and is_told_alike
