"""Questions about orders to a live daemon on a real broker: answered beside the journal, which never hears of them."""

import json
import time
from pathlib import Path
from typing import cast

import pytest

from config.schema import KafkaConfig, PretradeConfig
from daemon.check_order_client import ask_daemon
from daemon.order_answer import OrderQuestion
from feeds.kafka_properties import KafkaError
from feeds.kafka_requests import RequestSource
from feeds.kafka_topics import create_topics
from tests.kafka.equality import read_topic
from tests.kafka.live_desk import GROSS, PRICES, Feeds, Pen, desk_stage, open_desk
from tests.kafka.logged_daemon import LoggedDaemon, wait_until
from tests.kafka.running import Line
from tests.kafka.test_faults import check_replay, is_calm

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

CAP = 400_000.0  # of gross, hard
ASKED = 5_000.0


def pretrade_of(kafka: KafkaConfig) -> PretradeConfig:
    return PretradeConfig(on_kafka=True, requests=f"{kafka.group}.checks", answers=f"{kafka.group}.answers")


def question(request_id: str, **fields: object) -> Line:
    order: Line = {"portfolio": "firm/desk", "instrument": "AAA", "side": "buy", "quantity": ASKED}
    return order | fields | {"request_id": request_id}


def answers(kafka: KafkaConfig, topic: str) -> dict[str, Line]:
    """Return the answers so far, by what they answer."""
    found = [cast(Line, json.loads(value)) for value in read_topic(kafka, topic)]
    return {str(answer["request_id"]): answer for answer in found}


def test_questions_are_answered_and_the_journal_replays_without_them(tmp_path: Path, kafka_config: KafkaConfig) -> None:
    """What fits under a hard cap, by both ways of asking; what cannot be asked says why; a sale always goes."""
    pretrade = pretrade_of(kafka_config)
    stage = desk_stage(tmp_path, kafka_config, pretrade=pretrade.model_dump())
    create_topics(kafka_config, pretrade=pretrade)
    open_desk(kafka_config)
    pen = Pen(kafka_config)
    pen.write(pretrade.requests, question("before"), "firm")  # what was asked of nobody is answered by nobody
    pen.flush()
    with Feeds(kafka_config), LoggedDaemon(stage) as daemon:
        daemon.wait_for("caught_up")
        wait_until(lambda: is_calm(daemon), "health")
        asked = [question("cut"), question("sale", side="sell", quantity=200.0), question("who", portfolio="nobody")]
        for each in (*asked, question("bad", quantity=-1.0)):
            pen.write(pretrade.requests, each, "firm")
        pen.flush()
        wait_until(lambda: len(answers(kafka_config, pretrade.answers)) == 4, "four answers")
        told = answers(kafka_config, pretrade.answers)
        address = cast(str, daemon.wait_for("recovering")["http"])
        order = OrderQuestion(portfolio="firm/desk", instrument="AAA", side="buy", quantity=ASKED)
        by_http = json.loads(ask_daemon(f"http://{address}", order))
        assert daemon.metric('riskd_order_checks_total{outcome="reduced"}') == 2.0
        assert daemon.end(30)[0] == 0
    fits = (CAP - GROSS) / PRICES["AAA"]  # prices move by some cents
    for answer in (told["cut"], by_http):
        assert answer["outcome"] == "reduced"
        assert cast(float, answer["quantity"]) == pytest.approx(fits, rel=0.02)
        assert cast(dict[str, int], answer["seen"])["n"] > 0
    assert told["sale"]["outcome"] == "go"
    assert told["who"]["error"] == "UNKNOWN_PORTFOLIO"
    assert "before" not in told
    refused = [json.loads(value) for value in read_topic(kafka_config, pretrade.answers)]
    assert [each["error"] for each in refused if each["request_id"] is None] == ["BAD_REQUEST"]
    check_replay(stage)


def test_a_topic_of_requests_that_is_missing_or_too_narrow_is_named(kafka_config: KafkaConfig) -> None:
    pretrade = pretrade_of(kafka_config)
    with pytest.raises(KafkaError, match=f"topic {pretrade.requests} does not exist"):
        RequestSource(kafka_config, pretrade.requests, [0], lambda *_: None)
    create_topics(kafka_config, pretrade=pretrade)
    with pytest.raises(KafkaError, match=r"must have the partitions of the positions, \[3\] too"):
        RequestSource(kafka_config, pretrade.requests, [0, 3], lambda *_: None)


def test_requests_are_handed_over_as_they_come(kafka_config: KafkaConfig) -> None:
    pretrade, seen = pretrade_of(kafka_config), list[tuple[int, bytes | None, bytes]]()
    create_topics(kafka_config, pretrade=pretrade, positions_partitions=2)
    pen = Pen(kafka_config)
    pen.write(pretrade.requests, b"old", "firm", 1)
    pen.flush()
    with RequestSource(kafka_config, pretrade.requests, [1], lambda *request: seen.append(request)) as source:
        begun_s = time.monotonic()
        while not seen and time.monotonic() - begun_s < 30:  # until its place is found, what is written is not seen
            pen.write(pretrade.requests, b"new", "firm", 1)
            pen.write(pretrade.requests, b"another's", "firm", 0)
            pen.flush()
        assert source.trouble is None
    assert seen
    assert {(partition, key) for partition, key, _ in seen} == {(1, b"firm")}
    assert b"another's" not in {value for _, _, value in seen}
