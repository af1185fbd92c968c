"""Falls, worst days and who spoke when, against loops."""

import math

import numpy as np

from daemon.report_html.crises import Window, crisis, days_between, window_end_ns, windows
from daemon.report_html.episodes import DAY_NS
from daemon.report_html.run_data import RunData


def test_a_recording_outside_every_named_crisis_is_one_window(run: RunData) -> None:
    assert windows(run) == [Window("run", "the whole recording", 0, len(run.dates) - 1)]


def test_the_fall_and_the_worst_day_are_those_of_a_slow_search(run: RunData) -> None:
    found = crisis(run, windows(run)[0])
    for series in run.scopes:
        fall = found.falls[series.scope]
        losses = [(loss, row) for row, loss in enumerate(series.loss.tolist()) if not math.isnan(loss)]
        assert fall.worst is not None
        assert (fall.loss, fall.worst) == max(losses)
        assert fall.share == fall.loss / series.nav[fall.worst - 1]
        deepest = max(
            1.0 - later / earlier
            for place, earlier in enumerate(series.index.tolist())
            for later in series.index[place:].tolist()
        )
        assert fall.depth == deepest
        assert fall.peak is not None
        assert fall.low is not None
        assert 1.0 - series.index[fall.low] / series.index[fall.peak] == deepest
    assert found.falls["firm"].depth > 0.1


def test_levels_stand_in_the_order_in_which_they_spoke_and_silent_ones_last(run: RunData) -> None:
    found = crisis(run, windows(run)[0])
    starts = [each.first.start_ns for each in found.spoken if each.first is not None]
    assert starts == sorted(starts)
    assert found.first is found.spoken[0]
    verdicts = [each.verdict for each in found.spoken]
    assert verdicts.index("silent") >= len(starts)
    assert {each.limit for each in found.of("silent")} == {"var<i>"} | {"leverage"}
    assert not any(each.limit == "model_available" for each in found.spoken), "it speaks of data, not of risk"


def test_a_lead_counts_calendar_days_to_the_worst_day_of_the_root(run: RunData) -> None:
    found = crisis(run, windows(run)[0])
    worst = found.falls["firm"].worst
    assert worst is not None
    for each in found.spoken:
        if each.first is not None:
            day = (run.dates[worst] - np.datetime64("1970-01-01", "D")).astype(int)
            assert each.lead == day - each.first.start_ns // DAY_NS == days_between(run, each.first, worst)
            assert each.verdict == ("early" if each.lead > 0 else "late" if each.lead < 0 else "same_day")


def test_what_fired_before_the_window_brings_no_news_in_it(run: RunData) -> None:
    drawdown = next(each for each in run.episodes if each.first.limit == "drawdown")
    row = int(np.searchsorted(run.ts, drawdown.start_ns, side="right")) + 1
    assert drawdown.end_ns is None or drawdown.end_ns > run.ts[row]
    found = crisis(run, Window("later", "later", row, len(run.dates) - 1))
    assert "drawdown" in [each.limit for each in found.of("held")]
    assert found.first is None or found.first.limit != "drawdown"


def test_what_fires_after_the_last_row_belongs_to_the_last_window(run: RunData) -> None:
    last = len(run.dates) - 1
    assert window_end_ns(run, Window("run", "whole", 0, last)) == run.end_ns >= run.ts[-1]
    assert window_end_ns(run, Window("part", "part", 0, last - 1)) == run.ts[last - 1]
