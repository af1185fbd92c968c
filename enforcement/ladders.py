"""The ladders of every limit in every scope of one shard: what moves them, and what they tell."""

from collections.abc import Sequence

from config.schema import Config, EnforcementConfig, Limit
from enforcement.builtin import AS_ENFORCED_AS_THE_TREE, BUILTIN_IDS, Freshness
from enforcement.effects import EarnedStages, Stage, is_climbing
from enforcement.episodes import Label, OutcomeTest, Verification
from enforcement.evidence import LimitEvidence, LimitUnits, limit_evidence, mode_word
from enforcement.figures import DAY_NS
from enforcement.ladder import Circumstances, Missing, Step, Unit
from enforcement.ladder_news import Look, Unwatch, Watch
from enforcement.limits import BoundLimit
from enforcement.modes import Modes
from enforcement.moment import OpenTime
from enforcement.scopes import ScopeLives
from risk.timers import Timers
from sensors.catalogue import Catalogue

LOOK = "evidence"  # the daily look, at midnight UTC of core time
INVALID = "evidence_invalid"
TIMERS = (LOOK, INVALID)  # what their names begin with, up to a bar
INVALID_FOR_NS = 15 * 60 * 10**9
# What a backtest of VaR speaks of; tested at 95 % and at 99 %.
_TESTED_AT_95 = ("var_95", "es_95")


def backtest_of(limit: Limit) -> str | None:
    """Return the confidence at which the model behind a limit's metric is backtested, None where it is not."""
    is_tested = limit.metric.startswith(("var_", "es_")) or limit.metric == "tail_ratio"
    return ("95" if limit.metric in _TESTED_AT_95 else "99") if is_tested else None


class Ladders:
    """Every unit of a shard.

    stages    : what each limit may do by its ladder, by (limit id, scope); it follows the ladder as soon as the limit
                is quiet, so that an episode acts to its end as it began: nothing relaxes because evidence turned
    told      : beginnings, looks and steps that wait to be written down, in order
    red       : (scope, confidence) of models whose backtest is in the red zone
    """

    def __init__(
        self, config: Config, catalogue: Catalogue, stages: EarnedStages, timers: Timers,
        opens: OpenTime, freshness: Freshness, modes: Modes,
    ) -> None:  # fmt: skip
        self.model_version = ""
        self.told: list[Step | Watch | Unwatch | Look] = []
        self.red: set[tuple[str, str]] = set()
        self.stages = stages
        self._modes = modes
        self._general, self._sensitivity = config.enforcement.promotion, config.enforcement.sensitivity
        self._threshold = config.enforcement.false_positive_threshold_per_week
        self._catalogue, self._timers, self._opens, self._freshness = catalogue, timers, opens, freshness
        self._holders: dict[str, ScopeLives] = {}
        self._by_episode: dict[str, Unit] = {}

    def units_of(self, scope: str, limits: Sequence[BoundLimit]) -> list[Unit]:
        """Return a new unit for each limit of a scope."""
        return [
            Unit(
                bound.limit.id, scope, bound.limit.promotion.over(self._general), self._threshold,
                outcome_counts=self._outcome_counts(bound.limit),
            )
            for bound in limits
        ]  # fmt: skip

    def add(self, holder: ScopeLives) -> None:
        """Take in a scope."""
        self._holders[holder.scope] = holder

    def begin(self, holder: ScopeLives, now_ns: int) -> None:
        """Note the first look at a scope: its limits are live from now on, and looked at daily."""
        self.told.append(Watch(holder.scope, holder.limits, tuple(holder.units)))
        if not self._timers.armed(LOOK):
            self._arm_look(now_ns)

    def relimit(self, holder: ScopeLives, gone: Sequence[str], places: Sequence[int]) -> None:
        """Note that limits of a scope are gone, and that others are new or have changed: an examiner has to know."""
        if gone and holder.was_evaluated:
            self.told.append(Unwatch(holder.scope, tuple(gone)))
        if places and holder.was_evaluated:
            limits = tuple(holder.limits[place] for place in places)
            self.told.append(Watch(holder.scope, limits, tuple(holder.units[place] for place in places)))

    def evidence(self, limits: Sequence[Limit], now_ns: int) -> dict[str, LimitEvidence]:
        """Return what speaks for each of these limits up to core time `now_ns`, in their order; none is built in."""
        found = {limit.id: LimitUnits() for limit in limits}
        for holder in self._holders.values():
            if not self._is_left(holder):
                for index, (bound, unit) in enumerate(zip(holder.limits, holder.units, strict=True)):
                    if unit.limit not in BUILTIN_IDS:
                        each, limit = found[unit.limit], bound.configured
                        each.units.append(unit)
                        each.modes.add(mode_word(limit, self._modes.of(limit, holder.scope)))
                        if self.climbs(bound, holder.scope):
                            each.lacks.update(self.missing(holder, index, now_ns))
        return {
            limit.id: limit_evidence(limit.sensor, of.units, now_ns, modes=of.modes, lacks=of.lacks)
            for limit, of in zip(limits, found.values(), strict=True)
        }

    def find(self, episode_id: str) -> Unit | None:
        """Return the unit that an episode is of, None where no such episode has begun."""
        unit = self._by_episode.get(episode_id)
        if unit is None or not any(each is unit for each in self._holders[unit.scope].units):
            return None  # the limit is gone, and its unit set aside
        return unit

    def label(self, label: Label) -> Unit:
        """Take in what a person said of an episode that has begun; return its unit."""
        unit = self._unit(label.episode_id)
        self._tell(unit, unit.take_label(label))
        return unit

    def verify(self, episode_id: str, verification: Verification) -> None:
        """Take in what the slow reference model found."""
        unit = self._unit(episode_id)
        self._tell(unit, unit.take_verification(episode_id, verification))

    def note_outcome(self, episode_id: str, outcome: OutcomeTest) -> None:
        """Take in whether the adverse event of an episode came."""
        unit = self._unit(episode_id)
        self._tell(unit, unit.take_outcome(episode_id, outcome))

    def timer(self, name: str, now_ns: int) -> None:
        """Carry out a timer of the ladders, one of `TIMERS`."""
        if name == LOOK:
            self.look(now_ns)
        else:
            self._invalid_for_long(name, now_ns)

    def look(self, now_ns: int) -> None:
        """Look at every ladder, and come again tomorrow."""
        self._arm_look(now_ns)
        climbing = [
            (holder, index)
            for holder in self._holders.values()
            for index, bound in enumerate(holder.limits)
            if holder.was_evaluated and not self._is_left(holder) and self.climbs(bound, holder.scope)
        ]
        if climbing:
            self.told.append(Look(now_ns))
        for holder, index in climbing:
            unit = holder.units[index]
            self._tell(unit, unit.look(now_ns, self.circumstances(holder, index)))

    def turn_zone(self, scope: str, confidence: str, *, is_red: bool, now_ns: int) -> None:
        """Note that a model's backtest has become red, which costs its limits a stage at once, or is red no more."""
        if not is_red:
            self.red.discard((scope, confidence))
            return
        self.red.add((scope, confidence))
        holder = self._holders[scope]
        for index, unit in enumerate(holder.units):
            if backtest_of(holder.limits[index].limit) == confidence:
                self._tell(unit, unit.demote_if_due(now_ns, is_model_red=True))

    def watch_invalid(self, holder: ScopeLives, index: int, now_ns: int) -> None:
        """After a life has moved: count the open time in which its number is INVALID."""
        since_ns = max(life.invalid_since_ns for life in holder.lives[index])
        name = _invalid_name(holder.units[index])
        if since_ns and self.climbs(holder.limits[index], holder.scope):
            due_ns = self._opens.advance(holder.scope, since_ns, INVALID_FOR_NS)
            if due_ns > now_ns:
                self._timers.arm(name, due_ns)
        else:
            self._timers.cancel(name)

    def reset(self, limits: Sequence[str], now_ns: int, reason: str) -> None:
        """Begin the evidence of these limits anew after a change of their configuration, a stage lower."""
        for holder in self._holders.values():
            for unit in holder.units if holder.was_evaluated else ():
                if unit.limit in limits:
                    self._tell(unit, unit.change(now_ns, reason))

    def configure(self, enforcement: EnforcementConfig) -> None:
        """Hold every unit to what a configuration asks of promotions; their evidence is begun anew by `reset`."""
        self._general, self._sensitivity = enforcement.promotion, enforcement.sensitivity
        self._threshold = enforcement.false_positive_threshold_per_week
        for holder in self._holders.values():
            for bound, unit in zip(holder.limits, holder.units, strict=True):
                unit.settings, unit.threshold = bound.limit.promotion.over(self._general), self._threshold
                unit.kept = None
        self.watch_anew()

    def change_model(self, version: str, now_ns: int, reason: str) -> None:
        """Begin the evidence of every limit anew in its stage: its numbers are others from now on."""
        self.model_version = version
        self.watch_anew()
        for holder in self._holders.values():
            for unit in holder.units if holder.was_evaluated else ():
                if unit.limit not in BUILTIN_IDS:
                    self._tell(unit, unit.reset(now_ns, "model_changed", reason))

    def watch_anew(self) -> None:
        """Tell an examiner what holds for every limit from now on."""
        for holder in self._holders.values():
            if holder.was_evaluated:
                self.told.append(Watch(holder.scope, holder.limits, tuple(holder.units)))

    def settle(self, holder: ScopeLives, index: int) -> None:
        """After a decision: let what a limit may do follow its ladder, where no life of it is under way."""
        unit = holder.units[index]
        if unit.episodes:
            self._by_episode[unit.episodes[-1].id] = unit
        if holder.quiet[index] and self.stages.get((unit.limit, unit.scope), Stage.SHADOW) is not unit.stage:
            self.stages[unit.limit, unit.scope] = unit.stage

    def circumstances(self, holder: ScopeLives, index: int) -> Circumstances:
        """Return what a look needs to know beyond the unit itself."""
        limit = holder.limits[index].limit
        confidence = backtest_of(limit)
        return Circumstances(
            is_quiet=holder.quiet[index] and self._is_root_free(holder.scope),
            is_sensitive=self.is_sensitive(limit),
            is_model_red=confidence is not None and (holder.scope, confidence) in self.red,
        )

    def is_sensitive(self, limit: Limit) -> bool:
        """Say whether the limit's sensor has shown under this model that it sees what it is for."""
        facts = self._catalogue.known.sensor(limit.sensor)
        claims = () if facts is None else facts.claims
        return self._sensitivity.shows(limit.sensor, claims, self.model_version)

    def climbs(self, bound: BoundLimit, scope: str) -> bool:
        """Say whether evidence moves the limit in the scope, by the mode that it is under there now."""
        limit = bound.configured
        return limit.id not in BUILTIN_IDS and is_climbing(limit, self._modes.of(limit, scope))

    def climbing(self) -> dict[tuple[str, str], bool]:
        """Return whether evidence moves each configured limit of each scope seen, by (limit id, scope)."""
        return {
            (bound.limit.id, holder.scope): self.climbs(bound, holder.scope)
            for holder in self._holders.values()
            for bound in holder.limits
            if holder.was_evaluated and bound.limit.id not in BUILTIN_IDS
        }

    def turn_mode(self, now_ns: int) -> None:
        """Follow a change of modes: an INVALID number counts only against a limit that evidence moves."""
        for holder in self._holders.values():
            for index in range(len(holder.limits)):
                self.watch_invalid(holder, index, now_ns)

    def missing(self, holder: ScopeLives, index: int, now_ns: int) -> tuple[Missing, ...]:
        """Return what a limit of the scope lacks to be promoted."""
        return holder.units[index].missing(now_ns, self.circumstances(holder, index))

    def _invalid_for_long(self, name: str, now_ns: int) -> None:
        """Carry out the timer of a limit whose number has been INVALID for 15 minutes of open time."""
        for holder in self._holders.values():
            for unit in holder.units:
                if _invalid_name(unit) == name:
                    self._tell(
                        unit, unit.demote(now_ns, "invalid", "its number has been INVALID for 15 minutes of open time")
                    )

    def _tell(self, unit: Unit, step: Step | None) -> None:
        if step is not None:
            self.told.append(step)
            holder = self._holders[unit.scope]
            self.settle(holder, [id(each) for each in holder.units].index(id(unit)))

    def _unit(self, episode_id: str) -> Unit:
        unit = self.find(episode_id)
        assert unit is not None, f"episode {episode_id} has not begun"
        return unit

    def _arm_look(self, now_ns: int) -> None:
        self._timers.arm(LOOK, (now_ns // DAY_NS + 1) * DAY_NS)

    def _is_left(self, holder: ScopeLives) -> bool:
        return holder.scope.split("/", 1)[0] in self._freshness.left

    def _is_root_free(self, scope: str) -> bool:
        """Say whether nothing built in restricts the scope's root: a promotion would have to enforce it at once."""
        root = self._holders.get(scope.split("/", 1)[0])
        if root is None:
            return True
        built_in = (index for index, bound in enumerate(root.limits) if bound.limit.id in AS_ENFORCED_AS_THE_TREE)
        return all(root.quiet[index] for index in built_in)

    def _outcome_counts(self, limit: Limit) -> bool:
        facts = self._catalogue.known.sensor(limit.sensor)
        return facts is not None and facts.outcome is not None and facts.outcome.counts


def _invalid_name(unit: Unit) -> str:
    return f"{INVALID}|{unit.limit}|{unit.scope}"
