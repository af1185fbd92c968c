"""The files of a replay: every output of the core as bytes that the same inputs always repeat."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from audit.line import canonical_json
from audit.writer import AuditWriter
from daemon.outputs import Outputs
from enforcement.records import encode
from feeds.dead_letters import letter_line

AUDIT_FOLDER = "audit"
SUMMARY_FILE = "summary.json"
SERIES_FILE = "series.jsonl"
REPORT_FILE = "report.html"
LINE_FILES = ("actions.jsonl", "shadow.jsonl", "decisions.jsonl", "deadletter.jsonl", "states.jsonl")
_BUFFER_BYTES = 1 << 20
_ENCODER = msgspec.json.Encoder()


class OutputFolderError(FileExistsError):
    """The folder for a replay's files holds something else; the message names it."""


class ReplayFiles:
    """Writes the outputs of one replay into a folder; `summary.json` comes last and says that all of it is there."""

    def __init__(
        self, directory: Path, setup_digest: str, *, shard: int = 0, force: bool = False, keeps_series: bool = False
    ) -> None:
        """Open the files in `directory`, made where it is missing; an earlier replay's files there are replaced.

        shard : of the core whose outputs these are
        force : also use a folder that holds other things, which are left alone
        keeps_series : also write what a report is made from
        Raises OutputFolderError where the folder holds other things.
        """
        _clear(directory, force=force)
        self.directory = directory
        self._shard = shard
        names = (*LINE_FILES, SERIES_FILE) if keeps_series else LINE_FILES
        self._files = {name: _LineFile(directory / name) for name in names}
        self._audit = AuditWriter(directory / AUDIT_FOLDER, setup_digest, shard=shard)

    def write(self, outputs: Outputs) -> None:
        """Append what one step let out."""
        if outputs.decisions:
            self._files["decisions.jsonl"].write([encode(decision) for decision in outputs.decisions])
        if outputs.actions:
            self._files["actions.jsonl"].write([encode(action) for action in outputs.actions])
        if outputs.shadow:
            self._files["shadow.jsonl"].write([encode(action) for action in outputs.shadow])
        if outputs.rejections:
            letters = [letter_line(record, rejection, shard=self._shard) for record, rejection in outputs.rejections]
            self._files["deadletter.jsonl"].write(letters)
        if outputs.series:
            self._files[SERIES_FILE].write([_ENCODER.encode(line) for line in outputs.series])
        if outputs.audit:
            self._audit.append(outputs.audit)

    def write_states(self, states: Sequence[Mapping[str, object]]) -> None:
        """Append the state records of all scopes at one moment."""
        self._files["states.jsonl"].write([canonical_json(state) for state in states])

    def finish(self, end_ts: int) -> dict[str, dict[str, object]]:
        """Close every file, the audit log with its stop at core time `end_ts`; return each one's size and SHA-256."""
        self._audit.stop(end_ts)
        contents = {name: file.close() for name, file in self._files.items()}
        contents[AUDIT_FOLDER] = {
            "lines": self._audit.lines,
            "records": self._audit.records,
            "chain": self._audit.chain,
        }
        return contents

    def write_summary(self, summary: Mapping[str, object]) -> None:
        """Write `summary.json`, the sign of a whole replay, in one rename."""
        part = self.directory / f"{SUMMARY_FILE}.part"
        part.write_bytes(canonical_json(summary) + b"\n")
        part.replace(self.directory / SUMMARY_FILE)

    def abandon(self) -> None:
        """Close what is open after a failure: no stop record and no summary, so that nobody takes it for whole."""
        self._audit.abandon()
        for file in self._files.values():
            file.close()


class _LineFile:
    """A file of lines that counts and hashes what goes into it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=_BUFFER_BYTES)
        self._digest = hashlib.sha256()
        self._lines = 0
        self._bytes = 0

    def write(self, lines: list[bytes]) -> None:
        content = b"\n".join([*lines, b""])
        self._file.write(content)
        self._digest.update(content)
        self._lines += len(lines)
        self._bytes += len(content)

    def close(self) -> dict[str, object]:
        self._file.close()
        return {"lines": self._lines, "bytes": self._bytes, "sha256": self._digest.hexdigest()}


def _clear(directory: Path, *, force: bool) -> None:
    """Make the folder and take an earlier replay's files out of it."""
    if directory.exists() and not directory.is_dir():
        raise OutputFolderError(f"{directory}: is a file; the outputs need a folder")
    directory.mkdir(parents=True, exist_ok=True)
    ours = {*LINE_FILES, SERIES_FILE, REPORT_FILE, f"{REPORT_FILE}.part", SUMMARY_FILE, f"{SUMMARY_FILE}.part"}
    audit = directory / AUDIT_FOLDER
    logs = sorted(audit.glob("audit-*.jsonl*"))  # long ones are packed
    if logs and not all((directory / name).is_file() for name in LINE_FILES):
        raise OutputFolderError(f"{audit}: holds an audit log that no replay wrote, perhaps a daemon's own; it stays")
    foreign = {path.name for path in directory.iterdir()} - ours - {AUDIT_FOLDER}
    if audit.exists() and {path.name for path in audit.iterdir()} - {path.name for path in logs}:
        foreign.add(AUDIT_FOLDER)
    if foreign and not force:
        raise OutputFolderError(
            f"{directory}: holds {min(foreign)}, which no replay wrote; name an empty folder, "
            "or take --force, which replaces only an earlier replay's files and leaves the rest"
        )
    for log in logs:  # first, so that what is left of an interrupted clearing is still known as a replay's
        log.unlink()
    for name in sorted(ours):
        (directory / name).unlink(missing_ok=True)
