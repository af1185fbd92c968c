"""Numbers decisions and actions, and says which decision changes what a topic holds of its scope."""

from dataclasses import dataclass
from math import inf

from msgspec import UNSET, UnsetType

from config.schema import ActionType, Limit, Mode
from enforcement.builtin import AS_ENFORCED_AS_THE_TREE, MODEL_AVAILABLE
from enforcement.demands import decided_demand, decided_type, params_for, published_demand
from enforcement.effects import Stage, Stages, Standing, published_type, standing_of
from enforcement.follow_records import follow_action
from enforcement.follow_ups import FollowUps
from enforcement.follow_words import FollowUp
from enforcement.holding import Holding
from enforcement.life import Life, is_acting, is_breaching
from enforcement.limits import BoundLimit, may_match_below
from enforcement.merge import Demand, Merged, allowed_in, merge
from enforcement.moment import Moment
from enforcement.records import (
    Action,
    Cause,
    Component,
    Decision,
    Effect,
    Evidence,
    Inputs,
    Kind,
    Outcome,
    action_id_of,
    episode_id_of,
    number,
    seal,
)
from enforcement.scopes import ScopeLives
from risk.measures import Measures, Status
from sensors.metric_reading import utilisation_of
from sensors.reading import Reading

_LOUD = (Kind.ESCALATION, Kind.TARGETS, Kind.REMINDER)


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that one decision is made of. `index` and `level` point into the scope's limits."""

    index: int
    level: int
    before: Life
    after: Life
    kind: Kind
    reading: Reading
    at: float
    clear_at: float
    measures: Measures
    moment: Moment
    components: tuple[Component, ...]
    clears_if: str | None
    code: str
    reason: str
    details: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """What records say of where they come from; the epoch of the journaled assignment is in no id and no digest."""

    epoch: int
    config_hash: str
    model_version: str


class Publisher:
    """The counters of one shard, and what its limits may do.

    decisions, enforced_seq, shadow_seq : of the last record; they never restart
    holding : while it is on, decisions are made and nothing is published (catch-up)
    """

    def __init__(
        self, limits: tuple[Limit, ...], mode: Mode, shard: int, stages: Stages, follow_ups: FollowUps
    ) -> None:
        self.decisions = self.enforced_seq = self.shadow_seq = 0
        self._follow_ups = follow_ups
        self._limits, self._mode, self._shard, self._stages = limits, mode, shard, stages
        self.holding = Holding()

    def standing(self, holder: ScopeLives, bound: BoundLimit) -> Standing:
        """Return what a limit may do in the scope; a built-in one is as enforced as any of its tree would be."""
        if bound.limit.id not in AS_ENFORCED_AS_THE_TREE:
            return standing_of(bound.limit, holder.scope, self._mode, self._stages)
        scopes = [holder.scope, *(scope for _, scope in self._stages if scope.startswith(f"{holder.scope}/"))]
        for limit in self._limits:
            if may_match_below(limit.scope, holder.scope):
                for scope in scopes:
                    if standing_of(limit, scope, self._mode, self._stages).effect is Effect.ENFORCED:
                        return Standing(self._mode, Stage.FULL, Effect.ENFORCED)
        return Standing(self._mode, Stage.SHADOW, Effect.SHADOW)

    def publish(self, holder: ScopeLives, change: Change, origin: Origin) -> Outcome:
        """Store the life, decide, and return the decision with the actions that it makes; updates the scope."""
        holder.store(change.index, change.level, change.after, change.moment.ts)
        decision = self._decide(holder, change, origin)
        bound = holder.limits[change.index]
        standing = self.standing(holder, bound)
        shadow, enforced = self._merged_shadow(holder), self._merged_enforced(holder)
        is_loud = change.kind in _LOUD and decision.decided_type != "none"
        shadow_action = enforced_action = None
        if shadow != holder.shadow or is_loud:
            shadow_action = self._emit(Effect.SHADOW, holder.shadow, shadow, decision, standing, origin.epoch)
        if enforced != holder.enforced or (is_loud and self._is_loud_outside(change, decision, standing)):
            enforced_action = self._emit(Effect.ENFORCED, holder.enforced, enforced, decision, standing, origin.epoch)
        holder.shadow, holder.enforced = shadow, enforced
        return Outcome(decision, enforced_action, shadow_action)

    def release(self, epoch: int, now_ns: int) -> list[Action]:
        """End the holding; return one action per topic and scope whose state is another than the topic holds.

        An action keeps the time of its decision; acknowledgements are due from `now_ns` on.
        """
        return [
            self._action(held.decision, held.merged, held.effect, held.standing, epoch, asked_ns=now_ns)
            for held in self.holding.end()
        ]

    def follow(
        self, holder: ScopeLives, told: FollowUp, measures: Measures, moment: Moment, epoch: int
    ) -> Action | None:
        """Return the record of what follows an action, None where nothing of it has to be published now."""
        merged = self._merged_enforced(holder)
        if self.holding.is_on or (merged == holder.enforced and not told.is_loud):
            return None
        holder.enforced = merged
        self.enforced_seq += 1
        ack_by = self._follow_ups.ack_by(merged.type, moment.ts) if told.requires_ack else None
        action = follow_action(
            self._follow_ups.base(holder.scope), told, merged, moment,
            trust=measures.trust, epoch=epoch, seq=self.enforced_seq, count=self._follow_ups.count(holder.scope) + 1,
            ack_by=ack_by,
        )  # fmt: skip
        self._follow_ups.publish(action, asked_ns=moment.ts, is_follow_up=True)
        return action

    def _emit(
        self, effect: Effect, before: Merged, merged: Merged, decision: Decision, standing: Standing, epoch: int
    ) -> Action | None:
        """Return the action, or keep it back: only that a book is unknown is never a thing of the past."""
        if self.holding.is_on:
            if decision.limit != MODEL_AVAILABLE.id or decision.decided_type == "none":
                self.holding.keep(effect, before, merged, decision, standing)
                return None
            self.holding.forget(effect, decision.scope)
        return self._action(decision, merged, effect, standing, epoch, asked_ns=decision.ts_decided)

    def _is_loud_outside(self, change: Change, decision: Decision, standing: Standing) -> bool:
        """Say whether `risk.actions` repeats it: only enforced limits, and of what SOFT made a throttle nothing."""
        is_same = published_type(decision.decided_type, standing.stage) == decision.decided_type
        return standing.effect is Effect.ENFORCED and (is_same or change.kind is Kind.ESCALATION)

    def _merged_shadow(self, holder: ScopeLives) -> Merged:
        demands = (
            decided_demand(bound.limit.id, level, life)
            for bound, lives in zip(holder.limits, holder.lives, strict=True)
            for level, life in zip(bound.levels, lives, strict=True)
        )
        return merge([demand for demand in demands if demand is not None])

    def _merged_enforced(self, holder: ScopeLives) -> Merged:
        demands: list[Demand] = []
        may_exceed = False
        for bound, lives in zip(holder.limits, holder.lives, strict=True):
            if not any(is_acting(life) for life in lives):
                continue
            standing = self.standing(holder, bound)
            if standing.effect is not Effect.ENFORCED:
                continue
            for level, life in zip(bound.levels, lives, strict=True):
                demand = published_demand(bound.limit.id, level, life, standing.stage)
                if demand is not None:
                    demands.append(demand)
                    may_exceed = may_exceed or standing.stage is Stage.FULL
        return merge(demands + self._follow_ups.demands(holder.scope, demands, may_exceed=may_exceed))

    def _decide(self, holder: ScopeLives, change: Change, origin: Origin) -> Decision:
        bound, moment, reading = holder.limits[change.index], change.moment, change.reading
        level = bound.levels[change.level]
        ordinal = self._ordinal(holder, change)
        decided = decided_type(change.after, level)
        self.decisions += 1
        return seal(Decision(
            d=self.decisions, shard=self._shard, kind=change.kind, scope=holder.scope, limit=bound.limit.id,
            sensor=reading.sensor, metric=reading.metric, level=level.name,
            transition=f"{change.before.state}>{change.after.state}", life=change.after.state, decided_type=decided,
            params=params_for(decided, change.after, level),
            episode_id=episode_id_of(bound.limit.id, holder.scope, ordinal), episode_ordinal=ordinal,
            statistic=number(reading.statistic), unit=reading.unit, status=Status(reading.status).name,
            utilisation=number(utilisation_of(reading.statistic, change.at)), at=number(level.at),
            effective_at=number(change.at), override_id=None, clear_at=number(change.clear_at),
            reason_code=change.code, reason=change.reason, evidence=_evidence(change),
            inputs=Inputs(change.measures.trust, moment.n, moment.ts, dict(moment.offsets)),
            input_digest=moment.input_digest, model_version=origin.model_version, config_hash=origin.config_hash,
            ts_event=moment.ts if moment.ts_event is None else moment.ts_event, ts_decided=moment.ts,
        ))  # fmt: skip

    def _ordinal(self, holder: ScopeLives, change: Change) -> int:
        """Return the decision's episode, opening it where a level begins to act and closing it where the last stops."""
        episode, session = holder.episodes[change.index], change.moment.session
        ordinal = episode.ordinal_at(session)
        acts = any(is_acting(life) for life in holder.lives[change.index])
        unit, now_ns = holder.units[change.index], change.moment.ts
        if acts:
            episode.ordinal = ordinal
            # What missing data asked for is no assertion that could be false: only a firing is counted and labelled.
            if any(is_breaching(life) for life in holder.lives[change.index]):
                unit.begin_episode(now_ns, episode_id_of(unit.limit, unit.scope, ordinal), ordinal)
        elif episode.is_open:
            episode.ended_session = session
            unit.end_episode(now_ns)
        episode.is_open = acts
        return ordinal

    def _action(
        self, decision: Decision, merged: Merged, effect: Effect, standing: Standing, epoch: int, *, asked_ns: int
    ) -> Action:
        is_enforced = effect is Effect.ENFORCED
        if is_enforced:
            self.enforced_seq += 1
        else:
            self.shadow_seq += 1
        seq = self.enforced_seq if is_enforced else self.shadow_seq
        decided = decision.decided_type
        cause = _cause(decision, published_type(decided, standing.stage) if is_enforced else decided)
        ack_by = self._follow_ups.ack_by(merged.type, asked_ns) if is_enforced else None
        action = Action(
            action_id=action_id_of(decision), shard=decision.shard, d=decision.d, epoch=epoch, seq=seq,
            scope=decision.scope, trading_state=merged.trading_state, allowed=allowed_in(merged.trading_state),
            type=merged.type, params=merged.params, effect=effect, mode=standing.mode, cause=cause,
            active=merged.active, reason_code=decision.reason_code, reason=decision.reason, evidence=decision.evidence,
            inputs=decision.inputs, model_version=decision.model_version, config_hash=decision.config_hash,
            input_digest=decision.input_digest, ts_event=decision.ts_event, ts_decided=decision.ts_decided,
            on_expiry="restrict" if is_enforced else "hold", requires_ack=ack_by is not None,
            ack_by=ack_by,
        )  # fmt: skip
        if is_enforced:
            self._follow_ups.publish(action, asked_ns=asked_ns, is_follow_up=False)
        return action


def _cause(decision: Decision, published: ActionType) -> Cause:
    return Cause(
        decision.limit, decision.sensor, decision.episode_id, decision.level, decision.kind, decision.transition,
        decision.decided_type, published, decision.at, decision.effective_at, decision.override_id, decision.clear_at,
    )  # fmt: skip


def _evidence(change: Change) -> Evidence:
    reading, measures = change.reading, change.measures
    es = None
    if reading.metric.startswith("var_") and measures.known:
        metric = f"es_{reading.metric.removeprefix('var_')}"
        value = measures.value(metric)
        es = number(value) if measures.status(metric) < Status.INSUFFICIENT or value == inf else None
    return Evidence(
        number(reading.statistic), reading.unit, Status(reading.status).name, es, change.components, change.clears_if,
        {name: number(value) for name, value in change.details} if change.details else UNSET,
        _worst_book(reading.metric, measures),
    )  # fmt: skip


def _worst_book(metric: str, measures: Measures) -> str | UnsetType:
    """Return the book that the statistic speaks of; built-in limits measure none, and without orders there is one."""
    book = measures.worst_book(metric)
    return UNSET if book is None else book
