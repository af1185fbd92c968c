"""The demo's folder: an earlier demo goes away, nobody else's files do, and two demos do not meet."""

from pathlib import Path

import pytest

from config.loader import load_config
from config.scenarios import load_scenarios
from config.schema import KafkaConfig
from daemon.demo_folder import MARKER_FILE, SCENARIOS_FILE, DemoFolder, DemoFolderError
from daemon.shipped import CRYPTO, demo_config
from daemon.wiring import build_setup
from sensors.catalogue import SHIPPED


def test_the_files_of_an_earlier_demo_are_gone_and_what_else_lies_there_stays(tmp_path: Path) -> None:
    with DemoFolder(tmp_path / "demo") as folder:
        for place in (folder.journal, folder.audit, folder.kafka / "data"):
            place.mkdir(parents=True)
            (place / "file").write_text("old")
        folder.log.write_text("old")
        (folder.path / "mine.txt").write_text("kept")
    with DemoFolder(tmp_path / "demo") as folder:
        assert {entry.name for entry in folder.path.iterdir()} == {MARKER_FILE, "mine.txt"}


@pytest.mark.parametrize("name", ["journal", "audit", "kafka"])
@pytest.mark.parametrize("force", [False, True])
def test_a_daemon_s_own_folders_are_never_deleted(tmp_path: Path, name: str, *, force: bool) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "file").write_text("theirs")
    with pytest.raises(DemoFolderError, match=f"holds {name}, which no demo wrote"), DemoFolder(tmp_path, force):
        pass
    assert (tmp_path / name / "file").read_text() == "theirs"
    assert not (tmp_path / MARKER_FILE).exists()


def test_a_folder_of_someone_else_is_used_only_by_force_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DemoFolderError, match=r"thesis\.txt"), DemoFolder(tmp_path):
        pass
    with DemoFolder(tmp_path, force=True):
        assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_the_folder_of_a_replay_is_taken_over_with_its_audit_log(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    for name in ("actions.jsonl", "decisions.jsonl", "summary.json"):
        (tmp_path / name).write_text("old")
    with DemoFolder(tmp_path):
        assert {entry.name for entry in tmp_path.iterdir()} == {MARKER_FILE}


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    with DemoFolder(tmp_path) as folder:
        folder.log.write_text("running")
        with pytest.raises(DemoFolderError, match="another demo runs here"), DemoFolder(tmp_path):
            pass
        assert folder.log.read_text() == "running"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(DemoFolderError, match="is a file"), DemoFolder(tmp_path / "demo"):
        pass


def test_the_configuration_is_the_demo_s_but_for_where_things_lie(tmp_path: Path) -> None:
    kafka = KafkaConfig(bootstrap="127.0.0.1:1", publish="idempotent", positions_partitions=(0,))
    with DemoFolder(tmp_path) as folder:
        folder.write_config(kafka, http_port=0)
        written, shipped = load_config(folder.config, SHIPPED.known), load_config(demo_config(), SHIPPED.known)
        assert (written.kafka, written.http.port) == (kafka, 0)
        assert written.journal.directory == str(folder.journal)
        assert written.audit.log_directory == str(folder.audit)
        places = {"kafka", "http", "journal", "audit"}
        assert written.model_dump(exclude=places) == shipped.model_dump(exclude=places)


def test_a_recording_s_own_scenarios_lie_beside_its_limits(tmp_path: Path) -> None:
    with DemoFolder(tmp_path / "demo") as folder:
        folder.write_config(KafkaConfig(), 0, CRYPTO)
        setup = build_setup(folder.config)
        assert setup.scenarios == build_setup(CRYPTO.config).scenarios != load_scenarios(None)
        assert setup.config.enforcement == build_setup(CRYPTO.config).config.enforcement
        assert (folder.path / SCENARIOS_FILE).exists()
    with DemoFolder(tmp_path / "demo"):
        assert not (tmp_path / "demo" / SCENARIOS_FILE).exists()
