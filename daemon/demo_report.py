"""The demo's report: its journal replayed once more, so that the page says what the run decided."""

from rich.console import Console

from daemon.demo_folder import DemoFolder
from daemon.replay_files import REPORT_FILE
from daemon.report_command import check_packages, report_recording
from daemon.report_html.run_files import ReportError


def demo_report(folder: DemoFolder, screen: Console) -> str:
    """Write the report into the demo's folder and return where it lies, or what is missing for one."""
    try:
        check_packages()
    except ReportError as error:
        return f"No report for people: {error}."
    screen.print("Making the report: the run once more, from its journal.")
    out = folder.path / REPORT_FILE
    report_recording(folder.journal, None, out, screen)
    return f"Report for people: {out}"
