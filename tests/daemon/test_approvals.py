"""Two people: what waits for a second one, who that may be, and until when."""

import pytest

from enforcement.records import encode
from tests.daemon.command_desk import (
    at,
    desk_setup,
    opening,
    override,
    played,
    priced,
    raised,
    records,
    said,
    told,
    trades,
)
from tests.helpers import Played, play

BREACH = trades(1, 150.0)
ASKED = override(0, "up", 600, kind="limit_increase", scope="firm/a", limit="lev", value=3.0)


def changes(run: Played, kind: str = "approval") -> list[str]:
    return [str(each["change"]) for each in records(run, kind)]


def test_an_increase_waits_until_another_person_approves_it() -> None:
    run = played(ASKED, BREACH, said("approve", 2, "yes", by="bob", approves="up"), priced(3), priced(4.5))
    assert told(run.outputs.actions) == [(1.0, "halt"), (3.0, "none")]
    assert changes(run) == ["requested", "approved"]
    [begun] = [each for each in records(run, "override") if each["change"] == "begun"]
    assert (begun["actor"], begun["approved_by"], begun["signed"]) == ("ana", "bob", True)


HOSTILE = {
    "by the one who asked": ("SAME_ACTOR", said("approve", 1, "x", by="ana", approves="up")),
    "unsigned": ("BAD_SIGNATURE", said("approve", 1, "x", by=None, actor="bob", approves="up")),
    "with another's key": ("BAD_SIGNATURE", said("approve", 1, "x", by="eve", actor="bob", approves="up")),
    "by somebody without a key": ("BAD_SIGNATURE", said("approve", 1, "x", by="eve", actor="joe", approves="up")),
    "of what nobody asked for": ("UNKNOWN_COMMAND", said("approve", 1, "x", by="bob", approves="down")),
    "after it lapsed": ("UNKNOWN_COMMAND", said("approve", 11, "x", by="bob", approves="up")),
    "under an id that was used": ("DUPLICATE_COMMAND", said("approve", 1, "up", by="bob", approves="up")),
}


@pytest.mark.parametrize("how", sorted(HOSTILE))
@pytest.mark.parametrize("unsigned", [False, True])
def test_an_approval_is_refused(how: str, unsigned: bool) -> None:
    reason, approval = HOSTILE[how]
    setup = desk_setup(approve_within="10m", allow_unsigned=unsigned)
    run = played(ASKED, approval, trades(12, 150.0), setup=setup)
    assert run.reasons() == [reason]
    assert told(run.outputs.actions) == [(12.0, "halt")]


def test_an_approval_acts_once() -> None:
    twice = [said("approve", minute, f"a{minute}", by="bob", approves="up") for minute in (1, 2)]
    run = played(ASKED, twice)
    assert run.reasons() == ["UNKNOWN_COMMAND"]
    assert "it was approved by bob" in run.outputs.rejections[0][1].detail


def test_a_request_lapses_and_can_be_withdrawn() -> None:
    lapsed = played(ASKED, priced(11), setup=desk_setup(approve_within="10m"))
    assert changes(lapsed) == ["requested", "lapsed"]
    assert records(lapsed, "approval")[-1]["ts"] == at(10)
    gone = played(
        ASKED, said("override_end", 1, "e", override_id="up"), said("approve", 2, "y", by="bob", approves="up")
    )
    assert changes(gone) == ["requested", "withdrawn"]
    assert gone.reasons() == ["UNKNOWN_COMMAND"]


LOOSENING = {
    "an increase": ASKED,
    "pinned active": override(0, "go", 60, kind="pin_state", scope="firm", state="ACTIVE"),
    "mode full": said("mode", 0, "m", mode="full"),
}


@pytest.mark.parametrize("what", sorted(LOOSENING))
def test_what_takes_two_people_is_never_taken_unsigned(what: str) -> None:
    bare = {name: value for name, value in LOOSENING[what].items() if name != "sig"}
    run = played(bare, setup=desk_setup(allow_unsigned=True))
    assert run.reasons() == ["BAD_SIGNATURE"]
    assert changes(played(LOOSENING[what])) == ["requested"]


def test_what_tightens_or_keeps_back_takes_one_and_may_be_unsigned_where_that_is_allowed() -> None:
    free = [
        override(0, "low", 60, by=None, kind="limit_increase", scope="firm/a", limit="lev", value=1.5),
        override(0.1, "no", 60, by=None, kind="suppress", scope="firm/b", limit="lev"),
        override(0.2, "pin", 60, by=None, kind="pin_state", scope="firm/b", state="REDUCING"),
        said("mode", 0.3, "m", by=None, mode="monitoring"),
    ]
    run = played(free, setup=desk_setup(allow_unsigned=True))
    assert run.reasons() == []
    assert [each["signed"] for each in records(run, "command")] == [False] * 4
    assert [each["signed"] for each in records(run, "override")] == [False] * 3
    assert played(free).reasons() == ["BAD_SIGNATURE"] * 4


def test_a_firm_may_want_two_people_for_a_suppression() -> None:
    kept = override(0, "no", 60, kind="suppress", scope="firm/a", limit="lev")
    run = played(kept, BREACH, setup=desk_setup(overrides={"suppress_needs_approval": True}))
    assert changes(run) == ["requested"]
    assert told(run.outputs.actions) == [(1.0, "halt")]


REFUSED = {
    "no limit": ("MISSING_FIELD", {"kind": "limit_increase", "value": 3.0}),
    "no value": ("MISSING_FIELD", {"kind": "limit_increase", "limit": "lev"}),
    "no state": ("MISSING_FIELD", {"kind": "pin_state"}),
    "a state too many": ("OUT_OF_BOUNDS", {"kind": "suppress", "limit": "lev", "state": "ACTIVE"}),
    "a level that is not there": (
        "OUT_OF_BOUNDS",
        {"kind": "limit_increase", "limit": "lev", "level": "x", "value": 3.0},
    ),
    "the level that it is": ("OUT_OF_BOUNDS", {"kind": "limit_increase", "limit": "lev", "value": 2.0}),
    "no such limit": ("UNKNOWN_LIMIT", {"kind": "suppress", "limit": "nobody"}),
    "a built-in limit": ("OUT_OF_BOUNDS", {"kind": "suppress", "limit": "operator_halt"}),
    "a hard limit kept back": ("OUT_OF_BOUNDS", {"kind": "suppress", "limit": "cap", "scope": "firm"}),
    "a hard limit far too high": (
        "OUT_OF_BOUNDS", {"kind": "limit_increase", "limit": "cap", "value": 200_001.0, "scope": "firm"},
    ),
    "a book that is not there": ("UNKNOWN_PORTFOLIO", {"kind": "suppress", "limit": "lev", "scope": "firm/z"}),
    "a glob of nothing": ("UNKNOWN_PORTFOLIO", {"kind": "suppress", "limit": "lev", "scope": "z*/**"}),
    "a limit of another book": ("UNKNOWN_PORTFOLIO", {"kind": "limit_increase", "limit": "cap", "value": 1.5e5}),
    "expired at birth": ("OUT_OF_BOUNDS", {"kind": "suppress", "limit": "lev", "expires_at": at(0)}),
    "of a negative length": ("OUT_OF_BOUNDS", {"kind": "suppress", "limit": "lev", "expires_at": at(-5)}),
    "for eight days": ("OUT_OF_BOUNDS", {"kind": "suppress", "limit": "lev", "expires_at": at(8 * 1440)}),
    "a value that is none": ("NOT_FINITE", {"kind": "limit_increase", "limit": "lev", "value": float("nan")}),
    "a value of nothing": ("OUT_OF_BOUNDS", {"kind": "limit_increase", "limit": "lev", "value": 0.0}),
    "a field of nobody": ("UNKNOWN_FIELD", {"kind": "suppress", "limit": "lev", "forever": True}),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_an_override_is_refused(what: str) -> None:
    reason, fields = REFUSED[what]
    bad = said("override", 0, "o", **{"scope": "firm/a", "expires_at": at(60)} | fields)
    run = played(bad, BREACH)
    assert run.reasons() == [reason]
    assert told(run.outputs.actions) == [(1.0, "halt")]


def test_a_hard_cap_is_raised_by_two_people_and_not_beyond_its_bound() -> None:
    asked = override(0, "cap", 60, kind="limit_increase", scope="firm", limit="cap", value=150_000.0)
    wide = raised(0, "up", 60, 50.0, scope="**")
    run = played(asked, said("approve", 0.5, "y", by="eve", approves="cap"), wide, trades(5, 1_000.0), trades(6, 400.0))
    assert told(run.outputs.actions, "firm") == [(6.0, "halt")]


def test_a_signed_command_is_no_use_a_second_time_or_a_day_later() -> None:
    once = said("override", 0, "o", kind="suppress", scope="firm/a", limit="lev", expires_at=at(5))
    assert played(once, priced(6), once).reasons() == ["DUPLICATE_COMMAND"]
    old = said("reinstate", 0, "r", scope="firm/a")
    late = play([*opening(), priced(70), old, said("halt", 1, "h", scope="firm/a")], desk_setup())
    assert late.reasons() == ["STALE_COMMAND"]
    assert told(late.outputs.actions)[-1][1] == "halt"


def test_modes_decide_alike_whatever_was_said_and_approved() -> None:
    events = [*raised(0, "up", 30, 2.2), BREACH, override(4, "no", 20, kind="suppress", scope="**", limit="lev"),
              said("mode", 5, "m", mode="full"), said("approve", 6, "m+", by="bob", approves="m"),
              said("mode", 8, "n", mode="monitoring", limit="lev"), priced(40)]  # fmt: skip
    runs = [played(events, setup=desk_setup(mode=mode)) for mode in ("monitoring", "gradual", "full")]
    lines = [[encode(each) for each in run.outputs.decisions] for run in runs]
    assert len(lines[0]) > 4
    assert lines[0] == lines[1] == lines[2]
