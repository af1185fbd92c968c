"""Write dashboards and rules for a configuration: `python -m deploy.monitoring --config C --out DIR`."""

from pathlib import Path
from typing import Annotated

import typer

from config.faults import ConfigError
from config.loader import load_config
from deploy.monitoring.alert import RUNBOOK
from deploy.monitoring.files import monitoring_files
from sensors.catalogue import SHIPPED

EXIT_CONFIG = 78


def main(
    config: Annotated[
        Path, typer.Option("--config", "-c", metavar="FILE", exists=True, dir_okay=False, help="Configuration, YAML.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for prometheus/ and grafana/dashboards/.")],
    runbooks: Annotated[
        str, typer.Option(metavar="URL", help="Where docs/operations.md is published, for the links of the alerts.")
    ] = RUNBOOK,
) -> None:
    """Write the Grafana dashboards and Prometheus rules for this configuration's metric prefix and limits."""
    try:
        loaded = load_config(config, SHIPPED.known)
    except ConfigError as error:
        typer.echo(f"{config}: {error}", err=True)
        raise typer.Exit(EXIT_CONFIG) from None
    for name, text in monitoring_files(loaded, runbooks).items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        typer.echo(path)


if __name__ == "__main__":
    typer.run(main)
