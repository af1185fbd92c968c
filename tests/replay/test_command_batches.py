"""Commands cut into steps: an override, its approval and its end fall on the same moments for any batching."""

import hashlib

import pytest

from tests.daemon.command_desk import desk_setup, override, played, priced, raised, said, trades

STORY = [
    *raised(0, "up", 20, 3.0),
    trades(1, 150.0),
    *[priced(2 + step / 4) for step in range(12)],
    override(6, "no", 30, kind="suppress", scope="firm/*", limit="lev"),
    override(7, "pin", 25, kind="pin_state", scope="firm/b", state="REDUCING"),
    said("mode", 8, "m", mode="gradual"),
    said("mode", 9, "n", mode="full", limit="lev"),
    said("approve", 10, "n+", by="bob", approves="n"),
    *[priced(11 + step) for step in range(22)],
    trades(40, 200.0, "firm/c"),
    priced(41),
]


@pytest.fixture(scope="module")
def whole() -> dict[str, str]:
    return digests(1_000)


def digests(batch: int) -> dict[str, str]:
    run = played(STORY, setup=desk_setup(mode="monitoring"), batch=batch)
    assert run.reasons() == []
    assert len(run.outputs.actions) > 5
    return {name: hashlib.sha256(content).hexdigest() for name, content in run.bytes_out().items()}


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_no_batching_changes_a_byte(batch: int, whole: dict[str, str]) -> None:
    assert digests(batch) == whole
