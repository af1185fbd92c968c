"""Wake-up levels save work and nothing else: looking at everything after every event changes no decision."""

from collections.abc import Callable
from math import inf

import numpy as np
import pytest

import enforcement.enforcer
from config.setup import Setup
from daemon.core import Core
from enforcement.enforcer import Enforcer
from enforcement.moment import Moment
from enforcement.records import Outcome
from risk.arrays import Scalar
from risk.book import Book
from risk.measures import Measures
from tests.helpers import EventDict, Played, play, small_setup
from tests.replay.made_stream import made_events

# Levels that are reached now and then: most of the time every life is ok, and only a wake-up level looks.
QUIET = (
    {"id": "drawdown", "scope": "*/*", "sensor": "drawdown", "metric": "drawdown",
     "levels": [{"name": "soft", "at": 0.03, "action": "warn"}, {"name": "hard", "at": 0.06, "action": "throttle"}]},
    {"id": "leverage", "scope": "*/*", "sensor": "leverage", "metric": "gross_leverage",
     "levels": [{"at": 1.06, "clear_at": 1.04, "action": "reduce_position"}]},
    {"id": "top", "scope": "*/*", "sensor": "concentration", "metric": "top_share", "small_book_at": 0.6,
     "levels": [{"at": 0.3, "action": "warn"}]},
    {"id": "loss", "scope": "*/*", "sensor": "exposure", "metric": "day_loss", "hard": True,
     "levels": [{"at": 3_000, "action": "halt"}]},
)  # fmt: skip


def quiet_setup() -> Setup:
    return small_setup(QUIET, mode="full", portfolios=("firm", "calm"))


@pytest.fixture(scope="module")
def events() -> list[EventDict]:
    return made_events(seed=9, days=36, quoted=12, quotes=40)


@pytest.fixture(scope="module")
def woken(events: list[EventDict]) -> Played:
    return play(events, quiet_setup(), batch=1, states_at=(len(events),))


@pytest.fixture
def evaluations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The scopes that are evaluated, one by one; evaluation itself is left alone."""
    scopes: list[str] = []
    evaluate = Enforcer.evaluate

    def counted(
        self: Enforcer, scope: str, measures: Measures, book: Callable[[], Book], moment: Moment
    ) -> list[Outcome]:
        scopes.append(scope)
        return evaluate(self, scope, measures, book, moment)

    monkeypatch.setattr(Enforcer, "evaluate", counted)
    return scopes


def wake_everything(core: Core) -> None:
    """Put every wake-up level under every number, and every scope where a life keeps it awake."""
    count = len(core.state.scopes)
    core.state.arrays.wake[:count] = -inf
    core.state.arrays.alive[:count] = 1


def look_again(core: Core) -> None:
    """Look at every scope once more between two inputs; nothing has happened, so nothing may come of it."""
    wake_everything(core)
    if core.now_ns > 0:
        core.state.arrays.woken[: len(core.state.scopes)] = 1
        outputs = core.looking.begin()
        core.looking.look(n=core.n, cause="price", ts_event=core.now_ns, suspect=True)
        assert (outputs.decisions, outputs.actions, outputs.shadow) == ([], [], [])


def test_evaluating_every_scope_that_was_measured_changes_no_byte(
    events: list[EventDict], woken: Played, evaluations: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    play(events, quiet_setup(), batch=1)
    needed = len(evaluations)
    evaluations.clear()
    for shortcut in ("is_calm", "is_settled"):  # within a scope too: every limit reads, every life is moved
        monkeypatch.setattr(enforcement.enforcer, shortcut, lambda *_, **__: False)
    always = play(events, quiet_setup(), batch=1, states_at=(len(events),), between=wake_everything)
    assert len(evaluations) > 1.2 * needed, "waking saved nothing, so that this compares nothing"
    assert always.bytes_out() == woken.bytes_out()
    assert always.core.evidence() == woken.core.evidence()
    assert min(each.live_weeks for each in woken.core.evidence().values()) > 1.0
    decided = {(each.limit, each.transition) for each in woken.outputs.decisions}
    assert {("drawdown", "ok>pending"), ("top", "ok>no_data")} <= decided


def test_the_count_of_flagged_instruments_is_kept(events: list[EventDict]) -> None:
    """Sums over flagged exposures are skipped where the count is zero."""
    seen = set()

    def compare(core: Core) -> None:
        arrays = core.state.arrays
        flagged = int(np.any([arrays.untrusted > 0.0, arrays.suspect > 0.0, arrays.proxied > 0.0], axis=0).sum())
        assert arrays.scalars[Scalar.FLAGGED] == flagged
        seen.add(flagged)

    play(events, quiet_setup(), batch=1, between=compare)
    assert len(seen) > 2, "flags hardly changed, so that this compares nothing"


def test_looking_again_at_every_scope_between_events_gives_nothing(events: list[EventDict], woken: Played) -> None:
    again = play(events, quiet_setup(), batch=1, states_at=(len(events),), between=look_again)
    assert again.bytes_out() == woken.bytes_out()
