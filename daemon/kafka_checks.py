"""Answers the topic of questions about orders on the topic of answers: telemetry, in no journal and in no replay."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import partial

from config.schema import Config, PretradeConfig
from daemon.check_desk import CheckDesk
from daemon.order_answer import (
    OrderAnswer,
    OrderRefusedError,
    RefusalCode,
    answer_json,
    decode_question,
    refusal_json,
)
from daemon.shard import Shard
from feeds.kafka_notices import Notices
from feeds.kafka_requests import RequestSource
from feeds.outgoing import Outgoing


def open_requests(config: Config, desk: CheckDesk, shards: Sequence[Shard], notices: Notices) -> RequestSource:
    """Return what reads the questions of the partitions whose positions are served here; raises KafkaError."""
    checks = KafkaChecks(config.pretrade, desk, shards, notices)
    return RequestSource(config.kafka, config.pretrade.requests, [shard.number for shard in shards], checks.take)


class KafkaChecks:
    """Takes requests from the thread that reads them; an answer leaves behind the journal of the state it speaks of.

    An answer has the partition and the key of its request, and `request_id` to find it by.
    """

    def __init__(self, config: PretradeConfig, desk: CheckDesk, shards: Sequence[Shard], notices: Notices) -> None:
        self._topic = config.answers
        self._desk = desk
        self._shards: Mapping[int, Shard] = {shard.number: shard for shard in shards}
        self._notices = notices

    def take(self, partition: int, key: bytes | None, value: bytes) -> None:
        """Ask the desk what a request asks; what cannot be asked is refused at once."""
        place = (partition, key or b"")
        try:
            question = decode_question(value)
        except OrderRefusedError as refusal:
            self._refuse(place, refusal, None)
            return
        self._desk.submit(question).add_done_callback(partial(self._answer, place, question.request_id))

    def _answer(self, place: tuple[int, bytes], request_id: str | None, asked: "Future[OrderAnswer]") -> None:
        """Send what became of a question: an answer in the loop, which resolved it; a refusal from any thread."""
        if asked.cancelled():
            self._refuse(place, OrderRefusedError(RefusalCode.NOT_READY, "the daemon is ending"), request_id)
            return
        error = asked.exception()
        if isinstance(error, OrderRefusedError):
            self._refuse(place, error, request_id)
            return
        answer = asked.result()
        outgoing = Outgoing(self._topic, place[0], place[1], answer_json(answer))
        self._shards[answer.seen.shard].notify([outgoing])

    def _refuse(self, place: tuple[int, bytes], refusal: OrderRefusedError, request_id: str | None) -> None:
        value = refusal_json(refusal.code, str(refusal), request_id)
        self._notices.send([Outgoing(self._topic, place[0], place[1], value)])
