"""The ladder a second time, from the whole history at every question and by the formulas alone: no state, no short cut.

It shares no code with enforcement/: what it is told is a list of facts in order of time, and what it answers is the
stage, k, T, E, D of now, and every step with its moment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log

DAY = 86_400 * 10**9
WEEK = 7 * DAY
NAMES = ("SHADOW", "SOFT", "FULL")


@dataclass(frozen=True)
class Fact:
    """`kind`: turn (live, up), begin (episode), label (episode, verdict, cause), verify (episode, result, cause),
    outcome (episode, result), look (quiet, sensitive, red)."""

    ts: int
    kind: str
    what: tuple = ()


def lived(facts: list[Fact], place: int, start: int, end: int) -> int:
    """Return the time from start to end in which the fact at `place` of the last turn held."""
    total, holds, since = 0, False, 0
    for fact in [each for each in facts if each.kind == "turn"] + [Fact(end, "turn", (False, False))]:
        if holds:
            total += max(0, min(fact.ts, end) - max(since, start))
        holds, since = fact.what[place], fact.ts
    return total


def judged(
    facts: list[Fact], begun: list[Fact], now: int, resolve_within: int, *, outcome_counts: bool = False
) -> list[tuple[Fact, str]]:
    """Return (begin, verdict) of the stage's episodes: true, false, data_error, waiting; duplicates left out."""
    found: list[tuple[Fact, str]] = []
    for begin in begun:
        episode = begin.what[0]
        labels = [fact.what for fact in facts if fact.kind == "label" and fact.what[0] == episode]
        checks = [fact.what for fact in facts if fact.kind == "verify" and fact.what[0] == episode]
        came = [fact.what[1] for fact in facts if fact.kind == "outcome" and fact.what[0] == episode]
        verdict, cause = (labels[-1][1], labels[-1][2]) if labels else ("unresolved", None)
        if verdict == "true":
            found.append((begin, "true"))
        elif verdict == "false":
            if cause == "duplicate" and found:
                continue
            found.append((begin, "data_error" if cause == "data_error" else "false"))
        elif checks and checks[-1][1] == "false":
            found.append((begin, "data_error?" if checks[-1][2] == "data_error" else "false?"))
        elif outcome_counts and came[-1:] == ["stayed_away"]:
            found.append((begin, "false?"))
        else:
            found.append((begin, "late?" if now - begin.ts >= resolve_within else "waiting"))
    return found


def labelled(episodes: list[tuple[Fact, str]]) -> int:
    """Return how many a person has found true or false."""
    return sum(verdict in ("true", "false", "data_error") for _, verdict in episodes)


class SlowLadder:
    """Plays the facts and keeps nothing but the stages' beginnings and the facts themselves."""

    def __init__(
        self, threshold: float = 1.0, resolve_within: int = 35 * DAY, resolved_min: float = 0.9, *,
        outcome_counts: bool = False,
    ) -> None:  # fmt: skip
        self.outcome_counts = outcome_counts
        self.facts: list[Fact] = []
        self.stage, self.since, self.begun_before = 0, 0, 0
        self.steps: list[tuple[int, str, str]] = []
        self.threshold, self.resolve_within, self.resolved_min = threshold, resolve_within, resolved_min

    def tell(self, fact: Fact) -> None:
        """Take in one fact, and step where that is due."""
        self.facts.append(fact)
        if fact.kind not in ("label", "verify", "outcome", "look"):
            return
        if self.stage and (self.is_over(fact.ts) or self.has_pair(fact.ts) or (fact.kind == "look" and fact.what[2])):
            self.step(fact.ts, -1)
        elif fact.kind == "look" and self.stage < 2 and self.is_ready(fact):
            self.step(fact.ts, +1)

    def step(self, ts: int, by: int) -> None:
        self.steps.append((ts, NAMES[self.stage], NAMES[self.stage + by]))
        self.stage, self.since = self.stage + by, ts
        self.begun_before = len(self.begun())

    def begun(self) -> list[Fact]:
        seen: dict[str, Fact] = {}
        for fact in self.facts:
            if fact.kind == "begin":
                seen.setdefault(fact.what[0], fact)
        return list(seen.values())

    def of_stage(self, ts: int) -> list[tuple[Fact, str]]:
        begun = self.begun()[self.begun_before :]
        return judged(self.facts, begun, ts, self.resolve_within, outcome_counts=self.outcome_counts)

    def weeks(self, ts: int) -> float:
        return lived(self.facts, 0, self.since, ts) / WEEK

    def false(self, ts: int) -> int:
        return sum(verdict != "true" for _, verdict in self.of_stage(ts))

    def e_value(self, ts: int) -> float:
        return 0.5 ** self.false(ts) * exp(0.5 * self.threshold * self.weeks(ts))

    def cusum(self, ts: int) -> tuple[float, float]:
        level = peak = at = 0.0
        for begin, verdict in self.of_stage(ts):
            if verdict not in ("true", "waiting"):
                began = lived(self.facts, 0, self.since, begin.ts) / WEEK
                level = max(0.0, level - self.threshold * (began - at)) + log(2.0)
                peak, at = max(peak, level), began
        return max(0.0, level - self.threshold * (self.weeks(ts) - at)), peak

    def is_over(self, ts: int) -> bool:
        return self.cusum(ts)[1] >= log(20.0)

    def has_pair(self, ts: int) -> bool:
        began = [begin.ts for begin, verdict in self.of_stage(ts) if verdict.startswith("data_error")]
        return any(later - earlier <= DAY for earlier, later in pairwise(began))

    def uptime(self, ts: int) -> float:
        ups = [fact.ts for fact in self.facts if fact.kind == "turn" and fact.what[1]]
        candidates = [max(self.since, up) for up in ups if lived(self.facts, 1, self.since, ts) > 0]
        first = next(
            (
                at
                for at in candidates
                if lived(self.facts, 1, at, ts) == lived(self.facts, 1, self.since, ts) and self.holds_up_after(at)
            ),
            None,
        )
        if first is None or ts <= first:
            return 0.0
        return lived(self.facts, 1, self.since, ts) / (ts - first)

    def holds_up_after(self, at: int) -> bool:
        """Say whether there is a number from this moment on, for longer than the moment."""
        return lived(self.facts, 1, at, at + 1) == 1

    def is_ready(self, look: Fact) -> bool:
        episodes = self.of_stage(look.ts)
        ever = judged(self.facts, self.begun(), look.ts, self.resolve_within)
        is_quiet, is_sensitive, is_red = look.what
        checks: list[Callable[[], bool]] = [
            lambda: self.e_value(look.ts) >= 20.0,
            lambda: self.weeks(look.ts) >= 4.0,
            lambda: self.uptime(look.ts) >= 0.99,
            lambda: labelled(episodes) >= self.resolved_min * len(episodes),
            lambda: labelled(ever) >= self.resolved_min * len(ever),
            lambda: is_quiet and is_sensitive and not is_red,
        ]
        return all(check() for check in checks)
