"""The shipped recording of coins: true to its notice, and made again byte for byte from its own real events."""

import os
from bisect import bisect_left
from collections import Counter, defaultdict
from importlib import resources
from itertools import chain, pairwise
from pathlib import Path

import msgspec
import pytest
import yaml

from config.schema import Config
from feeds import events
from feeds.decode import decode
from feeds.record import Record, Rejection
from feeds.recording import read_records
from tests.recordings.coin_contracts import LINEAR, QUOTED
from tests.recordings.coin_desks import MIDNIGHT_S, OPENING
from tests.recordings.coin_source import BEGIN_S, END_S, REPEAT_AGE_NS, SECOND_NS, Market, cut, read_source
from tests.recordings.make_crypto import make_events

BYTES_MAX = 1_000_000
CLOSES = 757
SOURCE = os.environ.get("RISKD_CRYPTO_SOURCE")  # the file that the notice names; it is not shipped

needs_source = pytest.mark.skipif(SOURCE is None, reason="RISKD_CRYPTO_SOURCE does not name the source of the quotes")


@pytest.fixture(scope="module")
def path() -> Path:
    return Path(str(resources.files("config") / "recordings" / "crypto-2024-08-09-simulated-history.jsonl.zst"))


@pytest.fixture(scope="module")
def records(path: Path) -> list[Record]:
    return list(chain.from_iterable(read_records(path)))


@pytest.fixture(scope="module")
def decoded(records: list[Record]) -> list[events.InputEvent]:
    typed = [decode(record.topic, record.payload) for record in records]
    assert [event for event in typed if isinstance(event, Rejection)] == []
    return [event for event in typed if not isinstance(event, Rejection)]


@pytest.fixture(scope="module")
def market(records: list[Record]) -> list[Market]:
    """The real events: quotes and trades of everything but the stable coin."""
    found = [msgspec.json.decode(r.payload, type=Market) for r in records if r.payload[:14] in _MARKET_STARTS]
    return [event for event in found if event.instrument in QUOTED]


_MARKET_STARTS = (b'{"type":"quote', b'{"type":"trade')


def test_file_has_at_most_one_megabyte_and_its_name_says_what_is_simulated(path: Path) -> None:
    assert path.stat().st_size <= BYTES_MAX
    assert "simulated-history" in path.name


def test_time_increases_strictly_over_the_whole_recording(decoded: list[events.InputEvent]) -> None:
    assert all(before.ts < after.ts for before, after in pairwise(decoded))


def test_making_it_again_from_its_own_real_events_gives_the_shipped_lines(
    records: list[Record], market: list[Market]
) -> None:
    """Cutting what is cut changes nothing, and all that is made up follows from the real events."""
    assert list(make_events(cut(iter(market)))) == [record.payload for record in records]


@needs_source
def test_making_it_from_the_source_gives_the_shipped_lines(records: list[Record]) -> None:
    assert SOURCE is not None
    assert list(make_events(cut(read_source(Path(SOURCE))))) == [record.payload for record in records]


def test_cutting_keeps_every_change_of_a_price_and_one_repeat_a_second() -> None:
    base = BEGIN_S * SECOND_NS
    bids = [(0, 9.0), (5, 9.0), (5, 9.5), (6, 9.5), (REPEAT_AGE_NS + 4, 9.5), (REPEAT_AGE_NS + 5, 9.5)]
    quotes = [Market("quote", base + at, "X", bid=bid, ask=10.0, bid_size=float(at), ask_size=1.0) for at, bid in bids]
    outside = [Market("trade", base - 1, "X", price=1.0), Market("trade", END_S * SECOND_NS, "X", price=1.0)]
    twins = [Market("trade", base + 2 * SECOND_NS, "Y", price=p, size=1.0) for p in (1.0, 2.0, 3.0)]
    kept = list(cut(iter([outside[0], *quotes, *twins, outside[1]])))
    assert [event.ts - base for event in kept[:3]] == [0, 5, REPEAT_AGE_NS + 5]
    assert [event.bid for event in kept[:3]] == [9.0, 9.5, 9.5]
    assert [(event.price, event.ts - base - 2 * SECOND_NS) for event in kept[3:]] == [(1.0, 0), (2.0, 1), (3.0, 2)]


def test_every_contract_has_a_full_window_of_simulated_closes_before_the_first_real_second(
    decoded: list[events.InputEvent],
) -> None:
    closes = [event for event in decoded if isinstance(event, events.Close)]
    assert Counter(event.instrument for event in closes) == dict.fromkeys((*QUOTED, "USDTUSD"), CLOSES)
    assert max(event.ts for event in closes) < BEGIN_S * SECOND_NS
    assert len({event.date for event in closes}) == CLOSES
    last = {event.instrument: event.price for event in closes}
    for event in decoded:
        if isinstance(event, events.Quote) and event.instrument in last:  # the walk ends where the market begins
            assert 0.5 * (event.bid + event.ask) == pytest.approx(last.pop(event.instrument), rel=0.1)
    assert last == {}


def test_real_seconds_are_whole_and_the_linear_perpetuals_end_at_midnight(market: list[Market]) -> None:
    seconds: dict[str, list[int]] = defaultdict(list)
    for event in market:
        seconds[event.instrument].append(event.ts // SECOND_NS)
    assert set(seconds) == set(QUOTED)
    for name, found in seconds.items():
        until = MIDNIGHT_S if name in LINEAR else END_S
        assert found[0] in (BEGIN_S, BEGIN_S + 1)
        assert max(after - before for before, after in pairwise(found)) <= 10
        assert until - 3 <= found[-1] < until


def test_every_fill_has_the_price_of_the_last_real_trade(
    decoded: list[events.InputEvent], market: list[Market]
) -> None:
    times: dict[str, list[int]] = defaultdict(list)
    prices: dict[str, list[float | None]] = defaultdict(list)
    for event in market:
        if event.type == "trade":
            times[event.instrument].append(event.ts)
            prices[event.instrument].append(event.price)
    fills = [event for event in decoded if isinstance(event, events.Fill)]
    assert len(fills) > 50
    for fill in fills:
        assert fill.price == prices[fill.instrument][bisect_left(times[fill.instrument], fill.ts) - 1]


def test_orders_are_filled_or_withdrawn(decoded: list[events.InputEvent]) -> None:
    left: dict[str, float] = {}
    for event in decoded:
        if isinstance(event, events.Order):
            assert event.open_quantity > 0 or event.order_id in left
            left[event.order_id] = event.open_quantity
        elif isinstance(event, events.Fill):
            assert event.order_id is not None
            left[event.order_id] -= event.quantity
            assert left[event.order_id] >= -1e-9
    assert len(left) > 15
    assert all(quantity == pytest.approx(0.0, abs=1e-9) for quantity in left.values())


def test_the_books_are_those_of_the_configuration_that_goes_with_it(decoded: list[events.InputEvent]) -> None:
    text = (resources.files("config") / "crypto.yaml").read_text(encoding="utf-8")
    config = Config.model_validate(yaml.safe_load(text), context={"source": "yaml"})
    books = {event.portfolio for event in decoded if isinstance(event, events.Nav)}
    assert books == set(OPENING)
    assert {limit.scope for limit in config.enforcement.limits} == books | {"firm"}
