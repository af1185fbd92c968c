"""`riskd report` and `riskd replay --report`: from a folder, a recording or a journal to one page of HTML."""

from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from daemon.replay import ReplayPlan
from daemon.replay_command import replay_with_progress
from daemon.replay_files import REPORT_FILE, SERIES_FILE, SUMMARY_FILE
from daemon.report_html.run_files import ReportError
from feeds.journal_reader import is_journal

_PACKAGES = ("jinja2", "matplotlib")


def check_packages() -> None:
    """Raise ReportError where a package of the extra is not installed, before anything long begins."""
    for name in _PACKAGES:
        try:
            import_module(name)
        except ModuleNotFoundError as error:
            told = f"package {name} is not installed; a report needs riskd's extra `report`"
            raise ReportError(told) from error


def write_page(folder: Path, out: Path) -> None:
    """Write the report of a replay's folder that has a series; raises ReportError."""
    check_packages()
    from daemon.report_html.page import write_report

    write_report(folder, out)


def report_recording(recording: Path, config: Path | None, out: Path, screen: Console) -> None:
    """Replay a recording or a journal beside the way, and write its report; nothing else is left behind."""
    check_packages()
    with TemporaryDirectory(prefix="riskd-report-") as folder:
        plan = ReplayPlan(recording=recording, out=Path(folder), config=config, keeps_series=True)
        replay_with_progress(plan, screen)
        write_page(plan.out, out)


def run_report(source: Path, config: Path | None, out: Path | None) -> None:
    """Write the report of `source` and say where it lies.

    out : None: beside a replay's files, or `report.html` here
    Raises ReportError, and what a replay raises.
    """
    screen = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    if source.is_dir() and not is_journal(source) and _is_replay(source):
        if config is not None:
            raise ReportError(f"{source}: a replay's folder has its configuration already; leave --config out")
        target = source / REPORT_FILE if out is None else out
        write_page(source, target)
    else:
        target = Path(REPORT_FILE) if out is None else out
        report_recording(source, config, target, screen)
    print_path(target)


def print_path(path: Path) -> None:
    """Print where the report lies, on standard output."""
    Console(highlight=False, markup=False, soft_wrap=True).print(str(path))


def _is_replay(folder: Path) -> bool:
    return (folder / SUMMARY_FILE).exists() or (folder / SERIES_FILE).exists()
