"""The ladder of one limit in one scope: SHADOW, SOFT, FULL, climbed by evidence that was gathered in each stage.

A state machine of core time, the lives of the limit's levels, and what is said of its episodes; it knows no daemon.
"""

from dataclasses import dataclass, field
from typing import Literal

from config.promotion import PromotionConfig
from enforcement.effects import Stage
from enforcement.episodes import Episode, FalseCause, Label, OutcomeTest, Verification, counted, labels_hash
from enforcement.figures import DAY_NS, WEEK_NS, Figures, LiveTime
from enforcement.readiness import counted_false, e_value, is_evidence_enough
from enforcement.tally import Tally, tally_of

STAGES = (Stage.SHADOW, Stage.SOFT, Stage.FULL)
DATA_ERRORS_FOR_DEMOTION = 2  # within a day
StepKind = Literal["promotion", "demotion", "reset"]
StepCause = Literal["evidence", "model_red", "data_errors", "cusum", "invalid", "model_changed", "limit_changed"]
Missing = Literal["evidence", "weeks", "uptime", "labels", "sensitivity", "backtest", "quiet", "automatic", "top"]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a look needs to know beyond the unit itself.

    is_quiet     : every life of the limit is ok, and nothing else restricts its root: a promotion waits for that
    is_sensitive : the sensor met every injected fault and tripped in every crisis that it claims
    is_model_red : the backtest of the model behind the metric is in the red zone
    """

    is_quiet: bool = True
    is_sensitive: bool = False
    is_model_red: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the ladder, or a restart in the same stage, with what it rested on; an audit event.

    labels_hash : of all labels on episodes of the stage that ends here
    """

    kind: StepKind
    limit: str
    scope: str
    before: Stage
    after: Stage
    cause: StepCause
    reason: str
    figures: Figures
    labels_hash: str


@dataclass(slots=True)
class Unit:
    """One limit in one scope.

    stage_ns  : when the stage was entered; live and up go on through all stages, and `entered_*` is where they stood
    first_up_ns : when the limit first had a number in this stage; 0: not yet
    episodes  : all that ever began, in order; those of the stage are the last ones, from `first` on, and those since
                the limit or its model was changed from `first_of_rules` on
    labels    : on episodes of the stage, in the order in which they came
    """

    limit: str
    scope: str
    settings: PromotionConfig
    threshold: float
    outcome_counts: bool = False
    stage: Stage = Stage.SHADOW
    stage_ns: int = 0
    live: LiveTime = field(default_factory=LiveTime)
    up: LiveTime = field(default_factory=LiveTime)
    entered_live_ns: int = 0
    entered_up_ns: int = 0
    first_up_ns: int = 0
    episodes: list[Episode] = field(default_factory=list)
    first: int = 0
    first_of_rules: int = 0
    labels: list[Label] = field(default_factory=list)
    kept: Tally | None = None

    def begin(self, now_ns: int) -> None:
        """Note the first look at the limit's scope: what it finds quiet is live from now on."""
        self.stage_ns = now_ns
        self.turn(now_ns, is_live=True, is_up=True)

    def turn(self, now_ns: int, *, is_live: bool, is_up: bool) -> None:
        """Note how it stands from `now_ns` on: live, all lives ok with a number; up, a number, whatever the lives."""
        if is_live == self.live.holds and is_up == self.up.holds:
            return
        self.live.turn(is_live=is_live, now_ns=now_ns)
        if self.up.until(now_ns) == self.entered_up_ns:
            self.first_up_ns = now_ns if is_up else 0
        self.up.turn(is_live=is_up, now_ns=now_ns)

    def begin_episode(self, now_ns: int, id_: str, ordinal: int) -> None:
        """Note a firing: a new episode, or the last one going on."""
        if self.episodes and self.episodes[-1].ordinal == ordinal:
            self.episodes[-1].ended_ns = 0
        else:
            self.episodes.append(Episode(id_, ordinal, now_ns, self.live.until(now_ns)))
            self.kept = None

    def end_episode(self, now_ns: int) -> None:
        """Note that no level acts any more."""
        if self.episodes and not self.episodes[-1].ended_ns:
            self.episodes[-1].ended_ns = now_ns

    def episode(self, id_: str) -> Episode | None:
        """Return an episode of any stage by its id."""
        return next((each for each in self.episodes if each.id == id_), None)

    def take_label(self, label: Label) -> Step | None:
        """Take in what a person said of an episode; a false one may make the limit step down at once."""
        episode = self._named(label.episode_id)
        episode.label, self.kept = label, None
        if self._is_of_stage(episode):
            self.labels.append(label)
        return self.demote_if_due(label.ts)

    def take_verification(self, id_: str, verification: Verification) -> Step | None:
        """Take in what the recomputation found; it may make the limit step down at once."""
        self._named(id_).verification, self.kept = verification, None
        return self.demote_if_due(verification.ts)

    def take_outcome(self, id_: str, outcome: OutcomeTest) -> Step | None:
        """Take in whether the adverse event came; it may make the limit step down at once."""
        self._named(id_).outcome, self.kept = outcome, None
        return self.demote_if_due(outcome.ts)

    def look(self, now_ns: int, circumstances: Circumstances) -> Step | None:
        """Step down where that is due, else up where everything speaks for it; None: stay."""
        step = self.demote_if_due(now_ns, is_model_red=circumstances.is_model_red)
        if step is not None or self.missing(now_ns, circumstances):
            return step
        higher = STAGES[STAGES.index(self.stage) + 1]
        return self._step("promotion", higher, now_ns, "evidence", "the evidence of the stage suffices")

    def missing(self, now_ns: int, circumstances: Circumstances) -> tuple[Missing, ...]:
        """Return what a promotion lacks at `now_ns`; empty: nothing."""
        figures, settings = self.figures(now_ns), self.settings
        enough = is_evidence_enough(
            settings.readiness, figures.false_counted, figures.weeks, threshold=self.threshold, family=settings.family
        )
        holds: dict[Missing, bool] = {
            "evidence": enough,
            "weeks": figures.weeks >= settings.weeks_min,
            "uptime": figures.uptime >= settings.uptime_min,
            "labels": self._is_labelled(),
            "sensitivity": circumstances.is_sensitive,
            "backtest": not circumstances.is_model_red,
            "quiet": circumstances.is_quiet,
            "automatic": settings.automatic,
            "top": self.stage is not Stage.FULL,
        }
        return tuple(name for name, is_met in holds.items() if not is_met)

    def demote_if_due(self, now_ns: int, *, is_model_red: bool = False) -> Step | None:
        """Step down where the model is red, data errors come in pairs, or the CUSUM is over; None: nothing is due."""
        if self.stage is Stage.SHADOW:
            return None
        if is_model_red:
            return self.demote(now_ns, "model_red", "the backtest of its model is red")
        if self._has_data_errors(now_ns):
            reason = f"{DATA_ERRORS_FOR_DEMOTION} false episodes by data errors within 24 h"
            return self.demote(now_ns, "data_errors", reason)
        if self.tally(now_ns).last.is_over:
            return self.demote(now_ns, "cusum", "false episodes come too often: the CUSUM has reached ln 20")
        return None

    def demote(self, now_ns: int, cause: StepCause, reason: str) -> Step | None:
        """Step down one stage at once; None in SHADOW, under which there is nothing."""
        if self.stage is Stage.SHADOW:
            return None
        return self._step("demotion", STAGES[STAGES.index(self.stage) - 1], now_ns, cause, reason)

    def reset(self, now_ns: int, cause: StepCause, reason: str) -> Step:
        """Begin the evidence anew in the same stage: the model has changed."""
        return self._step("reset", self.stage, now_ns, cause, reason)

    def change(self, now_ns: int, reason: str) -> Step:
        """Begin anew after a change of the limit itself: a stage lower, where there is one."""
        return self.demote(now_ns, "limit_changed", reason) or self.reset(now_ns, "limit_changed", reason)

    def figures(self, now_ns: int) -> Figures:
        """Return everything that the evidence of this stage says at `now_ns`."""
        tally, weeks = self.tally(now_ns), self._weeks(now_ns)
        k = float(len(tally.doubted))
        if self.settings.overdispersion:
            k = counted_false(tally.doubted, weeks, overdispersion=True)
        known_ns = now_ns - self.first_up_ns
        up_ns = self.up.until(now_ns) - self.entered_up_ns
        return Figures(
            stage_ns=self.stage_ns, episodes=tally.episodes, false=len(tally.doubted), false_counted=k,
            resolved=tally.resolved, weeks=weeks,
            uptime=up_ns / known_ns if self.first_up_ns and known_ns > 0 else 0.0,
            e_value=e_value(k, weeks, self.threshold), cusum=tally.cusum_at(weeks, self.threshold),
            cusum_peak=tally.last.peak,
        )  # fmt: skip

    def tally(self, now_ns: int) -> Tally:
        """Return what the episodes come to at `now_ns`."""
        if self.kept is None or now_ns >= self.kept.until_ns:
            self.kept = tally_of(
                self.episodes, self.first, now_ns,
                weeks_at=self._weeks_at, cause_of=lambda each: self._cause(each, now_ns), threshold=self.threshold,
                resolve_within_ns=self.settings.resolve_within,
            )  # fmt: skip
        return self.kept

    def _step(self, kind: StepKind, after: Stage, now_ns: int, cause: StepCause, reason: str) -> Step:
        figures, labels = self.figures(now_ns), labels_hash(self.labels)
        step = Step(kind, self.limit, self.scope, self.stage, after, cause, reason, figures, labels)
        self.stage, self.stage_ns, self.kept = after, now_ns, None
        self.entered_live_ns, self.entered_up_ns = self.live.until(now_ns), self.up.until(now_ns)
        self.first_up_ns = now_ns if self.up.since_ns else 0
        self.first, self.labels = len(self.episodes), []
        if cause in ("limit_changed", "model_changed"):
            self.first_of_rules = self.first
        return step

    def _is_labelled(self) -> bool:
        """Say whether enough of the stage's episodes are resolved, and of all since the limit was last changed: a stage
        that was lost and begun anew must not bury what nobody ever looked at."""
        for first in {self.first, self.first_of_rules}:
            episodes = counted(self.episodes[first:])
            if sum(each.is_labelled for each in episodes) < self.settings.resolved_min * len(episodes):
                return False
        return True

    def _named(self, id_: str) -> Episode:
        episode = self.episode(id_)
        assert episode is not None, f"episode {id_} is none of {self.limit} in {self.scope}"
        return episode

    def _is_of_stage(self, episode: Episode) -> bool:
        return any(each is episode for each in self.episodes[self.first :])

    def _weeks(self, now_ns: int) -> float:
        return (self.live.until(now_ns) - self.entered_live_ns) / WEEK_NS

    def _weeks_at(self, episode: Episode) -> float:
        return (episode.began_live_ns - self.entered_live_ns) / WEEK_NS

    def _cause(self, episode: Episode, now_ns: int) -> FalseCause | None:
        return episode.cause_now(
            now_ns, outcome_counts=self.outcome_counts, resolve_within_ns=self.settings.resolve_within
        )

    def _has_data_errors(self, now_ns: int) -> bool:
        began = [
            each.began_ns for each in counted(self.episodes[self.first :]) if self._cause(each, now_ns) == "data_error"
        ]
        apart = DATA_ERRORS_FOR_DEMOTION - 1
        return any(last - first <= DAY_NS for first, last in zip(began, began[apart:], strict=False))
