"""Numbers decisions and actions, and says which decision changes what a topic holds of its scope."""

from functools import partial

from config.schema import ActionType, Limit, Mode
from enforcement.builtin import AS_ENFORCED_AS_THE_TREE, MODEL_AVAILABLE, OPERATOR_PIN
from enforcement.change import Change, Origin, evidence_of
from enforcement.demands import decided_type, params_for
from enforcement.effects import Stage, Stages, Standing, published_type, standing_of
from enforcement.follow_records import follow_action
from enforcement.follow_ups import FollowUps
from enforcement.follow_words import FollowUp
from enforcement.holding import Holding
from enforcement.life import is_acting, is_breaching
from enforcement.limits import BoundLimit, may_match_below
from enforcement.merge import Merged, allowed_in
from enforcement.merging import merged_enforced, merged_shadow
from enforcement.modes import Modes
from enforcement.moment import Moment
from enforcement.overrides import Overrides
from enforcement.oversteps import Guard, no_oversteps
from enforcement.records import (
    Action,
    Cause,
    Decision,
    Effect,
    Inputs,
    Kind,
    Outcome,
    TradingState,
    action_id_of,
    episode_id_of,
    number,
    seal,
)
from enforcement.scopes import ScopeLives
from risk.measures import Measures, Status
from sensors.metric_reading import utilisation_of

_LOUD = (Kind.ESCALATION, Kind.TARGETS, Kind.REMINDER, Kind.STANDING)


class Publisher:
    """The counters of one shard, and what its limits may do.

    decisions, enforced_seq, shadow_seq : of the last record; they never restart
    holding : while it is on, decisions are made and nothing is published (catch-up)
    modes, overrides : what operators have said of limits
    guard   : what a reduction of a parent would do to the limits under it
    """

    def __init__(
        self, limits: tuple[Limit, ...], mode: Mode, shard: int, stages: Stages, follow_ups: FollowUps
    ) -> None:
        self.decisions = self.enforced_seq = self.shadow_seq = 0
        self._follow_ups = follow_ups
        self.limits, self._shard, self._stages = limits, shard, stages
        self.modes, self.overrides = Modes(mode), Overrides()
        self.holding = Holding()
        self.guard: Guard = no_oversteps

    def standing(self, holder: ScopeLives, bound: BoundLimit) -> Standing:
        """Return what a limit may do in the scope; a built-in one is as enforced as any of its tree would be."""
        limit, scope = bound.configured, holder.scope
        if limit.id in AS_ENFORCED_AS_THE_TREE:
            mode = self.modes.general
            is_enforced = any(self._is_enforced_below(limit, scope) for limit in self.limits)
            return (
                Standing(mode, Stage.FULL, Effect.ENFORCED)
                if is_enforced
                else Standing(mode, Stage.SHADOW, Effect.SHADOW)
            )
        standing = standing_of(limit, scope, self.modes.of(limit, scope), self._stages)
        if self.overrides.suppression(limit, scope) is not None:
            return Standing(standing.mode, standing.stage, Effect.SUPPRESSED)
        return standing

    def may_act(self, limit: Limit, scope: str) -> bool:
        """Say whether a configured limit acts in the scope by its mode and stage, whatever keeps its actions back."""
        standing = standing_of(limit, scope, self.modes.of(limit, scope), self._stages)
        return standing.effect is Effect.ENFORCED

    def _is_enforced_below(self, limit: Limit, root: str) -> bool:
        """Say whether a limit acts in a root or anywhere under it, also where its actions are kept back for now."""
        if not may_match_below(limit.scope, root):
            return False
        earned = (scope for _, scope in self._stages if scope.startswith(f"{root}/"))
        return any(self.may_act(limit, scope) for scope in (root, *earned)) or (
            not limit.pinned_shadow and self.modes.may_be_full_below(limit, root)
        )

    def publish(self, holder: ScopeLives, change: Change, origin: Origin) -> Outcome:
        """Store the life, decide, and return the decision with the actions that it makes; updates the scope."""
        holder.store(change.index, change.level, change.after, change.moment.ts)
        decision = self._decide(holder, change, origin)
        bound = holder.limits[change.index]
        standing = self.standing(holder, bound)
        shadow = merged_shadow(holder, change.measures, self.guard)
        enforced = self._merged_enforced(holder, change.measures)
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
        merged = self._merged_enforced(holder, measures)
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
        if change.kind is Kind.STANDING:
            return False
        is_same = published_type(decision.decided_type, standing.stage) == decision.decided_type
        return standing.effect is Effect.ENFORCED and (is_same or change.kind is Kind.ESCALATION)

    def _merged_enforced(self, holder: ScopeLives, measures: Measures) -> Merged:
        more = partial(self._follow_ups.demands, holder.scope)
        return merged_enforced(holder, measures, self.guard, partial(self.standing, holder), more)

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
            utilisation=number(utilisation_of(reading.statistic, change.at)),
            at=number(bound.configured.levels[change.level].at),
            effective_at=number(change.at), override_id=self._override_id(holder, change),
            clear_at=number(change.clear_at),
            reason_code=change.code, reason=change.reason, evidence=evidence_of(change),
            inputs=Inputs(change.measures.trust, moment.n, moment.ts, dict(moment.offsets)),
            input_digest=moment.input_digest, model_version=origin.model_version, config_hash=origin.config_hash,
            ts_event=moment.ts if moment.ts_event is None else moment.ts_event, ts_decided=moment.ts,
        ))  # fmt: skip

    def _override_id(self, holder: ScopeLives, change: Change) -> str | None:
        """Return the override that matters most: what brought the decision about, keeps it back, or moved its level."""
        bound = holder.limits[change.index]
        if change.override_id is not None:
            return change.override_id
        if bound.limit.id == OPERATOR_PIN.id:
            kept = self.overrides.pin(TradingState(bound.levels[change.level].name), holder.scope)
        else:
            kept = self.overrides.suppression(bound.configured, holder.scope)
        return bound.override_id(change.level) if kept is None else kept.id

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
        decided = published = decision.decided_type
        if is_enforced:  # a command may have taken from the limit what it published
            published = published_type(decided, standing.stage) if standing.effect is Effect.ENFORCED else "none"
        elif standing.effect is Effect.SUPPRESSED:
            effect = Effect.SUPPRESSED
        cause = _cause(decision, published)
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
