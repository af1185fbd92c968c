"""The command `selftest` where it cannot begin; with a daemon it is tried in tests/kafka."""

from pathlib import Path

from typer.testing import CliRunner

from config.reserved import SELFTEST_ROOT, is_selftest, selftest_root
from daemon.cli import app
from daemon.selftest import kinds_in
from feeds import action_records


def config_file(folder: Path, text: str) -> Path:
    path = folder / "riskd.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_clock_that_events_tell_is_refused_as_a_configuration(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["selftest", "--config", str(config_file(tmp_path, "clock: event\n"))])
    assert ran.exit_code == 78
    assert "needs clock: wall" in ran.output


def test_no_book_may_take_the_reserved_root(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["check", str(config_file(tmp_path, "portfolios: [_selftest-0]\n"))])
    assert ran.exit_code == 78
    assert "self-tests" in ran.output


def test_the_reader_for_trading_systems_knows_the_same_root() -> None:
    assert action_records.SELFTEST_ROOT == SELFTEST_ROOT
    assert is_selftest(selftest_root(3))


def test_the_audit_is_searched_for_whole_records_of_the_action_alone(tmp_path: Path) -> None:
    lines = [
        b'{"n":1,"kind":"action","action_id":"aa"}', b'{"n":2,"kind":"ack","action_id":"bb","consumer":"aa"}',
        b'{"n":3,"kind":"follow_up","action_id":"aa"}',
    ]  # fmt: skip
    torn = b'{"n":4,"kind":"ack","action_id":"aa"'
    (tmp_path / "audit-00000000000000000001.jsonl").write_bytes(b"\n".join([*lines, torn]))
    assert kinds_in(tmp_path, "aa") == {"action", "follow_up"}
