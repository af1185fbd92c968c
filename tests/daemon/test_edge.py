"""Bytes become inputs and journal records, and come back from the journal as the inputs they were."""

import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.calendars import build_calendar
from config.schema import CalendarConfig, Config, KafkaConfig, Topics
from config.setup import setup_to_json
from daemon.edge import configured_input, decode_inputs, journal_entries, journal_inputs, made_input, made_record
from daemon.journal import JournalWriter
from feeds.configured import Configured
from feeds.events import (
    Assignment,
    CalendarAdded,
    CatchUpEnd,
    Foreign,
    Instrument,
    MadeEvent,
    Outage,
    Quote,
    RootHome,
    SlowResult,
    Stop,
    Tick,
)
from feeds.journal_frames import JournalError, JournalRecord, Kind
from feeds.journal_reader import read_journal
from feeds.record import Input, Record, Rejection, RejectReason
from tests.helpers import small_setup

CONFIG = Config(calendar=CalendarConfig(start="2020-01-01", end="2020-03-31"))
QUOTE = b'{"type":"quote","ts":1,"instrument":"A","bid":1,"ask":2}'


def instrument(name: str, calendar: str) -> bytes:
    return (
        f'{{"type":"instrument","ts":1,"instrument":"{name}","kind":"equity","currency":"USD","calendar":"{calendar}"}}'
    ).encode()


def records() -> list[Record]:
    payloads = [
        ("reference", instrument("A", "XNYS")),
        ("reference", instrument("B", "XLON")),
        ("reference", instrument("C", "XLON")),
        ("reference", instrument("D", "NOWHERE")),
        ("market-data", QUOTE),
        ("market-data", b"not json"),
        ("reference", instrument("E", "24/7")),
        ("reference", instrument("D", "NOWHERE")),
    ]
    return [Record(n, topic, 0, n, payload, 100 + n) for n, (topic, payload) in enumerate(payloads, 1)]


def test_a_calendar_comes_before_the_first_instrument_that_names_it_and_only_once() -> None:
    known = {"XNYS"}
    inputs = decode_inputs(records(), known, CONFIG)
    assert [(item.record.n, type(item.event)) for item in inputs] == [
        (1, Instrument),
        (0, CalendarAdded),
        (2, Instrument),
        (3, Instrument),
        (4, Rejection),
        (5, Quote),
        (6, Rejection),
        (0, CalendarAdded),
        (7, Instrument),
        (8, Rejection),
    ]
    assert known == {"XNYS", "XLON", "24/7"}
    added = inputs[1].event
    assert isinstance(added, CalendarAdded)
    london = build_calendar("XLON", "2020-01-01", "2020-03-31")
    assert (added.code, added.dates, added.opens, added.closes) == (
        "XLON",
        tuple(london.dates.tolist()),
        tuple(london.opens.tolist()),
        tuple(london.closes.tolist()),
    )
    unknown = inputs[4].event
    assert isinstance(unknown, Rejection)
    assert (unknown.reason, unknown.instrument) == (RejectReason.UNKNOWN_CALENDAR, "D")
    assert "NOWHERE" in unknown.detail


@settings(deadline=None, max_examples=15)  # each example builds London's sessions anew
@given(st.lists(st.integers(0, 8)))
def test_any_batching_decodes_to_the_same_inputs(cuts: list[int]) -> None:
    whole = decode_inputs(records(), {"XNYS"}, CONFIG)
    known = {"XNYS"}
    bounds = sorted({0, *cuts, 8})
    parts = [decode_inputs(records()[start:end], known, CONFIG) for start, end in itertools.pairwise(bounds)]
    assert list(itertools.chain.from_iterable(parts)) == whole


def test_configured_topic_names_are_used() -> None:
    config = Config(kafka=KafkaConfig(topics=Topics(market_data="md")))
    (good, bad) = decode_inputs([Record(1, "md", 0, 0, QUOTE), Record(2, "market-data", 0, 0, QUOTE)], set(), config)
    assert isinstance(good.event, Quote)
    assert isinstance(bad.event, Rejection)


MADE: list[MadeEvent] = [
    Tick(ts=5),
    CalendarAdded(code="X", dates=(1, 2), opens=(3, 4), closes=(4, 5)),
    Assignment(epoch=2, partitions=(("md", 0, 7), ("positions", 1, -1))),
    CatchUpEnd(ts=9),
    RootHome(root="firm", partition=2),
    Outage(ts=5, is_over=True),
    Stop(),
]


def test_a_journal_gives_back_the_inputs_as_they_were(tmp_path: Path) -> None:
    inputs = [
        *(made_input(event, ts_in=3) for event in MADE),
        *decode_inputs(records(), {"XNYS"}, CONFIG),
        Input(Record(len(records()) + 1, "control", 0, 5, b"{}"), Foreign()),
        made_input(SlowResult(kind="pot", id="7", digest="ab", scope="firm", values={"xi": 0.25, "k": 38, "ok": True})),
    ]
    with JournalWriter(tmp_path, 0, 1 << 20) as writer:
        writer.append(journal_entries([configured_input(small_setup(), "7"), *inputs]))
    entries = list(itertools.chain.from_iterable(read_journal(tmp_path)))
    first, *others = journal_inputs(entries)
    assert others == inputs
    assert {entry.kind for entry in entries} == set(Kind)
    assert isinstance(first.event, Configured)
    assert (setup_to_json(first.event.setup), first.event.model_version) == (setup_to_json(small_setup()), "7")


def test_a_configuration_without_a_model_is_read_and_one_of_another_form_is_an_error() -> None:
    """Journals of earlier releases have no model in their first record."""
    (old,) = journal_inputs([JournalRecord(made_record(setup_to_json(small_setup())), Kind.CONFIG)])
    assert isinstance(old.event, Configured)
    assert old.event.model_version == ""
    with pytest.raises(JournalError, match=r"configuration is not readable by this release: .*version"):
        journal_inputs([JournalRecord(made_record(b'{"setup":1}'), Kind.CONFIG)])


@given(st.dictionaries(st.text(max_size=4), st.floats() | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none()))
def test_numbers_of_a_result_come_back_exactly_infinity_and_nan_included(
    values: dict[str, float | int | bool | str | None],
) -> None:
    """ES is infinite where a tail has no mean; plain JSON would turn it into null, and a replay would differ."""
    result = SlowResult(kind="pot", id="1", digest="d", scope="s", values=values)
    (back,) = journal_inputs(journal_entries([made_input(result)]).rows())
    assert isinstance(back.event, SlowResult)
    assert repr(back.event) == repr(result)


def test_an_infinite_result_is_readable_in_the_print_of_the_journal() -> None:
    values: dict[str, float | int | bool | str | None] = {"es": math.inf, "low": -math.inf, "none": math.nan}
    made = made_input(SlowResult(kind="pot", id="1", digest="d", scope="s", values=values))
    assert b'"values":{"es":"Infinity","low":"-Infinity","none":"NaN"}' in made.record.payload


def test_what_was_accepted_once_is_not_judged_again() -> None:
    crossed = Record(1, "renamed-topic", 0, 0, b'{"type":"quote","ts":1,"instrument":"A","bid":3,"ask":2}')
    assert journal_inputs([JournalRecord(crossed)]) == [
        Input(crossed, Quote(ts=1, instrument="A", bid=3.0, ask=2.0)),
    ]


def test_a_payload_that_no_decoder_can_read_is_an_error_with_its_n() -> None:
    for kind, word in ((Kind.INPUT, "input with n 1"), (Kind.TICK, "tick with n 1")):
        with pytest.raises(JournalError, match=word):
            journal_inputs([JournalRecord(Record(1, "md", 0, 0, b"{"), kind)])
