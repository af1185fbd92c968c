"""The demo's closing summary: what was sent, what the daemon counted, and what its audit log says that it did."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from config.crises import load_crises
from config.schema import ActionType, Limit
from daemon.demo_daemon import Counts, DemoError
from daemon.summary import Tally
from enforcement.records import Effect, LifeState
from feeds.player import Played
from feeds.recording_blocks import read_blocks

_KIND_WITHIN_BYTES = 80  # a line begins with n, ts, kind
_HEARTBEAT = "Heartbeat"


class _Head(msgspec.Struct, frozen=True):
    setup_digest: str


class _Decision(msgspec.Struct, frozen=True):
    """The audit record of a decision, as far as the summary needs it; `change` is the decision's kind."""

    change: str
    scope: str
    limit: str
    level: str
    transition: str
    life: LifeState
    ts_decided: int


class _Action(msgspec.Struct, frozen=True):
    topic: str
    type: ActionType
    effect: Effect


class _Last(msgspec.Struct, frozen=True):
    ts: int


@dataclass(frozen=True, slots=True)
class Accounted:
    """Nothing was lost: what the player sent, what the daemon counted, and how far it has numbered its inputs."""

    played: Played
    counts: Counts
    numbered: int

    @property
    def sent(self) -> int:
        """Records and heartbeats."""
        return self.played.records + self.played.heartbeats

    def check(self) -> None:
        """Raise DemoError where the three do not agree."""
        if not self.sent == self.counts.inputs == self.numbered:
            raise DemoError(
                f"sent {self.sent:,} inputs, but riskd read {self.counts.inputs:,} and applied or rejected "
                f"{self.numbered:,}"
            )

    def text(self) -> str:
        """Return the sum in one line."""
        return (
            f"Accounted for: {self.played.records:,} records + {self.played.heartbeats:,} heartbeats = "
            f"{self.sent:,} sent = {self.counts.applied:,} applied + {self.counts.rejected:,} rejected."
        )


def summarise(
    accounted: Accounted, audit: Path, files: dict[str, object], limits: Sequence[Limit] = ()
) -> dict[str, object]:
    """Return the summary of a run under these limits from its audit log; raises DemoError where it has no head."""
    tally = Tally(limits, load_crises(None))
    played = accounted.played
    by_type = {**played.by_type, _HEARTBEAT: played.by_type.get(_HEARTBEAT, 0) + played.heartbeats}
    tally.note_fed(accounted.sent, accounted.counts.refused, first_ts=played.first_ts, by_type=by_type)
    head, last = b"", b""
    count = 0
    for line in _lines(audit):
        head = head or line
        last = line
        count += 1
        start = line[:_KIND_WITHIN_BYTES]
        if b'"kind":"decision"' in start:
            decision = msgspec.json.decode(line, type=_Decision)
            tally.note_decision(decision, decision.change)
        elif b'"kind":"action"' in start:
            action = msgspec.json.decode(line, type=_Action)
            if action.topic == "shadow":
                tally.note_shadow(action.type)
            else:
                tally.note_action(action.type, action.effect.value)
    if not head:
        raise DemoError(f"{audit}: the audit log is empty")
    digest = msgspec.json.decode(head, type=_Head).setup_digest
    return tally.summary(msgspec.json.decode(last, type=_Last).ts, digest, {**files, "audit": {"lines": count}})


def _lines(audit: Path) -> Iterator[bytes]:
    """Yield the whole lines of the log in order; a closed segment may be compressed."""
    for path in sorted([*audit.glob("audit-*.jsonl"), *audit.glob("audit-*.jsonl.zst")]):
        rest = b""
        for block in read_blocks(path):
            *whole, rest = (rest + block).split(b"\n")
            yield from whole
