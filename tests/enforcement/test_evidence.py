"""Evidence: episodes and live time are exact, whatever looks are skipped, and its sums over scopes follow from them."""

from math import exp, inf, isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.promotion import PromotionConfig
from config.schema import Config
from enforcement.effects import Stage
from enforcement.episodes import Label, OutcomeTest
from enforcement.evidence import limit_evidence
from enforcement.figures import WEEK_NS, LiveTime
from enforcement.ladder import Unit
from enforcement.records import LifeState
from risk.measures import METRICS, Measures, Status
from tests.enforcement.desk import MINUTE, SECOND, START, Desk, config_with, limit_with
from tests.enforcement.test_modes import CAP, LIMITS
from tests.enforcement.test_waking import measures_with_all, wakes

STEPS = st.lists(
    st.tuples(
        st.sampled_from([5e4, 8.1e4, 9.5e4, 1.5e5, 3e5]), st.sampled_from([0.1, 0.21, 0.3, 0.6]),
        st.sampled_from([Status.OK, Status.OK, Status.DEGRADED, Status.INSUFFICIENT, Status.INVALID]),
        st.sampled_from(["price", "price", "other"]), st.integers(6, 9), st.booleans(), st.booleans(),
        st.sampled_from([1, 1, 30, 61, 901]),
    ),
    max_size=25,
)  # fmt: skip


class SlowCount:
    """Counts live seconds by asking every level at every second, and episodes by the decisions that fire."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.live_s = {limit.id: 0 for limit in desk.config.enforcement.limits}

    def wait(self, seconds: int) -> None:
        """Let time pass a second at a time; each counts for what held at its start."""
        for _ in range(seconds):
            for limit in self.desk.config.enforcement.limits:
                self.live_s[limit.id] += self.is_live(limit.id, limit.metric)
            self.desk.wait(SECOND)

    def is_live(self, limit: str, metric: str) -> bool:
        measures = self.desk.measures
        states = [each for each in self.desk.enforcer.limit_states("firm", measures) if each.limit == limit]
        has_number = measures.known and measures.status(metric) <= Status.DEGRADED
        return has_number and all(each.life is LifeState.OK for each in states)

    def episodes(self, limit: str) -> int:
        decisions = [each.decision for each in self.desk.outcomes if each.decision.limit == limit]
        return len({each.episode_ordinal for each in decisions if each.life is LifeState.FIRING})


def config() -> Config:
    return config_with(*LIMITS, CAP, mode="full")


@settings(max_examples=20)
@given(STEPS)
def test_live_time_and_episodes_are_those_of_a_slow_count_that_looks_at_everything_each_second(steps) -> None:
    always, woken = Desk(config()), Desk(config())
    slow = SlowCount(always)
    for desk in (always, woken):
        desk.see(after_ns=0)
    for value, share, status, cause, names, is_suspect, opens_session, passed_s in steps:
        slow.wait(passed_s)
        woken.wait(passed_s * SECOND)
        shown = measures_with_all(value, share, dict.fromkeys(METRICS, status), names)
        before = woken.measures
        for desk in (always, woken):
            desk.session += opens_session
        always.see(cause, after_ns=0, suspect=is_suspect, measures=shown)
        see_where_woken(woken, before, shown, cause, is_suspect)
    slow.wait(10)
    woken.wait(10 * SECOND)
    found, same = always.enforcer.evidence(always.now_ns), woken.enforcer.evidence(always.now_ns)
    for limit, each in found.items():
        assert round(each.live_weeks * WEEK_NS / SECOND) == slow.live_s[limit], limit
        assert each.episodes == slow.episodes(limit), limit
        assert (each.episodes, each.live_weeks) == (same[limit].episodes, same[limit].live_weeks)


def see_where_woken(desk: Desk, before: Measures, shown: Measures, cause: str, is_suspect: bool) -> None:
    if wakes(desk, before, shown):
        desk.see("other" if cause == "other" else "price", after_ns=0, suspect=is_suspect, measures=shown)
    else:
        desk.n, desk.measures = desk.n + 1, shown


def test_an_episode_and_the_time_in_it_count_against_a_limit() -> None:
    desk = Desk(config_with(limit_with()))
    desk.see(var_99=1e5)
    desk.see(after_ns=100 * SECOND, var_99=3e5)
    desk.see(after_ns=40 * SECOND, var_99=1e5)  # recovers for a minute
    desk.wait(5 * MINUTE)
    found = desk.enforcer.evidence(desk.now_ns)["var_99"]
    assert found.episodes == 1
    assert round(found.live_weeks * WEEK_NS / SECOND) == 100 + 4 * 60
    assert found.rate_per_week == pytest.approx(1 / found.live_weeks)
    assert found.readiness == pytest.approx(0.5 * exp(0.5 * found.live_weeks))


def unit_with(episodes: int, weeks: int) -> Unit:
    """A unit that was live for so many weeks after START, and then fired so many times at once."""
    unit = Unit("var_99", "firm", PromotionConfig(), 1.0)
    unit.begin(START)
    unit.turn(START + weeks * WEEK_NS, is_live=False, is_up=True)
    for ordinal in range(1, episodes + 1):
        unit.begin_episode(START + weeks * WEEK_NS, f"{id(unit)}-{ordinal}", ordinal)
    return unit


def test_scopes_of_a_limit_are_summed_and_the_least_ready_decides() -> None:
    units = [unit_with(0, 10), unit_with(2, 6)]
    units[0].stage = Stage.SOFT
    found = limit_evidence("var_breach", units, START + 20 * WEEK_NS)
    assert (found.episodes, found.live_weeks, found.false, found.rate_per_week) == (2, 16.0, 2, 0.125)
    assert found.readiness == pytest.approx(0.25 * exp(3.0))
    assert found.stage is Stage.SHADOW


def test_outcomes_measure_precision_and_causes_are_counted_apart() -> None:
    unit = unit_with(4, 1)
    now = START + WEEK_NS
    for episode, result in zip(unit.episodes, ("came", "stayed_away", "came", "unknown"), strict=True):
        unit.take_outcome(episode.id, OutcomeTest(now, result, 10, "a test"))
    unit.take_label(Label(now, unit.episodes[0].id, "false", "data_error", "ana", "a test", "c1"))
    unit.take_label(Label(now, unit.episodes[1].id, "false", None, "ana", "a test", "c2"))
    found = limit_evidence("var_breach", [unit], now)
    assert found.precision == pytest.approx(2 / 3)
    assert {cause: count for cause, count in found.false_causes.items() if count} == {"data_error": 1, "unnamed": 1}
    assert limit_evidence("var_breach", [unit], now + 5 * WEEK_NS).false_causes["unresolved"] == 2


def test_a_limit_without_scopes_or_time_has_no_rate_and_no_evidence() -> None:
    for units in ([], [unit_with(0, 0)]):
        found = limit_evidence("var_breach", units, START)
        assert (found.episodes, found.live_weeks, found.readiness) == (0, 0.0, 1.0)
        assert isnan(found.rate_per_week)
        assert found.rate_upper == inf


def test_limits_of_roots_that_live_in_another_shard_and_built_in_ones_are_left_out() -> None:
    desk = Desk(config_with(limit_with()))
    desk.see(var_99=1e5)
    desk.wait(MINUTE)
    assert list(desk.enforcer.evidence(desk.now_ns)) == ["var_99"]
    assert desk.enforcer.evidence(desk.now_ns)["var_99"].live_weeks > 0.0
    desk.enforcer.freshness.left.add("firm")
    assert desk.enforcer.evidence(desk.now_ns)["var_99"].live_weeks == 0.0


def test_a_scope_that_was_never_looked_at_is_not_live() -> None:
    desk = Desk(config_with(limit_with()))
    assert desk.enforcer.evidence(START + WEEK_NS)["var_99"].live_weeks == 0.0


def test_live_time_counts_what_goes_on() -> None:
    live = LiveTime()
    live.turn(is_live=True, now_ns=START)
    assert live.until(START + 5) == 5
    live.turn(is_live=False, now_ns=START + 7)
    live.turn(is_live=True, now_ns=START + 9)
    assert live.until(START + 10) == 8
