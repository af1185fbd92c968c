"""Every action of the demo, from its own folder: journal, audit log and files; and of the whole shipped recording."""

from itertools import islice
from pathlib import Path

import orjson
import pytest

from daemon.demo import DemoPlan, run_demo
from daemon.explain_command import explain
from daemon.explain_pass import recompute
from daemon.explain_sources import Asked
from daemon.replay import ReplayPlan, replay
from daemon.replay_source import open_source
from daemon.shipped import EQUITIES
from feeds.recording import read_records
from feeds.recording_writer import write_recording

LINES = 6_000


def check_all(recording: Path, folder: Path, config: Path | None) -> list[str]:
    """One pass gives the files again; return the ids in the order of the shadow topic, which has all of them."""
    given: dict[str, list[bytes]] = {"actions": [], "shadow": []}
    for found in recompute(open_source(recording, config), lambda _: True):
        for each in found:
            given[each.topic].append(each.value)
    for topic, values in given.items():
        assert values == (folder / f"{topic}.jsonl").read_bytes().splitlines()
    assert given["shadow"]
    return [str(orjson.loads(value)["action_id"]) for value in given["shadow"]]


def test_every_action_of_a_demo_is_explained_from_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, out = tmp_path / "recording.jsonl", tmp_path / "demo"
    payloads = (record.payload for chunk in read_records(EQUITIES.recording) for record in chunk)
    write_recording(recording, islice(payloads, LINES))
    run_demo(DemoPlan(out=out, recording=recording))
    capsys.readouterr()
    ids = check_all(out / "journal", out, None)
    for action_id in (ids[0], ids[-1]):
        found = explain(Asked(action_id, config=out / "riskd.yaml", actions=out))
        assert found.is_match, (found.troubles, found.comparisons)
        assert {each.source for each in found.comparisons} == {"audit", "file"}


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_every_action_of_the_shipped_recording_is_explained_from_its_replay(tmp_path: Path) -> None:
    replay(ReplayPlan(recording=EQUITIES.recording, out=tmp_path))
    ids = check_all(EQUITIES.recording, tmp_path, None)
    asked = Asked(ids[1], recording=EQUITIES.recording, audit=tmp_path / "audit", actions=tmp_path)
    assert explain(asked).is_match
