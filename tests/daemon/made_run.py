"""A run without a broker: the real core, journal and audit writer, with what a daemon would have published beside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from audit.writer import AuditWriter
from config.setup import Setup, setup_digest
from daemon.core import MODEL_VERSION, Core
from daemon.edge import configured_input, decode_inputs, journal_entries, made_input
from daemon.journal import JournalWriter
from daemon.outputs import Outputs
from daemon.shard import shard_directory
from daemon.slow_results import slow_result
from daemon.start_setup import start_setup
from enforcement.records import encode
from feeds.events import Assignment, CatchUpEnd, Stop, Tick
from feeds.record import Input, Record
from risk.slow_work import compute
from tests.helpers import Source, records_of

SEGMENT_BYTES = 64 * 1024
STEP_INPUTS = 500


@dataclass(slots=True)
class MadeRun:
    """One shard's run in a folder: `journal`, `audit`, `actions.jsonl`, `shadow.jsonl`.

    setup : `clock: wall` gives slow work as journaled results, as the daemon does
    model_version : of the release that runs
    """

    folder: Path
    setup: Setup
    shard: int = 0
    model_version: str = MODEL_VERSION
    values: dict[str, list[bytes]] = field(default_factory=lambda: {"actions": [], "shadow": []})
    outputs: Outputs = field(default_factory=Outputs)
    _n: int = 0
    _epoch: int = 0
    _core: Core = field(init=False)
    _journal: JournalWriter = field(init=False)
    _audit: AuditWriter = field(init=False)

    def __post_init__(self) -> None:
        digest = setup_digest(self.setup)
        journal, audit = self.journal, shard_directory(str(self.folder / "audit"), self.shard)
        computes = self.setup.config.clock == "event"
        self._core = Core(self.setup, shard=self.shard, compute_slow_work=computes, model_version=self.model_version)
        self._journal = JournalWriter(journal, self.shard, SEGMENT_BYTES, setup_digest=digest)
        self._audit = AuditWriter(audit, digest, shard=self.shard)
        self._journal.append(journal_entries([configured_input(self.setup, self.model_version)]))

    @property
    def journal(self) -> Path:
        return shard_directory(str(self.folder / "journal"), self.shard)

    def restart(self, file: Setup, *, catch_up_until: int | None = None) -> None:
        """Begin again with another file, as a start does: a segment of its own, and the file behind the assignment."""
        self._journal.close()
        start = start_setup(self.journal, file)
        self._journal = JournalWriter(self.journal, self.shard, SEGMENT_BYTES, setup_digest=start.digest)
        self._epoch += 1
        assignment = Assignment(epoch=self._epoch, catch_up_until=catch_up_until, partitions=())
        self.apply([made_input(assignment), *start.begin(0)])

    def assign(self, *, catch_up_until: int | None = None) -> None:
        """Begin, or begin again: a new epoch."""
        self._epoch += 1
        self.apply([made_input(Assignment(epoch=self._epoch, catch_up_until=catch_up_until, partitions=()))])

    def catch_up_end(self, ts: int) -> None:
        self.apply([made_input(CatchUpEnd(ts=ts))])

    def tick(self, ts: int) -> None:
        self.apply([made_input(Tick(ts=ts))])

    def take(self, sources: Iterable[Source]) -> None:
        """Apply events as they come from partition 0 of their topics, with offsets that count on."""
        known = {calendar.code for calendar in self.setup.calendars}
        records: list[Record] = []
        for record in records_of(sources):
            self._n += 1
            records.append(Record(self._n, record.topic, 0, 1_000 + self._n, record.payload, self._n))
        inputs = decode_inputs(records, known, self.setup.config)
        for start in range(0, len(inputs), STEP_INPUTS):
            self.apply(inputs[start : start + STEP_INPUTS])

    def apply(self, inputs: Sequence[Input]) -> None:
        """Journal, step, and let out, in the daemon's order; slow work comes back as an input of its own."""
        self._journal.append(journal_entries(inputs))
        outputs = self._core.step(inputs)
        self.values["actions"] += [encode(action) for action in outputs.actions]
        self.values["shadow"] += [encode(action) for action in outputs.shadow]
        self._audit.append(outputs.audit)
        for name in ("decisions", "actions", "shadow", "audit"):
            getattr(self.outputs, name).extend(getattr(outputs, name))
        for request in outputs.requests:
            result = slow_result(compute(request), self._core.state.scopes[request.scope])
            self.apply([made_input(result)])

    def end(self) -> None:
        """Stop as a daemon does, and write down what it published."""
        self.apply([made_input(Stop())])
        self._journal.sync()
        self._journal.close()
        self._audit.stop(self._core.now_ns)
        for name, values in self.values.items():
            (self.folder / f"{name}.jsonl").write_bytes(b"".join(value + b"\n" for value in values))
