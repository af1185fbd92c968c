"""Watched sources: silence restricts every root, in core time, whatever the clock, the batch and the restart."""

import pytest

from config.setup import Setup
from daemon.report import SourceReport
from enforcement.records import Decision
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    SECOND_NS,
    EventDict,
    Played,
    Source,
    at_place,
    close_of,
    command,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
)

NOON = open_of(20) + 2 * HOUR_NS
WATCHED = {"market": "30s", "positions": "2m"}
CAP = {"id": "cap", "scope": "**", "sensor": "exposure", "metric": "gross", "hard": True,
       "levels": [{"at": 1e9, "action": "halt"}]}  # fmt: skip
OPENING: tuple[EventDict, ...] = (
    stock("AA", ts=NOON - 4, max_age=4 * DAY_NS),  # the core has a time from here on
    snapshot({("firm/a", "AA"): 100.0}, NOON - 3),
    quote("AA", 20.0, NOON - 2),
    nav("firm/a", 50_000.0, NOON - 1),
)


def setup_with(**config: object) -> Setup:
    limits = [CAP | {"id": "calm", "scope": "none", "hard": False}] if config.pop("calm", False) else [CAP]
    return small_setup(limits, data={"sources": WATCHED}, **config)


def beat(source: str, ts: int) -> EventDict:
    return {"type": "heartbeat", "ts": ts, "source": source}


def told(decisions: list[Decision]) -> list[tuple[str, str, int]]:
    """The decisions on silence as (scope, transition, seconds after noon); the rest of noon's second is dropped."""
    return [
        (each.scope, each.transition, (each.ts_decided - NOON) // SECOND_NS)
        for each in decisions
        if each.limit == "data_fresh"
    ]


def played(events: list[Source], **config: object) -> Played:
    return play([*OPENING, *events], setup_with(**config))


def beats(until_s: int, *, every_s: int = 20) -> list[Source]:
    return [beat(source, NOON + at * SECOND_NS) for at in range(0, until_s + 1, every_s) for source in WATCHED]


def state_of(run: Played, scope: str = "firm") -> object:
    return at_place(run.state(scope), "trading_state.own")


def test_a_source_that_falls_silent_restricts_every_root_at_its_due_time() -> None:
    events: list[Source] = [*beats(60), snapshot({("fund", "AA"): 1.0}, NOON + 80 * SECOND_NS, root="fund")]
    run = played([*events, quote("AA", 20.5, NOON + 150 * SECOND_NS)])
    assert told(run.outputs.decisions) == [("firm", "ok>firing", 90), ("fund", "ok>firing", 90)]
    found = next(each for each in run.outputs.decisions if each.limit == "data_fresh")
    assert (found.decided_type, found.reason_code, found.status) == ("reduce_position", "DATA_STALE", "OK")
    assert found.reason == "source market has been silent for 30 s, at most 30 s"
    assert found.evidence.clears_if == "every watched source is heard again"
    assert [state_of(run, scope) for scope in ("firm", "fund", "firm/a")] == ["REDUCING", "REDUCING", "ACTIVE"]
    assert at_place(run.state("firm/a"), "trading_state.effective") == "REDUCING"
    action = run.outputs.actions[-1]
    assert (action.type, action.params.targets, action.reason_code) == ("reduce_position", (), "ACK_MISSING")
    kinds = [record["kind"] for record in run.outputs.audit if record.get("limit") == "data_fresh"]
    assert kinds == [*["decision", "action", "action"] * 2, "action", "action"]  # nobody acknowledged: told again


def test_a_root_that_comes_into_being_during_a_silence_is_restricted_at_once() -> None:
    late = snapshot({("fund", "AA"): 1.0}, NOON + 200 * SECOND_NS, root="fund")
    run = played([*beats(60), late])
    assert told(run.outputs.decisions) == [("firm", "ok>firing", 90), ("fund", "ok>firing", 200)]
    reasons = [each.reason for each in run.outputs.decisions if each.limit == "data_fresh"]
    assert reasons[-1] == (
        "source market has been silent for 140 s, at most 30 s; source positions has been silent for 140 s, "
        "at most 120 s"
    )
    assert state_of(run, "fund") == "REDUCING"


def test_its_next_heartbeat_clears_it_after_a_minute_of_core_time() -> None:
    back = [beat(source, NOON + at * SECOND_NS) for at in range(75, 160, 20) for source in WATCHED]
    run = played([*beats(20), *back])
    assert told(run.outputs.decisions) == [
        ("firm", "ok>firing", 50),
        ("firm", "firing>recovering", 75),
        ("firm", "recovering>ok", 135),
    ]
    assert state_of(run) == "ACTIVE"


def test_it_clears_while_markets_are_closed_and_in_a_book_of_closes_alone() -> None:
    """A source's silence is no market question: neither open time nor completed rows decide when it is over."""
    evening = close_of(20) + 3 * HOUR_NS
    opening: list[Source] = [stock("AA", ts=evening - 2), snapshot({("firm", "AA"): 1.0}, evening - 1)]
    after: list[Source] = [
        beat(source, evening + at * SECOND_NS) for at in (0, *range(125, 210, 20)) for source in WATCHED
    ]
    run = play([*opening, *after], setup_with())
    assert [each.transition for each in run.outputs.decisions if each.limit == "data_fresh"] == [
        "ok>firing",
        "firing>recovering",
        "recovering>ok",
    ]
    assert run.outputs.decisions[-1].ts_decided == evening + 185 * SECOND_NS


def test_a_source_that_never_speaks_is_silent_when_its_time_has_passed_since_the_start() -> None:
    run = play([beat("another", NOON), beat("another", NOON + 3 * MINUTE_NS)], setup_with(portfolios=("firm",)))
    assert told(run.outputs.decisions) == [("firm", "ok>firing", 30)]
    assert run.core.source_reports() == {
        "market": SourceReport(30 * SECOND_NS, 0, is_silent=True),
        "positions": SourceReport(120 * SECOND_NS, 0, is_silent=True),
    }
    run = play([beat("another", NOON), quote("AA", 1.0, NOON + 3 * MINUTE_NS)], setup_with(portfolios=("firm",)))
    assert told(run.outputs.decisions) == []  # a refused record moves no time


def test_the_second_silence_keeps_what_the_first_began_and_both_must_end() -> None:
    events: list[EventDict] = [beat("market", NOON + at * SECOND_NS) for at in range(130, 220, 20)]
    events += [beat("positions", NOON + 140 * SECOND_NS)]
    assert told(played([*beats(0), *sorted(events, key=ts_of)]).outputs.decisions) == [
        ("firm", "ok>firing", 30),
        ("firm", "firing>recovering", 140),
        ("firm", "recovering>ok", 200),
    ]


def test_a_source_that_is_too_slow_does_not_flap() -> None:
    slow: list[Source] = [beat("market", NOON + at * SECOND_NS) for at in range(0, 400, 40)]
    steady: list[Source] = [beat("positions", NOON + at * SECOND_NS + 1) for at in range(0, 400, 40)]
    events = [each for pair in zip(slow, steady, strict=True) for each in pair]
    changes = [each[1] for each in told(played(events).outputs.decisions)]
    assert changes == ["ok>firing", *["firing>recovering", "recovering>firing"] * 8, "firing>recovering"]


def test_a_late_heartbeat_speaks_of_its_own_time() -> None:
    events: list[Source] = [*beats(0), beat("positions", NOON + 80 * SECOND_NS)]
    events += [beat("market", NOON + 10 * SECOND_NS)]
    run = played(events)
    assert run.core.source_reports()["market"] == SourceReport(30 * SECOND_NS, NOON + 10 * SECOND_NS, is_silent=True)
    assert [each[1] for each in told(run.outputs.decisions)] == ["ok>firing"]


@pytest.mark.parametrize(("mode", "calm", "state"), [("full", False, "REDUCING"), ("monitoring", True, "ACTIVE")])
def test_it_is_enforced_where_any_limit_of_the_tree_is(mode: str, calm: bool, state: str) -> None:
    run = played([*beats(0), beat("another", NOON + 200 * SECOND_NS)], mode=mode, calm=calm)
    assert (state_of(run), at_place(run.state("firm"), "trading_state.shadow_own")) == (state, "REDUCING")


def test_an_operator_cannot_reinstate_what_data_must_end() -> None:
    events: list[Source] = [*beats(0), command("reinstate", NOON + 200 * SECOND_NS, "c1", scope="firm")]
    assert state_of(played(events)) == "REDUCING"


def test_without_sources_there_is_no_such_limit() -> None:
    run = play(list(OPENING), small_setup([CAP]))
    assert "data_fresh" not in [limit["limit"] for limit in run.state("firm")["limits"]]
    assert run.core.source_reports() == {}


@pytest.mark.parametrize("batch", [1, 7, 10_000])
def test_no_batch_size_changes_a_byte(batch: int) -> None:
    back = [beat(source, NOON + at * SECOND_NS) for at in (150, *range(200, 401, 25)) for source in WATCHED]
    ticks: list[Source] = [quote("AA", 20.0 + at % 3 / 8, NOON + at * 10**8) for at in range(0, 4_000, 3)]
    events = sorted([*ticks, *beats(60), *back], key=ts_of)
    once = play([*OPENING, *events], setup_with(), states_at=(500,))
    again = play([*OPENING, *events], setup_with(), states_at=(500,), batch=batch)
    assert len(told(once.outputs.decisions)) > 2
    assert again.bytes_out() == once.bytes_out()


def ts_of(event: Source) -> int:
    assert isinstance(event, dict)
    return int(str(event["ts"]))
