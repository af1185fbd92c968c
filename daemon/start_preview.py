"""What a start with a configuration file would do to the journals that it would go on with; nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from audit.segments import PARTITION_FOLDERS
from config.setup import Setup
from daemon.core import MODEL_VERSION
from daemon.journal_setups import JournaledSetup, journaled_setups
from daemon.plan_settings import SettingChange
from daemon.setup_changes import SetupChanges, change_lines, setup_changes
from daemon.takeover import Takeover, limits_taken
from enforcement.limits import watched_limits
from feeds.journal_frames import JournalError, Kind
from feeds.journal_reader import is_journal, read_journal
from sensors.catalogue import SHIPPED


class _Said(msgspec.Struct):
    type: str = ""
    command_id: str = ""


@dataclass(frozen=True, slots=True)
class StartPreview:
    """One shard's journal under another file.

    commands  : `limits` in the journal since its last configuration, by id, whose limits the file would take back
                where its own have changed; `takeover` is against that configuration, as if there were none
    old_model : of the journal
    """

    journal: Path
    changes: SetupChanges
    takeover: Takeover
    commands: tuple[str, ...]
    old_model: str

    @property
    def is_refused(self) -> bool:
        """Say whether a start would be refused for what no core can take over."""
        return bool(self.changes.refused)


def start_previews(directory: Path, file: Setup) -> list[StartPreview]:
    """Return what a start would do to each shard's journal in a journal folder; JournalError where there is none."""
    folders = [each for each in (directory, *sorted(directory.glob(PARTITION_FOLDERS))) if is_journal(each)]
    if not folders:
        raise JournalError(f"{directory} holds no journal: a start would begin one")
    return [_preview(folder, file) for folder in folders]


def preview_lines(preview: StartPreview) -> Iterator[str]:
    """Yield for people what a start would do, a line each."""
    changes, taken = preview.changes, preview.takeover
    if preview.is_refused:
        yield f"{preview.journal}: a start would be refused, because no core can take over:"
        yield from (f"  {line}" for line in change_lines(changes.refused))
        return
    if preview.old_model != MODEL_VERSION:
        yield (
            f"{preview.journal}: was decided by model {preview.old_model}, this is {MODEL_VERSION}: a start replays it "
            "against its audit log, and begins all evidence anew, or is refused where a record differs"
        )
    if not changes.taken:
        yield f"{preview.journal}: a start would go on as it was{'; only addresses and folders' * bool(changes.moved)}"
        return
    count = len({*taken.added, *taken.removed, *taken.changed})
    yield f"{preview.journal}: a start would go on with {count} limit{'s' if count != 1 else ''} changed:"
    yield from (f"  {line}" for line in change_lines(changes.taken))
    for words, names in (
        ("evidence begins anew, a stage lower", taken.restarts),
        ("less strict than what stands, in one person's file", taken.loosened),
    ):
        if names:
            yield f"  {words}: {', '.join(names)}"
    if preview.commands and changes.is_of("enforcement.limits"):
        yield f"  in the place of what commands made of the limits: {', '.join(preview.commands)}"


def preview_record(preview: StartPreview) -> dict[str, object]:
    """Return a preview as one object for scripts."""
    taken = preview.takeover
    return {
        "journal": str(preview.journal), "refused": _values(preview.changes.refused),
        "changes": _values(preview.changes.taken), "moved": _values(preview.changes.moved),
        "added": list(taken.added), "removed": list(taken.removed), "changed": list(taken.changed),
        "restarts": list(taken.restarts), "loosened": list(taken.loosened), "limits_commands": list(preview.commands),
        "old_model_version": preview.old_model, "model_version": MODEL_VERSION,
    }  # fmt: skip


def _preview(folder: Path, file: Setup) -> StartPreview:
    found = journaled_setups(folder)
    if not found:
        raise JournalError(f"{folder}: the journal holds no configuration")
    last = found[-1]
    before = last.setup.config
    stands = watched_limits(before.enforcement.limits, SHIPPED)
    taken = limits_taken(stands, before, file.config, SHIPPED)
    return StartPreview(
        folder, setup_changes(last.setup, file), taken, tuple(_limits_commands(folder, last)), last.model_version
    )


def _limits_commands(folder: Path, last: JournaledSetup) -> Iterator[str]:
    """Yield the ids of the commands `limits` that came since a configuration, also of those that nobody approved."""
    topic = last.setup.config.kafka.topics.control
    for entries in read_journal(folder, last.first_n):
        for entry in entries:
            if entry.kind is Kind.INPUT and entry.record.topic == topic:
                said = msgspec.json.decode(entry.record.payload, type=_Said)
                if said.type == "limits":
                    yield said.command_id


def _values(changes: tuple[SettingChange, ...]) -> list[dict[str, object]]:
    return [{"path": each.path, "old": each.old, "new": each.new} for each in changes]
