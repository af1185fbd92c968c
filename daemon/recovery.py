"""Brings a core to where its journal ends; a first start is the recovery of an empty journal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from config.setup import Setup
from daemon.core import Core
from daemon.edge import journal_inputs
from daemon.outputs import Outputs
from feeds.events import Assignment, CalendarAdded, SlowResult
from feeds.journal_frames import Kind
from feeds.journal_reader import read_journal
from feeds.order import Place
from feeds.record import Input
from risk.slow_work import SlowRequest


@dataclass(slots=True)
class Recovered:
    """What the journal told.

    place        : where the inputs stand
    calendars    : codes that the core knows
    epoch        : of the last journaled assignment, 0 before the first
    has_setup    : the journal holds its configuration
    topic_ids    : of the input topics at the last assignment, by name; empty where the cluster told none
    requests     : slow work that was asked for and whose result is not journaled, by id, in order
    """

    place: Place = field(default_factory=Place)
    calendars: set[str] = field(default_factory=set)
    epoch: int = 0
    has_setup: bool = False
    topic_ids: dict[str, str] = field(default_factory=dict)
    requests: dict[str, SlowRequest] = field(default_factory=dict)

    def note(self, inputs: list[Input]) -> None:
        """Take in inputs that the core applied."""
        self.place.note(inputs)
        for item in inputs:
            if isinstance(item.event, CalendarAdded):
                self.calendars.add(item.event.code)
            elif isinstance(item.event, Assignment):
                self.epoch = item.event.epoch
                self.topic_ids |= item.event.topic_ids
                for topic, number, offset in item.event.partitions:  # where nothing was read yet
                    self.place.offsets.setdefault((topic, number), offset)
            elif isinstance(item.event, SlowResult):
                self.requests.pop(item.event.id, None)


def recover(
    directory: Path,
    setup: Setup,
    core: Core,
    publish: Callable[[Outputs], object],
    progress: Callable[[int], None] = lambda _: None,
) -> Recovered:
    """Replay the journal into the core, handing everything that it lets out to `publish`.

    progress : called now and then with the inputs replayed so far
    raises : JournalError where the journal is damaged, and what `publish` raises
    """
    recovered = Recovered(calendars={calendar.code for calendar in setup.calendars})
    for entries in read_journal(directory):
        recovered.has_setup = recovered.has_setup or any(entry.kind is Kind.CONFIG for entry in entries)
        inputs = journal_inputs(entries)
        if inputs:
            outputs = core.step(inputs)
            publish(outputs)
            recovered.requests |= {request.id: request for request in outputs.requests}
            recovered.note(inputs)
            progress(core.n)
    return recovered
