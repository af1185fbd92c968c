"""`riskd explain` as a person meets it: the sentence first, all bytes or a named difference, and clear refusals."""

import shutil
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import orjson
import pytest
import yaml

from config.dump import dump_full
from daemon.wiring import build_setup
from feeds.journal_reader import segment_paths
from tests.daemon.conftest import Riskd
from tests.daemon.made_run import MadeRun
from tests.helpers import EventDict
from tests.replay.made_stream import made_events, made_setup

Run = tuple[MadeRun, list[EventDict]]
Action = dict[str, object]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with a restart that nobody changes; `copy` is there for those who do."""
    events = made_events(days=20, quoted=5, quotes=10)
    folder, made = tmp_path_factory.mktemp("run"), made_setup("full", clock="event", scenarios="library.yaml")
    library = [asdict(scenario) | {"shocks": dict(scenario.shocks)} for scenario in made.scenarios]
    (folder / "library.yaml").write_text(yaml.safe_dump({"scenarios": library}))
    (folder / "riskd.yaml").write_text(dump_full(made.config))
    run = MadeRun(folder, build_setup(folder / "riskd.yaml"))
    run.assign()
    run.take(events[:200])
    run.assign()
    run.take(events[200:])
    run.end()
    return run, events


@pytest.fixture
def copy(ran: Run, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ran[0].folder, tmp_path / "run"))


@pytest.fixture
def explain(riskd: Riskd) -> Riskd:
    return partial(riskd, "explain")


def actions(run: MadeRun, topic: str = "actions") -> list[Action]:
    return [orjson.loads(value) for value in run.values[topic]]


def late(run: MadeRun) -> Action:
    """An action with targets, after the restart."""
    return next(a for a in reversed(actions(run)) if a["type"] == "reduce_position" and a["epoch"] == 2)


def id_of(action: Action) -> str:
    return str(action["action_id"])


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def audit_file(folder: Path) -> Path:
    (found,) = (folder / "audit").glob("*.jsonl")
    return found


def test_an_action_matches_in_audit_log_and_files(ran: Run, copy: Path, explain: Riskd) -> None:
    action = late(ran[0])
    code, out, _ = explain(id_of(action), "--journal", copy / "journal", "--actions", copy)
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith(str(action["scope"]))
    assert str(action["reason"]) in lines[0]
    assert lines[1] == "MATCH: recomputed from its inputs, byte for byte as in the audit log and the file (5 records)"
    for heading in ("What it said", "The limit", "Numbers of", "Its inputs", "Episode", "Labels and", "Records of it"):
        assert heading in out


def test_a_beginning_of_an_id_is_enough_where_it_is_of_one_alone(ran: Run, copy: Path, explain: Riskd) -> None:
    wanted = id_of(late(ran[0]))
    code, out, _ = explain(wanted[:8].upper(), "--journal", copy / "journal", "--json")
    found = orjson.loads(out)
    assert (code, found["match"], found["action_id"]) == (0, True, wanted)
    shutil.rmtree(copy / "audit")  # then only the journal knows, and nothing is there to compare with
    code, out, _ = explain(wanted[:8], "--journal", copy / "journal", "--json")
    found = orjson.loads(out)
    assert (code, found["match"], found["action_id"]) == (1, False, wanted)
    assert found["verdict"].startswith("NOT COMPARED")


def test_an_ambiguous_beginning_names_the_ids(ran: Run, copy: Path, explain: Riskd) -> None:
    one, other = (id_of(each) for each in actions(ran[0])[-2:])
    twin = (one[:6] + other[6:]).encode()  # nobody can make two of these by hand, so one is given another beginning
    edit(copy / "shadow.jsonl", lambda content: content.replace(other.encode(), twin))
    code, out, err = explain(one[:6], "--journal", copy / "journal", "--actions", copy)
    assert (code, out) == (1, "")
    assert f"{one[:6]} is the beginning of 2 action ids: " in err
    assert one in err
    assert twin.decode() in err


def test_the_json_holds_everything_that_a_script_needs(ran: Run, copy: Path, explain: Riskd) -> None:
    action = late(ran[0])
    code, out, err = explain(id_of(action), "--journal", copy / "journal", "--json")
    found = orjson.loads(out)
    assert (code, err, found["schema"], found["schema_version"]) == (0, "", "riskd.explanation", 1)
    assert [each["topic"] for each in found["actions"]] == ["actions", "shadow"]
    assert found["actions"][0]["action"] == action
    first = found["actions"][0]
    assert first["input"]["n"] == first["decision"]["inputs"]["n"]
    assert first["limit"]["stage"] == "FULL"
    assert first["state"]["scope"] == action["scope"]
    assert first["episode"][-1]["d"] == action["d"]


@pytest.mark.parametrize("field", ["statistic", "reason", "epoch"])
def test_an_edited_record_is_named_by_its_field(ran: Run, copy: Path, explain: Riskd, field: str) -> None:
    action = late(ran[0])
    value = ran[0].values["actions"][actions(ran[0]).index(action)]
    changed = orjson.loads(value)
    (changed["evidence"] if field == "statistic" else changed)[field] = 7
    edit(copy / "actions.jsonl", lambda content: content.replace(value, orjson.dumps(changed)))
    code, out, _ = explain(id_of(action), "--journal", copy / "journal", "--actions", copy, "--json")
    found = orjson.loads(out)
    assert code == 1
    wrong = [each for each in found["records"] if each["verdict"] != "match"]
    assert [(each["source"], each["topic"], each["verdict"]) for each in wrong] == [("file", "actions", "differs")]
    assert [each["field"] for each in wrong[0]["differences"]] == [
        field if field != "statistic" else "evidence.statistic"
    ]
    assert wrong[0]["differences"][0]["recorded"] == 7


def test_bytes_that_mean_the_same_are_not_the_same_bytes(ran: Run, copy: Path, explain: Riskd) -> None:
    action = late(ran[0])
    value = ran[0].values["actions"][actions(ran[0]).index(action)]
    edit(copy / "actions.jsonl", lambda content: content.replace(value, value.replace(b'"shard":0', b'"shard": 0')))
    code, out, _ = explain(id_of(action), "--journal", copy / "journal", "--actions", copy)
    assert code == 1
    assert "not the canonical bytes" in out


def test_an_edited_audit_log_shows_the_field_and_the_broken_chain(ran: Run, copy: Path, explain: Riskd) -> None:
    action = late(ran[0])
    path = audit_file(copy)
    lines = path.read_bytes().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if b'"kind":"action"' in line and id_of(action).encode() in line)
    lines[at] = lines[at].replace(b'"trading_state":"REDUCING"', b'"trading_state":"ACTIVE"')
    path.write_bytes(b"".join(lines))
    code, out, _ = explain(id_of(action), "--journal", copy / "journal")
    assert code == 1
    assert f"{path}:{at + 1}: the chain breaks" in out
    assert "trading_state: recorded 'ACTIVE', the inputs give 'REDUCING'" in out


def test_a_change_anywhere_before_is_trouble_too(ran: Run, copy: Path, explain: Riskd) -> None:
    """Who may change one line may change another: the log vouches for none."""
    edit(audit_file(copy), lambda content: content.replace(b'"kind":"watch"', b'"kind":"wAtch"', 1))
    code, out, _ = explain(id_of(late(ran[0])), "--journal", copy / "journal")
    assert code == 1
    assert "the audit log is not as it was written" in out


def test_a_dropped_audit_record_is_missing_and_not_forgotten(ran: Run, copy: Path, explain: Riskd) -> None:
    action = late(ran[0])
    needle = id_of(action).encode()
    edit(audit_file(copy), lambda content: b"".join(x for x in content.splitlines(True) if needle not in x))
    code, out, _ = explain(needle.decode(), "--journal", copy / "journal", "--json")
    verdicts = [(each["what"], each["verdict"]) for each in orjson.loads(out)["records"]]
    assert code == 1
    assert verdicts == [("decision", "match"), ("action", "missing"), ("action", "missing")]


def test_a_record_that_the_journal_does_not_give_is_unexplained(ran: Run, copy: Path, explain: Riskd) -> None:
    action = late(ran[0])
    made_up = "ab" * 16
    edit(copy / "actions.jsonl", lambda content: content.replace(id_of(action).encode(), made_up.encode()))
    code, out, _ = explain(made_up, "--journal", copy / "journal", "--actions", copy)
    assert code == 1
    assert out.startswith(f"Action {made_up} cannot be recomputed\nNO MATCH: its inputs do not give this action")
    assert "THE INPUTS GIVE NO SUCH RECORD" in out


def test_a_record_that_is_there_twice_is_trouble(ran: Run, copy: Path, explain: Riskd) -> None:
    action = late(ran[0])
    value = ran[0].values["actions"][actions(ran[0]).index(action)]
    edit(copy / "actions.jsonl", lambda content: content + value + b"\n")
    code, out, _ = explain(id_of(action), "--journal", copy / "journal", "--actions", copy)
    assert code == 1
    assert "actions has the action 2 times" in out


def test_a_journal_without_its_beginning_says_so(ran: Run, copy: Path, explain: Riskd) -> None:
    first = segment_paths(copy / "journal")[0]
    first.unlink()
    code, _, err = explain(id_of(late(ran[0])), "--journal", copy / "journal")
    assert code == 1
    assert "its first 1 segments are gone" in err


def test_a_journal_that_ends_before_the_action_gives_no_such_action(ran: Run, copy: Path, explain: Riskd) -> None:
    for path in segment_paths(copy / "journal")[1:]:
        path.unlink()
    code, out, _ = explain(id_of(late(ran[0])), "--journal", copy / "journal")
    assert code == 1
    assert "its inputs give no such action: looked in" in out


def test_a_raw_recording_gives_the_decision_and_names_what_it_cannot_tell(ran: Run, copy: Path, explain: Riskd) -> None:
    run, events = ran
    recording, config = copy / "raw.jsonl", copy / "riskd.yaml"
    recording.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events))
    code, out, _ = explain(
        id_of(late(run)), "--recording", recording, "--config", config, "--audit", copy / "audit", "--actions", copy
    )
    assert code == 1
    assert out.splitlines()[1].startswith("OTHER BYTES, SAME DECISION: ")
    assert "epoch: recorded 2, the inputs give 1   (a recording holds no assignment" in out
    assert "inputs.offsets.market-data-0: recorded" in out


def test_a_log_that_is_gone_beside_those_of_other_shards_is_trouble(ran: Run, copy: Path, explain: Riskd) -> None:
    """Whoever may write the folder can also remove a whole log."""
    other = copy / "audit" / "partition-1"
    other.mkdir()
    shutil.copy(audit_file(copy), other)
    edit(next(other.iterdir()), lambda content: content.replace(b'"shard":0', b'"shard":1'))
    audit_file(copy).unlink()
    code, out, _ = explain(id_of(late(ran[0])), "--journal", copy / "journal", "--actions", copy)
    assert code == 1
    assert "no audit log of shard 0 is here, but those of others are" in out


def test_what_was_not_compared_is_said(ran: Run, copy: Path, explain: Riskd) -> None:
    shutil.rmtree(copy / "audit")
    code, out, _ = explain(id_of(late(ran[0])), "--journal", copy / "journal", "--actions", copy)
    assert code == 0
    assert "  not compared with an audit log: none is in " in out


@pytest.mark.parametrize("wrong", ["", "abc", "xyz0", "ab" * 17])
def test_what_is_no_id_is_a_usage_error(copy: Path, explain: Riskd, wrong: str) -> None:
    code, _, err = explain(wrong, "--journal", copy / "journal")
    assert code == 2
    assert "4 to 32 hex digits" in err


def test_refusals_name_what_was_looked_for(copy: Path, explain: Riskd) -> None:
    code, _, err = explain("ab" * 16, "--journal", copy / "journal")
    assert code == 1
    assert f"no action {'ab' * 16}: looked in {copy / 'journal'}" in err
    code, _, err = explain("abcd", "--journal", copy / "audit")
    assert code == 1
    assert "holds no journal" in err
    bad = copy / "bad.yaml"
    bad.write_text("nonsense: 1\n")
    code, _, err = explain("abcd", "--config", bad)
    assert code == 78
    assert "nonsense" in err
    code, _, err = explain("abcd", "--journal", copy, "--recording", "equities")
    assert code == 2
