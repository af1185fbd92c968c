"""What another configuration means to a journal: what only moved, what its core takes over, and what it cannot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from config.setup import Calendar, Setup
from daemon.plan_settings import SettingChange, setting_changes, setting_lines

LINES_MAX = 20

# Where riskd reads and writes: the core knows nothing of it.
_PLACES = (
    "journal", "audit", "http", "metrics", "kafka.bootstrap", "kafka.properties_file", "kafka.publish",
    "kafka.positions_partitions", "kafka.security",
)  # fmt: skip
# What is held against the numbers, and who may say what. All else enters the numbers, or says which inputs there are.
_TAKEN = ("enforcement", "control", "pretrade")


@dataclass(frozen=True, slots=True)
class SetupChanges:
    """How a configuration differs from the one that a journal was last configured with.

    moved   : addresses and folders; taken: what the core goes on with; refused: what it cannot, because it was built
              from the other value, or has judged inputs by it
    """

    moved: tuple[SettingChange, ...]
    taken: tuple[SettingChange, ...]
    refused: tuple[SettingChange, ...]

    def is_of(self, path: str) -> bool:
        """Say whether something under a path such as `enforcement.limits` is taken over."""
        return any(_is_under(each.path, path) for each in self.taken)


def setup_changes(journaled: Setup, file: Setup) -> SetupChanges:
    """Return how the setup of a configuration file differs from a journaled one."""
    changes = setting_changes(journaled, file)
    if not any(_is_under(each.path, "base_calendar") for each in changes):
        changes += _other_sessions(journaled.calendars, file.calendars)
    moved = [each for each in changes if any(_is_under(each.path, place) for place in _PLACES)]
    taken = [each for each in changes if any(_is_under(each.path, section) for section in _TAKEN)]
    refused = [each for each in changes if each not in moved and each not in taken]
    return SetupChanges(tuple(moved), tuple(taken), tuple(refused))


def change_lines(changes: Sequence[SettingChange]) -> list[str]:
    """Return the changes for people, at most 20 lines, and how many more there are."""
    lines = list(setting_lines(changes))
    left = len(lines) - LINES_MAX
    return [*lines[:LINES_MAX], *([f"and {left} more"] if left > 0 else [])]


def refusal_of(refused: Sequence[SettingChange]) -> str:
    """Return what is told of changes that no core can take over, and what to do."""
    told = "; ".join(change_lines(refused))
    return (
        f"was written under another configuration, which its core cannot take over (journal -> file): {told}. "
        "Put the old values back and start again; or begin anew with the new ones, in a new journal.directory and with "
        "new output topics, which keeps no evidence, halt or high-water mark. What is under enforcement, control and "
        "pretrade may change in place"
    )


def _is_under(path: str, section: str) -> bool:
    return path == section or path.startswith((f"{section}.", f"{section}["))


def _other_sessions(before: Iterable[Calendar], after: Iterable[Calendar]) -> list[SettingChange]:
    """Return calendars of one name and length whose sessions differ, as where a release brings other holidays."""
    found = []
    for old, new in zip(before, after, strict=True):
        rows = [list(zip(each.dates_sorted, each.opens_sorted, each.closes_sorted, strict=True)) for each in (old, new)]
        first = next((at for at, (one, other) in enumerate(zip(*rows, strict=True)) if one != other), None)
        if first is not None:
            told = [
                f"session {date.fromordinal(each[first][0])} from {each[first][1]} to {each[first][2]}" for each in rows
            ]
            found.append(SettingChange(f"base_calendar[{old.code}]", told[0], told[1]))
    return found
