"""`riskd plan`: two configurations over one recording, and what would be another action."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from audit.segments import PARTITION_FOLDERS
from config.setup import Setup, setup_digest, setup_to_json
from daemon.plan_actions import PlannedAction, actions_of, episodes_of
from daemon.plan_error import PlanError
from daemon.plan_match import ActionDifference, compare_actions
from daemon.plan_runs import Done, Progress, rehearse_beside
from daemon.plan_settings import SettingChange, setting_changes
from daemon.replay import ReplayPlan
from daemon.replay_files import OutputFolderError
from daemon.replay_source import open_source
from feeds.journal_reader import is_journal

BASE, PROPOSED = "base", "proposed"
SIDES = (BASE, PROPOSED)
PLAN_FILE, TEXT_FILE = "plan.json", "plan.txt"
_PRICES = ("Quote", "Trade", "Close")

Runner = Callable[[Mapping[str, ReplayPlan], Progress], dict[str, Done]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to rehearse.

    proposed : the configuration to try; base: the one to compare with, None for what `riskd replay` takes by itself:
               that of the journal, of a shipped recording, else the shipped default
    out      : folder for `base/`, `proposed/`, `plan.json`, `plan.txt`; None keeps nothing
    """

    proposed: Path
    recording: Path
    base: Path | None = None
    out: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """One configuration's replay."""

    digest: str
    done: Done
    actions: list[PlannedAction]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came of it; `sides` by name, empty where the configurations decide alike: then nothing was played.

    folders : of the replays, while the rehearsal is being shown
    left_out: journals of the same run's other shards, which were not played: a rehearsal is of one
    base_varies : the base is a journal's own configurations, one after the other; `changes` are against the last
    """

    asked: Asked
    changes: list[SettingChange]
    digests: dict[str, str]
    sides: dict[str, Side]
    difference: ActionDifference
    folders: dict[str, Path]
    left_out: tuple[Path, ...] = ()
    base_varies: bool = False

    @property
    def is_equal(self) -> bool:
        """Say whether the configurations are one and the same."""
        return not self.sides


@contextmanager
def rehearsal(asked: Asked, progress: Progress = lambda *_: None, run: Runner = rehearse_beside) -> Iterator[Rehearsal]:
    """Play the recording under both configurations and yield what came of it; the replays' files last as long as that.

    progress : told (side, bytes read, core time ns); run: how the replays are run
    raises   : ConfigError, RecordingError, JournalError for what was given, OutputFolderError for `out`, PlanError
    """
    setups, varies = _setups(asked)
    digests = {side: setup_digest(setup) for side, setup in setups.items()}
    changes = setting_changes(setups[BASE], setups[PROPOSED])
    if not varies and setup_to_json(setups[BASE]) == setup_to_json(setups[PROPOSED]):
        yield Rehearsal(asked, changes, digests, {}, ActionDifference(), {})
        return
    with _folder(asked) as folder:
        folders = {side: folder / side for side in SIDES}
        plans = {side: _replay_plan(asked, side, folders[side]) for side in SIDES}
        done = run(plans, progress)
        _refuse_priceless(asked.recording, done[BASE])
        sides = {side: Side(digests[side], done[side], actions_of(folders[side])) for side in SIDES}
        base, proposed = (episodes_of(folders[side], cast(int, done[side].summary["last_ts"])) for side in SIDES)
        difference = compare_actions(sides[BASE].actions, sides[PROPOSED].actions, (base, proposed))
        others = other_shards(asked.recording)
        yield Rehearsal(asked, changes, digests, sides, difference, folders, others, varies)


def other_shards(recording: Path) -> tuple[Path, ...]:
    """Return the journals of further shards that lie in the folder of a journal, by name."""
    if not (recording.is_dir() and is_journal(recording)):
        return ()
    return tuple(folder for folder in sorted(recording.glob(PARTITION_FOLDERS)) if is_journal(folder))


def _setups(asked: Asked) -> tuple[dict[str, Setup], bool]:
    """Return the setup of each side, of a journal the last one, and whether the base has had others before."""
    base, proposed = (open_source(asked.recording, config, anew=True) for config in (asked.base, asked.proposed))
    return {BASE: base.last_setup or base.setup, PROPOSED: proposed.setup}, base.varies


def _replay_plan(asked: Asked, side: str, folder: Path) -> ReplayPlan:
    config = asked.base if side == BASE else asked.proposed
    return ReplayPlan(recording=asked.recording, out=folder, config=config, anew=True)


def _refuse_priceless(recording: Path, done: Done) -> None:
    """Raise where no price is in the recording: without one nothing is measured, and every plan would look good."""
    inputs = cast("Mapping[str, Mapping[str, int]]", done.summary["inputs"])
    if not any(inputs["by_type"].get(name) for name in _PRICES):
        raise PlanError(f"{recording} holds no price (no quote, trade or close): nothing in it can be measured")


@contextmanager
def _folder(asked: Asked) -> Iterator[Path]:
    """Give the folder for both replays; one that nobody asked to keep goes away."""
    if asked.out is None:
        with tempfile.TemporaryDirectory(prefix="riskd-plan-") as made:
            yield Path(made)
        return
    out = asked.out
    if out.exists():
        if not out.is_dir():
            raise OutputFolderError(f"{out}: is a file; a plan needs a folder")
        foreign = {entry.name for entry in out.iterdir()} - {*SIDES, PLAN_FILE, TEXT_FILE}
        if foreign and not asked.force:
            raise OutputFolderError(
                f"{out}: holds {min(foreign)}, which no plan wrote; name an empty folder, or take --force, "
                "which leaves the rest alone"
            )
    for name in (PLAN_FILE, TEXT_FILE):  # the sign of a whole plan
        (out / name).unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    yield out
