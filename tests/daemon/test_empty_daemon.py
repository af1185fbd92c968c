"""A daemon to which nothing ever came restricts the roots that it was told of, and says so before any lease."""

from dataclasses import replace

import pytest

from daemon.core import Core
from daemon.edge import made_input
from daemon.shipped import demo_config
from daemon.wiring import build_setup
from feeds.events import Assignment, CatchUpEnd

NOW_NS = 1_700_000_000 * 10**9


@pytest.mark.parametrize("is_enforced", [True, False])
def test_a_listed_root_is_restricted_when_an_empty_backlog_is_caught_up_with(is_enforced: bool) -> None:
    setup = build_setup(demo_config())  # monitoring, but some of its limits are hard
    limits = setup.config.enforcement.limits if is_enforced else ()
    enforcement = setup.config.enforcement.model_copy(update={"limits": limits})
    config = setup.config.model_copy(update={"clock": "wall", "enforcement": enforcement})
    core = Core(replace(setup, config=config), compute_slow_work=False)
    outputs = core.step([made_input(Assignment(epoch=1, partitions=())), made_input(CatchUpEnd(ts=NOW_NS))])
    (shadow,) = outputs.shadow
    assert (shadow.scope, shadow.trading_state, shadow.cause.limit) == ("firm", "REDUCING", "model_available")
    assert [action.trading_state for action in outputs.actions] == (["REDUCING"] if is_enforced else [])
    assert core.step([made_input(CatchUpEnd(ts=NOW_NS + 1))]).shadow == [], "told once"
