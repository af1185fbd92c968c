"""Replay: a recording or a journal through the core, offline, with every output in a folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from config.crises import load_crises
from config.setup import setup_digest
from daemon.core import Core
from daemon.outputs import Outputs
from daemon.pace import Pace
from daemon.replay_files import ReplayFiles
from daemon.replay_source import ReplaySource, open_source
from daemon.shipped import shipped_at
from daemon.summary import Tally, event_ts
from daemon.witness import Witness
from feeds.record import Input

BATCH_DEFAULT = 1_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What onlookers are shown after a step: the core, what it let out, and how far the recording is read, in bytes."""

    core: Core
    outputs: Outputs
    bytes_done: int


class Watcher(Protocol):
    """Looks on while a replay goes; it changes nothing."""

    def step(self, seen: Seen) -> None:
        """Take in one step."""
        ...


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What to replay and what to write.

    config          : None takes the journal's own, that of a shipped recording, else the shipped default
    batch           : inputs a step, from 1; it changes no output
    states_every_ns : write the state of every scope when core time passes a multiple of it; None: never
    states_at       : write it after exactly these inputs, ascending
    speed           : event time over wall time; None: as fast as it goes
    keeps_series    : also write `series.jsonl`, from which a report is made
    force           : replace an earlier replay's files in a folder that holds other things too
    anew            : compute a journal's slow work again (open_source)
    """

    recording: Path
    out: Path
    config: Path | None = None
    batch: int = BATCH_DEFAULT
    states_every_ns: int | None = None
    states_at: tuple[int, ...] = ()
    speed: float | None = None
    keeps_series: bool = False
    force: bool = False
    anew: bool = False


def replay(plan: ReplayPlan, watcher: Watcher | None = None, witness: Witness | None = None) -> dict[str, object]:
    """Play the recording through a new core, write all files, and return the summary.

    witness : is shown each decision at its moment

    Same recording, configuration and states asked for: the same bytes, whatever batch, speed or watcher.
    Raises ConfigError, RecordingError, JournalError, OutputFolderError, and OSError where the disk fails.
    """
    source = open_source(plan.recording, plan.config, anew=plan.anew)
    digest = setup_digest(source.setup)
    core = Core(
        source.setup,
        shard=source.shard,
        compute_slow_work=source.computes_slow_work,
        keeps_series=plan.keeps_series,
        model_version=source.model_version,
    )
    core.looking.witness = witness
    files = ReplayFiles(plan.out, digest, shard=source.shard, force=plan.force, keeps_series=plan.keeps_series)
    tally = Tally(source.setup.config.enforcement.limits, load_crises(None))
    shipped = shipped_at(plan.recording)
    paced_from_ns = 0 if shipped is None else shipped.paced_from_ns
    stepper = _Stepper(
        source=source,
        core=core,
        files=files,
        tally=tally,
        watcher=watcher,
        pace=None if plan.speed is None else Pace(plan.speed, from_ns=paced_from_ns),
        every_ns=plan.states_every_ns,
        states_at=list(reversed(plan.states_at)),
    )
    try:
        for inputs in _batches(source.inputs(), plan.batch):
            stepper.run(inputs)
        stepper.take(core.finish())
        summary = tally.summary(core.now_ns, digest, files.finish(core.now_ns))
    except BaseException:  # also Ctrl-C: nobody may take half a replay for a whole one
        files.abandon()
        raise
    files.write_summary(summary)
    return summary


@dataclass(slots=True)
class _Stepper:
    """Cuts a batch where something must be seen in between, and steps the core over the pieces."""

    source: ReplaySource
    core: Core
    files: ReplayFiles
    tally: Tally
    watcher: Watcher | None
    pace: Pace | None
    every_ns: int | None
    states_at: list[int]  # descending: the next one is last
    boundary_ns: int | None = None  # the next multiple of `every_ns` that core time has not passed yet

    def run(self, inputs: Sequence[Input]) -> None:
        """Step over all inputs."""
        start = 0
        while start < len(inputs):
            stop = self._cut(inputs, start)
            piece = inputs[start:stop] if stop - start < len(inputs) else inputs
            if self.pace is not None:
                self.pace.wait_until(event_ts(piece[0]))
            self.tally.note_inputs(piece)
            self.take(self.core.step(piece))
            self._write_states(piece[-1].record.n)
            start = stop

    def take(self, outputs: Outputs) -> None:
        """Write and count what the core let out."""
        self.files.write(outputs)
        self.tally.note_outputs(outputs)
        if self.watcher is not None:
            self.watcher.step(Seen(self.core, outputs, self.source.bytes_done))

    def _cut(self, inputs: Sequence[Input], start: int) -> int:
        """Return where the next piece ends: after an n of states_at, or around an input that may pass a boundary."""
        if self.pace is not None:
            return start + 1
        stop = len(inputs)
        if self.states_at:
            wanted = self.states_at[-1]
            stop = next((i + 1 for i in range(start, stop) if inputs[i].record.n >= wanted), stop)
        if self.every_ns is None:
            return stop
        if self.boundary_ns is None:
            return start + 1
        for index in range(start, stop):
            ts = event_ts(inputs[index])
            if ts is not None and ts >= self.boundary_ns:
                return max(index, start + 1)
        return stop

    def _write_states(self, last_n: int) -> None:
        """Write the state of every scope where this is a moment that was asked for; one set even if both ways ask."""
        is_due = False
        while self.states_at and last_n >= self.states_at[-1]:
            self.states_at.pop()
            is_due = True
        if self.every_ns is not None and self.core.now_ns > 0:
            if self.boundary_ns is not None and self.core.now_ns >= self.boundary_ns:
                is_due = True
            if self.boundary_ns is None or self.core.now_ns >= self.boundary_ns:
                self.boundary_ns = (self.core.now_ns // self.every_ns + 1) * self.every_ns
        if is_due:
            states = self.core.state_records()
            self.files.write_states(states)
            self.tally.note_states(len(states))


def _batches(chunks: Iterator[list[Input]], size: int) -> Iterator[list[Input]]:
    """Yield the inputs in lists of `size`; the last may be shorter."""
    waiting: list[Input] = []
    for chunk in chunks:
        waiting = waiting + chunk if waiting else chunk
        whole = len(waiting) - len(waiting) % size
        for start in range(0, whole, size):
            yield waiting[start : start + size]
        waiting = waiting[whole:]
    if waiting:
        yield waiting
