"""VaR exceptions of real books: counted again with numpy from the state records, row by row."""

import itertools
from dataclasses import dataclass, field

import numpy as np
import pytest

from config.setup import Setup
from daemon.core import Core
from daemon.edge import decode_inputs
from daemon.shipped import demo_config, shipped_recording
from daemon.wiring import build_setup
from feeds.recording import read_records
from tests.helpers import Played, Source, at_place, play
from tests.replay.made_stream import made_events, made_setup

LINES = 8_000  # some 18 months: 95 % from 20 rows on, 99 % from 100
LEVELS = ("95", "99")


@dataclass(slots=True)
class SlowBacktest:
    """Keeps each row's state records and holds the next row's returns against them.

    counts : {(scope, level): [observations, exceptions]}
    """

    core: Core
    rows: int = 0
    kept: list[dict[str, object]] = field(default_factory=list)
    counts: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def note(self) -> None:
        """Look at the core after an input; rows complete one by one here."""
        state = self.core.state
        if state.window.rows_total == self.rows:
            return
        assert state.window.rows_total == self.rows + 1
        slot = self.rows % state.arrays.returns.shape[1]
        returns = {terms.name: float(state.arrays.returns[i, slot]) for i, terms in enumerate(state.terms)}
        for record in self.kept:
            self.compare(record, returns)
        self.rows, self.kept = self.rows + 1, self.core.state_records()

    def compare(self, record: dict[str, object], returns: dict[str, float]) -> None:
        """Count one scope's row."""
        exposures = at_place(record, "exposures.by_instrument")
        assert isinstance(exposures, dict)
        if not exposures:
            return
        loss = -float(np.array([*exposures.values()]) @ np.array([returns[name] for name in exposures]))
        for level in LEVELS:
            count = self.counts.setdefault((str(record["scope"]), level), [0, 0])
            status, value = (at_place(record, f"metrics.var_{level}.{part}") for part in ("status", "value"))
            if status in ("OK", "DEGRADED"):
                count[0] += 1
                count[1] += loss > float(str(value))


def counted(core: Core) -> dict[tuple[str, str], list[int]]:
    """Return the counts of the core's own state records."""
    return {
        (str(record["scope"]), level): [
            int(str(at_place(record, f"backtest.{level}.{part}"))) for part in ("observations", "exceptions")
        ]
        for record in core.state_records()
        for level in LEVELS
    }


def test_exceptions_on_the_shipped_recording_are_those_of_a_slow_count() -> None:
    setup: Setup = build_setup(demo_config())
    core = Core(setup)
    slow, audited = SlowBacktest(core), []
    known = {calendar.code for calendar in setup.calendars}
    lines = itertools.chain.from_iterable(read_records(shipped_recording()))
    for item in decode_inputs(list(itertools.islice(lines, LINES)), known, setup.config):
        audited += [record for record in core.step([item]).audit if record["kind"] == "backtest"]
        slow.note()
    found = counted(core)
    assert found == slow.counts
    assert min(count[0] for count in found.values()) > 200
    observed, exceeded = (sum(found[key][part] for key in found if key[1] == "95") for part in (0, 1))
    assert 0.02 < exceeded / observed < 0.09, "5 % is what VaR 95 promises"
    told = {scope: [record for record in audited if record["scope"] == scope] for scope, _ in found}
    for (scope, level), (_, exceptions) in found.items():
        assert sum(level in list(map(str, _listed(record["exceeded"]))) for record in told[scope]) == exceptions
        assert at_place(told[scope][-1], f"exceptions.{level}") == exceptions
    assert all(at_place(record, "exceeded") for record in audited)


def _listed(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


@pytest.fixture(scope="module")
def mixed() -> list[Source]:
    return list(made_events(seed=4, days=40, quoted=6, quotes=20))


@pytest.fixture(scope="module")
def one_by_one(mixed: list[Source]) -> Played:
    return play(mixed, made_setup(), batch=1)


@pytest.mark.parametrize("batch", [13, 10_000])
def test_no_batch_size_changes_a_count_an_episode_or_a_live_moment(
    mixed: list[Source], one_by_one: Played, batch: int
) -> None:
    again = play(mixed, made_setup(), batch=batch)
    assert counted(again.core) == counted(one_by_one.core)
    assert again.core.evidence() == one_by_one.core.evidence()
    assert max(each.episodes for each in again.core.evidence().values()) > 3
    assert [each for each in again.outputs.audit if each["kind"] == "backtest"]
    assert again.bytes_out() == one_by_one.bytes_out()
