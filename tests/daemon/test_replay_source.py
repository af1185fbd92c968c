"""Which setup and which inputs a replay takes from a recording, a journal, and a configuration over either."""

from pathlib import Path

import pytest

from config.setup import Setup, setup_digest, setup_to_json
from daemon.edge import journal_entries, made_input, made_record
from daemon.journal import JournalWriter
from daemon.replay_source import open_source
from daemon.shipped import SHIPPED, Shipped
from daemon.wiring import build_setup
from feeds.events import Heartbeat, SlowResult, Tick
from feeds.journal_frames import JournalError, JournalRecord, Kind
from feeds.record import Input, Record, Rejection

HEARTBEAT = b'{"type":"heartbeat","ts":5,"source":"t"}'
RESULT = SlowResult(kind="tail", id="1", digest="d", scope="firm", values={})


def raw(folder: Path, text: bytes = HEARTBEAT + b"\n?\n") -> Path:
    path = folder / "day.jsonl"
    path.write_bytes(text)
    return path


def journal(folder: Path, setup: Setup | None) -> Path:
    """Write a journal of a tick, a heartbeat and a result of slow work, under `setup` where there is one."""
    directory = folder / "journal"
    digest = "" if setup is None else setup_digest(setup)
    inputs = [
        made_input(Tick(ts=4)),
        Input(Record(1, "market-data", 0, 0, HEARTBEAT), Heartbeat(ts=5, source="t")),
        made_input(RESULT),
    ]
    with JournalWriter(directory, 0, 1 << 20, setup_digest=digest) as writer:
        if setup is not None:
            writer.append([JournalRecord(made_record(setup_to_json(setup)), Kind.CONFIG)])
        writer.append(journal_entries(inputs))
        writer.sync()
    return directory


def configuration(folder: Path, clock: str) -> Path:
    path = folder / f"{clock}.yaml"
    path.write_text(f"clock: {clock}\nrefit: 7\n")
    return path


def events(source_inputs: list[Input]) -> list[str]:
    return [type(item.event).__name__ for item in source_inputs]


def flat(recording: Path, config: Path | None) -> list[Input]:
    return [item for inputs in open_source(recording, config).inputs() for item in inputs]


def test_a_raw_recording_tells_its_own_time_whatever_the_configuration_says(tmp_path: Path) -> None:
    """It has no ticks: under `clock: wall` core time would never begin."""
    source = open_source(raw(tmp_path), configuration(tmp_path, "wall"))
    assert (source.setup.config.clock, source.setup.config.refit, source.computes_slow_work) == ("event", 7, True)


def test_a_raw_recording_gives_its_lines_with_their_rejections_and_tells_how_far_it_is(tmp_path: Path) -> None:
    source = open_source(raw(tmp_path), None)
    inputs = [item for batch in source.inputs() for item in batch]
    assert [item.record.n for item in inputs] == [1, 2]
    assert isinstance(inputs[1].event, Rejection)
    assert source.bytes_done == source.bytes_total == len(HEARTBEAT) + 3


def test_without_a_configuration_the_shipped_default_is_taken(tmp_path: Path) -> None:
    assert open_source(raw(tmp_path), None).setup.config == build_setup(None).config


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.name)
def test_a_shipped_recording_goes_with_its_configuration(shipped: Shipped) -> None:
    setup = open_source(shipped.recording, None).setup
    assert (setup.config, setup.scenarios) == (
        build_setup(shipped.config).config,
        build_setup(shipped.config).scenarios,
    )


@pytest.mark.parametrize(("clock", "computes"), [("wall", False), ("event", True)])
def test_a_journal_is_replayed_as_its_run_was(tmp_path: Path, clock: str, computes: bool) -> None:
    setup = build_setup(configuration(tmp_path, clock))
    directory = journal(tmp_path, setup)
    source = open_source(directory, None)
    assert setup_to_json(source.setup) == setup_to_json(setup)
    assert source.computes_slow_work is computes
    assert events(flat(directory, None)) == ["Configured", "Tick", "Heartbeat", "SlowResult"]


def test_a_configuration_overrides_a_journal_s_but_not_its_clock_and_its_results_are_computed_anew(
    tmp_path: Path,
) -> None:
    directory = journal(tmp_path, build_setup(configuration(tmp_path, "wall")))
    other = configuration(tmp_path, "event")
    source = open_source(directory, other)
    assert (source.setup.config.clock, source.setup.config.refit) == ("wall", 7)
    assert source.computes_slow_work
    assert events(flat(directory, other)) == ["Tick", "Heartbeat"]


def test_a_journal_without_its_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="holds no configuration"):
        open_source(journal(tmp_path, None), None)
