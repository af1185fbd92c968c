"""The operator's commands as a person types them: what they print is what the core takes."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from config.control import ControlConfig
from config.loader import load_config
from config.schema import Topics
from daemon.cli import app
from feeds.decode import decode
from feeds.embedded_broker import EmbeddedBroker
from feeds.events import Approve, Halt, ModeCommand, Override, OverrideEnd, Reinstate, ResetHwm
from feeds.record import Rejection
from feeds.signature import refuse_signature
from sensors.catalogue import SHIPPED
from tests.daemon.command_desk import at, desk_setup, played, priced
from tests.helpers import Played, play

LIMITS = """
enforcement:
  limits:
    - {id: lev, scope: "**", sensor: leverage, metric: gross_leverage, levels: [{at: 2.0, action: halt}]}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "limits.yaml"
    made = CliRunner().invoke(app, ["keygen", str(tmp_path / "ana.pem")])
    assert made.exit_code == 0
    path.write_text("kafka: {bootstrap: 'localhost:1'}\n" + LIMITS + made.stdout)
    assert list(yaml.safe_load(path.read_text())["control"]["keys"]) == ["ana"]
    return path


def typed(config: Path, *words: str, actor: str = "ana") -> Result:
    return CliRunner().invoke(app, [*words, "-c", str(config), "--reason", "a test", "--actor", actor])


SAID = {
    Halt: ("halt", "firm/eq"),
    Reinstate: ("reinstate", "firm/eq", "--limit", "var_99"),
    ResetHwm: ("reset-hwm", "firm"),
    ModeCommand: ("mode", "full", "--limit", "lev", "--scope", "firm"),
    Approve: ("approve", "c1", "--scope", "firm"),
    Override: ("override", "firm/**", "--limit", "lev", "--to", "3", "--for", "4h"),
    OverrideEnd: ("override-end", "c1"),
}


@pytest.mark.parametrize("kind", SAID, ids=lambda kind: kind.__name__)
def test_a_command_decodes_and_carries_the_actors_signature(kind: type, config: Path, tmp_path: Path) -> None:
    shown = typed(config, *SAID[kind], "--dry-run", "--key", str(tmp_path / "ana.pem"))
    payload = shown.stdout.strip().encode()
    event = decode("control", payload)
    assert isinstance(event, kind), event
    assert not isinstance(event, Rejection)
    keys = yaml.safe_load(config.read_text())["control"]["keys"]
    sig = json.loads(payload)["sig"]
    assert refuse_signature(ControlConfig(keys=keys), actor="ana", sig=sig, payload=payload) is None


def in_core(config: Path, *words: str) -> Played:
    event = json.loads(typed(config, *words, "--dry-run").stdout) | {"ts": at(1)}
    if "expires_at" in event:
        event["expires_at"] = at(60)
    return played(event, priced(2), setup=desk_setup(allow_unsigned=True))


def test_the_core_takes_what_is_printed(config: Path) -> None:
    pinned = in_core(config, "override", "firm/a", "--pin", "REDUCING", "--for", "1h")
    assert pinned.reasons() == []
    assert pinned.core.enforcer.trading_states("firm/a").own == "REDUCING"
    kept = in_core(config, "override", "firm/*", "--limit", "lev", "--suppress", "--for", "1h")
    assert [each.kind for each in kept.core.enforcer.overrides.active.values()] == ["suppress"]
    assert in_core(config, "mode", "monitoring").reasons() == []
    assert play([], desk_setup()).reasons() == []


def test_limits_of_a_file_are_those_that_the_core_has_then(config: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(
        LIMITS.replace("at: 2.0", "at: 1.5")
        + "    - {id: dd, sensor: drawdown, metric: drawdown, levels: [{at: 0.1, action: warn}]}\n"
    )
    run = in_core(config, "limits", str(new), "--limit", "lev", "--limit", "dd")
    assert run.reasons() == []
    assert {limit.id: limit.levels[0].at for limit in run.core.enforcer.limits} == {"cap": 1e5, "lev": 1.5, "dd": 0.1}
    loaded = {limit.id: limit for limit in load_config(new, SHIPPED.known).enforcement.limits}
    assert run.core.enforcer.limit("lev") == loaded["lev"]
    assert typed(config, "limits", str(new), "--limit", "nobody", "--dry-run").exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("override", "firm", "--for", "1h"),
        ("override", "firm", "--for", "1h", "--to", "3"),
        ("override", "firm", "--for", "1h", "--pin", "ACTIVE", "--limit", "lev"),
        ("override", "firm", "--for", "1h", "--limit", "lev", "--to", "3", "--suppress"),
        ("override", "firm", "--for", "-1h", "--limit", "lev", "--to", "3"),
        ("override", "firm", "--for", "0s", "--limit", "lev", "--to", "3"),
        ("mode", "fool"),
    ],
)
def test_what_makes_no_sense_is_refused_before_it_is_sent(config: Path, words: tuple[str, ...]) -> None:
    assert typed(config, *words, "--dry-run").exit_code == 2


def test_what_the_daemon_would_refuse_is_not_sent(config: Path, tmp_path: Path) -> None:
    assert "signed commands only" in typed(config, "halt", "firm").output
    assert "no key" in typed(config, "halt", "firm", "--key", str(tmp_path / "ana.pem"), actor="bob").output
    config.write_text("kafka: {bootstrap: 'localhost:1'}\ncontrol: {allow_unsigned: true}\n")
    assert "signed by both" in typed(config, "mode", "full").output


def test_a_command_that_takes_two_says_how_the_second_agrees(config: Path, tmp_path: Path) -> None:
    with EmbeddedBroker(Topics()) as broker:
        config.write_text(config.read_text().replace("localhost:1", broker.bootstrap))
        key = ("--key", str(tmp_path / "ana.pem"))
        up = typed(config, "override", "firm", "--limit", "lev", "--to", "3", "--for", "1h", *key)
        assert "it waits for another person: riskd approve" in up.output
        down = typed(config, "override", "firm", "--limit", "lev", "--to", "1", "--for", "1h", *key)
        assert "another person" not in down.output
        assert "override by ana" in down.output


@pytest.mark.parametrize("said", ["a\nb", "\x1b[2J", "", "x" * 5_000, "\udcff"])
def test_what_the_daemon_would_refuse_is_refused_before_it_is_sent(config: Path, said: str) -> None:
    """Else it looks sent: a halt whose reason has two lines would be found in the dead letters, by nobody."""
    for more in ([], ["--dry-run"]):
        words = ["halt", "firm", "-c", str(config), "--reason", said, "--actor", "ana"]
        result = CliRunner().invoke(app, [*words, "--key", str(config.with_name("ana.pem")), *more])
        assert (result.exit_code, result.stdout) == (2, "")
