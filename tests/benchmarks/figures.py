"""What a benchmark gives back: samples with their percentiles, the bounds of performance.md, and how both are shown."""

import json
import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

Statistic = Literal["median", "p99", "p999", "total"]
_NAMES = {"median": "median", "p99": "p99", "p999": "p99.9", "total": "total"}


@dataclass(frozen=True, slots=True)
class Bound:
    """A statistic of a figure and the value that it may not pass: from above for times, from below for rates."""

    statistic: Statistic
    value: float

    def holds(self, figure: "Figure") -> bool:
        """Say whether the figure keeps it."""
        found = figure.statistics()[self.statistic]
        return found >= self.value if figure.is_rate else found <= self.value


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured.

    samples : (n,) in `unit`; of a rate, one for each batch
    total   : a rate over the whole run; NaN for times
    cpu     : CPU time of the process for each sample in `unit`; NaN where it was not taken. It does not count the
              time that other processes held the machine, so beside a busy machine it says more than wall time
    """

    name: str
    unit: str
    samples: NDArray[np.float64]
    load: str
    goals: tuple[Bound, ...] = ()
    first_steps: tuple[Bound, ...] = ()
    total: float = float("nan")
    cpu: float = float("nan")

    @property
    def is_rate(self) -> bool:
        """Say whether more is better."""
        return self.unit.endswith("/s")

    def statistics(self) -> dict[str, float]:
        """Return median, p99, p99.9 and the worst; the tail of a rate is its slow end."""
        ranks = (50.0, 1.0, 0.1, 0.0) if self.is_rate else (50.0, 99.0, 99.9, 100.0)
        values = dict(zip(("median", "p99", "p999", "max"), np.percentile(self.samples, ranks).tolist(), strict=True))
        return values | {"total": self.total, "cpu": self.cpu}

    def to_json(self) -> dict[str, object]:
        """Return the figure with every statistic; what was not taken is null."""
        statistics = {name: None if np.isnan(value) else value for name, value in self.statistics().items()}
        bounds = {
            kind: [{"statistic": b.statistic, "value": float(b.value), "holds": bool(b.holds(self))} for b in group]
            for kind, group in (("goals", self.goals), ("first_steps", self.first_steps))
        }
        head = {"name": self.name, "load": self.load, "unit": self.unit, "count": int(self.samples.size)}
        return head | statistics | bounds


def machine() -> dict[str, object]:
    """Return what the numbers depend on besides the code: processor, versions, and how busy the machine is now."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numba": version("numba"),
        "numpy": version("numpy"),
        "msgspec": version("msgspec"),
        "load_average": os.getloadavg(),
    }


def show(figures: list[Figure], before: dict[str, object]) -> None:
    """Print the table and the machine."""
    table = Table(title="riskd benchmarks", show_lines=True)
    for column in ("figure", "median", "p99", "p99.9", "worst", "total", "CPU", "unit", "count", "first step", "goal"):
        table.add_column(column, justify="left" if column in ("figure", "unit") else "right")
    for figure in figures:
        statistics = figure.statistics()
        cells = [_number(statistics[name]) for name in ("median", "p99", "p999", "max", "total", "cpu")]
        table.add_row(
            f"{figure.name}\n[dim]{figure.load}[/dim]", *cells, figure.unit, f"{figure.samples.size:,}",
            _bounds(figure, figure.first_steps), _bounds(figure, figure.goals),
        )  # fmt: skip
    console = Console(width=190)
    console.print(table)
    console.print(f"{before['cpu']}, {before['cores']} cores, numba {before['numba']}, Python {before['python']}")
    console.print(f"load average before {_load(before['load_average'])}, after {_load(os.getloadavg())}")


def write(path: Path, figures: list[Figure], before: dict[str, object]) -> None:
    """Write everything as one JSON object."""
    document = {
        "machine": before | {"load_average_after": os.getloadavg()},
        "figures": [figure.to_json() for figure in figures],
    }
    path.write_text(json.dumps(document, indent=2) + "\n")


def _bounds(figure: Figure, bounds: tuple[Bound, ...]) -> str:
    sign = "≥" if figure.is_rate else "≤"
    parts = []
    for bound in bounds:
        colour = "green" if bound.holds(figure) else "red"
        parts.append(f"[{colour}]{_NAMES[bound.statistic]} {sign} {_number(bound.value)}[/{colour}]")
    return "\n".join(parts)


def _number(value: float) -> str:
    if np.isnan(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _load(average: object) -> str:
    assert isinstance(average, tuple)
    return ", ".join(f"{value:.2f}" for value in average)
