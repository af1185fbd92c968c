"""Leases: the word of the living daemon that a scope's state still holds; they end by themselves when it dies."""

import orjson

from daemon.shard import Shard
from feeds.kafka_sink import Outgoing

RENEW_EVERY_S = 10.0
VALID_FOR_S = 30.0
STUCK_AFTER_S = 2.0  # an output that waits this long: what the topics hold is not what was decided
_NS_PER_S = 1_000_000_000


class Leases:
    """Renews the leases of one shard's scopes every 10 s, for 30 s, as long as everything it decided is out.

    They leave as actions do: behind the journal, behind what was decided before, and in a transaction, so that a
    process that was fenced ends with its next renewal instead of vouching on.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._due_s = 0.0
        self._sent_until_s = 0.0
        self.until_s = 0.0  # of the leases that readers can see, wall time; 0 before the first

    def note_out(self) -> None:
        """Take in that the leases that were returned last are out."""
        self.until_s = self._sent_until_s

    def renew(self, shard: Shard, *, monotonic_s: float, now_ns: int) -> list[Outgoing]:
        """Return the leases to publish now, none where it is not time, or where decisions wait to leave.

        last_seq : of the shard's partition of the actions topic: who has read less has missed a record
        """
        if monotonic_s < self._due_s or not shard.is_caught_up or shard.outbox.oldest_s > STUCK_AFTER_S:
            return []
        self._due_s = monotonic_s + RENEW_EVERY_S
        valid_until = now_ns + int(VALID_FOR_S * _NS_PER_S)
        self._sent_until_s = valid_until / _NS_PER_S
        core, last_seq = shard.core, shard.seq["actions"]
        # A scope that moved to another shard goes on here without force: its old lease must restrict nobody for ever.
        scopes = [(path, core.is_elsewhere(p)) for p, path in enumerate(core.state.scopes)]
        return [
            Outgoing(
                self._topic,
                shard.number,
                path.encode(),
                orjson.dumps(
                    {
                        "schema": "risk.lease",
                        "schema_version": 1,
                        "scope": path,
                        "epoch": shard.epoch,
                        "last_seq": last_seq,
                        "valid_until": valid_until,
                        "on_expiry": "restrict" if core.enforcer.is_enforced(path) and not is_left else "hold",
                    }
                ),
            )
            for path, is_left in scopes
        ]
