"""The one evaluator: from measures to decisions and actions, for live, replay and the command line alike."""

from collections.abc import Callable, Sequence
from functools import partial

from config.schema import Config, Limit
from enforcement.attention import is_calm, is_settled
from enforcement.builtin import BUILTIN_IDS, Freshness
from enforcement.change import Change, Origin
from enforcement.commands import halt_change, reinstate_changes
from enforcement.effects import EarnedStages, Standing
from enforcement.evidence import LimitEvidence
from enforcement.follow_ups import CATCH_UP, FollowUps
from enforcement.follow_words import FollowUp
from enforcement.judgement import judge
from enforcement.ladders import Ladders
from enforcement.life import Clock
from enforcement.life_timer import arm
from enforcement.limits import BoundLimit, bind_built_in, bind_configured, unwatched_limits, watched_limits
from enforcement.merge import Merged
from enforcement.moment import Moment, OpenTime
from enforcement.overriding import Changes, hurry, put_back, rebound, swap
from enforcement.oversteps import new_breaches
from enforcement.publisher import Publisher
from enforcement.records import Action, Outcome
from enforcement.relimiting import relimit
from enforcement.retarget import LazyBook, Sight
from enforcement.scopes import ScopeLives, caps_under, new_scope, scope_of
from enforcement.settling import settle_change
from enforcement.standings import LimitState, PathStates, TradingStates, limit_states, trading_states
from enforcement.waking import bands, wake_levels
from risk.book import Book
from risk.measures import Measures, Vector
from risk.timers import Timers
from sensors.catalogue import SHIPPED, Catalogue
from sensors.reading import Reading


class Enforcer:
    """Limits bound to scopes, their lives, and the counters of what was decided and published.

    freshness     : of the watched sources, set by the daemon; every root is restricted while one is silent
    limits        : configured, as they are now, in evaluation order
    unwatched     : ids of limits whose sensor the catalogue does not have
    stages        : earned by evidence, by (limit id, scope)
    follow_ups    : what became of enforced actions: acknowledgements and what contradicts them
    ladders       : of all limits in all scopes: where labels and what riskd itself finds of episodes go
    epoch         : of the journaled assignment, set by the daemon; in no id and no digest
    config_hash   : of what decisions depend on, so without modes; set by the daemon, as model_version is
    """

    def __init__(
        self, config: Config, shard: int, timers: Timers, opens: OpenTime, catalogue: Catalogue = SHIPPED
    ) -> None:
        self.unwatched = tuple(limit.id for limit in unwatched_limits(config, catalogue))
        self._catalogue = catalogue
        self.epoch = 1
        self.config_hash = self.model_version = ""
        self.limits = watched_limits(config.enforcement.limits, catalogue)
        self._currency = config.base_currency
        self._watches_sources = bool(config.data.sources)
        self.freshness = Freshness()
        self.stages = EarnedStages()
        self.follow_ups = FollowUps(config.enforcement.acks, opens)
        self._publisher = Publisher(self.limits, config.enforcement.mode, shard, self.stages, self.follow_ups)
        self.modes, self.overrides = self._publisher.modes, self._publisher.overrides
        self.overrides.left = self.freshness.left
        self.orders = 0  # commands that changed what limits may do
        self.ladders = Ladders(config, catalogue, self.stages, timers, opens, self.freshness, self.modes)
        self._timers, self._opens = timers, opens
        self._scopes: dict[str, ScopeLives] = {}
        self._guard = self._publisher.guard = partial(new_breaches, self._scopes)

    def add_scope(self, scope: str, is_root: bool, listed: bool) -> None:
        """Bind the limits to a path that has come into being; a path that is there already stays as it is.

        Evaluate it right after: an unknown root is restricted from its first moment.
        """
        if scope not in self._scopes:
            freshness = self.freshness if self._watches_sources else None
            known = (scope, self._currency, self._catalogue)
            built_in = bind_built_in(*known, is_root=is_root, listed=listed, freshness=freshness)
            bound = (*built_in, *self.bound_to(scope))
            self._scopes[scope] = new_scope(scope, bound, self.ladders.units_of(scope, bound))
            self._scopes[scope].ask_caps = partial(caps_under, self._scopes, scope)
            self.ladders.add(self._scopes[scope])

    def evaluate(self, scope: str, measures: Measures, book: Callable[[], Book], moment: Moment) -> list[Outcome]:
        """Move every breach life of the scope; running it when nothing woke it changes nothing."""
        holder = self._scopes[scope]
        if not holder.was_evaluated:
            holder.begin(moment.ts)
            self.ladders.begin(holder, moment.ts)
        self.freshness.now_ns = moment.ts
        values, statuses = measures.values.tolist(), measures.statuses.tolist()
        sight = self._sight(holder, measures, book, moment)
        outcomes: list[Outcome] = []
        for index, bound in enumerate(holder.limits):
            at, known = bound.metric_index, measures.known
            if holder.quiet[index]:
                if is_calm(bound, known, values[at], statuses[at]):
                    continue
            elif is_settled(bound, holder.lives[index], moment, known=known, value=values[at], status=statuses[at]):
                continue
            reading = bound.reader.read(measures)
            for level in range(len(bound.levels)):
                outcomes += self._look(holder, index, level, reading, sight)
        return outcomes

    def settle(self, scope: str, measures: Measures, moment: Moment, book: Callable[[], Book]) -> list[Outcome]:
        """Ask for other targets where those of the scope clear no longer with what the books under it are asked for."""
        holder = self._scopes[scope]
        change = settle_change(holder, measures, book, moment)
        return [] if change is None else [self._publish(holder, change)]

    def timer(
        self, name: str, due_ns: int, measures: Measures, book: Callable[[], Book], moment: Moment
    ) -> list[Outcome]:
        """Move the one life whose timer is due; `moment.ts` is `due_ns` and its cause "time"."""
        assert moment.ts == due_ns, f"timer {name!r} is due at {due_ns}, got the moment {moment.ts}"
        holder = self._scopes[scope_of(name)]
        self.freshness.now_ns = moment.ts
        sight = self._sight(holder, measures, book, moment)
        for index, names in enumerate(holder.timer_names):
            if name in names:
                return self._look(holder, index, names.index(name), holder.limits[index].reader.read(measures), sight)
        raise AssertionError(f"timer {name!r} names no life of {holder.scope}")

    @staticmethod
    def scope_of_timer(name: str) -> str:
        """Return the scope of a timer that begins with "life|"."""
        return scope_of(name)

    def wake_levels(self, scope: str) -> Vector:
        """Return (len(METRICS),) the value above which `evaluate` must be called; +inf where no limit looks.

        A number that only its sensor can compute wakes the scope at every event: any gross is above -inf.
        """
        return wake_levels(self._scopes[scope])

    def alive(self, scope: str) -> bool:
        """Say whether any life of the scope is not ok, or the scope was never evaluated."""
        holder = self._scopes[scope]
        return not (holder.was_evaluated and all(holder.quiet))

    def bands(self, scope: str, measures: Measures, moment: Moment) -> tuple[Vector, Vector] | None:
        """Return (len(METRICS),) twice, low and high: while every metric stays above low and not above high, and no
        status and no session changes, no price needs a look at the scope, just looked at. None: each one does.
        """
        return bands(self._scopes[scope], measures, moment)

    def trading_states(self, scope: str) -> TradingStates:
        """Return the scope's trading state on both topics, own and along the path."""
        return trading_states(self._scopes, scope)

    def path_states(self, scope: str) -> PathStates:
        """Return who tells the same again and again, while the scopes on the path are these."""
        return PathStates(self._scopes, scope)

    def limit(self, name: str) -> Limit | None:
        """Return a configured limit by its id, None where there is none."""
        return next((limit for limit in self.limits if limit.id == name), None)

    def bound_limits(self, scope: str) -> tuple[BoundLimit, ...]:
        """Return every limit of the scope, in evaluation order."""
        return self._scopes[scope].limits

    def standing(self, scope: str, bound: BoundLimit) -> Standing:
        """Return what a limit of the scope may do there now."""
        return self._publisher.standing(self._scopes[scope], bound)

    @property
    def standing_version(self) -> tuple[int, int]:
        """Return what stays equal while no limit may do anything else than before, in any scope."""
        return self.orders, self.stages.changes

    def published(self, scope: str) -> tuple[Merged, Merged]:
        """Return what the scope itself is held to by enforced limits, and by all as on the shadow topic."""
        holder = self._scopes[scope]
        return holder.enforced, holder.shadow

    def limit_states(self, scope: str, measures: Measures) -> list[LimitState]:
        """Return how every level of every limit of the scope stands, in evaluation order."""
        holder = self._scopes[scope]
        return limit_states(holder, measures, lambda bound: self._publisher.standing(holder, bound).stage)

    def evidence(self, now_ns: int) -> dict[str, LimitEvidence]:
        """Return what speaks for each limit up to core time `now_ns`, in evaluation order; none is built in."""
        return self.ladders.evidence(self.limits, now_ns)

    @property
    def decisions(self) -> int:
        """Decisions of the shard so far."""
        return self._publisher.decisions

    def is_enforced(self, scope: str) -> bool:
        """Say whether any configured limit of the scope may act, if only later, so that silence must restrict it."""
        holder = self._scopes[scope]
        return any(
            bound.limit.id not in BUILTIN_IDS and self._publisher.may_act(bound.configured, scope)
            for bound in holder.limits
        )

    def hold(self) -> None:
        """Publish nothing until `release`: decisions go on, and so does every life (catch-up)."""
        self._publisher.holding.is_on = True
        self.follow_ups.suspended = {CATCH_UP}

    def release(self, now_ns: int) -> list[Action]:
        """Return the final state of every scope that changed since `hold`, and publish again from now on."""
        return self._publisher.release(self.epoch, now_ns)

    def follow(self, told: FollowUp, measures: Measures, moment: Moment) -> Action | None:
        """Return the record of what follows an action of its scope, None where nothing has to be published."""
        return self._publisher.follow(self._scopes[told.scope], told, measures, moment, self.epoch)

    def halt(self, scope: str, measures: Measures, moment: Moment, *, actor: str, reason: str) -> list[Outcome]:
        """Halt the scope by an operator's command: hard, in every mode, until `reinstate`; a repeat changes nothing."""
        holder = self._scopes[scope]
        change = halt_change(holder, measures, moment, f"halted by {actor}: {reason}")
        return [] if change is None else [self._publish(holder, change)]

    def reinstate(
        self, scope: str, measures: Measures, moment: Moment, *, actor: str, reason: str, limit: str | None = None
    ) -> list[Outcome]:
        """End the operator's halt and the latched lives of the scope, or of one limit of it.

        What still breaches is not latched and is left alone: it goes on by its own rules.
        """
        holder = self._scopes[scope]
        changes = reinstate_changes(holder, measures, moment, f"reinstated by {actor}: {reason}", limit)
        return [self._publish(holder, change) for change in changes]

    def rebind(self, scope: str, measures: Measures, book: Callable[[], Book], moment: Moment) -> list[Outcome]:
        """Give the scope's limits the levels that overrides ask for now; what breaches a lower one fires at once.

        Evaluate the scope right after: what a higher level ends, ends by its own life.
        """
        holder = self._scopes[scope]
        sight = self._sight(holder, measures, book, moment)
        outcomes: list[Outcome] = []
        for index, before in enumerate(holder.limits):
            bound = rebound(before, scope, self.overrides, self._currency, self._catalogue)
            if bound is not before:
                outcomes += self._hurry(holder, index, swap(holder, index, bound), sight)
        return outcomes

    def configure(self, limits: Sequence[Limit], config_hash: str) -> None:
        """Have these limits from now on; every scope has to be relimited."""
        self.limits = self._publisher.limits = watched_limits(limits, self._catalogue)
        self.config_hash = config_hash

    def bound_to(self, scope: str) -> tuple[BoundLimit, ...]:
        """Return the configured limits of a scope, as they hold there now, in evaluation order."""
        bound = bind_configured(self.limits, scope, self._currency, self._catalogue)
        return tuple(rebound(each, scope, self.overrides, self._currency, self._catalogue) for each in bound)

    def relimit(self, scope: str, measures: Measures, book: Callable[[], Book], moment: Moment) -> list[Outcome]:
        """Give the scope the limits that are configured now; what breaches a lower level fires at once."""
        holder = self._scopes[scope]
        sight = self._sight(holder, measures, book, moment)
        ladders, wanted = self.ladders, self.bound_to(scope)
        done = relimit(holder, wanted, lambda bound: ladders.units_of(scope, (bound,))[0], self._timers, moment.ts)
        self.ladders.relimit(holder, done.gone, (*done.added, *done.changed))
        return [outcome for index, level in done.lower for outcome in self._hurry(holder, index, [level], sight)]

    def _hurry(self, holder: ScopeLives, index: int, levels: list[int], sight: Sight) -> list[Outcome]:
        """Look at levels that have become lower, so that what breaches them fires at once."""
        bound, outcomes = hurry(holder, index, levels), list[Outcome]()
        for level in levels:
            outcomes += self._look(holder, index, level, bound.reader.read(sight.measures), sight)
        put_back(holder, index, bound)
        return outcomes

    def carry_out(self, scope: str, changes: Changes, measures: Measures, moment: Moment) -> list[Outcome]:
        """Publish what an operator's command changes in the scope."""
        holder = self._scopes[scope]
        return [self._publish(holder, change) for change in changes(holder, measures=measures, moment=moment)]

    def _sight(self, holder: ScopeLives, measures: Measures, book: Callable[[], Book], moment: Moment) -> Sight:
        holder.ask_book = book
        return Sight(measures, LazyBook(book), Clock(moment, self._opens, holder.scope), self._guard)

    def _look(self, holder: ScopeLives, index: int, level: int, reading: Reading, sight: Sight) -> list[Outcome]:
        before = holder.lives[index][level]
        after, change = judge(holder, index, level, reading, sight)
        if after is before and change is None:
            return []
        arm(self._timers, holder.timer_names[index][level], after, sight.clock.moment.ts)
        if change is None:
            holder.store(index, level, after, sight.clock.moment.ts)
            self.ladders.watch_invalid(holder, index, sight.clock.moment.ts)
            return []
        return [self._publish(holder, change)]

    def _publish(self, holder: ScopeLives, change: Change) -> Outcome:
        outcome = self._publisher.publish(holder, change, Origin(self.epoch, self.config_hash, self.model_version))
        self.ladders.watch_invalid(holder, change.index, change.moment.ts)
        self.ladders.settle(holder, change.index)
        return outcome
