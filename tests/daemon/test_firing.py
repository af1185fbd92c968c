"""Intervals of firing, read from decisions, and what of them falls into a window."""

from dataclasses import replace

import pytest

from daemon.firing import CRISES, CRISIS_NAMES, DAY_NS, Fired, FiringLog, Interval, Key, fired_between, year_start_ns
from enforcement.records import Decision, Evidence, Inputs, Kind, LifeState, NoParams

HARD = Key("firm/a", "var", "hard")
SOFT = replace(HARD, level="soft")


def decision(day: int, life: LifeState, key: Key = HARD) -> Decision:
    """Return a decision that brought the level of `key` to `life` on a day."""
    ts = day * DAY_NS
    return Decision(
        d=1,
        shard=0,
        kind=Kind.TRANSITION,
        scope=key.scope,
        limit=key.limit,
        sensor="var_breach",
        metric="var_99",
        level=key.level,
        transition=f"?>{life.value}",
        life=life,
        decided_type="warn",
        params=NoParams(),
        episode_id="e",
        episode_ordinal=1,
        statistic=2.0,
        unit="USD",
        status="OK",
        utilisation=2.0,
        at=1.0,
        effective_at=1.0,
        override_id=None,
        clear_at=0.9,
        reason_code="VAR_LIMIT_BREACHED",
        reason="over",
        evidence=Evidence(2.0, "USD", "OK", None, (), None),
        inputs=Inputs("fresh", 1, ts, {}),
        input_digest="",
        model_version="",
        config_hash="",
        ts_event=ts,
        ts_decided=ts,
    )


def intervals_of(*steps: tuple[int, LifeState] | tuple[int, LifeState, Key]) -> list[Interval]:
    log = FiringLog()
    for step in steps:
        log.note(decision(*step))
    return log.intervals()


def test_a_level_fires_from_its_decision_to_the_one_that_clears_it() -> None:
    found = intervals_of((1, LifeState.PENDING), (2, LifeState.FIRING), (5, LifeState.RECOVERING), (9, LifeState.OK))
    assert found == [Interval(HARD, 2 * DAY_NS, 9 * DAY_NS)]


def test_a_fall_back_into_firing_is_the_same_interval() -> None:
    found = intervals_of(
        (2, LifeState.FIRING),
        (4, LifeState.RECOVERING),
        (5, LifeState.FIRING),
        (6, LifeState.NO_DATA),
        (7, LifeState.OK),
    )
    assert found == [Interval(HARD, 2 * DAY_NS, 7 * DAY_NS)]


def test_missing_data_alone_is_no_firing() -> None:
    assert intervals_of((1, LifeState.NO_DATA), (3, LifeState.OK), (4, LifeState.PENDING), (5, LifeState.OK)) == []


def test_a_level_that_never_clears_fires_to_the_end() -> None:
    assert intervals_of((2, LifeState.LATCHED)) == [Interval(HARD, 2 * DAY_NS, None)]


def test_levels_have_intervals_of_their_own() -> None:
    found = intervals_of((1, LifeState.FIRING, SOFT), (2, LifeState.FIRING), (3, LifeState.OK), (8, LifeState.OK, SOFT))
    assert found == [Interval(SOFT, DAY_NS, 8 * DAY_NS), Interval(HARD, 2 * DAY_NS, 3 * DAY_NS)]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 10, [Fired(HARD, 1, 3.0, False)]),  # all of it
        (4, 10, [Fired(HARD, 0, 2.0, True)]),  # came in firing
        (0, 4, [Fired(HARD, 1, 1.0, False)]),  # goes on after the window
        (4, 5, [Fired(HARD, 0, 1.0, True)]),  # the window lies within
        (6, 9, []),  # cleared at the very moment at which the window opens
        (0, 3, []),  # begins at the very moment at which it closes
    ],
)
def test_a_window_counts_what_began_in_it_and_what_came_in_firing(start: int, end: int, expected: list[Fired]) -> None:
    intervals = [Interval(HARD, 3 * DAY_NS, 6 * DAY_NS)]
    assert fired_between(intervals, start * DAY_NS, end * DAY_NS) == expected


def test_an_open_interval_lasts_to_the_end_of_the_window() -> None:
    assert fired_between([Interval(HARD, 3 * DAY_NS, None)], 0, 5 * DAY_NS) == [Fired(HARD, 1, 2.0, False)]


def test_a_level_that_fires_twice_began_twice() -> None:
    intervals = [Interval(HARD, DAY_NS, 2 * DAY_NS), Interval(HARD, 4 * DAY_NS, 4 * DAY_NS)]
    assert fired_between(intervals, 0, 9 * DAY_NS) == [Fired(HARD, 2, 1.0, False)]


def test_every_crisis_is_a_span_of_whole_years_with_a_name() -> None:
    assert [name for name, _, _ in CRISES] == list(CRISIS_NAMES)
    assert all(first <= last for _, first, last in CRISES)
    assert year_start_ns(1970) == 0
    assert year_start_ns(2000) == 946_684_800 * 10**9
