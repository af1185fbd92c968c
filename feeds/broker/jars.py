"""Fetches the jars of Apache Kafka by Maven coordinates into a cache folder, each checked by its sha256."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

LOCK_FILE = Path(__file__).with_name("jars.lock")
DOWNLOADS_AT_ONCE = 8
CONNECT_TIMEOUT_S = 10
READ_TIMEOUT_S = 60
ATTEMPTS = 3
JARS_PER_PROGRESS_LINE = 10

Progress = Callable[[str], None]


class BrokerUnavailableError(RuntimeError):
    """Apache Kafka cannot run here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock file: `group:artifact:version` and the sha256 of the jar in hex."""

    coordinates: str
    sha256: str

    @property
    def file_name(self) -> str:
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"


def locked_jars(lock_file: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """Read the lock file: one jar a line, `#` starts a comment."""
    lines = (line.split("#", 1)[0].split() for line in lock_file.read_text(encoding="utf-8").splitlines())
    return tuple(Jar(coordinates, sha256) for coordinates, sha256 in filter(None, lines))


def cache_folder() -> Path:
    """`$RISKD_CACHE/kafka`, else `~/.cache/riskd/kafka`, else a folder under the system's temporary one."""
    configured = os.environ.get("RISKD_CACHE")
    if configured:
        return Path(configured) / "kafka"
    try:
        return Path.home() / ".cache" / "riskd" / "kafka"
    except RuntimeError:  # no HOME and no entry in the user database: some containers
        return Path(tempfile.gettempdir()) / "riskd-cache" / "kafka"


def fetch_jars(progress: Progress, *, folder: Path | None = None, jars: tuple[Jar, ...] | None = None) -> list[Path]:
    """Make every jar of the lock file present and verified in `folder`; return their paths.

    progress : called with a sentence after every tenth download and the last, from this thread
    raises   : BrokerUnavailableError where a package is not installed, a download fails, or a digest differs
    """
    folder = cache_folder() if folder is None else folder
    jars = locked_jars() if jars is None else jars
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BrokerUnavailableError(f"cache folder {folder} cannot be made: {error}") from error
    missing = [jar for jar in jars if not _is_whole(folder / jar.file_name, jar.sha256)]
    if missing:
        _download_all(missing, folder, progress)
    return [folder / jar.file_name for jar in jars]


def missing_package(name: str) -> str:
    """Say what to install where a package of the extra `kafka` is missing."""
    return f"package {name} is not installed: Apache Kafka needs riskd's extra `kafka` (pip install '.[kafka]')"


def _download_all(missing: list[Jar], folder: Path, progress: Progress) -> None:
    try:
        from maven_artifact.downloader import Downloader
    except ModuleNotFoundError as error:
        raise BrokerUnavailableError(missing_package(error.name or "maven_artifact")) from error

    mirror = maven_mirror()
    downloader = Downloader() if mirror is None else Downloader(base=mirror)
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        downloads = [pool.submit(_download, downloader, jar, folder) for jar in missing]
        try:
            for count, download in enumerate(downloads, start=1):
                download.result()
                if count % JARS_PER_PROGRESS_LINE == 0 or count == len(missing):
                    progress(f"Apache Kafka: {count} of {len(missing)} jars fetched into {folder}, first time only")
        except BrokerUnavailableError:
            pool.shutdown(cancel_futures=True)
            raise


def _download(downloader: object, jar: Jar, folder: Path) -> None:
    """Fetch one jar beside its final name and move it there when its digest is right: never a torn file."""
    from maven_artifact.artifact import Artifact
    from maven_artifact.downloader import Downloader
    from requests import RequestException

    assert isinstance(downloader, Downloader)
    address = downloader.resolver.uri_for_artifact(Artifact.parse(jar.coordinates))
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = downloader.requestor.request(address, None, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S))
            break
        except RequestException as error:
            if attempt == ATTEMPTS:
                raise BrokerUnavailableError(f"{jar.coordinates} cannot be downloaded: {error}") from error
    found = hashlib.sha256(answer.content).hexdigest()
    if found != jar.sha256:
        raise BrokerUnavailableError(f"{jar.coordinates} must have sha256 {jar.sha256}, got {found}")
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=jar.file_name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(answer.content)
        os.replace(temporary, folder / jar.file_name)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _is_whole(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


def maven_mirror(settings: Path | None = None) -> str | None:
    """The address of the user's own Maven mirror of the central repository, if `~/.m2/settings.xml` names one."""
    try:
        settings = Path.home() / ".m2" / "settings.xml" if settings is None else settings
        root = ElementTree.parse(settings).getroot()
    except (OSError, RuntimeError, ElementTree.ParseError):
        return None
    namespace = root.tag[: root.tag.index("}") + 1] if root.tag.startswith("{") else ""
    for mirror in root.iter(f"{namespace}mirror"):
        covers = {part.strip() for part in (mirror.findtext(f"{namespace}mirrorOf") or "").split(",")}
        blocked = mirror.findtext(f"{namespace}blocked") == "true"
        if not blocked and "!central" not in covers and covers & {"*", "central", "external:*"}:
            return mirror.findtext(f"{namespace}url")
    return None
