"""Whether this release decides a journal as the release did that wrote it: record by record of its audit log."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from audit.chain import ANCHORS
from audit.line import canonical_json
from audit.segments import find_segments
from daemon.core import MODEL_VERSION
from daemon.examiner import lines_of
from feeds.journal_frames import JournalError

_OF_THE_WRITER = ("n", "h")


class ModelCheck:
    """Holds what a replayed journal lets out against the audit log of the run that decided it.

    A release with another model may go on with a journal only where nothing that left would have been another: the
    lives, halts and numbers that it finds by replaying are those that people were told of then.
    Every method raises JournalError where they are not.
    """

    def __init__(self, journal: Path, log: Path | None, wrote: str) -> None:
        """log : folder of the shard's audit log, None where none is kept; wrote: the model version of the journal"""
        self._journal, self._wrote, self._records = journal, wrote, 0
        if log is None or not find_segments(log):
            raise self._refusal("there is no audit log that could say whether the two decide it alike")
        self._log = log
        self._told: Iterator[dict[str, object]] = (line for line in lines_of(log) if line["kind"] not in ANCHORS)

    def hold(self, audit: Sequence[Mapping[str, object]]) -> None:
        """Compare records of the core with the next ones of the log."""
        for record in audit:
            self._records += 1
            line = next(self._told, None)
            if line is None:
                raise self._refusal(
                    f"its audit log {self._log} ends with record {self._records - 1}, before the journal does. Let the "
                    f"release of model {self._wrote} start once more and stop it in good order (SIGTERM)"
                )
            told = canonical_json({key: value for key, value in line.items() if key not in _OF_THE_WRITER})
            if told != _as_written(record):
                raise self._refusal(
                    f"the two decide it differently: record n {line['n']} of {self._log} is of kind {line['kind']} at "
                    f"{line['ts']}, and model {MODEL_VERSION} gives {_difference(line, record)}"
                )

    def finish(self) -> None:
        """Say that the journal is over: the log must be, too."""
        line = next(self._told, None)
        if line is not None:
            raise self._refusal(f"record n {line['n']} of {self._log}, of kind {line['kind']}, is none that it gives")

    def _refusal(self, why: str) -> JournalError:
        return JournalError(
            f"{self._journal} was decided by model {self._wrote}, this release computes model {MODEL_VERSION}: {why}. "
            f"Go on with the release of model {self._wrote}; or begin anew with this one, in a new journal.directory "
            "and with new output topics: then ask for halts, overrides and modes again before anybody trades by it "
            "(riskd status of the old one names them), and evidence begins at nothing"
        )


def _as_written(record: Mapping[str, object]) -> bytes:
    """Return a record's bytes with its keys in the order that the writer gives them: time and kind come first."""
    return canonical_json({"ts": record["ts"], "kind": record["kind"], **record})


def _difference(line: Mapping[str, object], record: Mapping[str, object]) -> str:
    """Return the first field in which a record is another than the log's line."""
    if line["kind"] != record["kind"]:
        return f"kind {record['kind']} at {record['ts']}"
    for key in record:
        one, other = ({key: each.get(key)} for each in (line, record))
        if key not in line or canonical_json(one) != canonical_json(other):
            return f"{key} {record[key]!r} where it was {line.get(key)!r}"
    return "fewer fields"
