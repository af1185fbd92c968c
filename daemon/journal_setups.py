"""The configurations that a journal holds, in order, found without reading all of it."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from config.setup import Setup
from feeds.configured import Configured, read_configured
from feeds.journal_frames import JournalError, Kind, SegmentHeader
from feeds.journal_reader import TornTail, is_journal, read_segment, segment_paths

# The first release that wrote the model's version down; what has none was computed by this one or is refused by its
# outputs.
FIRST_TOLD_MODEL = "2"


@dataclass(frozen=True, slots=True)
class JournaledSetup:
    """One configuration of a journal; first_n: of the first input that was taken under it."""

    setup: Setup
    model_version: str
    first_n: int


def journaled_setups(directory: Path) -> list[JournaledSetup]:
    """Return the configurations of the journal in the folder, oldest first; none where there is none.

    A daemon whose configuration is another one begins a new segment, with another digest in its header, and puts its
    configuration into the segment's first group: no other place has to be looked at.
    Raises JournalError where one is not readable.
    """
    if not directory.is_dir() or not is_journal(directory):
        return []
    found: list[JournaledSetup] = []
    digest: str | None = None
    paths = segment_paths(directory)
    for path in paths:
        header, groups = read_segment(path, is_last=path == paths[-1])
        if header is None:
            break
        if header.setup_digest != digest:
            digest = header.setup_digest
            for group in islice(groups, 1):
                if not isinstance(group, TornTail):
                    payloads = [each.record.payload for each in group.records if each.kind is Kind.CONFIG]
                    found += [_read(path, header, payload) for payload in payloads]
    return found


def _read(path: Path, header: SegmentHeader, payload: bytes) -> JournaledSetup:
    try:
        read: Configured = read_configured(payload)
    except ValueError as error:
        raise JournalError(
            f"{path}: its configuration is not readable by this release: {str(error).splitlines()[0]}. Go on with the "
            "release that wrote it, or take a new journal.directory and new topics"
        ) from error
    return JournaledSetup(read.setup, read.model_version or FIRST_TOLD_MODEL, header.first_n)
