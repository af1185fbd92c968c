"""What a start does with a file that is another than its journal's: go on, go on and say so, or refuse by name."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from config.setup import Calendar, Setup, setup_digest, setup_to_json
from daemon.core import MODEL_VERSION, Core
from daemon.edge import journal_entries, made_input, made_record
from daemon.journal import JournalWriter
from daemon.journal_setups import journaled_setups
from daemon.model_check import ModelCheck
from daemon.recovery import recover
from daemon.start_setup import StartSetup, start_setup, started_lines
from feeds.configured import Configured
from feeds.events import Assignment, Tick
from feeds.journal_frames import JournalError, JournalRecord, Kind
from tests.daemon.command_desk import CAP, LEVERAGE, desk_setup
from tests.daemon.made_run import MadeRun
from tests.daemon.test_limits_command import NET, at_level
from tests.helpers import close, fill, nav, open_of, quote, small_setup, snapshot, stock

SEGMENT_BYTES = 1 << 20


def started(directory: Path, file: Setup, *, inputs: int = 1) -> StartSetup:
    """Start as a daemon does, over what is there, and go on for some ticks."""
    start = start_setup(directory, file)
    with JournalWriter(directory, 0, SEGMENT_BYTES, setup_digest=start.digest) as writer:
        if writer.is_empty:
            writer.append(journal_entries(start.begin(0)))
            writer.append(journal_entries([made_input(Assignment(epoch=1, partitions=()))]))
        else:
            writer.append(journal_entries([made_input(Assignment(epoch=2, partitions=())), *start.begin(0)]))
        for ts in range(inputs):
            writer.append(journal_entries([made_input(Tick(ts=ts))]))
    return start


def changed(**parts: Mapping[str, object]) -> Setup:
    """The small setup with keys of parts of its configuration changed."""
    setup = small_setup()
    document = setup.config.model_dump(mode="json", by_alias=True)
    for part, keys in parts.items():
        if isinstance(keys, Mapping):
            document[part] |= keys
        else:
            document[part] = keys
    return replace(setup, config=type(setup.config).model_validate(document))


def test_an_empty_folder_begins_with_the_file_and_the_same_file_goes_on(tmp_path: Path) -> None:
    first = started(tmp_path / "j", small_setup())
    assert len(first.begin(0)) == 1
    second = started(tmp_path / "j", small_setup())
    assert second.begin(0) == []
    assert second.begun_model == MODEL_VERSION


@pytest.mark.parametrize(
    "parts",
    [
        {"http": {"port": 1}},
        {"metrics": {"namespace": "other"}},
        {"journal": {"directory": "moved", "segment_bytes": 1 << 21}},
        {"audit": {"log_directory": "moved"}},
        {"kafka": {"bootstrap": "moved:9092", "publish": "idempotent", "properties_file": "tls.properties"}},
    ],
    ids=lambda parts: next(iter(parts)),
)
def test_addresses_and_folders_may_change_and_are_no_input(tmp_path: Path, parts: dict[str, dict[str, object]]) -> None:
    started(tmp_path / "j", small_setup())
    start = started(tmp_path / "j", changed(**parts))
    assert start.begin(0) == []
    assert start.changes.moved


@pytest.mark.parametrize(
    "parts",
    [
        {"enforcement": {"mode": "full"}},
        {"enforcement": {"acks": {"within": "9s"}}},
        {"control": {"allow_unsigned": False}},
        {"pretrade": {"stops_from": "halt"}},
    ],
    ids=lambda parts: "-".join(next(iter(parts.values()))),
)
def test_what_is_held_against_the_numbers_may_change_and_is_journaled(
    tmp_path: Path, parts: dict[str, dict[str, object]]
) -> None:
    started(tmp_path / "j", small_setup(), inputs=3)
    start = started(tmp_path / "j", changed(**parts))
    assert [each.model_version for each in journaled_setups(tmp_path / "j")] == [MODEL_VERSION] * 2
    assert start.begun.config == small_setup().config
    last = journaled_setups(tmp_path / "j")[-1].setup
    assert setup_to_json(last) == setup_to_json(changed(**parts))
    assert started(tmp_path / "j", changed(**parts)).begin(0) == []


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ({"data": {"band_min": 0.3}}, r"data\.band_min: 0\.2 -> 0\.3"),
        ({"window": {"rows": 500}}, r"window\.rows: 756 -> 500"),
        ({"kafka": {"topics": {"positions": "other"}}}, r"kafka\.topics\.positions: positions -> other"),
        ({"kafka": {"group": "other"}}, r"kafka\.group: riskd -> other"),
        ({"student_t_nu": 4.0}, r"student_t_nu: 5\.0 -> 4\.0"),
        ({"clock": "wall"}, r"clock: event -> wall"),
        ({"portfolios": ["fund"]}, r"portfolios.*fund"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_enters_the_numbers_is_refused_with_both_values(
    tmp_path: Path, parts: dict[str, dict[str, object]], line: str
) -> None:
    started(tmp_path / "j", small_setup())
    with pytest.raises(JournalError, match=rf"cannot take over \(journal -> file\): .*{line}"):
        start_setup(tmp_path / "j", changed(enforcement={"mode": "full"}, **parts))
    assert len(journaled_setups(tmp_path / "j")) == 1


def test_other_scenarios_and_other_sessions_are_named(tmp_path: Path) -> None:
    setup = small_setup()
    started(tmp_path / "j", setup)
    worse = replace(setup.scenarios[0], shocks=(("equity", -0.9),))
    with pytest.raises(JournalError, match=r"scenario\[crash\]\.shocks"):
        start_setup(tmp_path / "j", replace(setup, scenarios=(worse, *setup.scenarios[1:])))
    known = setup.calendars[0]
    closes = known.closes.copy()
    closes[7] -= 3600 * 10**9
    early = Calendar(known.code, known.dates.copy(), known.opens.copy(), closes)
    with pytest.raises(JournalError, match=r"base_calendar\[XNYS\]: session 2019-01-11 from .* to .* -> session"):
        start_setup(tmp_path / "j", replace(setup, calendars=(early,)))


def test_many_differences_are_told_shortly(tmp_path: Path) -> None:
    setup = small_setup()
    started(tmp_path / "j", setup)
    many = tuple(replace(setup.scenarios[0], id=f"s{k}") for k in range(60))
    with pytest.raises(JournalError) as refused:
        start_setup(tmp_path / "j", replace(setup, scenarios=many))
    assert "more" in str(refused.value)
    assert len(str(refused.value)) < 20_000


def test_every_configuration_is_found_where_starts_died_between_their_steps(tmp_path: Path) -> None:
    """A start that died before it wrote its configuration leaves an empty segment; the next one writes it there."""
    folder = tmp_path / "j"
    started(folder, small_setup(), inputs=5)
    full, gradual = (changed(enforcement={"mode": mode}) for mode in ("full", "gradual"))
    for file in (full, small_setup(), gradual):  # they open their segments and die
        JournalWriter(folder, 0, SEGMENT_BYTES, setup_digest=start_setup(folder, file).digest).close()
    started(folder, full)
    started(folder, changed(http={"port": 9}, enforcement={"mode": "full"}))
    started(folder, small_setup())
    modes = [each.setup.config.enforcement.mode for each in journaled_setups(folder)]
    assert modes == ["monitoring", "full", "monitoring"]


def test_a_setup_that_this_release_cannot_read_is_refused(tmp_path: Path) -> None:
    payload = setup_to_json(small_setup()).replace(b'"version":1', b'"version":9')
    with JournalWriter(tmp_path, 0, SEGMENT_BYTES) as writer:
        writer.append([JournalRecord(made_record(payload), Kind.CONFIG)])
    with pytest.raises(JournalError, match=r"not readable by this release: setup version must be"):
        start_setup(tmp_path, small_setup())


def test_a_start_says_what_it_takes_from_evidence_and_from_commands(tmp_path: Path) -> None:
    started(tmp_path / "j", desk_setup())
    start = start_setup(tmp_path / "j", desk_setup(at_level(1.5), NET))
    core = Core(desk_setup())
    core.enforcer.configure([*core.enforcer.limits, *desk_setup(NET).config.enforcement.limits], "commanded")
    lines = started_lines(start, start.takeover(core))
    assert "enforcement.limits[lev].levels[hard].at: 2.0 -> 1.5" in lines
    assert "limit lev: evidence begins anew, a stage lower" in lines
    assert "limit cap: taken away" in lines
    assert any(line.startswith("limit cap: less strict") for line in lines)
    assert not any(line.startswith("limit net:") for line in lines)  # the file has it as the command had set it


# --- another model


def made_by(folder: Path, setup: Setup, model: str) -> MadeRun:
    """Return a small run that a release of another model journaled and audited."""
    run = MadeRun(folder, setup, model_version=model)
    run.assign()
    start = open_of(20)
    run.take([
        stock("AA", max_age=10**18), snapshot({("firm/a", "AA"): 100.0}, start), nav("firm/a", 10_000.0, start),
        quote("AA", 100.0, start + 1), quote("AA", 100.0, start + 10**9),
        fill("firm/a", "AA", 150.0, 100.0, "f", start + 2 * 10**9), quote("AA", 100.0, start + 3 * 10**9),
        close("AA", 20, 101.0), quote("AA", 101.0, open_of(21) + 1),
        close("AA", 21, 99.0), quote("AA", 99.0, open_of(22)),
    ])  # fmt: skip
    run.end()
    return run


def held(run: MadeRun, file: Setup) -> ModelCheck | None:
    """Recover as a shard does; return the check that was passed."""
    start = start_setup(run.journal, file)
    check = start.model_check(run.journal, 0)
    core = Core(start.begun, model_version=start.begun_model)
    recover(run.journal, file, core, lambda outputs: None if check is None else check.hold(outputs.audit))
    start.finish_recovery(core, check)
    return check


def audited(setup: Setup, folder: Path) -> Setup:
    config = setup.config
    audit = config.audit.model_copy(update={"log_directory": str(folder / "audit")})
    return replace(setup, config=config.model_copy(update={"audit": audit}))


def test_another_model_that_decides_the_whole_journal_alike_goes_on_and_says_so(tmp_path: Path) -> None:
    setup = audited(desk_setup(), tmp_path)
    run = made_by(tmp_path, setup, "1")
    assert {"var_calculation", "decision", "action"} <= {str(each["kind"]) for each in run.outputs.audit}
    assert held(run, setup) is not None
    start = start_setup(run.journal, setup)
    assert (start.begun_model, start.is_other_model) == ("1", True)
    [item] = start.begin(0)
    assert isinstance(item.event, Configured)
    assert item.event.model_version == MODEL_VERSION
    with JournalWriter(run.journal, 0, SEGMENT_BYTES, setup_digest=start.digest) as writer:
        writer.append(journal_entries(start.begin(0)))
    assert held(run, setup) is None  # the journal is this model's now


def test_another_model_that_decides_otherwise_is_refused_at_the_first_record(tmp_path: Path) -> None:
    """As if the formula of the other release had given another number: its log tells of another level."""
    setup = audited(desk_setup(LEVERAGE, CAP), tmp_path)
    run = made_by(tmp_path, setup, "1")
    other = made_by(tmp_path / "other", desk_setup(at_level(1.5), CAP), "1")
    assert setup_digest(setup) != setup_digest(other.setup)
    with pytest.raises(
        JournalError, match=r"was decided by model 1, .* decide it differently: record n \d+ of .* kind"
    ):
        held(run, audited(setup, tmp_path / "other"))


def test_another_model_is_refused_without_a_log_and_where_the_log_is_short(tmp_path: Path) -> None:
    setup = audited(desk_setup(), tmp_path)
    run = made_by(tmp_path, setup, "1")
    silent = setup.config.audit.model_copy(update={"enabled": False})
    with pytest.raises(JournalError, match=r"no audit log that could say"):
        held(run, replace(setup, config=setup.config.model_copy(update={"audit": silent})))
    check = ModelCheck(run.journal, tmp_path / "audit", "1")
    records = list(run.outputs.audit)
    check.hold(records)
    with pytest.raises(JournalError, match=r"start once more and stop it in good order"):
        check.hold(records[-1:])
    short = ModelCheck(run.journal, tmp_path / "audit", "1")
    short.hold(records[:-1])
    with pytest.raises(JournalError, match=r"is none that it gives"):
        short.finish()
