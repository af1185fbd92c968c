"""What a start finds in its journal and in its file, and what follows: go on, go on with another file, or refuse."""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from config.setup import Setup, setup_digest, setup_record
from daemon.core import MODEL_VERSION, Core
from daemon.edge import configured_input
from daemon.journal_setups import JournaledSetup, journaled_setups
from daemon.model_check import ModelCheck
from daemon.setup_changes import SetupChanges, change_lines, refusal_of, setup_changes
from daemon.shard_folders import shard_directory
from daemon.takeover import Takeover, takeover_of
from feeds.journal_frames import JournalError
from feeds.record import Input
from sensors.catalogue import SHIPPED


@dataclass(frozen=True, slots=True)
class StartSetup:
    """What one shard starts with.

    file      : the setup of the configuration file
    journaled : those that the journal holds, oldest first; empty for a journal without one
    changes   : of the file against the last of them
    """

    file: Setup
    journaled: tuple[JournaledSetup, ...]
    changes: SetupChanges

    @property
    def begun(self) -> Setup:
        """What the core is built from: what the journal begins with, else the file."""
        return self.journaled[0].setup if self.journaled else self.file

    @property
    def begun_model(self) -> str:
        """The model that decided the beginning of the journal."""
        return self.journaled[0].model_version if self.journaled else MODEL_VERSION

    @property
    def is_other_model(self) -> bool:
        """Say whether another model than this release's wrote the journal's end."""
        return bool(self.journaled) and self.journaled[-1].model_version != MODEL_VERSION

    @property
    def digest(self) -> str:
        """What the segments say of the configuration that their records were taken under."""
        return blake2b(setup_record(self.file, MODEL_VERSION), digest_size=16).hexdigest()

    def model_check(self, directory: Path, shard: int) -> ModelCheck | None:
        """Return what a journal of another model is held to while it is replayed; None where it is of this one.

        directory : of the journal; raises JournalError where nothing is there to hold it to
        """
        if not self.is_other_model:
            return None
        audit = self.file.config.audit
        log = shard_directory(audit.log_directory, shard) if audit.enabled else None
        return ModelCheck(directory, log, self.journaled[-1].model_version)

    def finish_recovery(self, core: Core, check: ModelCheck | None) -> None:
        """Raise JournalError where the replayed journal did not come to what was found at its beginning."""
        if check is not None:
            check.finish()
        if self.journaled and setup_digest(core.setup) != setup_digest(self.journaled[-1].setup):
            raise JournalError("the journal ends under another configuration than its segments say: it is damaged")

    def begin(self, ts_in: int) -> list[Input]:
        """Return what has to be journaled before anything else of this start: its configuration where that is new."""
        if self.journaled and not self.changes.taken and not self.is_other_model:
            return []
        return [configured_input(self.file, MODEL_VERSION, ts_in=ts_in)]

    def takeover(self, core: Core) -> Takeover:
        """Return what the file does to what stands in a recovered core."""
        return takeover_of(core.enforcer, core.setup.config, self.file.config, SHIPPED)


def start_setup(directory: Path, file: Setup) -> StartSetup:
    """Return what a start over the journal in the folder has to do.

    Raises JournalError where the file says otherwise what no core can take over, naming every key with both values.
    """
    journaled = tuple(journaled_setups(directory))
    if not journaled:
        return StartSetup(file, (), SetupChanges((), (), ()))
    changes = setup_changes(journaled[-1].setup, file)
    if changes.refused:
        raise JournalError(f"{directory} {refusal_of(changes.refused)}")
    return StartSetup(file, journaled, changes)


def started_lines(start: StartSetup, takeover: Takeover) -> list[str]:
    """Return for people what a start with another file does, a line each; empty where it does nothing."""
    if not start.changes.taken:
        return []
    told = change_lines(start.changes.taken)
    for what, names in (
        ("evidence begins anew, a stage lower", takeover.restarts),
        ("taken away", takeover.removed),
        ("less strict than what stood, which a command would have needed two people for", takeover.loosened),
        ("a command had changed it, and the file takes that back", takeover.commanded),
    ):
        told += [f"limit {name}: {what}" for name in names]
    return told


def log_started(log: FilteringBoundLogger, start: StartSetup, core: Core) -> None:
    """Log what a start with another file, or by a release of another model, is about to do."""
    if start.is_other_model:
        old = start.journaled[-1].model_version
        log.warning(
            "model_changed", shard=core.shard, old=old, new=MODEL_VERSION, evidence="begins anew for all limits"
        )
    lines = started_lines(start, start.takeover(core))
    if lines:
        log.warning("configuration_changed", shard=core.shard, changes=lines)
