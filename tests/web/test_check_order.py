"""The page for orders over real sockets, and `riskd check-order` against it and against a recording."""

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from config.schema import Config, HttpConfig
from daemon.check_desk import CheckDesk
from daemon.cli import app
from daemon.health import Health
from daemon.http_check import BODY_BYTES_MAX
from daemon.http_server import HttpServer
from daemon.metrics import Metrics
from daemon.order_check import OrderChecker
from tests.daemon.order_desk import GROSS, desk
from tests.helpers import close, close_of, nav, snapshot, stock

TIMEOUT_S = 10.0
BUY = {"portfolio": "firm/desk", "instrument": "A", "side": "buy", "quantity": 200.0, "request_id": "r1"}


@contextmanager
def serving() -> Iterator[tuple[str, Metrics]]:
    """Serve a small desk's core from a loop in a thread of its own, as the daemon does."""
    metrics = Metrics(Config(), "1.2.3")
    checks, opened, ended = CheckDesk(metrics.note_order_check), threading.Event(), threading.Event()
    checker = OrderChecker(desk())

    async def loop() -> None:
        checks.open([checker], lambda: True)
        opened.set()
        while not ended.is_set():
            await asyncio.sleep(0.005)

    thread = threading.Thread(target=lambda: asyncio.run(loop()))
    thread.start()
    try:
        assert opened.wait(TIMEOUT_S)
        with HttpServer(HttpConfig(port=0), metrics.registry, Health(), checks) as server:
            yield server.address, metrics
    finally:
        ended.set()
        thread.join(TIMEOUT_S)


def post(address: str, body: bytes, **headers: str) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    try:
        connection.request("POST", "/check-order", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_the_page_answers_questions_and_says_why_it_does_not() -> None:
    with serving() as (address, metrics):
        status, answer = post(address, orjson.dumps(BUY))
        assert (status, answer["outcome"], answer["quantity"], answer["request_id"]) == (200, "reduced", 80.0, "r1")
        cases = {
            404: BUY | {"portfolio": "firm/dsk"},
            422: BUY | {"instrument": "NEW", "quantity": 15.0},
            400: BUY | {"quantity": -1.0},
        }
        for wanted, question in cases.items():
            status, refusal = post(address, orjson.dumps(question))
            assert (status, refusal["schema"]) == (wanted, "risk.order_check")
            assert refusal["detail"]
        assert post(address, b" " * (BODY_BYTES_MAX + 1))[0] == 413
        assert metrics.registry is not None
        counted = metrics.registry.get_sample_value
        assert counted("riskd_order_checks_total", {"outcome": "reduced"}) == 1.0
        assert counted("riskd_order_checks_total", {"outcome": "LOT"}) == 1.0
        assert counted("riskd_order_check_seconds_count") == 3.0  # a bad question never reaches the loop


def test_the_page_is_asked_by_post_alone_and_before_the_recovery_nobody_knows() -> None:
    with HttpServer(HttpConfig(port=0), None, Health()) as server:
        assert post(server.address, orjson.dumps(BUY))[0] == 503
        connection = http.client.HTTPConnection(server.address, timeout=TIMEOUT_S)
        connection.request("GET", "/check-order")
        assert connection.getresponse().status == 405
        connection.close()


def test_the_command_asks_the_daemon_and_exits_by_the_answer() -> None:
    run = CliRunner().invoke
    with serving() as (address, _):
        url = f"http://{address}"
        cut = run(app, ["check-order", "firm/desk", "buy", "200", "A", "--url", url])
        assert cut.exit_code == 1
        assert "REDUCED  buy 80 of 200 A for firm/desk" in cut.stdout
        assert "stops it (binds)" in cut.stdout
        goes = run(app, ["check-order", "firm/desk", "sell", "100", "A", "--url", url, "--json"])
        assert (goes.exit_code, json.loads(goes.stdout)["outcome"]) == (0, "go")
        unknown = run(app, ["check-order", "firm/dsk", "buy", "1", "A", "--url", url])
        assert (unknown.exit_code, unknown.stderr[:26]) == (1, "riskd: UNKNOWN_PORTFOLIO: ")
        assert run(app, ["check-order", "firm/desk", "hold", "1", "A", "--url", url]).exit_code == 2
        for quantity in ("0", "nan", "1e400"):
            wrong = run(app, ["check-order", "firm/desk", "buy", quantity, "A", "--url", url])
            assert wrong.exit_code == 2, "an order that is none is no order that may not go"
            assert "quantity must be finite and above 0" in wrong.stderr
    assert "nothing answers at" in run(app, ["check-order", "firm/desk", "buy", "1", "A", "--url", url]).stderr


@pytest.mark.parametrize(("at", "quantity"), [(None, 30.0), ("7", 80.0)])
def test_the_command_asks_a_recording_at_a_moment(tmp_path: Path, at: str | None, quantity: float) -> None:
    """After its last input, a fill of 50 A, less of the order fits than after the one before."""
    ts = close_of(0)
    events = [stock("A"), stock("B"), snapshot({("firm/desk", "A"): 100.0, ("firm/desk", "B"): -50.0}, ts - 10)]
    events += [nav("firm/desk", 50_000.0, ts), close("A", 0, 100.0), close("B", 0, 40.0)]
    events.append({"type": "heartbeat", "ts": ts + 10**7, "source": "feed"})
    events.append({"type": "fill", "ts": ts + 10**8, "portfolio": "firm/desk", "instrument": "A", "side": "buy",
                   "quantity": 50.0, "price": 100.0, "fill_id": "f"})  # fmt: skip
    recording, config = tmp_path / "day.jsonl", tmp_path / "limits.yaml"
    recording.write_bytes(b"\n".join(orjson.dumps(event) for event in events))
    config.write_bytes(orjson.dumps({"enforcement": {"mode": "full", "limits": [GROSS]}}))
    arguments = ["check-order", "firm/desk", "buy", "200", "A", "--recording", str(recording), "--config", str(config)]
    answer = CliRunner().invoke(app, [*arguments, "--json", *(["--at", at] if at else [])])
    assert (answer.exit_code, json.loads(answer.stdout)["quantity"]) == (1, quantity), answer.stderr
