"""The life of one level of one limit in one scope: a pure function from its record and a look to its next record."""

from dataclasses import dataclass, replace
from math import inf, isnan, nan

from config.schema import ActionType, NoDataPolicy
from enforcement.merge import severity
from enforcement.moment import Moment, OpenTime
from enforcement.records import BookTarget, CancelWorking, LifeState, Target
from risk.measures import Status

_ACTING = (LifeState.FIRING, LifeState.RECOVERING, LifeState.LATCHED)
_BLIND = (LifeState.NO_DATA, LifeState.ERROR)
_POLICY_TYPES: dict[NoDataPolicy, ActionType] = {
    "hold": "none", "warn": "warn", "reduce": "reduce_position", "halt": "halt",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """How a limit's lives move; durations are open time, ns. `by_fits`: new tail fits confirm, and nothing else."""

    for_ns: int
    confirm: int
    keep_ns: int
    keep_rows: int
    latch: bool
    no_data_after_ns: int
    on_no_data: NoDataPolicy | None
    by_fits: bool = False


@dataclass(frozen=True, slots=True)
class Clock:
    """The moment, and how open time passes from it in one scope."""

    moment: Moment
    opens: OpenTime
    scope: str

    def after(self, start_ns: int, open_ns: int) -> int:
        """Return the core time at which so much open time has passed since `start_ns`."""
        return self.opens.advance(self.scope, start_ns, open_ns) if open_ns else start_ns


@dataclass(frozen=True, slots=True)
class Look:
    """What a level sees: NaN is no number; +inf is one, whatever its status. `fits`: tail fits of the scope so far."""

    statistic: float
    status: Status
    at: float
    clear_at: float
    fits: int = 0

    @property
    def is_blind(self) -> bool:
        """Whether there is no number to compare."""
        return isnan(self.statistic) or self.statistic == -inf

    @property
    def is_broken(self) -> bool:
        """Whether the status promises a number that is not there."""
        return self.is_blind and self.status <= Status.DEGRADED


@dataclass(frozen=True, slots=True)
class Life:
    """All that is remembered of one level in one scope; plain values only, so that a snapshot can hold it.

    held            : the state to go on from when data is back; OK outside no_data and error
    since_ns        : when the state began; acting_since_ns: when the level began to act, 0 where it does not
    confirmed       : prices (or fits) that confirmed the breach so far; confirmed_n: the input (or fit) that did last
    due_ns          : when `for` or `keep_firing_for` has passed; rows_at: completed rows when recovery began
    no_data_since_ns, invalid_since_ns : when numbers were last lost, and when they last became INVALID; 0: they are not
    escalated       : what `on_no_data` asks for by now; escalation_due_ns: when it will ask for more, 0: it will not
    nav             : when the level began to act, base currency, NaN where unknown
    targets, books, clears_if, cancels : the reduction asked for; solved_statistic, solved_book: what it was solved for
    reminded_session: of the last reminder while halted, or of the halt
    """

    state: LifeState = LifeState.OK
    held: LifeState = LifeState.OK
    since_ns: int = 0
    acting_since_ns: int = 0
    confirmed: int = 0
    confirmed_n: int = 0
    due_ns: int = 0
    rows_at: int = 0
    no_data_since_ns: int = 0
    invalid_since_ns: int = 0
    escalated: ActionType = "none"
    escalation_due_ns: int = 0
    nav: float = nan
    targets: tuple[Target, ...] = ()
    books: tuple[BookTarget, ...] = ()
    clears_if: str | None = None
    cancels: CancelWorking = "none"
    solved_statistic: float = nan
    solved_book: str = ""
    reminded_session: int = 0


NEW_LIFE = Life()


def is_breaching(life: Life) -> bool:
    """Say whether the level's own action is in force, also while data is missing."""
    return life.state in _ACTING or (life.state in _BLIND and life.held in _ACTING)


def is_acting(life: Life) -> bool:
    """Say whether the life asks for anything: its own action, or what `on_no_data` says."""
    return is_breaching(life) or life.escalated != "none"


def timer_due_ns(life: Life) -> int | None:
    """Return when the life must be looked at again without any event, or None."""
    if life.state in (LifeState.PENDING, LifeState.RECOVERING):
        return life.due_ns
    return life.escalation_due_ns or None


def step(life: Life, look: Look, rule: Rule, clock: Clock) -> Life:
    """Return the life after the look: the same object where nothing changed.

    Looking twice at the same moment changes nothing the second time. A suspect price moves a life only into no_data,
    or from it back to the state it held.
    """
    if look.is_blind:
        after = _lose_number(life, look, rule, clock)
    else:
        seeing = _find_number(life, rule, clock) if life.state in _BLIND else life
        after = seeing if clock.moment.suspect else _compare(seeing, look, rule, clock)
    if after is life:
        return life
    return _mark_acting(life, after, clock.moment.ts)


def _compare(life: Life, look: Look, rule: Rule, clock: Clock) -> Life:
    over = look.statistic > look.at
    match life.state:
        case LifeState.OK if over:
            due_ns = clock.after(clock.moment.ts, rule.for_ns)
            pending = replace(life, state=LifeState.PENDING, since_ns=clock.moment.ts, due_ns=due_ns)
            return _confirm(pending, look, rule, clock)
        case LifeState.PENDING if over:
            return _confirm(life, look, rule, clock)
        case LifeState.PENDING:
            return replace(life, state=LifeState.OK, since_ns=clock.moment.ts, confirmed=0, confirmed_n=0, due_ns=0)
        case LifeState.FIRING if look.statistic <= look.clear_at:
            return _finish(_begin_recovery(life, rule, clock), rule, clock)
        case LifeState.RECOVERING if look.statistic > look.clear_at:
            return replace(life, state=LifeState.FIRING, since_ns=clock.moment.ts, due_ns=0, rows_at=0)
        case LifeState.RECOVERING:
            return _finish(life, rule, clock)
        case LifeState.LATCHED if over:
            return replace(life, state=LifeState.FIRING, since_ns=clock.moment.ts)
        case _:
            return life


def _confirm(life: Life, look: Look, rule: Rule, clock: Clock) -> Life:
    """Count this moment towards the confirmation, and fire where it is complete and `for` has passed."""
    confirmed, n = life.confirmed, look.fits if rule.by_fits else clock.moment.n
    if rule.by_fits:
        confirmed = min(confirmed + (n != life.confirmed_n), rule.confirm)
    elif clock.moment.cause == "other":
        confirmed = max(confirmed, rule.confirm)
    elif clock.moment.cause == "price" and n != life.confirmed_n:
        confirmed = min(confirmed + 1, rule.confirm)
    if confirmed >= rule.confirm and life.due_ns <= clock.moment.ts:
        return replace(life, state=LifeState.FIRING, since_ns=clock.moment.ts, confirmed=0, confirmed_n=0, due_ns=0)
    if confirmed == life.confirmed:
        return life
    return replace(life, confirmed=confirmed, confirmed_n=n)


def _begin_recovery(life: Life, rule: Rule, clock: Clock) -> Life:
    due_ns = clock.after(clock.moment.ts, rule.keep_ns)
    return replace(life, state=LifeState.RECOVERING, since_ns=clock.moment.ts, due_ns=due_ns, rows_at=clock.moment.rows)


def _finish(life: Life, rule: Rule, clock: Clock) -> Life:
    """End the recovery once it has lasted: in open time where prices come, in completed rows where none do."""
    lasted = (
        life.due_ns <= clock.moment.ts if clock.moment.quoted else clock.moment.rows - life.rows_at >= rule.keep_rows
    )
    if not lasted:
        return life
    state = LifeState.LATCHED if rule.latch else LifeState.OK
    return replace(life, state=state, since_ns=clock.moment.ts, due_ns=0, rows_at=0)


def _lose_number(life: Life, look: Look, rule: Rule, clock: Clock) -> Life:
    """Hold the state, and ask for what `on_no_data` says once the number has been missing for long enough."""
    ts, is_invalid = clock.moment.ts, look.status is Status.INVALID or look.is_broken
    state = LifeState.ERROR if look.is_broken else LifeState.NO_DATA
    policy = _POLICY_TYPES[rule.on_no_data or ("reduce" if is_invalid else "warn")]
    after = life
    if life.state not in _BLIND:
        after = replace(after, state=state, held=life.state, since_ns=ts, no_data_since_ns=ts)
    elif life.state is not state:
        after = replace(after, state=state, since_ns=ts)
    if is_invalid != (after.invalid_since_ns > 0):
        after = replace(after, invalid_since_ns=ts if is_invalid else 0)
    if after is not life:
        due_ns = 0
        if severity(policy) > severity(after.escalated):
            # A book that has long been INSUFFICIENT and is INVALID for a second must not be restricted in that second.
            since_ns = after.invalid_since_ns if is_invalid and rule.on_no_data is None else after.no_data_since_ns
            due_ns = clock.after(since_ns, rule.no_data_after_ns)
        after = replace(after, escalation_due_ns=due_ns)
    if 0 < after.escalation_due_ns <= ts:
        return replace(after, escalated=policy, escalation_due_ns=0)
    return after


def _find_number(life: Life, rule: Rule, clock: Clock) -> Life:
    """Go on from the held state. What relaxes starts anew; what tightens (`for`) has gone on meanwhile."""
    found = replace(
        life, state=life.held, held=LifeState.OK, since_ns=clock.moment.ts, no_data_since_ns=0, invalid_since_ns=0,
        escalated="none", escalation_due_ns=0,
    )  # fmt: skip
    return _begin_recovery(found, rule, clock) if found.state is LifeState.RECOVERING else found


def _mark_acting(before: Life, after: Life, ts: int) -> Life:
    if is_acting(after) == is_acting(before):
        return after
    if is_acting(after):
        return replace(after, acting_since_ns=ts)
    return replace(
        after,
        acting_since_ns=0,
        nav=nan,
        targets=(),
        books=(),
        clears_if=None,
        cancels="none",
        solved_statistic=nan,
        solved_book="",
    )
