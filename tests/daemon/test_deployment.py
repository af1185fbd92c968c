"""A signature names the riskd that it is for: what was said to the test desk is worth nothing to the real one."""

import json

import pytest

from config.schema import Config
from config.setup import Setup
from feeds.control_sender import command_payload
from tests.daemon.command_desk import CONTROL, desk_setup, played, priced, records, said, told, trades
from tests.helpers import EventDict

BREACH = trades(1, 150.0)


def named(deployment: str | None) -> Setup:
    return desk_setup(deployment=deployment)


def halted(deployment: str | None) -> EventDict:
    """Return a halt of the first book that is said to a deployment, or to none."""
    fields = {} if deployment is None else {"deployment": deployment}
    return said("halt", 2, "h", scope="firm/a", **fields)


@pytest.mark.parametrize(
    ("own", "said_to", "words"),
    [
        ("production", "test", "is said to deployment 'test', and this riskd is 'production'"),
        ("production", None, "names no deployment, and this riskd is 'production'"),
        (None, "test", "is said to deployment 'test', and this riskd has no name"),
    ],
)
def test_a_command_for_another_riskd_is_refused_in_words(own: str | None, said_to: str | None, words: str) -> None:
    run = played(halted(said_to), priced(3), setup=named(own))
    assert run.reasons() == ["WRONG_DEPLOYMENT"]
    assert words in run.outputs.rejections[0][1].detail
    assert told(run.outputs.actions) == []


@pytest.mark.parametrize("own", ["production", None])
def test_a_command_for_this_one_acts_and_the_audit_log_says_for_which(own: str | None) -> None:
    run = played(halted(own), priced(3), setup=named(own))
    assert run.reasons() == []
    assert told(run.outputs.actions) == [(2.0, "halt")]
    [record] = records(run, "command")
    assert record.get("deployment") == own
    assert record["fields"] == {"scope": "firm/a"}


def test_the_name_is_part_of_what_is_signed() -> None:
    """To put the right name into a command of another riskd spoils its signature."""
    forged = halted("test") | {"deployment": "production"}
    assert played(forged, priced(3), setup=named("production")).reasons() == ["BAD_SIGNATURE"]
    bare = command_payload({"type": "halt", "deployment": None, "scope": "firm"}, None)
    assert json.loads(bare) == {"type": "halt", "scope": "firm"}  # what no riskd with a name wrote stays as it was


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 257])
def test_a_deployment_has_a_name_that_can_be_shown(name: str) -> None:
    with pytest.raises(ValueError, match="a name must have"):
        Config.model_validate({"control": {**CONTROL, "deployment": name}})
