"""What speaks for a limit over all its scopes: the figures of its ladders, summed for those who look on."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from math import nan
from typing import get_args

from config.schema import Limit, Mode
from enforcement.effects import Stage
from enforcement.episodes import FALSE_CAUSES
from enforcement.figures import WEEK_NS
from enforcement.ladder import STAGES, Missing, Unit
from enforcement.readiness import naive_rate, rate_upper_bound


@dataclass(frozen=True, slots=True)
class LimitEvidence:
    """One limit over all its scopes.

    episodes      : begun since the journal began, duplicates merged; live_weeks: live time since then
    false         : of the present stages, all that no person has found true; stage_weeks: their live time
    resolved      : of the present stages' episodes, labelled true or false by a person
    rate_per_week : false / stage_weeks; NaN without live time: the naive rate
    rate_upper    : 95 % upper bound of that rate at one look; +inf without live time
    readiness     : the e-process, smallest over scopes; ready at 20; 1 where there is nothing yet
    cusum         : D, largest over scopes; demoted at ln 20
    precision     : of the episodes whose outcome could be told, the share whose adverse event came; NaN: none yet
    stage         : the lowest over scopes
    false_causes  : episodes judged false by now, by cause: a person's, else verification's, else outcome's, or that
                    nobody labelled them in time
    modes         : that it is under in its scopes; `hard` acts in every mode, `pinned` in none
    lacks         : in gradual mode, what any of its scopes lacks to be promoted; empty: nothing, or nothing climbs
    """

    sensor: str
    episodes: int
    live_weeks: float
    false: int
    stage_weeks: float
    resolved: int
    rate_per_week: float
    rate_upper: float
    readiness: float
    cusum: float
    precision: float
    stage: Stage
    false_causes: dict[str, int]
    modes: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass(slots=True)
class LimitUnits:
    """A limit's ladders in all scopes, the modes that it is under there, and what its promotions lack."""

    units: list[Unit] = field(default_factory=list)
    modes: set[str] = field(default_factory=set)
    lacks: set[Missing] = field(default_factory=set)


def mode_word(limit: Limit, mode: Mode) -> str:
    """Return under what a limit acts: `hard`, `pinned`, or the mode that it is in."""
    if limit.hard:
        return "hard"
    return "pinned" if limit.pinned_shadow else mode


def limit_evidence(
    sensor: str, units: Sequence[Unit], now_ns: int, *, modes: Collection[str] = (), lacks: Collection[Missing] = ()
) -> LimitEvidence:
    """Return the sums over a limit's scopes at core time `now_ns`, and the readiness of the least ready.

    modes, lacks : of any of the scopes, in any order
    """
    figures = [unit.figures(now_ns) for unit in units]
    false, weeks = sum(each.false for each in figures), sum(each.weeks for each in figures)
    tallies = [unit.tally(now_ns) for unit in units]
    causes = [cause for tally in tallies for cause in tally.causes]
    outcomes = [each.outcome.result for unit in units for each in unit.episodes if each.outcome is not None]
    came, told = outcomes.count("came"), len(outcomes) - outcomes.count("unknown")
    return LimitEvidence(
        sensor=sensor,
        episodes=sum(tally.ever for tally in tallies),
        live_weeks=sum(unit.live.until(now_ns) for unit in units) / WEEK_NS,
        false=false,
        stage_weeks=weeks,
        resolved=sum(each.resolved for each in figures),
        rate_per_week=naive_rate(false, weeks),
        rate_upper=rate_upper_bound(false, weeks),
        readiness=min((each.e_value for each in figures), default=1.0),
        cusum=max((each.cusum for each in figures), default=0.0),
        precision=came / told if told else nan,
        stage=min((unit.stage for unit in units), key=STAGES.index, default=Stage.SHADOW),
        false_causes={cause: causes.count(cause) for cause in FALSE_CAUSES},
        modes=tuple(sorted(modes)),
        lacks=tuple(name for name in get_args(Missing) if name in lacks),
    )
