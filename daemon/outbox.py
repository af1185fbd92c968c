"""The way out of a shard: one thread makes the journal durable and publishes, a second one audits, in that order.

While they wait for Kafka or a disk, the core goes on; whatever came meanwhile leaves together in the next round.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from daemon.journal import JournalWriter
from daemon.metrics import Metrics
from daemon.outputs import Outputs
from daemon.publisher import Publisher
from feeds.kafka_notices import Notices
from feeds.kafka_sink import Outgoing

WAITING_MAX = 1_000  # steps; then the core waits for Kafka
ROUND_MAX = 500  # steps that leave together
TICK_EVERY_S = 1.0  # the audit's rotation and checkpoints


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one step lets out.

    in_hand_s : monotonic time at which its batch was taken
    notices   : records of no order that may be lost: states; they too leave after the journal is durable
    leases    : leave after the actions, by the same way, so that fencing holds for them; `note_out` is called then
    """

    outputs: Outputs
    in_hand_s: float
    notices: list[Outgoing] = field(default_factory=list)
    leases: list[Outgoing] = field(default_factory=list)
    note_out: Callable[[], None] = lambda: None


class Outbox:
    """Takes parcels from the loop and lets them out between `start` and `close`.

    Any failure ends its threads, and `raise_failure` then raises it in the loop: going on could lose an output.
    """

    def __init__(
        self, journal: JournalWriter, publisher: Publisher, metrics: Metrics, notices: Notices, *, shard: int
    ) -> None:
        self._journal, self._publisher, self._metrics, self._notices = journal, publisher, metrics, notices
        self._parcels: queue.SimpleQueue[Parcel | None] = queue.SimpleQueue()
        self._published: queue.SimpleQueue[list[Parcel]] = queue.SimpleQueue()  # an empty list: the last
        self._lock = threading.Lock()
        self._waiting = 0
        self._audit_waiting = 0
        self._oldest_s: float | None = None
        self._failure: BaseException | None = None
        self._waiter: tuple[asyncio.AbstractEventLoop, asyncio.Future[None], Callable[[], bool]] | None = None
        self._threads = [
            threading.Thread(target=self._run, args=(work,), name=f"riskd-{name}-{shard}", daemon=True)
            for name, work in (("outbox", self._let_out_round), ("audit", self._audit_round))
        ]

    def start(self) -> None:
        """Begin to work; before that nothing leaves."""
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """Steps whose outputs have not left yet."""
        return self._waiting

    @property
    def audit_waiting(self) -> int:
        """Audit records that are not written yet."""
        return self._audit_waiting

    @property
    def oldest_s(self) -> float:
        """Seconds that the oldest of them has waited."""
        oldest_s = self._oldest_s
        return 0.0 if oldest_s is None else max(0.0, time.monotonic() - oldest_s)

    def put(self, parcel: Parcel) -> None:
        """Hand over what the journal holds already; never waits."""
        with self._lock:
            self._waiting += 1
            self._audit_waiting += len(parcel.outputs.audit)
            if self._oldest_s is None:
                self._oldest_s = parcel.in_hand_s
        self._parcels.put(parcel)

    async def room(self, timeout_s: float) -> bool:
        """Return True when fewer than 1,000 steps wait, or it has failed; False where that takes longer."""
        return await self._when(lambda: self._waiting < WAITING_MAX, timeout_s)

    async def drained(self, timeout_s: float) -> bool:
        """Return True when nothing waits any more, or it has failed; False where that takes longer."""
        return await self._when(lambda: self._waiting == 0, timeout_s)

    def raise_failure(self) -> None:
        """Raise what ended the thread, if anything did."""
        if self._failure is not None:
            raise self._failure

    def end(self) -> None:
        """Ask for the end behind what waits; nothing may be put afterwards."""
        self._parcels.put(None)

    def close(self, timeout_s: float) -> bool:
        """Wait for the end; return False where that took too long: the journal holds what is left for the restart."""
        deadline_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads) and self._failure is None

    async def _when(self, is_met: Callable[[], bool], timeout_s: float) -> bool:
        if is_met() or self._failure is not None:
            return True
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        with self._lock:
            self._waiter = (loop, future, is_met)
        if not (is_met() or self._failure is not None):  # it may have been met in between
            await asyncio.wait([future], timeout=timeout_s)
        return is_met() or self._failure is not None

    def _run(self, work: Callable[[], bool]) -> None:
        try:
            while self._failure is None and work():
                pass
        except BaseException as error:  # noqa: BLE001 - the loop raises it and ends the process
            self._failure = error
        self._tell_waiter()

    def _let_out_round(self) -> bool:
        """Take all that waits and let it out; return False where the end was asked for."""
        try:
            first = self._parcels.get(timeout=TICK_EVERY_S)  # and look whether the other thread has failed
        except queue.Empty:
            return True
        parcels = []
        while first is not None:
            parcels.append(first)
            if len(parcels) == ROUND_MAX or self._parcels.empty():
                break
            first = self._parcels.get()
        if parcels:
            self._let_out(parcels)
            self._published.put(parcels)
        if first is None:
            self._published.put([])
        return first is not None

    def _let_out(self, parcels: list[Parcel]) -> None:
        metrics = self._metrics
        begun_s = time.perf_counter()
        self._journal.sync()
        synced_s = time.perf_counter()
        metrics.journal_sync_seconds.observe(synced_s - begun_s)
        leases = [lease for parcel in parcels for lease in parcel.leases]
        published = self._publisher.publish([parcel.outputs for parcel in parcels], leases)
        if published.records:
            metrics.publish_seconds.observe(published.publish_s)
        self._notices.send([notice for parcel in parcels for notice in parcel.notices])
        metrics.note_actions(published.actions)
        metrics.note_dead_letters(published.letters)
        now_s = time.monotonic()
        for parcel in parcels:
            parcel.note_out()
            if parcel.outputs.lets_out:
                metrics.decision_latency_seconds.observe(now_s - parcel.in_hand_s)

    def _audit_round(self) -> bool:
        """Audit all that is published; return False where it was the last."""
        try:
            parcels = self._published.get(timeout=TICK_EVERY_S)
        except queue.Empty:
            self._tick()
            return True
        is_last = not parcels
        while not is_last and not self._published.empty():
            more = self._published.get()
            parcels, is_last = parcels + more, not more
        self._metrics.audit_lines.inc(self._publisher.audit([parcel.outputs for parcel in parcels]))
        with self._lock:
            self._waiting -= len(parcels)
            self._audit_waiting -= sum(len(parcel.outputs.audit) for parcel in parcels)
            # An upper bound of the next one's wait, and exact where nothing waits.
            self._oldest_s = parcels[-1].in_hand_s if self._waiting and parcels else None
        self._tell_waiter()
        self._tick()
        return not is_last

    def _tick(self) -> None:
        self._notices.send(self._publisher.tick(time.time_ns()))
        self._metrics.audit_degraded.set(float(self._publisher.audit_trouble is not None))

    def _tell_waiter(self) -> None:
        with self._lock:
            waiter = self._waiter
            if waiter is None or not (waiter[2]() or self._failure is not None):
                return
            self._waiter = None
        loop, future, _ = waiter
        loop.call_soon_threadsafe(_resolve, future)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
