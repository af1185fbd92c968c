"""The unit of systemd, by systemd's own tools."""

import re
import sys
from pathlib import Path

import pytest

from tests.deploy.tools import run, tool

UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "riskd.service"
PROGRAM = "/opt/riskd/bin/riskd"
EXPOSURE_MAX = 1.5  # of 10; what is left is the network, which it needs, and writable code, which its compiler needs


@pytest.fixture
def systemd_analyze() -> Path:
    return tool("systemd-analyze", "SYSTEMD_ANALYZE_BIN", "Debian's package systemd has it")


def test_systemd_takes_the_unit(systemd_analyze: Path, tmp_path: Path) -> None:
    """Any warning is a failure: systemd ignores what it does not know."""
    unit = tmp_path / "riskd.service"
    unit.write_text(UNIT.read_text(encoding="utf-8").replace(PROGRAM, str(Path(sys.executable).parent / "riskd")))
    assert "riskd.service" not in run(systemd_analyze, "verify", unit)


def test_the_service_may_do_little(systemd_analyze: Path) -> None:
    said = run(systemd_analyze, "security", "--offline=true", UNIT)
    exposure = re.search(r"Overall exposure level for riskd.service: ([\d.]+)", said)
    assert exposure is not None
    assert float(exposure[1]) <= EXPOSURE_MAX, said


def test_the_unit_waits_for_readiness_starts_again_for_ever_and_does_not_retry_a_bad_configuration() -> None:
    """systemd.service(5): the status of the main process alone prevents a restart, not that of an ExecStartPre=."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    assert "Type=notify" in lines
    assert "Restart=always" in lines
    assert "StartLimitIntervalSec=0" in lines, "brokers may be away for longer than any number of starts"
    assert not any(line.startswith("ExecStartPre=") for line in lines)
    assert f"ExecStart={PROGRAM} run --config /etc/riskd/riskd.yaml" in lines
    assert "RestartPreventExitStatus=78" in lines
    assert "StateDirectory=riskd" in lines
    assert any(line.startswith("WatchdogSec=") for line in lines)
    assert not any(line.startswith("MemoryDenyWriteExecute=") for line in lines), "numba writes machine code"
