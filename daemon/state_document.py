"""The document of `/state`: the daemon's report as canonical JSON, whole or for one scope and what lies under it."""

from dataclasses import asdict

from audit.line import canonical_json
from daemon.report import Report

SCHEMA = "riskd.state"
SCHEMA_VERSION = 1


def state_document(report: Report, scope: str | None = None) -> bytes | None:
    """Return the document; with `scope` only the states of it and under it, None where there are none.

    Missing numbers are null, infinite ones "Infinity"; times are ns since the epoch where their name says so.
    """
    states = [state for state in report.states if scope is None or _is_within(str(state["scope"]), scope)]
    if scope is not None and not states:
        return None
    head = canonical_json(
        {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "at_ns": report.at_ns,
            "is_ready": report.is_ready,
            "troubles": dict(report.troubles),
            "shards": [asdict(shard) for shard in report.shards],
        }
    )
    # One record at a time: a thread that held the interpreter for all of them would hold up the core.
    records = b",".join(canonical_json(state) for state in states)
    return head.removesuffix(b"}") + b',"states":[' + records + b"]}"


def _is_within(path: str, scope: str) -> bool:
    return path == scope or path.startswith(f"{scope}/")
