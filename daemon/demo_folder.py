"""The demo's folder: what lies where, what of an earlier demo goes away, and the configuration that it runs under."""

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from config.scenarios import BUILTIN
from config.schema import KafkaConfig
from daemon.shipped import EQUITIES, Shipped

MARKER_FILE = ".riskd-demo"  # only what stands beside it may be deleted
_FOLDERS = ("journal", "audit", "kafka")
SCENARIOS_FILE = "scenarios.yaml"
_FILES = (
    "riskd.yaml",
    SCENARIOS_FILE,
    "riskd.log",
    "actions.jsonl",
    "shadow.jsonl",
    "summary.json",
    "summary.json.part",
)
_OF_A_REPLAY = (
    "audit", "actions.jsonl", "shadow.jsonl", "decisions.jsonl", "deadletter.jsonl", "states.jsonl", "series.jsonl",
    "report.html",
)  # fmt: skip


class DemoFolderError(FileExistsError):
    """The folder for the demo's files holds something else, or another demo uses it; the message names it."""


@dataclass(slots=True)
class DemoFolder:
    """Holds the folder for one demo at a time; an earlier demo's files are gone when the `with` block begins.

    force  : also use a folder that holds other things, which are left alone
    raises : DemoFolderError where the folder holds other things, or another demo runs in it
    """

    path: Path
    force: bool = False
    _lock: int | None = None

    @property
    def config(self) -> Path:
        """The daemon's configuration."""
        return self.path / "riskd.yaml"

    @property
    def log(self) -> Path:
        """The daemon's log."""
        return self.path / "riskd.log"

    @property
    def journal(self) -> Path:
        """The daemon's journal."""
        return self.path / "journal"

    @property
    def audit(self) -> Path:
        """The daemon's audit log."""
        return self.path / "audit"

    @property
    def kafka(self) -> Path:
        """Apache Kafka's own folder, where it is used."""
        return self.path / "kafka"

    def __enter__(self) -> Self:
        if self.path.exists() and not self.path.is_dir():
            raise DemoFolderError(f"{self.path}: is a file; the demo needs a folder")
        self.path.mkdir(parents=True, exist_ok=True)
        names = {entry.name for entry in self.path.iterdir()}
        if MARKER_FILE not in names:
            self._check(names)
        self._lock = os.open(self.path / MARKER_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise DemoFolderError(f"{self.path}: another demo runs here; name another folder with --out") from None
        for name in (*_FOLDERS, *_FILES, *_OF_A_REPLAY):
            _remove(self.path / name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._lock is not None, "the folder was not held"
        os.close(self._lock)

    def write_config(self, kafka: KafkaConfig, http_port: int, shipped: Shipped = EQUITIES) -> None:
        """Write a recording's limits with this run's addresses and folders; its scenarios lie beside."""
        document = yaml.safe_load(shipped.config.read_text(encoding="utf-8"))
        library = document.get("scenarios", BUILTIN)
        if library != BUILTIN:
            shutil.copyfile(shipped.config.parent / library, self.path / SCENARIOS_FILE)
            document["scenarios"] = SCENARIOS_FILE
        document |= {
            "kafka": kafka.model_dump(mode="json", exclude_defaults=True),
            "journal": {"directory": str(self.journal)},
            "audit": {"log_directory": str(self.audit)},
            "http": {"port": http_port},
        }
        text = yaml.safe_dump(document, sort_keys=False, width=120)
        self.config.write_text(f"# Made by `riskd demo`: its limits, with this run's addresses.\n{text}", "utf-8")

    def _check(self, names: set[str]) -> None:
        """Raise unless the folder is empty, or a replay's alone; `force` allows whatever we would not delete."""
        is_of_a_replay = "summary.json" in names
        ours = {*_FOLDERS, *_FILES, *_OF_A_REPLAY}
        deleted = names & (ours - {"summary.json", *_OF_A_REPLAY} if is_of_a_replay else ours)
        if deleted:
            raise DemoFolderError(f"{self.path}: holds {min(deleted)}, which no demo wrote; name an empty folder")
        foreign = names - ours
        if foreign and not self.force:
            raise DemoFolderError(
                f"{self.path}: holds {min(foreign)}, which no demo wrote; name an empty folder, "
                "or take --force, which leaves the rest alone"
            )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
