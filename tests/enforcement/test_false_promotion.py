"""How often the ladder errs: 20,000 limits of a known rate in each world, a year of daily looks, fixed streams.

`soft_days` does it in whole arrays; on a sample of every world the product's own ladder must promote on the same day.
"""

import itertools

import pytest

from tests.enforcement.simulated_limits import (
    HOUR_WEEKS,
    World,
    draw_paths,
    share_of_soft,
    soft_day_of_the_ladder,
    soft_days,
)

PATHS = 20_000
RATES, LASTING, TRUE_RATES, DELAYS = (0.2, 0.5, 1.0, 2.0), (1.0, HOUR_WEEKS), (0.0, 5.0, 20.0), (0.0, 5.0)
WORLDS = [
    World(rate, true_rate, lasts, HOUR_WEEKS, delay)
    for rate, lasts, true_rate, delay in itertools.product(RATES, LASTING, TRUE_RATES, DELAYS)
]
LIVE_YEAR_DAYS = 546  # 52 live weeks of a limit that is off for a week every other live week


@pytest.mark.parametrize("lasts", LASTING)
def test_of_limits_at_one_a_week_at_most_one_in_twenty_is_ever_promoted(lasts: float) -> None:
    """4.2 % and 4.6 %; the bound of an e-process is 5 %."""
    assert share_of_soft(World(1.0, 0.0, lasts), PATHS, seed=1) <= 0.05


def test_of_limits_at_half_a_week_nine_in_ten_reach_soft() -> None:
    """96 %, where a false episode lasts an hour."""
    assert share_of_soft(World(0.5), PATHS, seed=1) >= 0.95


def test_week_long_false_episodes_cost_power_because_they_cost_live_time() -> None:
    """87 % in a year, of which a third is spent firing; 96 % in a year of live time. Safety costs nothing of it."""
    world = World(0.5, false_lasts=1.0)
    assert 0.85 <= share_of_soft(world, PATHS, seed=1) <= 0.89
    assert share_of_soft(World(0.5, false_lasts=1.0, days=LIVE_YEAR_DAYS), PATHS, seed=1) >= 0.95


@pytest.mark.long
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_false_promotion_is_bounded_in_every_world(world: World) -> None:
    """Four rates, episodes of a week and of an hour, up to 20 true episodes a week, labels up to five weeks late."""
    share = share_of_soft(world, PATHS, seed=2)
    print(f"{world.name}: {100 * share:.2f} % reach SOFT")
    if world.false_rate >= 1.0:
        assert share <= 0.055
    if world.false_rate > 1.0:
        assert share <= 0.001
    if world.delay_max == 0.0 and world.false_lasts < 1.0 and world.false_rate <= 0.5:
        assert share >= 0.90
    if world.delay_max == 0.0 and world.false_rate == 0.2:
        assert share >= 0.99


@pytest.mark.parametrize(
    ("world", "count"),
    [
        (World(0.5), 60), (World(1.0, false_lasts=1.0), 60), (World(0.2, 5.0, 1.0, 0.05, 5.0), 20),
        (World(0.5, 20.0, HOUR_WEEKS, HOUR_WEEKS, 0.0), 6), (World(0.2, 20.0, 1.0, HOUR_WEEKS, 5.0), 6),
    ],
    ids=lambda value: value.name if isinstance(value, World) else str(value),
)  # fmt: skip
def test_the_ladder_itself_promotes_on_the_same_days(world: World, count: int) -> None:
    paths = draw_paths(world, count, seed=3)
    expected = soft_days(paths).tolist()
    assert [soft_day_of_the_ladder(paths, path) for path in range(count)] == expected
    assert len(set(expected)) > 1
