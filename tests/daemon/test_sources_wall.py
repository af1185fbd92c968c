"""Watched sources under the wall clock: a backlog's age is no silence, and a restart neither makes nor ends one."""

from config.schema import Config
from daemon.core import Core
from daemon.edge import decode_inputs, journal_entries, journal_inputs, made_input
from daemon.outputs import Outputs
from enforcement.records import encode
from feeds.events import Assignment, CatchUpEnd, RootHome, Tick
from feeds.record import Input
from tests.daemon.test_sources import NOON, OPENING, WATCHED, beat, beats, setup_with, told
from tests.helpers import SECOND_NS, Source, records_of


def wall() -> Core:
    return Core(setup_with(clock="wall", portfolios=("firm",)))


def inputs(events: list[Source]) -> list[Input]:
    return decode_inputs(records_of(events), {"XNYS"}, Config())


def tick(at_s: int) -> Input:
    return made_input(Tick(ts=NOON + at_s * SECOND_NS))


def caught_up(at_s: int) -> Input:
    return made_input(CatchUpEnd(ts=NOON + at_s * SECOND_NS))


def assigned(epoch: int = 1) -> Input:
    return made_input(Assignment(epoch=epoch, partitions=(("market-data", 0, 0),)))


def silences(outputs: Outputs) -> list[tuple[str, str, int]]:
    return told(outputs.decisions)


def test_the_age_of_a_backlog_is_no_silence() -> None:
    core = wall()
    old = [tick(-9_000), *inputs([beat("market", NOON - 9_000 * SECOND_NS)]), tick(-10)]
    assert silences(core.step([assigned(), *old, caught_up(0)])) == []
    assert silences(core.step([tick(29)])) == []
    assert silences(core.step([tick(31)])) == [("firm", "ok>firing", 30)]


def test_a_restart_goes_on_with_the_silence_of_the_journal_and_gives_time_after_its_catch_up() -> None:
    core = wall()
    core.step([assigned(), tick(-1), *inputs(list(OPENING)), caught_up(0), *inputs(beats(0)), tick(1)])
    # down for an hour; in the backlog the market feed is silent for ten minutes, the positions feed never
    spoken: list[tuple[int, str]] = [(at, "positions") for at in range(100, 3_600, 100)]
    spoken += [(at, "market") for at in (*range(20, 1_000, 20), *range(1_600, 3_590, 20))]
    backlog = [each for at, name in sorted(spoken) for each in (tick(at), *inputs([beat(name, NOON + at * SECOND_NS)]))]
    later = core.step([assigned(2), *backlog])
    assert [each[1] for each in silences(later)] == ["ok>firing", "firing>recovering", "recovering>ok"]
    assert later.actions == later.shadow == []
    jump = core.step([caught_up(3_900), tick(3_901)])  # reading the backlog took five minutes of its own
    assert (silences(jump), jump.actions, jump.shadow) == ([], [], [])
    assert silences(core.step([tick(3_931)])) == [("firm", "ok>firing", 3_930)]


def test_the_journal_gives_the_live_run_again() -> None:
    live = [assigned(), *inputs(list(OPENING)), tick(-1), caught_up(0)]
    for at in range(0, 300, 70):
        spoken = inputs([beat(name, NOON + at * SECOND_NS) for name in WATCHED])
        live += [tick(at + 1), *spoken, tick(at + 69)]
    live += [assigned(2), caught_up(999), tick(1_100)]
    first, again = wall(), wall()
    decided = [each for item in live for each in first.step([item]).decisions]
    replayed = again.step(journal_inputs(journal_entries(live).rows()))
    assert len(told(decided)) > 2
    assert [encode(each) for each in replayed.decisions] == [encode(each) for each in decided]
    assert again.source_reports() == first.source_reports()


def test_a_restart_ends_no_silence() -> None:
    core = wall()
    core.step([assigned(), tick(-1), caught_up(0), tick(70), *inputs([beat("positions", NOON + 69 * SECOND_NS)])])
    assert core.source_reports()["market"].is_silent
    assert silences(core.step([assigned(2), caught_up(80), tick(85)])) == []
    assert not core.state.timers.armed("source|market")
    assert core.source_reports()["market"].is_silent
    assert silences(core.step(inputs([beat("market", NOON + 85 * SECOND_NS)]))) == [("firm", "firing>recovering", 85)]


def test_reference_that_is_read_ahead_of_core_time_is_alive_up_to_the_present() -> None:
    core = wall()
    core.step([assigned(), tick(-1), caught_up(0), *inputs(beats(0))])
    ahead = inputs([beat(name, NOON + 1_000 * SECOND_NS) for name in WATCHED])
    assert silences(core.step([assigned(2), *ahead, tick(500), tick(900)])) == []
    core.step([caught_up(990)])
    assert core.source_reports()["market"].last_ns == NOON + 990 * SECOND_NS
    assert silences(core.step([tick(1_019)])) == []
    assert silences(core.step([tick(1_021)])) == [("firm", "ok>firing", 1_020)]


def test_a_heartbeat_ahead_of_the_wall_clock_buys_no_silence() -> None:
    core = wall()
    core.step([assigned(), tick(-1), caught_up(0), tick(1), *inputs([beat("positions", NOON + SECOND_NS)])])
    core.step(inputs([beat("market", NOON + 50 * SECOND_NS)]))
    assert core.source_reports()["market"].last_ns == NOON + SECOND_NS
    assert silences(core.step([tick(32)])) == [("firm", "ok>firing", 31)]


def test_a_root_of_another_shard_is_not_restricted_here() -> None:
    core = wall()
    core.step([assigned(), tick(-1), caught_up(0), tick(31)])
    assert silences(core.step([made_input(RootHome(root="firm", partition=1))])) == [("firm", "firing>recovering", 31)]
    assert silences(core.step([tick(92)])) == [("firm", "recovering>ok", 91)]
    assert silences(core.step(inputs([beat("market", NOON + 92 * SECOND_NS)]))) == []
    assert silences(core.step([tick(200)])) == []
