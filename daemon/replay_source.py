"""Where a replay's inputs and its setup come from: a raw recording, or a journal of an earlier run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from config.setup import Setup
from daemon.core import MODEL_VERSION
from daemon.edge import decode_inputs, journal_inputs
from daemon.journal_setups import JournaledSetup, journaled_setups
from daemon.shipped import shipped_at
from daemon.wiring import build_setup
from feeds.configured import Configured
from feeds.events import SlowResult
from feeds.journal_frames import JournalError
from feeds.journal_reader import is_journal, journal_shard, read_journal
from feeds.record import Input
from feeds.recording import read_records, recording_bytes


@dataclass(slots=True)
class ReplaySource:
    """A recording that is ready to be played.

    computes_slow_work : False where the journal holds the results that the run applied, as with `clock: wall`;
                         with `clock: event` the run computed in place
    shard              : that the journal belongs to; 0 for a raw recording
    model_version      : that decided the recording's beginning: this release's, unless the journal says that this one
                         took over from another
    last_setup         : that a journal's run went on with at last; None where another one, or no journal, is played
    varies             : it had others before
    bytes_done         : bytes of the recording's files read so far, of `bytes_total`
    """

    setup: Setup
    computes_slow_work: bool
    bytes_total: int
    shard: int = field(default=0, kw_only=True)
    model_version: str = field(default=MODEL_VERSION, kw_only=True)
    last_setup: Setup | None = field(default=None, kw_only=True)
    varies: bool = field(default=False, kw_only=True)
    bytes_done: int = field(default=0, init=False)
    _open: Callable[["ReplaySource"], Iterator[list[Input]]] = field(repr=False)

    def inputs(self) -> Iterator[list[Input]]:
        """Yield the inputs in order, in lists of at most some thousand."""
        return self._open(self)

    def note_position(self, position: int) -> None:
        """Take in how far the files are read."""
        self.bytes_done = position


def open_source(recording: Path, config: Path | None, *, anew: bool = False) -> ReplaySource:
    """Open a recording with the configuration at `config`, else its own, else the shipped one.

    anew : compute slow work in place although the journal holds its results, as under another configuration: two
           replays that are to be compared must not differ in when a result came

    The clock follows from the recording, whatever the configuration says: a raw one has no ticks and tells its own
    time, a journal tells it as its run did. A journal under another configuration asks for other slow work, so its
    results are left out and computed anew. Raises ConfigError, RecordingError, JournalError.
    """
    bytes_total = recording_bytes(recording)
    if not (recording.is_dir() and is_journal(recording)):
        shipped = shipped_at(recording)
        setup = build_setup(shipped.config if config is None and shipped is not None else config)
        setup = _with_clock(setup, "event")
        return ReplaySource(setup, True, bytes_total, lambda source: _raw_inputs(recording, source))
    journaled = _journaled(recording)
    begun, clock = journaled[0], journaled[0].setup.config.clock
    took_over = journaled[-1].model_version == MODEL_VERSION  # else this release never said that it decides alike
    if config is not None:
        return ReplaySource(
            _with_clock(build_setup(config), clock),
            True,
            bytes_total,
            lambda source: _journal_inputs(recording, source, left_out=(SlowResult, Configured)),
            shard=journal_shard(recording),
        )
    return ReplaySource(
        begun.setup,
        anew or clock == "event",
        bytes_total,
        lambda source: _journal_inputs(
            recording, source, left_out=(SlowResult,) if anew else (), keeps_models=took_over
        ),
        shard=journal_shard(recording),
        model_version=begun.model_version if took_over else MODEL_VERSION,
        last_setup=journaled[-1].setup,
        varies=len(journaled) > 1,
    )


def _with_clock(setup: Setup, clock: Literal["wall", "event"]) -> Setup:
    return replace(setup, config=setup.config.model_copy(update={"clock": clock}))


def _raw_inputs(recording: Path, source: ReplaySource) -> Iterator[list[Input]]:
    config = source.setup.config
    known = {calendar.code for calendar in source.setup.calendars}
    for records in read_records(recording, topics=config.kafka.topics, on_position=source.note_position):
        yield decode_inputs(records, known, config)


def _journal_inputs(
    recording: Path,
    source: ReplaySource,
    *,
    left_out: tuple[type[SlowResult | Configured], ...],
    keeps_models: bool = True,
) -> Iterator[list[Input]]:
    for entries in read_journal(recording, on_position=source.note_position):
        inputs = [item for item in journal_inputs(entries) if not isinstance(item.event, left_out)]
        yield inputs if keeps_models else [_without_model(item) for item in inputs]


def _without_model(item: Input) -> Input:
    """Return a configuration that leaves the model as it is; anything else as it came."""
    if isinstance(item.event, Configured):
        return Input(item.record, Configured(item.event.setup))
    return item


def _journaled(recording: Path) -> list[JournaledSetup]:
    found = journaled_setups(recording)
    if not found:
        raise JournalError(f"{recording}: the journal holds no configuration, so its run cannot be repeated")
    return found
