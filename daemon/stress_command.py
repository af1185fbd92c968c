"""`riskd stress` for the person at the terminal: a progress bar while the recording is read, then tables or JSON."""

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from audit.line import canonical_json
from daemon.stress_moment import StressedMoment, StressPlan, StressRun, gross_of
from daemon.stress_records import stress_record
from daemon.stress_tables import stress_view
from daemon.summary import iso_time
from enforcement.records import number

SCHEMA = "riskd.stress"
SCHEMA_VERSION = 1
_PIPED_WIDTH = 200


def run_stress(plan: StressPlan, *, as_json: bool) -> None:
    """Play, stress and print; raises StressError where the recording does not hold what was asked for."""
    run = StressRun(plan)
    _play(run)
    moment = run.result()
    if as_json:
        Console(highlight=False, markup=False, soft_wrap=True).print(canonical_json(document_of(moment)).decode())
        return
    settings = run.source.setup.config.stress
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_PIPED_WIDTH)
    console.print(stress_view(moment, reverse_loss=settings.reverse_loss, plausible_loss=settings.plausible_loss))


def document_of(moment: StressedMoment) -> dict[str, object]:
    """Return the JSON document: every scope with its figures, as the audit log has them."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "n": moment.n,
        "ts": moment.ts_ns,
        "scopes": [
            {
                "scope": each.scope,
                "nav": number(each.book.nav),
                "gross": number(gross_of(each.book)),
                "names": len(each.book.names),
                "status": each.book.data.name,
                **stress_record(each.result),
            }
            for each in moment.scopes
        ],
        "crises_after": list(moment.later),
        "crises_without_history": list(moment.unknown),
    }


def _play(run: StressRun) -> None:
    screen = Console(stderr=True, highlight=False, markup=False)
    if not screen.is_terminal:
        for _ in run.steps():
            pass
        return
    columns = BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[when]}")
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("stress", total=run.source.bytes_total, when="")
        for _ in run.steps():
            progress.update(task, completed=run.source.bytes_done, when=iso_time(run.core.now_ns))
