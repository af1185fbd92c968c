"""One partition of the action topic as its reader knows it: sequence, epoch, the last record of each scope, leases."""

from dataclasses import dataclass, field
from enum import StrEnum

from feeds.action_leases import LeaseFault, PartitionLeases
from feeds.action_records import ActionRecord, OnExpiry, UnknownRecord, read_action

REMEMBERED_IDS_MAX = 4_096
BEHIND_NS_MAX = 5_000_000_000  # a lease may outrun the record it speaks of, on its own topic, but not by longer


class AlarmKind(StrEnum):
    """What a person must hear of."""

    GAP = "gap"  # a number of the sequence never came
    MISSED = "missed"  # a lease speaks of a record that does not come
    CONFLICT = (
        "conflict"  # two records with one number or place: two writers, a lost journal, a topic that lost its end
    )
    STALE_EPOCH = "stale_epoch"  # a writer that was replaced still writes
    UNKNOWN = "unknown"  # a record that this reader does not understand
    NOT_ENFORCED = "not_enforced"  # a shadow record: nothing that trades may read that topic
    LEASE_EXPIRED = "lease_expired"
    LEASE_FROM_THE_FUTURE = "lease_from_the_future"  # riskd's clock and the reader's disagree


@dataclass(frozen=True, slots=True)
class Alarm:
    """One occurrence; `scope` is None where all of the partition is concerned."""

    kind: AlarmKind
    partition: int
    scope: str | None
    detail: str


class Phase(StrEnum):
    """How far the partition is known."""

    READING = "reading"  # its history, from the beginning: gaps are what compaction leaves
    FOLLOWING = "following"
    IN_DOUBT = "in_doubt"  # something was missed: its history must be read again


@dataclass(frozen=True, slots=True)
class Unread:
    """What stands for a scope's state where its last record was not understood; the worst that could be told of it."""

    epoch: int
    seq: int
    record: UnknownRecord


@dataclass(frozen=True, slots=True)
class Seen:
    """What one record brought: the record where it changed a scope that was fully read before, and alarms."""

    news: ActionRecord | None = None
    alarms: tuple[Alarm, ...] = ()


@dataclass(slots=True)
class ActionPartition:
    """The state machine of one partition.

    last_seq, epoch : of the last record in order, 0 before the first
    scopes          : the last record of each scope; what was read once is never forgotten, only replaced
    roots           : first elements of all scopes that it spoke of
    unplaced        : why a record that names no scope puts all of the partition in doubt; None without such
    """

    number: int
    phase: Phase = Phase.READING
    last_seq: int = 0
    epoch: int = 0
    scopes: dict[str, ActionRecord | Unread] = field(default_factory=dict)
    leases: PartitionLeases = field(default_factory=PartitionLeases)
    roots: set[str] = field(default_factory=set)
    unplaced: str | None = None
    _epoch_before: int = 0
    _last_offset: int = -1
    _ids: dict[str, None] = field(default_factory=dict)
    _unannounced: dict[str, ActionRecord] = field(default_factory=dict)
    _behind: tuple[int, int] | None = None  # promised seq and since when, ns
    _alarmed_seq: int = 0
    _lease_faults: dict[str, LeaseFault] = field(default_factory=dict)

    def apply(self, key: bytes | None, value: bytes | None, offset: int) -> Seen:
        """Take in a record; what was delivered before changes nothing."""
        record = read_action(value)
        if offset <= self._last_offset:
            return self._delivered_before(record, offset)
        self._last_offset = offset
        epoch = self.epoch if record.epoch is None else record.epoch
        if epoch < self.epoch:
            return self._seen(AlarmKind.STALE_EPOCH, record.scope, f"epoch {epoch} after {self.epoch}: ignored")
        seq = self.last_seq + 1 if record.seq is None else record.seq
        is_repeat = record.action_id is not None and record.action_id in self._ids
        alarms: tuple[Alarm, ...] = ()
        if self.phase is Phase.FOLLOWING and seq != self.last_seq + 1:
            if seq <= self.last_seq and is_repeat:
                return Seen()
            self.phase = Phase.IN_DOUBT
            if seq <= self.last_seq:
                detail = f"seq {seq} of epoch {epoch} came again with other contents, after {self.last_seq}"
                return self._seen(AlarmKind.CONFLICT, None, detail)
            detail = f"seq {seq} of epoch {epoch} after {self.last_seq}"
            alarms = (self._alarm(AlarmKind.GAP, None, detail),)
        if epoch > self.epoch:
            self.epoch, self.last_seq = epoch, seq
        else:
            self.last_seq = max(self.last_seq, seq)
        if is_repeat:
            return Seen(None, alarms)
        self._remember(record.action_id)
        if isinstance(record, UnknownRecord):
            return Seen(None, (*alarms, self._hold_unknown(record, key, epoch, seq)))
        if not record.is_enforced:
            return Seen(None, (*alarms, self._alarm(AlarmKind.NOT_ENFORCED, record.scope, "a shadow record: ignored")))
        return Seen(self._hold(record), alarms)

    def reached_end(self) -> tuple[ActionRecord, ...]:
        """Take in that the history was read to its end; return the state of each scope that it changed."""
        if self.phase is not Phase.READING:
            return ()
        self.phase = Phase.FOLLOWING
        self.epoch = max(self.epoch, self._epoch_before)
        news = tuple(self._unannounced.values())
        self._unannounced = {}
        return news

    def read_again(self) -> None:
        """Begin the history anew; what each scope held stays until a later record of it was read."""
        self.phase = Phase.READING
        self._epoch_before, self.epoch, self.last_seq, self._last_offset = max(self.epoch, self._epoch_before), 0, 0, -1
        self.unplaced = None
        self._ids = {}

    def take_lease(self, value: bytes | None) -> None:
        """Take in a lease, in the order of the topic."""
        lease = self.leases.take(value)
        if lease is not None:
            self.roots.add(_root(lease.scope))

    def lease_fault(self, scope: str, now_ns: int) -> LeaseFault | None:
        """Say why the scope's own lease, which it must have, does not hold; None where it does."""
        return self.leases.fault_of(self.leases.held[scope], now_ns, self.epoch)

    def on_expiry(self, scope: str) -> OnExpiry | None:
        """Return what is to be done where the scope's lease does not hold; None where nothing was said of the scope.

        The latest word counts. That is the lease's, unless it was written before the scope's record: it may say `hold`
        where a record said `restrict`, because nothing acts there any more, or because the root left this partition.
        """
        lease, held = self.leases.held.get(scope), self.scopes.get(scope)
        if lease is None and held is None:
            return None
        of_record = held.on_expiry if isinstance(held, ActionRecord) else "restrict"
        if lease is None:
            return of_record
        is_latest = held is None or (lease.epoch, lease.last_seq) >= (held.epoch, held.seq)
        return "hold" if lease.on_expiry == "hold" and (is_latest or of_record == "hold") else "restrict"

    @property
    def is_behind(self) -> bool:
        """Say whether a lease spoke of a record that was not read yet."""
        return self.leases.promised_seq > self.last_seq and self.leases.epoch >= self.epoch

    def check(self, now_ns: int) -> tuple[Alarm, ...]:
        """Return what time alone brings: a promised record that does not come, leases that do not hold; each once."""
        promised_seq, alarms = self.leases.promised_seq, []
        if self.phase is Phase.FOLLOWING and self.is_behind:
            if self._behind is None or self._behind[0] != promised_seq:
                self._behind = (promised_seq, now_ns)
            elif now_ns - self._behind[1] > BEHIND_NS_MAX and self._alarmed_seq < promised_seq:
                self._alarmed_seq = promised_seq
                self.phase = Phase.IN_DOUBT
                missing = f"a lease speaks of seq {promised_seq}, read up to {self.last_seq}"
                alarms.append(self._alarm(AlarmKind.MISSED, None, missing))
        else:
            self._behind = None
        return (*alarms, *self._check_leases(now_ns))

    def _check_leases(self, now_ns: int) -> list[Alarm]:
        if not self.leases.are_read:
            return []  # a newer one may follow
        found = [(scope, self.lease_fault(scope, now_ns)) for scope in self.leases.held]
        faults = {scope: fault for scope, fault in found if fault is not None}
        alarms = []
        for fault in LeaseFault:
            new = sorted(scope for scope, kind in faults.items() if kind is fault != self._lease_faults.get(scope))
            if new:
                others = f" and of {len(new) - 1} more" if len(new) > 1 else ""
                detail = f"the lease of {new[0]}{others} {fault.told}"
                alarms.append(self._alarm(AlarmKind(fault.value), new[0], detail))
        self._lease_faults = faults
        return alarms

    def _delivered_before(self, record: ActionRecord | UnknownRecord, offset: int) -> Seen:
        if self.phase is Phase.IN_DOUBT or record.action_id in self._ids:
            return Seen()
        self.phase = Phase.IN_DOUBT  # the topic lost its end, and others were written in the place of what was read
        return self._seen(AlarmKind.CONFLICT, None, f"offset {offset} came again with another record")

    def _hold(self, record: ActionRecord) -> ActionRecord | None:
        """Keep a record as its scope's last; return it where it is news for a follower."""
        known = self.scopes.get(record.scope)
        if known is not None and (known.epoch, known.seq) >= (record.epoch, record.seq):
            return None  # read before a second reading
        self.roots.add(_root(record.scope))
        self.scopes[record.scope] = record
        if self.phase is Phase.READING:
            self._unannounced[record.scope] = record
            return None
        return record

    def _hold_unknown(self, record: UnknownRecord, key: bytes | None, epoch: int, seq: int) -> Alarm:
        scope = record.scope or (key or b"").decode("utf-8", errors="replace") or None
        if scope is None:
            self.unplaced = record.why
        else:
            known = self.scopes.get(scope)
            if known is None or (known.epoch, known.seq) <= (epoch, seq):
                self.roots.add(_root(scope))
                self.scopes[scope] = Unread(epoch, seq, record)
                self._unannounced.pop(scope, None)
        return self._alarm(AlarmKind.UNKNOWN, scope, record.why)

    def _remember(self, action_id: str | None) -> None:
        if action_id is None:
            return
        self._ids[action_id] = None
        if len(self._ids) > REMEMBERED_IDS_MAX:
            del self._ids[next(iter(self._ids))]

    def _seen(self, kind: AlarmKind, scope: str | None, detail: str) -> Seen:
        return Seen(None, (self._alarm(kind, scope, detail),))

    def _alarm(self, kind: AlarmKind, scope: str | None, detail: str) -> Alarm:
        return Alarm(kind, self.number, scope, detail)


def _root(scope: str) -> str:
    return scope.split("/", 1)[0]
