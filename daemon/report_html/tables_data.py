"""The tables of data trust: what the numbers rested on, and what was refused."""

import numpy as np

from daemon.report_html.run_data import RunData
from daemon.report_html.table import Cell, Table
from risk.measures import Status


def status_table(run: RunData) -> Table:
    """Return for each scope how many rows VaR 99 % had each status."""
    column = run.metric("var_99")
    rows = []
    for series in run.scopes:
        statuses = series.statuses[series.is_there, column] if column is not None else np.zeros(0)
        counts = [int((statuses == status).sum()) for status in Status]
        trusts = {trust: series.trust.count(trust) for trust in ("stale", "suspect", "missing")}
        rows.append((Cell(series.scope), *(Cell(f"{count:,}") for count in (*counts, *trusts.values()))))
    heads = ("portfolio", *(status.name for status in Status), "stale", "suspect", "missing")
    return Table("Rows by the status of VaR 99 %, and by the worst trust among what was held", heads, tuple(rows))


def rejection_table(run: RunData) -> Table:
    """Return refused records by reason and topic."""
    rows = tuple((Cell(reason), Cell(topic), Cell(f"{count:,}")) for (reason, topic), count in run.rejections.items())
    return Table("Records that were refused", ("reason", "topic", "records"), rows, words=2)
