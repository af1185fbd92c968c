"""The leases of one partition as their reader knows them: the last of each scope, and whether it holds."""

from dataclasses import dataclass, field
from enum import StrEnum

from feeds.action_records import Lease, read_lease

# riskd gives a lease for 30 s. One that ends later than this was written by a clock that runs ahead, or is read by one
# that runs behind; it could outlive riskd by as much.
LEASE_AHEAD_NS_MAX = 60_000_000_000


class LeaseFault(StrEnum):
    """Why a lease does not hold."""

    EXPIRED = "lease_expired"  # or its writer was replaced
    FROM_THE_FUTURE = "lease_from_the_future"

    @property
    def told(self) -> str:
        """The fault in words that follow the lease."""
        if self is LeaseFault.EXPIRED:
            return "ran out"
        return f"ends more than {LEASE_AHEAD_NS_MAX // 10**9} s ahead: the clocks disagree"


@dataclass(slots=True)
class PartitionLeases:
    """What a partition of the lease topic says.

    held         : the last lease of each scope, by its place in the topic; a lower epoch than one before counts nothing
    are_read     : the partition was read to its end once
    epoch        : the newest that a lease named
    promised_seq : the last number that a lease of that epoch spoke of
    """

    held: dict[str, Lease] = field(default_factory=dict)
    are_read: bool = False
    epoch: int = 0
    promised_seq: int = 0

    def take(self, value: bytes | None) -> Lease | None:
        """Take in a lease, in the order of the topic; return it where it counts."""
        lease = read_lease(value)
        if lease is None or lease.epoch < self.epoch:
            return None
        if lease.epoch > self.epoch:
            self.epoch, self.promised_seq = lease.epoch, lease.last_seq
        self.promised_seq = max(self.promised_seq, lease.last_seq)
        self.held[lease.scope] = lease
        return lease

    def fault_of(self, lease: Lease, now_ns: int, epoch: int) -> LeaseFault | None:
        """Say why a lease does not hold now; None where it does.

        epoch : of the partition's actions
        """
        if now_ns >= lease.valid_until or lease.epoch < max(epoch, self.epoch):
            return LeaseFault.EXPIRED
        return LeaseFault.FROM_THE_FUTURE if lease.valid_until - now_ns > LEASE_AHEAD_NS_MAX else None
