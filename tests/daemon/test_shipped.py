"""The recordings that riskd ships: each is there, loads with its limits, and says what of it is real."""

from pathlib import Path

import pytest
import typer

from config.loader import load_config
from daemon.cli_options import recording_path
from daemon.shipped import CRYPTO, SHIPPED, Shipped, demo_config, shipped_at, shipped_by_name, shipped_recording
from sensors.catalogue import SHIPPED as CATALOGUE


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.name)
def test_each_is_found_by_its_name_and_by_its_path(shipped: Shipped) -> None:
    assert shipped.recording.is_file()
    assert load_config(shipped.config, CATALOGUE.known).clock == "event"
    assert shipped_by_name(shipped.name) is shipped
    assert shipped_at(shipped.recording) is shipped
    assert recording_path(shipped.name) == recording_path(f"shipped:{shipped.name}") == shipped.recording
    assert f"# {shipped.file}" in (shipped.recording.parent / "NOTICE.md").read_text(encoding="utf-8").splitlines()


def test_the_demo_s_own_is_that_of_shares() -> None:
    assert (shipped_recording(), demo_config()) == (SHIPPED[0].recording, SHIPPED[0].config)


def test_what_is_simulated_is_said_wherever_it_is_named() -> None:
    assert "simulated-history" in CRYPTO.file
    assert "SIMULATED" in CRYPTO.provenance


def test_a_name_that_is_also_a_path_here_is_refused_until_it_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a command plays must not depend on a folder that somebody made meanwhile."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crypto").mkdir()
    with pytest.raises(typer.BadParameter, match=r"write \./crypto for the one, shipped:crypto for the other"):
        recording_path("crypto")
    assert recording_path("./crypto") == Path("crypto")
    assert recording_path("shipped:crypto") == CRYPTO.recording
    assert recording_path("equities") == SHIPPED[0].recording
    assert shipped_at(tmp_path / "crypto") is None


@pytest.mark.parametrize("given", ["cryto", "shipped:cryto", "./crypto"])
def test_what_is_neither_a_path_nor_a_name_is_refused(given: str) -> None:
    with pytest.raises(typer.BadParameter, match=f"'{given}' does not exist, and riskd ships only equities, crypto"):
        recording_path(given)
