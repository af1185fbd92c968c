"""What `riskd status` shows of acknowledgements: who owes what, and what contradicts whom."""

from dataclasses import replace

from daemon.report import Report
from tests.daemon.report_sample import ACKS, report_of, small_core
from tests.daemon.test_status_view import document_of, text_of

QUIET: dict[str, object] = ACKS | {"missing": None, "contradictions": []}


def shown(**acks: dict[str, object]) -> list[str]:
    """Return the lines of the table for these scopes."""
    report = report_of(small_core())
    shards = tuple(replace(shard, acks=acks) for shard in report.shards)
    lines = text_of(document_of(Report(report.at_ns, {}, shards, report.states)), width=200).splitlines()
    title = "Waiting for an acknowledgement"
    if title not in [line.strip() for line in lines]:
        return []
    after = lines[[line.strip() for line in lines].index(title) :]
    return [line.strip() for line in after if line.split()[:1] and line.split()[0] in acks]


def test_nothing_is_shown_where_everything_is_acknowledged_or_tried() -> None:
    assert shown() == []
    assert shown(firm=QUIET | {"open": False}) == []
    assert shown(**{"_selftest-0": ACKS}) == []


def test_a_contradiction_comes_before_what_is_missing_and_what_is_only_open() -> None:
    lines = shown(
        a=QUIET | {"owing": [], "said": {}}, b=ACKS | {"contradictions": []}, c=QUIET,
        d=ACKS | {"open": False, "owing": []},
    )  # fmt: skip
    assert [line[0] for line in lines] == ["b", "d", "a", "c"]
    missing, contradicted, anybody, partial = lines
    assert "MISSING for" in missing
    assert "(algo partial, 3 left)" in missing
    assert "contradicted: firm/a S0 went from 10 to 12" in contradicted
    assert "anybody" in anybody
    assert anybody.endswith("not due yet")
    assert " oms " in partial
    assert "abababababab " in partial
