"""`riskd status` against a real server: what it prints, and how it fails."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from config.schema import HttpConfig
from daemon.cli import main
from daemon.core import Core
from daemon.health import Health
from daemon.http_server import HttpServer
from daemon.state_client import StateError, ask_state, url_of
from tests.daemon.report_sample import report_of, small_core
from tests.helpers import open_of, play, small_setup, snapshot, stock

TIMEOUT_S = 30.0


@contextlib.contextmanager
def daemon_pages(*, has_report: bool = True, core: Core | None = None) -> Iterator[str]:
    """Serve the pages of a daemon; yield the address as a URL."""
    health = Health()
    if has_report:
        health.set_report(report_of(small_core() if core is None else core))
    with HttpServer(HttpConfig(port=0), None, health) as server:
        yield f"http://{server.address}"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def riskd(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["status", *arguments])
    assert isinstance(left.value.code, int | None)
    return left.value.code or 0


def test_without_a_terminal_it_prints_once(capfd: pytest.CaptureFixture[str]) -> None:
    with daemon_pages() as url:
        code = riskd("--url", url)
    out, err = capfd.readouterr()
    assert (code, err) == (0, "")
    assert out.startswith("riskd READY")
    assert "gross leverage 0.20x, limit 0.1" in out
    assert "\x1b" not in out, "no control codes in a pipe"


def test_a_name_is_no_markup(capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever writes positions names the books: a bracket that closes no style must not end the page of the on-call."""
    core = play([stock("AA"), snapshot({("firm/[/b]", "AA"): 1.0}, open_of(0))], small_setup()).core
    with daemon_pages(core=core) as url:
        code = riskd("--url", url)
    out, err = capfd.readouterr()
    assert (code, err) == (0, "")
    assert "firm/[/b]" in out


def test_json_is_the_document_itself(capfd: pytest.CaptureFixture[str]) -> None:
    with daemon_pages() as url:
        content = ask_state(url).content
        assert riskd("--url", url, "--json") == 0
    out = capfd.readouterr().out
    assert out.encode() == content + b"\n"
    assert [state["scope"] for state in orjson.loads(out)["states"]] == ["firm", "firm/a", "firm/b"]


def test_the_configuration_says_where_it_listens(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "limits.yaml"
    with daemon_pages() as url:
        path.write_text(f"http: {{host: 0.0.0.0, port: {url.rsplit(':', 1)[1]}}}\n")
        assert riskd("--config", str(path)) == 0
    assert capfd.readouterr().out.startswith("riskd READY")


def test_nothing_that_answers_is_one_clear_line(capfd: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert riskd("--url", url) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"riskd: nothing answers at {url}: ")
    assert err.count("\n") == 1


def test_a_daemon_that_recovers_is_told_with_exit_1(capfd: pytest.CaptureFixture[str]) -> None:
    with daemon_pages(has_report=False) as url:
        assert riskd("--url", url, "--once") == 1
        assert capfd.readouterr().err == f"riskd: {url}/state answers 503: no report yet, recovering: starting\n"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("127.0.0.1:9464", "url must look like"),
        ("ftp://127.0.0.1", "url must look like"),
        ("http://", "url must look like"),
        ("http://127.0.0.1:99999", "url must look like"),
    ],
)
def test_a_wrong_url_is_named(url: str, why: str) -> None:
    with pytest.raises(StateError, match=why):
        ask_state(url)


def test_what_is_no_riskd_is_said_to_be_none() -> None:
    with daemon_pages() as url, pytest.raises(StateError, match="answers 404"):
        ask_state(f"{url}/else")


@pytest.mark.parametrize("arguments", [["--url", "http://x", "--config", __file__], ["--json", "--watch"]])
def test_options_that_contradict_are_a_usage_error(arguments: list[str]) -> None:
    assert riskd(*arguments) == 2


def test_on_a_terminal_it_refreshes_and_says_when_the_daemon_went_away() -> None:
    screen, terminal = os.openpty()
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, screen)
        with daemon_pages() as url:
            command = [sys.executable, "-m", "daemon.cli", "status", "--url", url]
            process = stack.enter_context(subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal))
            stack.callback(process.kill)
            os.close(terminal)
            read_until(screen, b"READY")
        read_until(screen, b"below is what it last said")
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # the terminal hangs up with its last user
            while os.read(screen, 65_536):
                pass
        assert process.wait(TIMEOUT_S) == 0


def read_until(screen: int, words: bytes) -> None:
    """Read what a terminal shows until it has shown the words; the test's own time limit ends what never comes."""
    seen = b""
    while words not in seen:
        seen += os.read(screen, 65_536)


def test_addresses_that_mean_every_interface_are_asked_on_loopback() -> None:
    assert url_of(HttpConfig(host="0.0.0.0", port=1)) == "http://127.0.0.1:1"
    assert url_of(HttpConfig(host="::", port=1)) == "http://[::1]:1"
    assert url_of(HttpConfig()) == "http://127.0.0.1:9464"
    with pytest.raises(StateError, match="give --url"):
        url_of(HttpConfig(port=0))
