"""The shape of an alert: what Prometheus needs, and what the one who is woken needs."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning", "info"]

# The runbook's place in the repository; `--runbooks` gives the address where it is published.
RUNBOOK = "docs/operations.md"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alerting rule, with the metric names of docs/metrics.md.

    name        : CamelCase, starts with Riskd; several rules may share one, with different severities
    severity    : critical wakes someone, warning waits for the morning, info is only shown
    expression  : PromQL; what it returns is `$value` in the description
    lasts       : how long it must hold, in Prometheus' notation; "0s" at once
    summary     : one line: what is wrong, where; Go template over the labels
    description : the value, the bound, and what riskd does meanwhile; Go template
    what_to_do  : the first thing to do, in one or two sentences, the same for every rule of one name; plain text
    """

    name: str
    severity: Severity
    expression: str
    lasts: str
    summary: str
    description: str
    what_to_do: str


def runbook(name: str, base: str = RUNBOOK) -> str:
    """Return the place of the alert's section; headings are the alerts' names."""
    return f"{base}#{name.lower()}"
