"""An eleventh sensor: a new file (shortfall_share.py) and one line, and everything else knows it."""

import dataclasses
import itertools

import pytest

from config.loader import parse_config
from config.setup import Setup
from daemon.core import Core
from daemon.edge import decode_inputs
from enforcement.limits import unwatched_limits
from enforcement.records import ReduceParams
from sensors.catalogue import SHIPPED, Catalogue
from tests.helpers import MINUTE_NS, Played, close, nav, open_of, quote, records_of, small_setup, snapshot, stock
from tests.sensors.shortfall_share import ShortfallShare

ELEVEN = Catalogue((*SHIPPED.sensors, ShortfallShare))
SHORT = b"enforcement: {rules: [{rule_id: shortfall_share, threshold: 0.02, action: throttle}]}"
FULL = b"""
enforcement:
  limits:
    - {id: mine, sensor: shortfall_share, metric: es_95_of_nav, levels: [{at: 0.02, action: reduce_position}]}
"""


def replayed(text: bytes, *, batch: int) -> Played:
    """Play 25 sessions in which the moves of two stocks grow; on the last ones there are quotes."""
    small = small_setup(portfolios=("firm",))
    config = parse_config(text, "eleven.yaml", ELEVEN.known)
    config = config.model_copy(update={"calendar": small.config.calendar, "portfolios": ("firm",)})
    held = {("firm/a", "AA"): 300.0, ("firm/a", "BB"): -100.0}
    start = open_of(0) - MINUTE_NS
    events = [stock("AA"), stock("BB"), snapshot(held, start), nav("firm/a", 50_000.0, start)]
    for day in range(25):
        move = (0.01 + day / 600.0) * (1.0 if day % 2 else -1.0)
        events += [close("AA", day, 100.0 * (1.0 + move)), close("BB", day, 100.0 - move)]
        if day >= 22:
            events += [quote("AA", 90.0 + step / 4.0, open_of(day) + step * MINUTE_NS) for step in range(10)]
    events.sort(key=lambda event: int(str(event["ts"])))
    setup = Setup(config, small.calendars, small.scenarios)
    core = Core(setup, catalogue=ELEVEN)
    played = Played(core)
    inputs = decode_inputs(records_of(events), {"XNYS"}, config)
    for first in range(0, len(inputs), batch):
        played.take(core.step(list(itertools.islice(inputs, first, first + batch))))
    played.take(core.finish())
    return played


def test_it_trips_in_a_replay_at_its_threshold_in_any_batching() -> None:
    told, single = (
        [each for each in replayed(SHORT, batch=batch).outputs.decisions if each.limit == "shortfall_share"]
        for batch in (1_000, 1)
    )
    assert told == single
    fired = next(each for each in told if each.life == "firing")
    assert fired.decided_type == "throttle"
    assert fired.reason_code == "SHORTFALL_SHARE_EXCEEDED"
    assert fired.reason.startswith("ES 95% of NAV")
    assert (fired.at, fired.clear_at) == (0.02, 0.016)
    assert float(fired.evidence.statistic or 0.0) > 0.02


def test_it_speaks_by_quotes_alone_between_two_rows() -> None:
    """No kernel knows its number, so its scopes are looked at after every price."""
    played = replayed(SHORT, batch=1_000)
    state = played.state("firm")
    limit = next(each for each in state["limits"] if each["limit"] == "shortfall_share")  # type: ignore[attr-defined]
    share = state["metrics"]["es_95"]["value"] / state["nav"]  # type: ignore[index,operator]
    assert limit["utilisation"] == pytest.approx(share / 0.02, rel=1e-12)


def test_a_reduction_is_not_made_up_for_a_number_that_only_it_can_compute() -> None:
    played = replayed(FULL, batch=1_000)
    fired = next(each for each in played.outputs.decisions if each.limit == "mine" and each.life == "firing")
    assert fired.params == ReduceParams(targets=())
    assert fired.evidence.clears_if == "no targets are solved for a share of NAV"


def test_the_short_form_has_it_too_and_ten_sensors_refuse_it() -> None:
    default = next(
        limit for limit in parse_config(b"", "x", ELEVEN.known).enforcement.limits if limit.id == "shortfall_share"
    )
    assert (default.levels[0].at, default.levels[0].clear_at, default.confirm) == (0.03, 0.024, 1)
    with pytest.raises(ValueError, match=r"sensor must be one of .*, got 'shortfall_share'"):
        parse_config(FULL, "x", SHIPPED.known)
    config = parse_config(FULL, "x", ELEVEN.known)
    assert [limit.id for limit in unwatched_limits(config, SHIPPED)] == ["mine"]
    assert unwatched_limits(config, ELEVEN) == ()


def test_a_number_of_its_own_that_says_nothing_of_reductions_is_refused() -> None:
    metric = dataclasses.replace(ShortfallShare.facts.metrics[0], irreducible="")
    facts = dataclasses.replace(ShortfallShare.facts, metrics=(metric,))
    silent = type("Silent", (ShortfallShare,), {"facts": facts})
    with pytest.raises(ValueError, match="must say why it is irreducible"):
        Catalogue((*SHIPPED.sensors, silent))
