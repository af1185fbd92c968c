"""`riskd label`: the command that it makes is one that the core accepts, and nothing is called sent that was not."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from audit.signing import make_key_files
from config.control import ControlConfig
from config.loader import load_config
from config.schema import Topics
from daemon.cli import app
from enforcement.records import episode_id_of
from feeds.control_sender import send_command
from feeds.decode import decode
from feeds.embedded_broker import EmbeddedBroker
from feeds.events import Label
from feeds.kafka_properties import KafkaError
from feeds.signature import refuse_signature
from sensors.catalogue import SHIPPED
from tests.daemon.evidence_desk import calm, evidence_setup, firing, in_order
from tests.helpers import play

EPISODE = episode_id_of("lev", "firm", 1)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "limits.yaml"
    path.write_text("kafka: {bootstrap: 'localhost:1'}\n")
    return path


def run(config: Path, *arguments: str) -> str:
    shown = CliRunner().invoke(
        app, ["label", EPISODE, "-c", str(config), "--reason", "a test", "--actor", "ana", *arguments]
    )
    assert shown.exit_code == 0, shown.output
    return shown.stdout.strip()


@pytest.mark.parametrize(
    ("said", "verdict", "cause"),
    [
        ("true", "true", None), ("false", "false", None), ("data-error", "false", "data_error"),
        ("model-error", "false", "model_error"), ("benign", "false", "benign_approved"),
        ("duplicate", "false", "duplicate"), ("unresolved", "unresolved", None),
    ],
)  # fmt: skip
def test_every_verdict_is_a_label_that_decodes(config: Path, said: str, verdict: str, cause: str | None) -> None:
    payload = run(config, "--verdict", said, "--dry-run", "--confidence", "0.75", "--outcome-unknown").encode()
    event = decode("control", payload)
    assert isinstance(event, Label)
    assert (event.episode_id, event.verdict, event.cause) == (EPISODE, verdict, cause)
    assert (event.confidence, event.outcome_known, event.actor) == (0.75, False, "ana")


def test_a_signed_label_carries_the_actors_signature(config: Path, tmp_path: Path) -> None:
    public = make_key_files(tmp_path / "ana.pem").public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    payload = run(config, "--verdict", "true", "--dry-run", "--key", str(tmp_path / "ana.pem")).encode()
    control = ControlConfig(keys={"ana": public})
    sig = json.loads(payload)["sig"]
    assert refuse_signature(control, actor="ana", sig=sig, payload=payload) is None
    assert refuse_signature(control, actor="ana", sig=sig, payload=payload.replace(b"a test", b"a tost")) is not None


def test_the_core_takes_it(config: Path) -> None:
    at = json.loads(run(config, "--verdict", "true", "--dry-run")) | {"ts": int(str(calm(12)[-1]["ts"]))}
    played = play([*in_order(calm(12), firing(10, "a")), at], evidence_setup())
    assert played.reasons() == []
    assert played.core.evidence()["lev"].resolved == 1


def test_it_is_sent_where_a_broker_takes_it_and_not_called_sent_where_none_does(config: Path) -> None:
    with EmbeddedBroker(Topics()) as broker:
        config.write_text(f"kafka: {{bootstrap: '{broker.bootstrap}'}}\n")
        assert f"{EPISODE} is benign" in run(config, "--verdict", "benign")
    with pytest.raises(KafkaError, match="not known to be there"):
        send_command(load_config(config, SHIPPED.known).kafka, b"{}", scope=None, within_s=0.5)
