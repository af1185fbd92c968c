"""The shipped closes under scripted labels: promotions and demotions are exactly those that the formulas give.

Three calculations: the core, the examiner over the audit records, and the slow ladder of the tests over the decisions
and the script, which reads the whole history at every midnight.
"""

import pytest

from daemon.examiner import Examiner
from tests.enforcement.slow_ladder import DAY, Fact, SlowLadder
from tests.helpers import EventDict, Played, play
from tests.replay.evidence_labels import THRESHOLD_PER_WEEK, TIGHT, UNPROVEN, gradual_setup, merged, scripted

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_800)]
SCOPE = "firm/long-only"


@pytest.fixture(scope="module")
def silent() -> Played:
    """Nobody labels anything."""
    return play(merged([]), gradual_setup())


@pytest.fixture(scope="module")
def labels(silent: Played) -> list[EventDict]:
    return scripted(silent.outputs.decisions)


@pytest.fixture(scope="module")
def labelled(labels: list[EventDict]) -> Played:
    return play(merged(labels), gradual_setup())


def steps(played: Played) -> dict[str, list[tuple[int, str, str]]]:
    found: dict[str, list[tuple[int, str, str]]] = {limit: [] for limit, *_ in TIGHT}
    for line in played.outputs.audit:
        if line["kind"] in ("promotion", "demotion", "evidence_reset"):
            found[str(line["limit"])].append((int(str(line["ts"])), str(line["before"]), str(line["after"])))
    return found


def slow_steps(played: Played, labels: list[EventDict], limit: str, sensor: str) -> list[tuple[int, str, str]]:
    """Play one limit's decisions and labels through the slow ladder, midnight by midnight."""
    slow = SlowLadder(threshold=THRESHOLD_PER_WEEK, resolved_min=0.9, outcome_counts=True)
    decisions = [each for each in played.outputs.decisions if (each.limit, each.scope) == (limit, SCOPE)]
    begin = next(
        int(str(line["ts"])) for line in played.outputs.audit if line["kind"] == "watch" and line["scope"] == SCOPE
    )
    roots = [each for each in played.outputs.decisions if each.limit == "model_available"]
    mine = {each.episode_id for each in decisions}
    told = [each for each in labels if each["episode_id"] in mine]
    happened = (
        [(begin, 0, None)]
        + [(each.ts_decided, 2, each) for each in decisions]
        + [(each.ts_decided, 2, each) for each in roots]
    )
    happened += [(int(str(each["ts"])), 3, each) for each in told]
    happened += [
        (int(str(line["ts"])), 3, line)
        for line in played.outputs.audit
        if line["kind"] in ("verification", "outcome") and line["limit"] == limit and line["scope"] == SCOPE
    ]
    first = (begin // DAY + 1) * DAY
    happened += [(ts, 1, None) for ts in range(first, played.core.now_ns + 1, DAY)]
    life, root = "ok", "ok"
    for ts, kind, what in sorted(happened, key=lambda each: each[:2]):
        match kind:
            case 0:
                slow.tell(Fact(ts, "turn", (True, True)))
                slow.since = ts
            case 1:
                is_quiet = life == "ok" and root == "ok"
                slow.tell(Fact(ts, "look", (is_quiet, sensor != UNPROVEN, False)))
            case 2 if what.limit == "model_available":
                root = what.life
            case 2:
                life = what.life
                slow.tell(Fact(ts, "turn", (life == "ok", life not in ("no_data", "error"))))
                if life == "firing":
                    slow.tell(Fact(ts, "begin", (what.episode_id,)))
            case _ if what.get("kind") == "verification":
                slow.tell(Fact(ts, "verify", (what["episode_id"], what["result"], what["cause"])))
            case _ if what.get("kind") == "outcome":
                slow.tell(Fact(ts, "outcome", (what["episode_id"], what["result"])))
            case _:
                slow.tell(Fact(ts, "label", (what["episode_id"], what["verdict"], what.get("cause"))))
    return slow.steps


def test_promotions_and_demotions_are_exactly_those_of_the_formulas(labelled: Played, labels: list[EventDict]) -> None:
    assert labelled.reasons() == []
    found = steps(labelled)
    for limit, sensor, *_ in TIGHT:
        assert found[limit] == slow_steps(labelled, labels, limit, sensor), limit
        print(limit, len(found[limit]), "steps")
    every = [step for each in found.values() for step in each]
    assert sum(after == "FULL" for _, _, after in every) >= 2
    assert any((before, after) in (("FULL", "SOFT"), ("SOFT", "SHADOW")) for _, before, after in every)


def test_the_audit_log_alone_gives_the_same(labelled: Played, silent: Played) -> None:
    for played in (labelled, silent):
        examiner = Examiner()
        for line in played.outputs.audit:
            examiner.take(line)
        assert examiner.differences() == []


def test_without_labels_no_limit_that_had_an_episode_is_ever_promoted(silent: Played) -> None:
    began: dict[str, int] = {}
    for decision in silent.outputs.decisions:
        if decision.life == "firing":
            began.setdefault(decision.limit, decision.ts_decided)
    assert set(began) >= {"vol_09", "vol_13", "k_102", "dd_05"}
    for limit, each in steps(silent).items():
        promoted = [ts for ts, before, after in each if (before, after) in (("SHADOW", "SOFT"), ("SOFT", "FULL"))]
        assert all(ts <= began.get(limit, ts) for ts in promoted), limit


def test_a_limit_that_never_fires_is_not_promoted_without_sensitivity_evidence(silent: Played) -> None:
    """The leverage of the fund never passes its limit in eleven years: E is beyond any doubt, and proves nothing."""
    assert not any(decision.limit == "lev_105" and decision.life == "firing" for decision in silent.outputs.decisions)
    assert silent.core.evidence()["lev_105"].readiness > 20.0
    assert steps(silent)["lev_105"] == []


def test_decisions_are_the_same_with_and_without_labels(labelled: Played, silent: Played) -> None:
    one, other = ([each.digest for each in played.outputs.decisions] for played in (labelled, silent))
    assert one == other
    assert len(labelled.outputs.actions) > 0
