"""Limits that fire falsely at a known rate, by the tens of thousands: which reach SOFT in a year of daily looks?

Every path is an alternation of live time and episodes. In live time false episodes begin at the true rate and true ones
at theirs; each lasts, and each is labelled some time after it began. Weeks everywhere; looks are at whole days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from config.promotion import PromotionConfig
from enforcement.effects import Stage
from enforcement.episodes import Label
from enforcement.figures import DAY_NS, WEEK_NS
from enforcement.ladder import Circumstances, Unit

YEAR_DAYS = 364
HOUR_WEEKS = 1.0 / 168.0
START_NS = 1_700_006_400 * 10**9  # a midnight
_CHUNK = 2_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """false_rate, true_rate: episodes a live week; false_lasts, true_lasts: their mean length (exponential), weeks;
    delay_max: labels come uniformly up to so many weeks after the episode began; days: looks, one a day."""

    false_rate: float
    true_rate: float = 0.0
    false_lasts: float = HOUR_WEEKS
    true_lasts: float = HOUR_WEEKS
    delay_max: float = 0.0
    days: int = YEAR_DAYS

    @property
    def name(self) -> str:
        return (
            f"{self.false_rate:g} false a week of {self.false_lasts:.3g} weeks, {self.true_rate:g} true, "
            f"labels within {self.delay_max:g} weeks, {self.days} looks"
        )


@dataclass(frozen=True)
class Paths:
    """(paths, episodes) each: live weeks at which it begins, weeks that it lasts, weeks at which it is labelled."""

    live: Floats
    lasts: Floats
    begins: Floats
    labelled: Floats
    is_false: NDArray[np.bool_]
    days: int


def draw_paths(world: World, count: int, seed: int) -> Paths:
    """Return so many paths that are longer than the year, from a stream of their own."""
    draw = np.random.Generator(np.random.Philox(seed))
    rate = world.false_rate + world.true_rate
    mean = rate * world.days / 7.0
    shape = (count, int(mean + 7.0 * mean**0.5 + 12.0))
    live = draw.exponential(1.0 / rate, shape).cumsum(axis=1)
    is_false = draw.random(shape) * rate < world.false_rate
    lasts = draw.exponential(1.0, shape) * np.where(is_false, world.false_lasts, world.true_lasts)
    begins = live + lasts.cumsum(axis=1) - lasts
    assert begins[:, -1].min() > world.days / 7.0, "every path must be longer than the looks"
    return Paths(live, lasts, begins, begins + draw.random(shape) * world.delay_max, is_false, world.days)


def soft_days(paths: Paths) -> NDArray[np.int64]:
    """Return (paths,) the day of the look that promotes each to SOFT, by the formulas over whole arrays; 0: none."""
    count = len(paths.live)
    looks = np.arange(1, paths.days + 1) / 7.0
    begun = _counts_by_day(paths.begins, np.ones_like(paths.is_false), paths.days)
    true_found = _counts_by_day(paths.labelled, ~paths.is_false, paths.days)
    resolved = _counts_by_day(paths.labelled, np.ones_like(paths.is_false), paths.days)
    last = np.maximum(begun - 1, 0)
    rows = np.arange(count)[:, None]
    ended = paths.begins[rows, last] + paths.lasts[rows, last]
    is_quiet = (begun == 0) | (looks >= ended)
    weeks = np.where(begun == 0, looks, paths.live[rows, last] + np.maximum(0.0, looks - ended))
    false = begun - true_found
    ready = (
        (0.5 * weeks - false * log(2.0) >= log(20.0)) & (weeks >= 4.0) & (resolved >= 0.9 * begun) & is_quiet
    )  # fmt: skip
    return np.where(ready.any(axis=1), ready.argmax(axis=1) + 1, 0)


def _counts_by_day(times: Floats, which: NDArray[np.bool_], days: int) -> NDArray[np.int64]:
    """Return (paths, days) how many of the times lie at or before each look."""
    count = times.shape[0]
    day = np.ceil(times * 7.0).astype(np.int64)
    flat = (np.arange(count)[:, None] * (days + 1) + day)[which & (day <= days)]
    return np.bincount(flat, minlength=count * (days + 1)).reshape(count, days + 1)[:, 1:].cumsum(axis=1)


def share_of_soft(world: World, count: int, seed: int) -> float:
    """Return the share of limits that reach SOFT within the year."""
    reached = 0
    for chunk, size in enumerate(_sizes(count)):
        reached += int((soft_days(draw_paths(world, size, seed * 1_000 + chunk)) > 0).sum())
    return reached / count


def _sizes(count: int) -> Iterator[int]:
    for start in range(0, count, _CHUNK):
        yield min(_CHUNK, count - start)


def soft_day_of_the_ladder(paths: Paths, path: int) -> int:
    """Return the same day as the product's own state machine has it, driven event by event; 0: none."""
    unit = Unit("simulated", "firm", PromotionConfig(), 1.0)
    unit.turn(START_NS, is_live=True, is_up=True)
    is_firing = False
    for ts, kind, ordinal in _events(paths, path):
        match kind:
            case "begin":
                is_firing = True
                unit.turn(ts, is_live=False, is_up=True)
                unit.begin_episode(ts, str(ordinal), ordinal)
            case "end":
                is_firing = False
                unit.end_episode(ts)
                unit.turn(ts, is_live=True, is_up=True)
            case "label":
                verdict, cause = ("false", "model_error") if paths.is_false[path, ordinal] else ("true", None)
                unit.take_label(Label(ts, str(ordinal), verdict, cause, "ana", "simulated", str(ordinal)))
            case _:
                unit.look(ts, Circumstances(is_quiet=not is_firing, is_sensitive=True))
                if unit.stage is Stage.SOFT:
                    return (ts - START_NS) // DAY_NS
    return 0


def _events(paths: Paths, path: int) -> list[tuple[int, str, int]]:
    """Return what happens within the year, in order of time; at one moment a look comes last."""
    events = [(START_NS + day * DAY_NS, "look", 0) for day in range(1, paths.days + 1)]
    end_ns = START_NS + paths.days * DAY_NS
    for ordinal, begins in enumerate(paths.begins[path].tolist()):
        begin_ns = START_NS + round(begins * WEEK_NS)
        if begin_ns >= end_ns:
            break
        lasts_ns = max(1, round(float(paths.lasts[path, ordinal]) * WEEK_NS))
        label_ns = START_NS + round(float(paths.labelled[path, ordinal]) * WEEK_NS)
        events += [(begin_ns, "begin", ordinal), (begin_ns + lasts_ns, "end", ordinal)]
        events.append((max(label_ns, begin_ns), "label", ordinal))
    order = {"end": 0, "begin": 1, "label": 2, "look": 3}
    return sorted((each for each in events if each[0] <= end_ns), key=lambda each: (each[0], order[each[1]], each[2]))
