"""The summary of a replay: its counts add up, its years are right, and its text says what stayed silent."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.crises import Crisis
from daemon.firing import DAY_NS, year_start_ns
from daemon.outputs import Outputs
from daemon.shipped import CRYPTO
from daemon.summary import Tally, crises_within, event_ts, iso_time
from daemon.summary_text import summary_text
from enforcement.records import LifeState
from feeds.events import Heartbeat, SlowResult
from feeds.record import Input, Record, Rejection, RejectReason
from tests.daemon.test_firing import HARD, decision
from tests.enforcement.desk import limit_with

FILES = {"actions.jsonl": {"lines": 3}, "audit": {"lines": 9}}
LATE = Rejection(RejectReason.LATE, "older")
EPOCH_DAY_OF_2008 = year_start_ns(2008) // DAY_NS


def heartbeat(n: int, ts: int) -> Input:
    return Input(Record(n, "market-data", 0, -1, b""), Heartbeat(ts=ts, source="t"))


def played() -> Tally:
    """Two years of a book: an alarm for ten days in 2008, one of three inputs refused."""
    tally = Tally()
    first, last = year_start_ns(2007) + 1, year_start_ns(2009) - DAY_NS
    refused = Input(Record(2, "market-data", 0, -1, b"?"), LATE)
    tally.note_inputs([refused, heartbeat(1, first), heartbeat(3, last)])
    day = EPOCH_DAY_OF_2008 + 100
    tally.note_outputs(
        Outputs(
            decisions=[decision(day, LifeState.FIRING), decision(day + 10, LifeState.OK)],
            rejections=[(refused.record, LATE)],
        )
    )
    return tally


def test_what_was_sent_is_what_was_applied_and_what_was_rejected() -> None:
    summary = played().summary(year_start_ns(2009) - DAY_NS, "ab", FILES)
    assert summary["inputs"] == {
        "sent": 3,
        "applied": 2,
        "rejected": 1,
        "rejected_by_reason": {"LATE": 1},
        "by_type": {"Heartbeat": 2, "Rejection": 1},
    }


def test_records_that_riskd_makes_itself_were_not_sent() -> None:
    tally = Tally()
    made = SlowResult(kind="tail", id="1", digest="", scope="firm", values={})
    tally.note_inputs([Input(Record(0, "", -1, -1, b""), made), heartbeat(1, 5)])
    assert (tally.sent, tally.first_ts) == (1, 5)
    assert event_ts(Input(Record(0, "", -1, -1, b""), made)) is None


def test_what_fired_is_told_by_year_and_by_crisis() -> None:
    summary = played().summary(year_start_ns(2009) - DAY_NS, "ab", FILES)
    level = {"firm/a": {"var": {"hard": {"began": 1, "days": 10.0, "held_over": False}}}}
    assert summary["fired_by_year"] == {"2007": {}, "2008": level}
    assert summary["fired_in_crises"] == {"2008": level}
    assert summary["still_firing"] == []


def test_a_level_that_still_fires_is_named() -> None:
    tally = played()
    start = (EPOCH_DAY_OF_2008 + 300) * DAY_NS
    tally.note_outputs(Outputs(decisions=[decision(EPOCH_DAY_OF_2008 + 300, LifeState.FIRING)]))
    summary = tally.summary(year_start_ns(2009) - DAY_NS, "ab", FILES)
    assert summary["still_firing"] == [{"scope": HARD.scope, "limit": HARD.limit, "level": HARD.level, "since": start}]


def test_of_a_recording_whose_firing_lies_in_a_day_each_firing_is_told_with_its_time() -> None:
    tally = Tally()
    day = EPOCH_DAY_OF_2008 + 300
    tally.note_outputs(Outputs(decisions=[decision(day, LifeState.FIRING)]))
    half_a_day = tally.summary(day * DAY_NS + DAY_NS // 2, "ab", FILES)
    assert half_a_day["fired_within_a_day"] == [
        {"scope": HARD.scope, "limit": HARD.limit, "level": HARD.level, "since": day * DAY_NS,
         "lasted_s": 43_200.0, "is_open": True},
    ]  # fmt: skip
    text = summary_text(half_a_day, Path("out"), 1.0, CRYPTO)
    assert "  00:00:00  firm/a          var                  hard  43200 s, fires still" in text
    assert "What fired in the crises" not in text
    assert "THE DAILY HISTORY BEFORE IS SIMULATED" in text
    assert tally.summary((day + 2) * DAY_NS, "ab", FILES)["fired_within_a_day"] == []


def test_an_empty_recording_has_a_summary_too() -> None:
    summary = Tally().summary(0, "ab", FILES)
    assert (summary["first_ts"], summary["last_ts"], summary["fired_by_year"]) == (0, 0, {"1970": {}})
    assert "Played 0 inputs" in summary_text(summary, Path("out"), 0.0)


@pytest.mark.parametrize(
    ("first", "last", "names"),
    [
        (1990, 2022, ["1998", "2000-02", "2008", "2011", "2018", "2020", "2022"]),
        (2001, 2001, ["2000-02"]),
        (2003, 2007, []),
        (2002, 2008, ["2000-02", "2008"]),
    ],
)
def test_only_crises_that_the_recording_touches_are_told(first: int, last: int, names: list[str]) -> None:
    found = crises_within(year_start_ns(first), year_start_ns(last + 1) - 1)
    assert [name for name, _, _ in found] == names


def test_the_text_says_what_fired_what_was_silent_and_where_the_files_lie() -> None:
    tally = Tally()
    tally.note_inputs([heartbeat(1, year_start_ns(2007)), heartbeat(2, year_start_ns(2012))])
    tally.note_outputs(Outputs(decisions=[decision(EPOCH_DAY_OF_2008 + 360, LifeState.FIRING)]))
    tally.note_outputs(Outputs(decisions=[decision(EPOCH_DAY_OF_2008 + 400, LifeState.OK)]))
    text = summary_text(tally.summary(year_start_ns(2012), "ab", FILES), Path("some/where"), 2.0)
    crisis_2008 = text[text.index("2008     the financial crisis") : text.index("2011     euro debt")]
    assert "firm/a" in crisis_2008
    assert "hard began 1x" in crisis_2008
    assert "silent: no limit fired" in text[text.index("2011     euro debt") :]
    assert "Files in some/where" in text
    assert "2 inputs" in text


def test_a_time_is_told_in_utc() -> None:
    assert iso_time(1_732_190_000_123_456_789) == "2024-11-21T11:53:20Z"


def test_the_text_says_who_spoke_first_in_a_dated_crisis_and_who_was_silent() -> None:
    limits = [limit_with("var"), limit_with("dd", "drawdown", "drawdown", at=0.1)]
    crisis = Crisis("autumn", "An autumn", "2008-09-12", "2008-11-20", "made for tests")
    tally = Tally(limits, [crisis, replace(crisis, name="later", start="2020-01-02", end="2020-02-03")])
    tally.note_inputs([heartbeat(1, year_start_ns(2007))])
    day = EPOCH_DAY_OF_2008 + 260  # 17 September
    tally.note_outputs(Outputs(decisions=[decision(day, LifeState.FIRING)]))
    summary = tally.summary(year_start_ns(2012), "ab", FILES)
    spoke = summary["who_spoke"]
    assert isinstance(spoke, dict)
    assert list(spoke) == ["autumn"], "the recording ends before the other"
    assert (spoke["autumn"]["first"], spoke["autumn"]["sensors"]["drawdown"]) == ("var_breach", {"verdict": "silent"})
    text = summary_text(summary, Path("some/where"), 2.0)
    assert "An autumn: 2008-09-12 to 2008-11-20" in text
    assert "first var_breach +5 d (firm/a var)" in text
