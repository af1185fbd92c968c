"""What riskd allows right now, from its action records and leases: a pure state machine, with time passed in.

    state = ActionState(partitions=[0])
    state.apply(key, value, partition=0, offset=0)      # each record of the action topic
    state.lease(value, partition=0)                     # each record of the lease topic
    state.reached_end(0), state.reached_lease_end(0)
    state.allowed(Order("firm/eq", "ESZ6", "buy", 5), Holding(position=10), now_ns)

Until all partitions of both topics were read to their ends, after a gap until the history was read again, and where no
lease holds, every scope acts as REDUCING. Cancels are allowed always and need no verdict. Used from one thread.
"""

from collections.abc import Collection, Iterable, Iterator

from feeds.action_leases import LeaseFault
from feeds.action_partition import ActionPartition, Alarm, Phase, Seen, Unread
from feeds.action_records import ActionRecord, TradingState, strictest_cancel
from feeds.order_verdict import Cause, Holding, Order, OrdersSent, Standing, Verdict, judge, paths_to

NOT_READ = "STATE_NOT_READ"
IN_DOUBT = "STATE_IN_DOUBT"
UNKNOWN_RECORD = "UNKNOWN_RECORD"
LEASE_EXPIRED = "LEASE_EXPIRED"
LEASE_FROM_THE_FUTURE = "LEASE_FROM_THE_FUTURE"


class ActionState:
    """The reader's side of the contract of `risk.actions`.

    partitions : all of the action topic, at least one; leases come by the same numbers
    is_leased  : leases are read; without them nobody notices that riskd is gone
    """

    def __init__(self, partitions: Iterable[int], *, is_leased: bool = True) -> None:
        self._partitions = {number: ActionPartition(number) for number in sorted(partitions)}
        if not self._partitions:
            raise ValueError("partitions must be at least one, got none")
        self._is_leased = is_leased
        self._was_read = False  # all partitions, once
        self._sent = OrdersSent()

    @property
    def is_read(self) -> bool:
        """Say whether the current state of all partitions was read and nothing is in doubt."""
        return all(self._is_followed(partition) for partition in self._partitions.values())

    @property
    def to_read_again(self) -> tuple[int, ...]:
        """Partitions whose history must be read from its beginning; `read_again` says that it is being done."""
        return tuple(number for number, each in self._partitions.items() if each.phase is Phase.IN_DOUBT)

    def apply(self, key: bytes | None, value: bytes | None, partition: int, offset: int) -> Seen:
        """Take in a record of the action topic; a repeat, a lower epoch and a lower number change nothing.

        The result has the record where it changed a scope, after the history was read, and what a person must hear of.
        """
        return self._partitions[partition].apply(key, value, offset)

    def lease(self, value: bytes | None, partition: int) -> None:
        """Take in a record of the lease topic, in the order of its partition: the last one of a scope counts."""
        self._partitions[partition].take_lease(value)

    def reached_end(self, partition: int) -> tuple[ActionRecord, ...]:
        """Take in that the action partition was read to its end; return the state of each scope that is new."""
        news = self._partitions[partition].reached_end()
        self._was_read = self._was_read or self.is_read
        return news

    def reached_lease_end(self, partition: int) -> None:
        """Take in that the lease partition was read to its end."""
        self._partitions[partition].leases.are_read = True
        self._was_read = self._was_read or self.is_read

    def read_again(self, partition: int) -> None:
        """Begin the history of a partition anew: records come from its first offset on."""
        self._partitions[partition].read_again()

    def check(self, now_ns: int) -> tuple[Alarm, ...]:
        """Return what time alone brings, each once: leases that do not hold, promised records that never came."""
        return tuple(alarm for partition in self._partitions.values() for alarm in partition.check(now_ns))

    def record(self, scope: str) -> ActionRecord | None:
        """Return the last record of a scope itself; None where it has none, or one that was not understood."""
        for partition in self._partitions.values():
            held = partition.scopes.get(scope)
            if isinstance(held, ActionRecord):
                return held
        return None

    def leased_until_ns(self, scope: str) -> int | None:
        """Return the earliest end of the leases on the path, wall time; None where there is none."""
        leases = [partition.leases.held for partition in self._partitions.values()]
        ends = [held[path].valid_until for held in leases for path in paths_to(scope) if path in held]
        return min(ends, default=None)

    def standing(self, scope: str, now_ns: int) -> Standing:
        """Return the state of a scope: the most severe of its own, its ancestors', and what is not known.

        now_ns : wall time
        """
        records = list(self._records(scope))
        causes = [cause for record in records if (cause := _cause(record)) is not None]
        causes += self._doubts(scope, now_ns)
        causes.sort(key=lambda cause: -cause.state.severity)
        return Standing(
            state=causes[0].state if causes else TradingState.ACTIVE,
            causes=tuple(causes),
            throttles=tuple((record.scope, record.throttle) for record in records if record.throttle is not None),
            targets=tuple((record.scope, target) for record in records for target in record.targets),
            shares=tuple((record.scope, share) for record in records for share in record.books),
            cancel_working=strictest_cancel(tuple(record.cancel_working for record in records)),
            flatten=any(record.flatten for record in records),
        )

    def allowed(self, order: Order, holding: Holding, now_ns: int) -> Verdict:
        """Say how much of an order may go now; raises nothing, whatever the state.

        holding : of the order's own portfolio in its instrument, with its working orders
        now_ns  : wall time
        """
        return judge(self.standing(order.scope, now_ns), order, holding, self._sent, now_ns)

    def sent(self, order: Order, now_ns: int) -> None:
        """Count an order that was sent, for throttles; reductions count too."""
        self._sent.note(order.scope, now_ns)

    def _records(self, scope: str) -> Iterator[ActionRecord]:
        for path in paths_to(scope):
            for partition in self._partitions.values():
                held = partition.scopes.get(path)
                if isinstance(held, ActionRecord):
                    yield held

    def _doubts(self, scope: str, now_ns: int) -> Iterator[Cause]:
        """What the reader does not know of a scope; each acts as REDUCING, or worse where more was told."""
        paths = paths_to(scope)
        for partition in self._concerned(paths[0]):
            number = partition.number
            if not self._is_followed(partition):
                if partition.phase is Phase.IN_DOUBT:
                    yield _doubt(scope, IN_DOUBT, f"a record of partition {number} was missed")
                else:
                    yield _doubt(scope, NOT_READ, f"partition {number} was not read to its end yet")
            elif partition.is_behind:
                promised = f"seq {partition.leases.promised_seq} of partition {number} was not read yet"
                yield _doubt(scope, IN_DOUBT, f"{promised}, only {partition.last_seq}")
            if partition.unplaced is not None:
                yield _doubt(scope, UNKNOWN_RECORD, f"a record names no scope: {partition.unplaced}")
            for path in paths:
                held = partition.scopes.get(path)
                if isinstance(held, Unread):
                    state = max(TradingState.REDUCING, held.record.trading_state or TradingState.ACTIVE, key=_severity)
                    yield Cause(state, path, None, UNKNOWN_RECORD, f"its record is not understood: {held.record.why}")
        if self._is_leased:
            yield from self._lapsed(paths, now_ns)

    def _concerned(self, root: str) -> Collection[ActionPartition]:
        """Return the partitions whose doubts are doubts of a root: where it was named, once each could have named it.

        Two may have named it: the first shard holds a configured root until another has seen its positions.
        """
        named = [partition for partition in self._partitions.values() if root in partition.roots]
        return named if named and self._was_read else self._partitions.values()

    def _lapsed(self, paths: tuple[str, ...], now_ns: int) -> Iterator[Cause]:
        """What follows where a lease does not hold or never came: `restrict`, unless the latest word is `hold`.

        Each partition needs a lease for what it restricts: another one, that the root has left, cannot vouch for it.
        """
        is_known = False
        for partition in self._partitions.values():
            is_covered = False  # by a lease of the path so far: that of a parent is one of its children's too
            for path in paths:
                on_expiry, fault = partition.on_expiry(path), None
                is_known = is_known or on_expiry is not None
                if path in partition.leases.held:
                    fault = partition.lease_fault(path, now_ns)
                    is_covered = is_covered or fault is None
                if on_expiry != "restrict":
                    continue
                if fault is not None:
                    code = LEASE_FROM_THE_FUTURE if fault is LeaseFault.FROM_THE_FUTURE else LEASE_EXPIRED
                    yield _doubt(path, code, f"its lease in partition {partition.number} {fault.told}")
                elif not is_covered:
                    yield _doubt(path, LEASE_EXPIRED, f"no lease in partition {partition.number} holds for it")
        if not is_known:
            yield _doubt(paths[-1], LEASE_EXPIRED, "it has no lease")

    def _is_followed(self, partition: ActionPartition) -> bool:
        return partition.phase is Phase.FOLLOWING and (partition.leases.are_read or not self._is_leased)


def _cause(record: ActionRecord) -> Cause | None:
    if record.trading_state is TradingState.ACTIVE:
        return None
    return Cause(record.trading_state, record.scope, record.limit, record.reason_code, record.reason)


def _doubt(scope: str, code: str, reason: str) -> Cause:
    return Cause(TradingState.REDUCING, scope, None, code, reason)


def _severity(state: TradingState) -> int:
    return state.severity
