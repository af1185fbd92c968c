"""What the audit log tells around an action: its decision, acknowledgements, and what became of its episode."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.verify import verify
from daemon.explain_claims import audit_lines, record_of
from enforcement.records import Decision

Line = dict[str, object]
_OF_EPISODES = ("label", "verification", "outcome")
_OF_OVERRIDES = ("override", "override_end", "approve")


@dataclass(frozen=True, slots=True)
class Story:
    """Records of one audit log, in its order.

    decisions : (place, line) of the decisions with the number of the action's: one, unless the log was changed
    acks      : of the action; episode: labels, verification and outcome of its episode; overrides: what held its level
    bad       : the first record that is not as it was written, None where the chain holds
    """

    decisions: tuple[tuple[str, bytes], ...]
    acks: tuple[Line, ...]
    episode: tuple[Line, ...]
    overrides: tuple[Line, ...]
    bad: str | None


def story_of(folder: Path, action_id: str, decision: Decision) -> Story:
    """Read what one log says of an action and its decision; raises AuditError where there is no log."""
    number = b'"d":%d,' % decision.d
    needles = [action_id.encode(), decision.episode_id.encode(), number]
    if decision.override_id is not None:
        needles.append(decision.override_id.encode())
    found = [(place, line, record_of(line)) for place, line in audit_lines(folder, needles)]
    records = [record for _, _, record in found]
    return Story(
        decisions=tuple(
            (place, line)
            for place, line, record in found
            if record.get("kind") == "decision" and record.get("d") == decision.d
        ),
        acks=_of_kind(records, ("ack",), "action_id", action_id),
        episode=_of_kind(records, _OF_EPISODES, "episode_id", decision.episode_id),
        overrides=_of_overrides(records, decision.override_id),
        bad=first_bad(folder),
    )


def first_bad(folder: Path) -> str | None:
    """Return the first record of a log that is not as it was written; a line that is being written is no fault."""
    bad = verify(folder).first_bad
    return None if bad is None or bad.torn else f"{folder / bad.file}:{bad.line}: {bad.why}"


def _of_kind(records: Sequence[Line], kinds: tuple[str, ...], field: str, value: str) -> tuple[Line, ...]:
    return tuple(record for record in records if record.get("kind") in kinds and record.get(field) == value)


def _of_overrides(records: Sequence[Line], override_id: str | None) -> tuple[Line, ...]:
    if override_id is None:
        return ()
    return tuple(
        record for record in records if record.get("kind") in _OF_OVERRIDES and override_id in map(str, record.values())
    )
