"""Episodes and what was said of them: labels of people, verification and outcome by riskd itself, each kept apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from enforcement.records import digest_of

Verdict = Literal["true", "false", "unresolved"]
Cause = Literal["data_error", "model_error", "benign_approved", "duplicate"]
# How an episode counts as false: a person's cause, or else what makes riskd count it.
FalseCause = Literal["data_error", "model_error", "benign_approved", "unnamed", "outcome", "unresolved"]
FALSE_CAUSES: tuple[FalseCause, ...] = (
    "data_error", "model_error", "benign_approved", "unnamed", "outcome", "unresolved",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Label:
    """What a person said of an episode; a later one of the same episode takes its place, and none is edited.

    ts            : core time, ns
    cause         : of a false episode, None where it is true or unresolved
    confidence    : in [0, 1], None where not told; outcome_known: whether the reviewer had seen what came after
    """

    ts: int
    episode_id: str
    verdict: Verdict
    cause: Cause | None
    actor: str
    reason: str
    command_id: str
    confidence: float | None = None
    outcome_known: bool | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The statistic of the trip, computed again from cleaned data by the slow reference model.

    result    : `confirmed` (over the level), `false` (not over it), `unverifiable` (it has no reference, or no data)
    cause     : of a false one: the cleaning of the data alone brought it down, or only the other model did
    statistic : NaN where unverifiable; level: what it is held against
    """

    ts: int
    result: Literal["confirmed", "false", "unverifiable"]
    cause: Literal["data_error", "model_error"] | None
    statistic: float
    level: float
    reason: str


@dataclass(frozen=True, slots=True)
class OutcomeTest:
    """Whether the adverse event of the sensor's table came within its horizon, on the book frozen at the trip.

    result : `came`, `stayed_away`, `unknown` (the horizon ended without the data to tell)
    """

    ts: int
    result: Literal["came", "stayed_away", "unknown"]
    rows: int
    reason: str


@dataclass(slots=True)
class Episode:
    """One episode of a limit in a scope, from its first firing on.

    began_live_ns : live time of the unit, in all its stages, when it began
    ended_ns      : 0 while it goes on
    """

    id: str
    ordinal: int
    began_ns: int
    began_live_ns: int
    ended_ns: int = 0
    label: Label | None = None
    verification: Verification | None = None
    outcome: OutcomeTest | None = None

    @property
    def is_true(self) -> bool:
        """Say whether a person has found it true: nothing else ever counts as that."""
        return self.label is not None and self.label.verdict == "true"

    @property
    def is_labelled(self) -> bool:
        """Say whether a person's last word is true or false."""
        return self.label is not None and self.label.verdict != "unresolved"

    @property
    def is_duplicate(self) -> bool:
        """Say whether a person has found that it is another episode once more."""
        return self.label is not None and self.label.verdict == "false" and self.label.cause == "duplicate"

    def cause_now(self, now_ns: int, *, outcome_counts: bool, resolve_within_ns: int) -> FalseCause | None:
        """Return why it is judged false by `now_ns`: a person's word, else verification, else outcome, else that nobody
        labelled it in time; None while it is true, or waits.

        The order of models.md 22.4. An episode that waits counts against promotion all the same (`is_true`).
        """
        if self.label is not None and self.is_labelled:
            if self.label.verdict == "true":
                return None
            cause = self.label.cause
            return "unnamed" if cause is None or cause == "duplicate" else cause
        if self.verification is not None and self.verification.result == "false":
            return self.verification.cause
        if outcome_counts and self.outcome is not None and self.outcome.result == "stayed_away":
            return "outcome"
        return "unresolved" if now_ns - self.began_ns >= resolve_within_ns else None


def counted(episodes: Sequence[Episode]) -> list[Episode]:
    """Return the episodes that count, in order: a duplicate merges into the one before it that counts.

    Where none came before it there is nothing to merge into, and it counts as what it was labelled: false.
    """
    kept: list[Episode] = []
    for episode in episodes:
        if not (episode.is_duplicate and kept):
            kept.append(episode)
    return kept


def labels_hash(labels: Sequence[Label]) -> str:
    """Return blake2b-128 in hex of the labels in the order in which they came: what a step up or down rested on."""
    return digest_of(
        [(each.ts, each.episode_id, each.verdict, each.cause, each.actor, each.command_id) for each in labels]
    )
