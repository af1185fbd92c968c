"""The nightly stress: asked for when a row is complete, applied once, live as in a replay, and enforced."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest

from config.crises import Crisis
from config.setup import Setup
from daemon.core import Core
from daemon.edge import decode_inputs, journal_entries, journal_inputs, made_input
from daemon.slow_results import result_of, slow_result
from enforcement.records import ReduceParams
from risk.crisis_history import crisis_windows
from risk.measures import METRIC_INDEX, Status
from risk.scaled_shocks import scaled_shocks
from risk.slow_work import apply_result, compute, due_requests
from risk.state import RiskState
from risk.stress_book import stress_book
from risk.stress_result import StressResult
from risk.stress_work import StressRequest, digest_of
from tests.helpers import (
    HOUR_NS,
    EventDict,
    close,
    close_of,
    date_of,
    fill,
    nav,
    open_of,
    play,
    records_of,
    small_setup,
    snapshot,
    stock,
)

FALL = Crisis("fall", "Fall", date_of(3), date_of(9), "made for tests")
DAYS = 70
SEED = 7


def setup_of(
    limits: tuple[dict[str, object], ...] = (), crises: tuple[Crisis, ...] = (FALL,), **stress: object
) -> Setup:
    base = small_setup(limits, mode="full", stress=stress)
    return Setup(base.config, base.calendars, base.scenarios, crises)


def a_year_in_small(days: int = DAYS) -> list[EventDict]:
    """Three stocks that wander, and a long/short book with its nav."""
    walk = np.random.Generator(np.random.Philox(SEED))
    names = ("AA", "BB", "CC")
    events: list[EventDict] = [stock(name) for name in names]
    events.append(snapshot({("firm/desk", "AA"): 100.0, ("firm/desk", "BB"): -60.0}, open_of(0)))
    events.append(nav("firm/desk", 20_000.0, open_of(0) + 1))
    prices = dict.fromkeys(names, 100.0)
    for day in range(days):
        for at, name in enumerate(names):
            prices[name] *= 1.0 + float(walk.normal(0.0, 0.02))
            events.append(close(name, day, round(prices[name], 4), close_of(day) + 10**6 + at))
    return events


def metric(state: RiskState, scope: str, name: str) -> tuple[float, Status]:
    p = state.scope_index[scope]
    return float(state.arrays.metrics[p, METRIC_INDEX[name]]), Status(int(state.arrays.statuses[p, METRIC_INDEX[name]]))


def test_every_scope_is_stressed_when_a_row_is_complete_and_the_record_says_so() -> None:
    played = play(a_year_in_small(), setup_of())
    nightly = [record for record in played.outputs.audit if record.get("run") == "nightly"]
    assert len(nightly) == 2 * (DAYS - 1), "firm and firm/desk, after each row; the first session gives levels only"
    assert nightly[-1]["kind"] == "stress_result"
    shown = played.state("firm/desk")["nightly_stress"]
    assert isinstance(shown, dict)
    assert shown == {key: nightly[-1][key] for key in shown}
    before = play(a_year_in_small(1), setup_of()).state("firm/desk")["nightly_stress"]
    assert isinstance(before, dict)
    assert (before.keys(), before["as_of"]) == (shown.keys(), None), "one shape from the first moment on"
    assert before["crises"]["fall"]["status"] == before["reverse"]["crash"]["status"] == "INSUFFICIENT"
    assert shown["as_of"] == played.core.now_ns
    assert shown["crises"]["fall"]["sessions"] == 6
    assert shown["correlation"]["status"] == "DEGRADED", "69 rows"


def test_the_metrics_are_those_of_the_figures() -> None:
    state = play(a_year_in_small(), setup_of()).core.state
    x, count = state.arrays.exposure[1, :3], 3
    deviations = np.sqrt(np.diagonal(state.arrays.sigma)[:count])
    variance, against = float(x @ state.arrays.sigma[:3, :3] @ x), float((np.abs(x) * deviations).sum()) ** 2
    worst, status = metric(state, "firm/desk", "stressed_var")
    assert worst == pytest.approx(2.3263478740408408 * math.sqrt(0.02 * variance + 0.98 * against), rel=1e-9)
    assert status is Status.DEGRADED
    closeness, status = metric(state, "firm/desk", "reverse_closeness")
    loss = float(x[0] * 0.4 + x[1] * 0.4)  # CRASH takes 40 % of each; ENERGY touches nothing
    assert closeness == pytest.approx(loss / (0.10 * float(state.arrays.value[1])), rel=1e-9)
    assert status is Status.DEGRADED
    rows = state.crisis_rows.frozen()[0][:, :3]
    path = np.cumprod(1.0 + rows, axis=0) @ x - x.sum()
    loss, status = metric(state, "firm/desk", "crisis_loss")
    assert loss == pytest.approx(-min(0.0, path.min()), rel=1e-9)
    assert status is Status.OK


def test_a_scope_without_nav_rows_or_history_has_no_numbers() -> None:
    events = [event for event in a_year_in_small(5) if event["type"] != "nav"]
    state = play(events, setup_of(crises=())).core.state
    for name in ("stressed_var", "crisis_loss", "reverse_closeness"):
        value, status = metric(state, "firm/desk", name)
        assert (math.isnan(value), status) == (True, Status.INSUFFICIENT), name


def test_an_empty_book_has_nothing_to_lose() -> None:
    events = [*a_year_in_small(), snapshot({}, close_of(DAYS - 1) + HOUR_NS)]
    events += [close(name, DAYS, 100.0, close_of(DAYS) + at) for at, name in enumerate(("AA", "BB", "CC"))]
    state = play(events, setup_of()).core.state
    assert metric(state, "firm/desk", "stressed_var") == (0.0, Status.OK)
    assert metric(state, "firm/desk", "crisis_loss") == (0.0, Status.OK)
    assert metric(state, "firm/desk", "reverse_closeness") == (0.0, Status.OK)


def test_a_cadence_of_several_rows_and_a_night_that_is_off() -> None:
    weekly = play(a_year_in_small(21), setup_of(every=5)).outputs.audit
    assert sum(record.get("run") == "nightly" for record in weekly) == 2 * 4
    off = play(a_year_in_small(21), setup_of(nightly=False)).core
    assert off.state.stress_results == {}


def test_results_that_come_back_as_events_give_what_a_replay_computes_in_place() -> None:
    setup = setup_of()
    inputs = decode_inputs(records_of(a_year_in_small()), {"XNYS"}, setup.config)
    live = Core(setup, compute_slow_work=False)
    audit: list[dict[str, object]] = []
    for item in inputs:
        outputs = live.step([item])
        audit += outputs.audit
        requests = list(outputs.requests)
        while requests:
            request = requests.pop(0)
            result = made_input(slow_result(compute(request), live.state.scopes[request.scope]))
            (back,) = journal_inputs(journal_entries([result]).rows())
            outputs = live.step([back])
            audit += outputs.audit
            requests += outputs.requests
    replayed = play(a_year_in_small(), setup)
    assert [r for r in audit if r.get("run")] == [r for r in replayed.outputs.audit if r.get("run")]
    assert live.state.arrays.metrics.tobytes() == replayed.core.state.arrays.metrics.tobytes()
    assert live.state.stress_results == replayed.core.state.stress_results


def test_a_result_that_comes_twice_changes_nothing() -> None:
    state = play(a_year_in_small(), setup_of()).core.state
    state.stress_wanted.add(1)
    (request,) = due_requests(state)
    assert isinstance(request, StressRequest)
    result = compute(request)
    assert isinstance(result, StressResult)
    assert result_of(slow_result(result, "firm/desk"), 1) == result
    assert apply_result(state, result)
    assert not apply_result(state, result)


LIMIT: dict[str, object] = {
    "id": "corr", "scope": "firm/desk", "sensor": "stress_failure", "metric": "stressed_var",
    "levels": [{"at": 500.0, "action": "reduce_position"}],
}  # fmt: skip


def test_a_limit_on_it_fires_at_night_asks_for_less_and_clears_when_the_desk_has_reduced() -> None:
    """Near the limit every change of the positions is stressed at once."""
    events = a_year_in_small(100)
    played = play(events, setup_of((LIMIT,)))
    firing = [each for each in played.outputs.decisions if each.limit == "corr" and each.life == "firing"]
    assert firing
    assert firing[0].reason_code == "STRESS_LOSS_EXCEEDED"
    asked = played.outputs.actions[-1].params
    assert isinstance(asked, ReduceParams)
    held = {target.instrument: target.max_abs_qty for target in asked.targets}
    assert set(held) == {"AA", "BB"}
    sold = close_of(99) + HOUR_NS
    price = float(played.core.state.arrays.mark[0])
    cut = fill("firm/desk", "AA", held["AA"] - 101.0, price, "f1", sold)  # a lot more: targets stay within one
    covered = fill("firm/desk", "BB", 61.0 - held["BB"], price, "f2", sold + 1)
    after = play([*events, cut, covered], setup_of((LIMIT,))).core.state
    value, _ = metric(after, "firm/desk", "stressed_var")
    assert value <= 450.0
    assert after.stress_results[1].as_of_ns == sold + 1


NONE: tuple[dict[str, object], ...] = ()


def test_a_watched_book_that_grows_is_stressed_when_its_tail_is() -> None:
    """From 250 rows on, at a move of 5 %; a book that nobody watches waits for the night."""
    events = a_year_in_small(260)
    grown = fill("firm/desk", "AA", 30.0, 100.0, "f1", close_of(259) + HOUR_NS)
    far: dict[str, object] = LIMIT | {"levels": [{"at": 1e9, "action": "warn"}]}
    watched, alone = (play([*events, grown], setup_of(limits, every=1_000)).core.state for limits in ((far,), NONE))
    assert watched.stress_results[1].as_of_ns == close_of(259) + HOUR_NS
    assert alone.stress_results == {}


@pytest.mark.parametrize("name", ["crisis_loss", "reverse_closeness"])
def test_a_reduction_is_solved_on_the_other_two_as_well(name: str) -> None:
    state = play(a_year_in_small(), setup_of()).core.state
    value, _ = metric(state, "firm/desk", name)
    limit: dict[str, object] = {"id": name, "scope": "firm/desk", "sensor": "stress_failure", "metric": name,
             "levels": [{"at": 0.8 * value, "action": "reduce_position"}]}  # fmt: skip
    actions = play(a_year_in_small(), setup_of((limit,))).outputs.actions
    reducing = [action.params for action in actions if isinstance(action.params, ReduceParams)]
    assert reducing
    assert all(target.max_abs_qty < 100.0 for target in reducing[-1].targets)


def test_the_digest_tells_of_everything_that_the_figures_are_computed_from() -> None:
    core = play(a_year_in_small(), setup_of()).core
    state = core.state
    settings, nu = state.config.stress, state.config.student_t_nu
    book = stress_book(state, 0, scaled_shocks(state), crisis_windows(state))
    others = [(book, settings.model_copy(update={name: 0.33}), nu) for name in ("reverse_loss", "plausible_loss")]
    others.append((book, settings, nu + 1.0))
    for name in ("exposure", "sigma", "columns", "nav", "rows"):
        others.append((replace(book, **{name: getattr(book, name) + 1}), settings, nu))
    for name in ("names", "stand_ins", "scenarios", "windows"):
        others.append((replace(book, **{name: getattr(book, name)[:-1]}), settings, nu))
    for each in fields(book.shocks):
        shocks = replace(book.shocks, **{each.name: getattr(book.shocks, each.name) + 1})
        others.append((replace(book, shocks=shocks), settings, nu))
    others.append((replace(book, data=Status.INVALID, history=""), settings, nu))
    digests = [digest_of(*each) for each in ((book, settings, nu), *others)]
    assert len(set(digests)) == len(digests)
    assert digest_of(book, settings, nu) == digests[0]
