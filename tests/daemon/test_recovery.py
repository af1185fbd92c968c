"""Whether a journal may be gone on with under the configuration at hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.setup import Setup, setup_to_json
from daemon.edge import made_record
from daemon.journal import JournalWriter
from daemon.recovery import check_setup
from feeds.journal_frames import JournalError, JournalRecord, Kind
from tests.helpers import small_setup


def journal(directory: Path, payload: bytes) -> Path:
    with JournalWriter(directory, 0, 1 << 20) as writer:
        writer.append([JournalRecord(made_record(payload), Kind.CONFIG)])
    return directory


def changed(**parts: dict[str, object]) -> Setup:
    """The small setup with keys of parts of its configuration changed."""
    setup = small_setup()
    document = setup.config.model_dump(mode="json", by_alias=True)
    for part, keys in parts.items():
        document[part] |= keys
    return replace(setup, config=type(setup.config).model_validate(document))


def test_the_same_setup_goes_on_and_so_does_a_folder_without_a_journal(tmp_path: Path) -> None:
    check_setup(tmp_path / "none", small_setup())
    check_setup(journal(tmp_path, setup_to_json(small_setup())), small_setup())


@pytest.mark.parametrize(
    "parts",
    [
        {"http": {"port": 1}},
        {"metrics": {"namespace": "other"}},
        {"journal": {"directory": "moved", "segment_bytes": 1 << 21}},
        {"audit": {"log_directory": "moved"}},
        {"kafka": {"bootstrap": "moved:9092", "publish": "idempotent", "properties_file": "tls.properties"}},
    ],
    ids=lambda parts: next(iter(parts)),
)
def test_addresses_and_folders_may_change(tmp_path: Path, parts: dict[str, dict[str, object]]) -> None:
    check_setup(journal(tmp_path, setup_to_json(small_setup())), changed(**parts))


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ({"enforcement": {"mode": "full"}}, "enforcement"),
        ({"data": {"band_min": 0.3}}, "data"),
        ({"control": {"allow_unsigned": False}}, "control"),
        ({"kafka": {"topics": {"positions": "other"}}}, "kafka"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_decides_may_not_and_is_named(tmp_path: Path, parts: dict[str, dict[str, object]], key: str) -> None:
    setup = changed(control={"allow_unsigned": True}, enforcement={"mode": "monitoring"})
    with pytest.raises(JournalError, match=rf"another configuration \({key}\)"):
        check_setup(journal(tmp_path, setup_to_json(setup)), changed(**{"control": {"allow_unsigned": True}, **parts}))


def test_a_setup_that_this_release_cannot_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"not readable by this release: setup version must be"):
        check_setup(
            journal(tmp_path, setup_to_json(small_setup()).replace(b'"version":1', b'"version":9')), small_setup()
        )
