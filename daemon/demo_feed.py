"""The demo's player in a thread of its own: paced for onlookers, held back by what the daemon has read."""

import threading
from dataclasses import dataclass
from pathlib import Path

from config.schema import KafkaConfig
from daemon.pace import Pace
from feeds.kafka_properties import KafkaError
from feeds.player import Layout, Played, Player
from feeds.recording import read_records, recording_bytes

JOIN_TIMEOUT_S = 70.0  # a flush may wait a minute for a broker that went away


class FeedStoppedError(RuntimeError):
    """Whoever runs the feed asked it to end."""


@dataclass(slots=True)
class Feed:
    """Plays a recording from `start` on; `stop` ends it early.

    speed         : event time over wall time, above 0; None: as fast as the daemon reads
    paced_from_ns : event time from which it is held back
    played        : what was written, once all of it is; None before
    """

    recording: Path
    kafka: KafkaConfig
    layout: Layout
    speed: float | None
    paced_from_ns: int = 0
    played: Played | None = None
    _bytes_total: int = 1
    _bytes_done: int = 0
    _failure: BaseException | None = None
    _stop: threading.Event | None = None
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; the recording's errors and Kafka's come out of `check`."""
        self._bytes_total = max(recording_bytes(self.recording), 1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="riskd-demo-feed")
        self._thread.start()

    def stop(self) -> None:
        """End early, and return when the thread has."""
        if self._thread is not None and self._stop is not None:
            self._stop.set()
            self._thread.join(JOIN_TIMEOUT_S)

    def check(self) -> None:
        """Raise what went wrong, if anything did."""
        if self._failure is not None:
            raise self._failure

    @property
    def done_ratio(self) -> float:
        """How much of the recording is read, 0 to 1."""
        return self._bytes_done / self._bytes_total

    def _run(self) -> None:
        try:
            self.played = self._play()
        except FeedStoppedError:
            return
        except BaseException as error:  # noqa: BLE001 - it travels to whoever runs the demo, who would wait for ever
            self._failure = error

    def _play(self) -> Played:
        assert self._stop is not None, "start comes first"
        stop = self._stop
        pace = None if self.speed is None else Pace(self.speed, from_ns=self.paced_from_ns, sleep=stop.wait)

        def gate(ts: int | None) -> None:
            if pace is not None:
                pace.wait_until(ts)
            if stop.is_set():
                raise FeedStoppedError

        def sleep(seconds: float) -> None:
            if stop.wait(seconds):
                raise FeedStoppedError

        player = Player(self.kafka, layout=self.layout, window_sleep=sleep, gate=gate)
        try:
            for records in read_records(self.recording, topics=self.kafka.topics, on_position=self._note):
                player.play(records)
            return player.finish()
        except (KafkaError, FeedStoppedError):
            player.abandon()
            raise

    def _note(self, position: int) -> None:
        self._bytes_done = position
