"""Breaches the limit of a reserved root through the real topics, and follows the breach to its acknowledgement."""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from audit.segments import find_segments
from config.reserved import selftest_root
from config.schema import Config
from daemon.selftest_wire import SeenAction, Wire
from daemon.shard_folders import shard_directory
from daemon.state_client import StateError, ask_state
from daemon.state_views import StateDocument, as_float

CONSUMER = "riskd-selftest"
NAV = 1_000.0  # base currency; a token in its fraction tells runs apart
LOSS = 100.0
ASK_EVERY_S = 0.2
FILES_READ_MAX = 2  # of the audit log, the newest: one of them may have just been closed

Topic = Literal["actions", "shadow"]
LegName = Literal["daemon ready", "input accepted", "decision", "action", "acknowledged", "audited", "cleared"]


@dataclass(frozen=True, slots=True)
class Leg:
    """One part of the way. `seconds` from the event that should bring it about; detail: what was seen, or what not."""

    partition: int
    name: LegName
    is_ok: bool
    seconds: float
    detail: str


@dataclass(slots=True)
class Drill:
    """One self-test of one positions partition.

    answers : acknowledge the action itself, as a consumer of its own
    """

    config: Config
    url: str
    partition: int
    wire: Wire
    timeout_s: float
    answers: bool
    action: SeenAction | None = None
    read: list[tuple[str, SeenAction]] = field(default_factory=list)

    @property
    def root(self) -> str:
        """The reserved root that is breached."""
        return selftest_root(self.partition)

    def legs(self) -> Iterator[Leg]:
        """Go the way, yielding each leg as it is passed; the first that fails is the last but the clearing."""
        token = (1 + secrets.randbelow(999_999)) / 1_000_000.0
        whole = NAV + token
        is_ready = self._is_ready()
        yield self._leg(
            "daemon ready", is_ready, 0.0, self.url if is_ready else f"{self.url} is not ready: see /readyz"
        )
        if not is_ready:
            return
        try:
            for leg in self._breach(whole):
                yield leg
                if not leg.is_ok:
                    break
        finally:
            self._nav(whole)
        yield self._seen("cleared", time.monotonic(), "actions", lambda action: action.type == "none")

    def _breach(self, whole: float) -> Iterator[Leg]:
        begun_s = time.monotonic()
        snapshot = {"type": "positions_snapshot", "portfolio": self.root, "snapshot_id": CONSUMER, "items": []}
        self.wire.write_position(self.root, snapshot)
        self._nav(whole)
        yield self._asked("input accepted", begun_s, lambda state: self._nav_of(state) == whole)
        begun_s = time.monotonic()
        self._nav(whole - LOSS)
        yield self._seen("decision", begun_s, "shadow", _restricts)
        yield self._seen("action", begun_s, "actions", _restricts)
        action = self.action
        assert action is not None, "a leg that was passed has seen it"
        begun_s = time.monotonic()
        if self.answers:
            self.wire.acknowledge(action, CONSUMER)
        yield self._asked("acknowledged", begun_s, lambda state: self._is_acknowledged(state, action))
        yield self._audited(action)

    def _nav(self, value: float) -> None:
        event = {"type": "nav", "portfolio": self.root, "nav": value, "currency": self.config.base_currency}
        self.wire.write_position(self.root, event)

    def _is_ready(self) -> bool:
        try:
            return ask_state(self.url).document.is_ready
        except StateError:
            return False

    def _nav_of(self, state: StateDocument) -> float:
        return next((as_float(each.nav) for each in state.states if each.scope == self.root), 0.0)

    def _is_acknowledged(self, state: StateDocument, action: SeenAction) -> bool:
        """Say whether everybody who has to has applied the action."""
        shard = next(each for each in state.shards if each.shard == self.partition)
        acks = shard.acks.get(self.root)
        return acks is not None and acks.action_id == action.action_id and not acks.open

    def _seen(self, name: LegName, begun_s: float, topic: Topic, is_it: Callable[[SeenAction], bool]) -> Leg:
        """Wait for a record of the root on a topic."""
        while time.monotonic() - begun_s < self.timeout_s:
            found = self._next(topic, is_it)
            if found is not None:
                if topic == "actions":
                    self.action = found
                return self._leg(name, True, time.monotonic() - begun_s, f"{found.type} {found.action_id}")
        return self._leg(name, False, time.monotonic() - begun_s, f"none within {self.timeout_s:g} s")

    def _next(self, topic: Topic, is_it: Callable[[SeenAction], bool]) -> SeenAction | None:
        """Read on; return the oldest record of the topic that is looked for, of those that nobody has looked at."""
        on_actions, shadow = self.wire.read()
        for name, action in (("actions", on_actions), ("shadow", shadow)):
            if action is not None and action.scope == self.root:
                self.read.append((name, action))
        for place, (name, action) in enumerate(self.read):
            if name == topic and is_it(action):
                del self.read[place]
                return action
        return None

    def _asked(self, name: LegName, begun_s: float, is_it: Callable[[StateDocument], bool]) -> Leg:
        """Wait until `/state`, which is made once a second, says so."""
        while time.monotonic() - begun_s < self.timeout_s:
            if is_it(ask_state(self.url).document):
                return self._leg(name, True, time.monotonic() - begun_s, "")
            time.sleep(ASK_EVERY_S)
        return self._leg(name, False, time.monotonic() - begun_s, f"not within {self.timeout_s:g} s")

    def _audited(self, action: SeenAction) -> Leg:
        """Look for the action and its acknowledgement in the audit log, where it is on this machine."""
        begun_s = time.monotonic()
        folder = shard_directory(self.config.audit.log_directory, self.partition)
        if not self.config.audit.enabled or not find_segments(folder):
            return self._leg("audited", True, 0.0, f"not looked at: no audit log in {folder} on this machine")
        while time.monotonic() - begun_s < self.timeout_s:
            if {"action", "ack"} <= kinds_in(folder, action.action_id):
                return self._leg("audited", True, time.monotonic() - begun_s, str(folder))
            time.sleep(ASK_EVERY_S)
        detail = f"{folder} has not both action and ack within {self.timeout_s:g} s"
        return self._leg("audited", False, time.monotonic() - begun_s, detail)

    def _leg(self, name: LegName, is_ok: bool, seconds: float, detail: str) -> Leg:
        return Leg(self.partition, name, is_ok, seconds, detail)


def _restricts(action: SeenAction) -> bool:
    return action.type != "none"


class _Line(msgspec.Struct, frozen=True):
    kind: str
    action_id: str = ""


def kinds_in(folder: Path, action_id: str) -> set[str]:
    """Return the kinds of the audit records of an action, in the newest files of a log."""
    found: set[str] = set()
    wanted = action_id.encode()
    for segment in find_segments(folder)[-FILES_READ_MAX:]:
        for line in segment.lines():
            if wanted in line and line.endswith(b"\n"):
                record = msgspec.json.decode(line, type=_Line)
                if record.action_id == action_id:
                    found.add(record.kind)
    return found
