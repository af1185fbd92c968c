"""What the enforcer remembers of one scope: a life per level, an episode per limit, the state last published."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from enforcement.caps import Caps, caps_of, no_caps
from enforcement.ladder import Unit
from enforcement.life import NEW_LIFE, Life
from enforcement.limits import BoundLimit
from enforcement.merge import Joint, Merged, merge
from enforcement.records import Effect, LifeState
from risk.book import Book

BLIND = (LifeState.NO_DATA, LifeState.ERROR)
_TIMER_PREFIX = "life"


@dataclass(slots=True)
class Episode:
    """The episodes of one limit in one scope: from the first level that acts to the last that stops.

    ordinal       : of the current or last one; 0 before the first
    ended_session : base session in which the last one ended
    """

    ordinal: int = 0
    is_open: bool = False
    ended_session: int = 0

    def ordinal_at(self, session: int) -> int:
        """Return the ordinal that a level has now, or would have if it began to act: ends in the same session merge."""
        if self.is_open or (self.ordinal > 0 and session <= self.ended_session):
            return self.ordinal
        return self.ordinal + 1


@dataclass(slots=True)
class ScopeLives:
    """One scope. `lives`, `episodes` and `units` are parallel to `limits`; `quiet`: all lives of a limit are ok.

    joints   : by topic, what was last asked for where several limits reduce the scope
    ask_book : gives the scope's book of the moment, from its first look on
    ask_caps : gives what the books under it are asked for on a topic

    From its first look on a limit is live exactly while it is quiet, and has a number exactly while no life of it is
    blind: a number that is missing moves its lives to `no_data`, and one that changes its status is always looked at.
    """

    scope: str
    limits: tuple[BoundLimit, ...]
    lives: list[list[Life]]
    episodes: list[Episode]
    quiet: list[bool]
    units: list[Unit]
    timer_names: list[list[str]]
    shadow: Merged
    enforced: Merged
    was_evaluated: bool = False
    retired: dict[str, tuple[Episode, Unit]] = field(default_factory=dict)  # of limits that it had, by id
    joints: dict[Effect, Joint] = field(default_factory=dict)
    ask_book: Callable[[], Book] | None = None
    ask_caps: Callable[[Effect], Caps] = no_caps

    def begin(self, now_ns: int) -> None:
        """Note the first look: what it finds quiet is live from now on."""
        self.was_evaluated = True
        for unit in self.units:
            unit.begin(now_ns)

    def store(self, index: int, level: int, life: Life, now_ns: int) -> None:
        """Keep the life at core time `now_ns`, and whether its limit is quiet, so that it is live."""
        self.lives[index][level] = life
        states = [each.state for each in self.lives[index]]
        self.quiet[index] = all(state is LifeState.OK for state in states)
        is_up = not any(state in BLIND for state in states)
        self.units[index].turn(now_ns, is_live=self.quiet[index], is_up=is_up)

    def append(self, bound: BoundLimit, unit: Unit, now_ns: int) -> None:
        """Bind one limit more, from core time `now_ns` on."""
        self.limits = (*self.limits, bound)
        self.lives.append([NEW_LIFE] * len(bound.levels))
        self.episodes.append(Episode())
        self.quiet.append(True)
        self.units.append(unit)
        self.timer_names.append([timer_name(bound.limit.id, level.name, self.scope) for level in bound.levels])
        if self.was_evaluated:
            unit.begin(now_ns)


def new_scope(scope: str, limits: tuple[BoundLimit, ...], units: list[Unit]) -> ScopeLives:
    """Return a scope in which nothing has happened yet; units: one for each limit."""
    lives = [[NEW_LIFE] * len(bound.levels) for bound in limits]
    names = [[timer_name(bound.limit.id, level.name, scope) for level in bound.levels] for bound in limits]
    nothing = merge(())
    episodes = [Episode() for _ in limits]
    return ScopeLives(scope, limits, lives, episodes, [True] * len(limits), units, names, nothing, nothing)


def caps_under(scopes: Mapping[str, ScopeLives], scope: str, effect: Effect) -> Caps:
    """Return what the books under a scope are asked for on a topic by limits of theirs."""
    below = {path: each for path, each in scopes.items() if path.startswith(f"{scope}/")}
    return caps_of({path: each.shadow if effect is Effect.SHADOW else each.enforced for path, each in below.items()})


def timer_name(limit: str, level: str, scope: str) -> str:
    """Return the name of a life's timer: "life|limit|level|scope", with | and % of the first two escaped."""
    return "|".join((_TIMER_PREFIX, _escaped(limit), _escaped(level), scope))


def scope_of(name: str) -> str:
    """Return the scope in a life's timer name."""
    parts = name.split("|", 3)
    assert [len(parts), parts[0]] == [4, _TIMER_PREFIX], f"timer name must be life|limit|level|scope, got {name!r}"
    return parts[3]


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("|", "%7C")
