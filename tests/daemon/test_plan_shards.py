"""A daemon of several shards has a journal for each: a plan of one of them says which it did not play."""

import json
from pathlib import Path
from typing import cast

import pytest
import yaml
from rich.console import Console

from config.dump import dump_full
from daemon.plan_command import Asked, rehearsal
from daemon.plan_record import plan_record
from daemon.plan_text import plan_view
from tests.daemon.made_run import MadeRun
from tests.daemon.order_desk import GROSS
from tests.daemon.planned_desk import in_process
from tests.helpers import close, close_of, nav, small_setup, snapshot, stock

ROOTS = ("firm", "fund")


def run(folder: Path, shard: int) -> MadeRun:
    at, root = close_of(0), ROOTS[shard]
    made = MadeRun(folder, small_setup([GROSS]), shard)
    made.assign()
    made.take([
        stock("A"), snapshot({(f"{root}/desk", "A"): 100.0}, at - 10, root), nav(f"{root}/desk", 50_000.0, at),
        close("A", 0, 100.0),
    ])  # fmt: skip
    made.end()
    return made


@pytest.mark.parametrize("shards", [1, 2])
def test_the_journals_that_were_not_played_are_named(tmp_path: Path, shards: int) -> None:
    runs = [run(tmp_path, shard) for shard in range(shards)]
    proposed = tmp_path / "tighter.yaml"
    document = yaml.safe_load(dump_full(runs[0].setup.config))
    document["enforcement"]["limits"][0]["levels"][0] |= {"at": 9_000.0, "clear_at": 8_000.0}
    proposed.write_text(yaml.safe_dump(document))
    with rehearsal(Asked(proposed, runs[0].journal), run=in_process) as found:
        record = json.loads(json.dumps(plan_record(found)))
        console = Console(width=4_000)
        with console.capture() as printed:
            console.print(plan_view(found))
    others = [made.journal for made in runs[1:]]
    assert record["left_out"] == [each.name for each in others]
    assert {each["scope"] for each in cast("list[dict[str, str]]", record["appear"])} == {"firm", "firm/desk"}
    assert ("Of this shard alone" in printed.get()) is bool(others)
    assert all(f"--against {each}" in printed.get() for each in others)
