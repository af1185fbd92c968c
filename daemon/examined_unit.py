"""One limit in one scope as an examiner sees it: nothing but what the audit log says of it, and the formulas.

A second path on purpose: it shares no code with `enforcement`, so that a fault there shows as a difference.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from math import exp, inf, log, nan

import msgspec
from scipy.stats import chi2

DAY_NS = 86_400 * 10**9
WEEK_NS = 7 * DAY_NS
STAGES = ("SHADOW", "SOFT", "FULL")
BLIND = ("no_data", "error")


class Rules(msgspec.Struct, frozen=True):
    """What a promotion asks for, as the log's `watch` says; of `enforcement.promotion`."""

    readiness: str
    automatic: bool
    weeks_min: float
    uptime_min: float
    resolved_min: float
    family: int
    overdispersion: bool
    resolve_within: int


class WatchedLimit(msgspec.Struct, frozen=True):
    """One limit of a `watch` record."""

    limit: str
    sensor: str
    levels: tuple[str, ...]
    climbs: bool
    threshold_per_week: float
    promotion: Rules
    outcome_counts: bool
    sensitive: bool
    backtest: str | None


class Climbing(msgspec.Struct, frozen=True):
    """One limit in one scope of a `mode_change` record: whether evidence moves it from then on."""

    limit: str
    scope: str
    climbs: bool


@dataclass(slots=True)
class Spell:
    """Stretches of time in which something held: starts and ends, and the sum up to each start; ns."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    is_on: bool = False

    def turn(self, ts: int, *, is_on: bool) -> None:
        """Begin or end a stretch."""
        if is_on and not self.is_on:
            self.before.append(self.lasted(ts))
            self.starts.append(ts)
        elif self.is_on and not is_on:
            self.ends.append(ts)
        self.is_on = is_on

    def lasted(self, ts: int) -> int:
        """Return how long it held up to `ts`."""
        at = bisect_right(self.starts, ts) - 1
        if at < 0:
            return 0
        end = min(self.ends[at], ts) if at < len(self.ends) else ts
        return self.before[at] + end - self.starts[at]

    def first_after(self, since: int, ts: int) -> int | None:
        """Return when it first held for longer than a moment between `since` and `ts`, None where it never did."""
        for at in range(max(0, bisect_right(self.starts, since) - 1), len(self.starts)):
            begin = max(self.starts[at], since)
            end = min(self.ends[at], ts) if at < len(self.ends) else ts
            if end > begin:
                return begin
        return None


@dataclass(slots=True)
class SeenEpisode:
    """An episode in the log: when it began to fire, and the last word on it of each kind, (result, cause)."""

    id: str
    began: int
    label: tuple[str, str | None] | None = None
    check: tuple[str, str | None] | None = None
    outcome: str | None = None


@dataclass(slots=True)
class ExaminedUnit:
    """What the log tells of a limit in a scope, and its stage by the formulas.

    lives : state of each level; steps: (ts, before, after, cause), recomputed; logged: the same, as the log has them
    """

    watched: WatchedLimit
    scope: str
    lives: dict[str, str]
    live: Spell = field(default_factory=Spell)
    up: Spell = field(default_factory=Spell)
    episodes: list[SeenEpisode] = field(default_factory=list)
    stage: str = "SHADOW"
    since: int = 0
    first: int = 0
    first_of_rules: int = 0
    steps: list[tuple[int, str, str, str]] = field(default_factory=list)
    logged: list[tuple[int, str, str, str]] = field(default_factory=list)

    @property
    def is_quiet(self) -> bool:
        """Say whether every level's life is ok."""
        return all(life == "ok" for life in self.lives.values())

    def decide(self, ts: int, level: str, life: str, episode_id: str) -> None:
        """Take in a decision on one level."""
        self.lives[level] = life
        self.live.turn(ts, is_on=self.is_quiet)
        self.up.turn(ts, is_on=not any(each in BLIND for each in self.lives.values()))
        if life == "firing" and not any(each.id == episode_id for each in reversed(self.episodes)):
            self.episodes.append(SeenEpisode(episode_id, ts))

    def counted(self, first: int | None = None) -> list[SeenEpisode]:
        """Return the stage's episodes, or those from a place on; a duplicate is the one before it, if there is one."""
        kept: list[SeenEpisode] = []
        for each in self.episodes[self.first if first is None else first :]:
            if not kept or each.label != ("false", "duplicate"):
                kept.append(each)
        return kept

    def weeks(self, ts: int) -> float:
        """Return T: live weeks of the stage up to `ts`."""
        return (self.live.lasted(ts) - self.live.lasted(self.since)) / WEEK_NS

    def false_weeks(self) -> list[float]:
        """Return the live weeks at which the episodes began that no person has found true; k is their number."""
        return [self.weeks(each.began) for each in self.counted() if each.label is None or each.label[0] != "true"]

    def k_counted(self, ts: int) -> float:
        """Return k, times variance over mean of the weekly counts where that is asked for and above 1.5."""
        began, whole = self.false_weeks(), int(self.weeks(ts))
        k = float(len(began))
        if not self.watched.promotion.overdispersion or whole < 8:
            return k
        weekly = [sum(week <= each < week + 1 for each in began) for week in range(whole)]
        mean = sum(weekly) / whole
        ratio = sum((each - mean) ** 2 for each in weekly) / (whole - 1) / mean if mean else 1.0
        return k * ratio if ratio > 1.5 else k

    def e_value(self, ts: int) -> float:
        """Return E = 0.5^k exp(0.5 theta T)."""
        exponent = 0.5 * self.watched.threshold_per_week * self.weeks(ts) - self.k_counted(ts) * log(2.0)
        return exp(exponent) if exponent < 709.0 else inf

    def rate(self, ts: int) -> tuple[float, float]:
        """Return the naive rate a week and its upper 95 % bound."""
        weeks, k = self.weeks(ts), len(self.false_weeks())
        return (k / weeks, float(chi2.ppf(0.95, 2 * k + 2)) / (2 * weeks)) if weeks > 0 else (nan, inf)

    def is_shown(self, ts: int) -> bool:
        """Say whether the evidence suffices by the method that the log names."""
        rules, theta, weeks, k = self.watched.promotion, self.watched.threshold_per_week, self.weeks(ts), 0.0
        k = self.k_counted(ts)
        if rules.readiness == "eprocess":
            return self.e_value(ts) >= 20.0 * rules.family
        if weeks <= 0:
            return False
        if rules.readiness == "naive":
            return k / weeks < theta
        return float(chi2.ppf(1.0 - 0.05 / rules.family, 2 * k + 2)) / (2 * weeks) < theta

    def is_judged_false(self, each: SeenEpisode, ts: int) -> str | None:
        """Return as what an episode is judged false by `ts`: a person, verification, outcome, or nobody in time."""
        if each.label is not None and each.label[0] != "unresolved":
            return None if each.label[0] == "true" else (each.label[1] or "unnamed")
        if each.check is not None and each.check[0] == "false":
            return each.check[1]
        if self.watched.outcome_counts and each.outcome == "stayed_away":
            return "outcome"
        return "unresolved" if ts - each.began >= self.watched.promotion.resolve_within else None

    def cusum(self, ts: int) -> tuple[float, float]:
        """Return D at `ts`, and the most that it has been in the stage."""
        level = peak = at = 0.0
        for each in self.counted():
            if self.is_judged_false(each, ts):
                began = self.weeks(each.began)
                level = max(0.0, level - self.watched.threshold_per_week * (began - at)) + log(2.0)
                peak, at = max(peak, level), began
        return max(0.0, level - self.watched.threshold_per_week * (self.weeks(ts) - at)), peak

    def has_data_errors(self, ts: int) -> bool:
        """Say whether two false episodes by data errors began within a day."""
        began = [each.began for each in self.counted() if self.is_judged_false(each, ts) == "data_error"]
        return any(began[at + 1] - began[at] <= DAY_NS for at in range(len(began) - 1))

    def is_labelled(self) -> bool:
        """Say whether enough episodes of the stage, and of all since the limit was changed, are true or false."""
        for first in (self.first, self.first_of_rules):
            episodes = self.counted(first)
            done = sum(each.label is not None and each.label[0] != "unresolved" for each in episodes)
            if done < self.watched.promotion.resolved_min * len(episodes):
                return False
        return True

    def resolved(self) -> int:
        """Return how many of the stage's episodes a person has labelled true or false."""
        return sum(each.label is not None and each.label[0] != "unresolved" for each in self.counted())

    def uptime(self, ts: int) -> float:
        """Return the share of time with a number, since the stage first had one."""
        first = self.up.first_after(self.since, ts)
        if first is None or ts <= first:
            return 0.0
        return (self.up.lasted(ts) - self.up.lasted(self.since)) / (ts - first)

    def step(self, ts: int, after: str, cause: str) -> None:
        """Go to another stage, or begin this one anew."""
        self.steps.append((ts, self.stage, after, cause))
        self.stage, self.since, self.first = after, ts, len(self.episodes)
        if cause in ("limit_changed", "model_changed"):
            self.first_of_rules = self.first
