"""What another configuration does to what stands: to limits, evidence, and what commands had made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.limit_list import loosened
from config.schema import Config, Limit
from enforcement.enforcer import Enforcer
from enforcement.limits import watched_limits
from sensors.catalogue import Catalogue

# A mode is no rule of the number: it changes who is told, not what the evidence is about.
_NO_RULE: dict[str, object] = {"mode": None, "rule_name": None}
_COUNTS_FAILURES = "failures"  # the metric that `max_stress_loss` enters


@dataclass(frozen=True, slots=True)
class Takeover:
    """What a start with another file does; ids of limits.

    limits    : that are in force from then on: those of the file where its list changed, else those that stand
    added, removed, changed : against what stands
    restarts  : evidence begins anew, a stage lower
    loosened  : gone, or not plainly as strict as what stands
    commanded : a command had changed it, and the file has it otherwise
    """

    limits: tuple[Limit, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    restarts: tuple[str, ...]
    loosened: tuple[str, ...]
    commanded: tuple[str, ...]


def takeover_of(enforcer: Enforcer, before: Config, after: Config, catalogue: Catalogue) -> Takeover:
    """Return what going on with `after` does where `before` was the file that the core last went on with."""
    return limits_taken(enforcer.limits, before, after, catalogue)


def limits_taken(stands: tuple[Limit, ...], before: Config, after: Config, catalogue: Catalogue) -> Takeover:
    """Return what going on with `after` does where these limits stand."""
    known = watched_limits(before.enforcement.limits, catalogue)
    wanted = watched_limits(after.enforcement.limits, catalogue)
    limits = stands if known == wanted else wanted
    old, new = ({limit.id: limit for limit in each} for each in (stands, limits))
    filed = {limit.id: limit for limit in known}
    commanded = {name for name in {*old, *filed} if old.get(name) != filed.get(name)}
    restarts = {*ruled_otherwise(stands, limits), *_asked_otherwise(limits, before, after)}
    if before.enforcement.max_stress_loss != after.enforcement.max_stress_loss:
        restarts |= {limit.id for limit in limits if limit.metric == _COUNTS_FAILURES}
    return Takeover(
        limits=limits,
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(name for name in new if name in old and new[name] != old[name]),
        restarts=tuple(name for name in new if name in old and name in restarts),
        loosened=loosened(stands, limits),
        commanded=tuple(name for name in sorted(commanded) if old.get(name) != new.get(name)),
    )


def ruled_otherwise(before: Sequence[Limit], after: Sequence[Limit]) -> list[str]:
    """Return the ids of limits whose evidence begins anew: those that speak of another thing now."""
    old = {limit.id: limit.model_copy(update=_NO_RULE) for limit in before}
    return [limit.id for limit in after if limit.id in old and old[limit.id] != limit.model_copy(update=_NO_RULE)]


def _asked_otherwise(limits: Sequence[Limit], before: Config, after: Config) -> list[str]:
    """Return the ids of limits of which a promotion asks something else: evidence is held to what it began under."""
    one, other = before.enforcement, after.enforcement
    if one.false_positive_threshold_per_week != other.false_positive_threshold_per_week:
        return [limit.id for limit in limits]
    return [
        limit.id for limit in limits if limit.promotion.over(one.promotion) != limit.promotion.over(other.promotion)
    ]
