"""A short real recording and tight limits, so that a replay of a few seconds has decisions of every kind."""

import itertools
from pathlib import Path

from daemon.shipped import shipped_recording
from feeds.recording import read_records
from feeds.recording_writer import write_recording

SHORT_LINES = 6_000  # some 14 months of 1990 and 1991: the window has over 250 rows, so that tails are fitted too

TIGHT_CONFIG = """\
base_currency: USD
clock: event
calendar: {base: XNYS, start: "1989-01-01", end: "2023-12-31"}
refit: 5
portfolios: [firm]
enforcement:
  mode: full
  limits:
    - {id: var, scope: "firm/*", sensor: var_breach, metric: var_99, levels: [
        {name: soft, at: 150000, action: warn}, {name: hard, at: 250000, action: reduce_position}]}
    - {id: tail, scope: firm, sensor: var_breach, metric: var_999, levels: [{at: 400000, action: halt}]}
    - {id: drawdown, scope: "firm/*", sensor: drawdown, metric: drawdown, levels: [{at: 0.03, action: throttle}]}
    - {id: leverage, scope: "firm/*", sensor: leverage, metric: gross_leverage, levels: [{at: 2.0, action: warn}]}
    - {id: stress, scope: firm, sensor: stress_failure, metric: worst_loss, levels: [{at: 2000000, action: warn}]}
    - {id: top, scope: "firm/*", sensor: concentration, metric: top_share, levels: [{at: 0.2, action: warn}]}
"""


def short_lines() -> list[bytes]:
    """Return the first lines of the shipped recording."""
    chunks = read_records(shipped_recording())
    return [record.payload for record in itertools.islice(itertools.chain.from_iterable(chunks), SHORT_LINES)]


def write_short(directory: Path, lines: list[bytes], name: str = "short.jsonl.zst") -> tuple[Path, Path]:
    """Write lines as a recording and the tight limits beside it; return both paths."""
    recording, config = directory / name, directory / "tight.yaml"
    write_recording(recording, lines)
    config.write_text(TIGHT_CONFIG)
    return recording, config
