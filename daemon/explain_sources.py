"""Where an explanation looks: the journals or the recording, the audit logs, the files, the topics."""

from dataclasses import dataclass
from pathlib import Path

from audit.scan import first_shard
from audit.segments import PARTITION_FOLDERS, segments
from config.schema import Config, KafkaConfig
from daemon.examiner import folders_of
from daemon.explain_claims import Claim, audit_claims, file_claims, value_claims
from daemon.explain_error import ExplainError
from daemon.explain_pass import TOPICS, Topic
from daemon.replay_source import ReplaySource, open_source
from daemon.topic_reader import read_topic
from daemon.wiring import build_setup
from feeds.journal_frames import JournalError
from feeds.journal_reader import is_journal, journal_shard, read_segment, segment_paths


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for; None where nothing was said.

    action_id : whole, or its beginning
    config    : of the daemon, or of the recording's replay
    """

    action_id: str
    config: Path | None = None
    journal: Path | None = None
    recording: Path | None = None
    audit: Path | None = None
    actions: Path | None = None
    from_topic: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything lies.

    journals : folder by shard; empty where a recording is played
    audits   : folder by shard, of what is there
    kafka    : of the broker to ask, None where none is to be
    audit_note : where an audit log was looked for, for those who have none
    """

    asked: Asked
    journals: dict[int, Path]
    audits: dict[int, Path]
    kafka: KafkaConfig | None
    audit_note: str

    @property
    def is_raw(self) -> bool:
        """Say whether the inputs come from a recording that is no journal."""
        return not self.journals

    def shards(self, wanted: set[int]) -> list[int]:
        """Return the shards to look in: those that are wanted, or all there are."""
        if self.is_raw:
            return [0]
        return [shard for shard in self.journals if not wanted or shard in wanted]

    def source(self, shard: int) -> ReplaySource:
        """Open the inputs of a shard; raises JournalError, RecordingError, ConfigError, ExplainError."""
        if self.is_raw:
            assert self.asked.recording is not None
            return open_source(self.asked.recording, self.asked.config)
        folder = self.journals[shard]
        check_beginning(folder)
        return open_source(folder, None)

    def input_place(self, shard: int) -> Path:
        """Return where the inputs of a shard lie."""
        return self.journals[shard] if shard in self.journals else Path(str(self.asked.recording))


@dataclass(frozen=True, slots=True)
class TopicTold:
    """What one action topic holds of the id, and the newest record of each scope."""

    claims: list[Claim]
    newest: dict[bytes, bytes]


def places_of(asked: Asked) -> Places:
    """Return where to look; raises ExplainError where nothing is there, ConfigError for a bad configuration."""
    config = None if asked.config is None else build_setup(asked.config).config
    recording = asked.recording
    if recording is not None and not (recording.is_dir() and _journal_folders(recording)):
        audits = {} if asked.audit is None else _audit_folders(asked.audit)
        kafka = config.kafka if config is not None and asked.from_topic else None
        return Places(asked, {}, audits, kafka, "not compared with an audit log: --audit names one")
    base = recording or asked.journal or Path((config or build_setup(None).config).journal.directory)
    journals = _journal_folders(base) if base.is_dir() else {}
    if not journals:
        raise ExplainError(f"{base}: holds no journal; --journal or --config say where it lies")
    if config is None:  # the run's own
        config = _config_of(next(iter(journals.values())))
    note = f"not compared with an audit log: none is in {config.audit.log_directory}"
    return Places(asked, journals, _audits_of(asked, base, config), config.kafka if asked.from_topic else None, note)


def local_claims(places: Places, prefix: str) -> list[Claim]:
    """Return what the audit logs and the given files hold of the id; raises AuditError, ExplainError, OSError."""
    found = [claim for shard, folder in places.audits.items() for claim in audit_claims(folder, shard, prefix)]
    return found if places.asked.actions is None else found + file_claims(places.asked.actions, prefix)


def topic_told(kafka: KafkaConfig, topic: Topic, prefix: str) -> TopicTold:
    """Read an action topic; raises KafkaError."""
    name = kafka.topics.actions if topic == TOPICS[0] else kafka.topics.shadow
    newest: dict[bytes, bytes] = {}
    lines: list[tuple[str, bytes]] = []
    for record in read_topic(kafka, name, group="explain"):
        newest[record.key] = record.value
        if prefix.encode() in record.value:
            lines.append((f"{name}[{record.partition}] offset {record.offset}", record.value))
    return TopicTold(list(value_claims("topic", topic, lines, prefix)), newest)


def check_beginning(folder: Path) -> None:
    """Raise ExplainError where a journal does not begin at its beginning: what went before decides, too."""
    first = segment_paths(folder)[0]
    header, _ = read_segment(first, is_last=len(segment_paths(folder)) == 1)
    if header is not None and (header.ordinal > 0 or header.first_n > 1):
        raise ExplainError(
            f"{folder} begins with input {header.first_n}: its first {header.ordinal} segments are gone, and without "
            "them nothing that it holds can be recomputed. Put them back from the archive"
        )


def _journal_folders(base: Path) -> dict[int, Path]:
    """Return the journals in a folder by shard: its own, and one for each further shard."""
    folders = [base, *sorted(base.glob(PARTITION_FOLDERS))]
    return {journal_shard(folder): folder for folder in folders if folder.is_dir() and is_journal(folder)}


def _audit_folders(base: Path) -> dict[int, Path]:
    return {first_shard(segments(folder)) or 0: folder for folder in folders_of(base)}


def _audits_of(asked: Asked, base: Path, config: Config) -> dict[int, Path]:
    """Return the audit logs: those that were named, else those of the run's configuration, else those beside it."""
    if asked.audit is not None:
        found = _audit_folders(asked.audit)
        if not found:
            raise ExplainError(f"{asked.audit}: holds no audit log")
        return found
    for folder in (Path(config.audit.log_directory), base.parent / "audit"):
        if folder.is_dir() and (found := _audit_folders(folder)):
            return found
    return {}


def _config_of(folder: Path) -> Config:
    try:
        source = open_source(folder, None)
        return (source.last_setup or source.setup).config
    except JournalError as error:
        check_beginning(folder)
        raise ExplainError(str(error)) from error
