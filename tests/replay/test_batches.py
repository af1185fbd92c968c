"""How inputs are cut into steps, and which process takes them, changes no byte of any output."""

import hashlib
import itertools
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import feeds.prices
from config.setup import Setup
from daemon.core import Core
from daemon.edge import decode_inputs, made_input, with_calendars
from daemon.shipped import CRYPTO, demo_config, shipped_recording
from daemon.wiring import build_setup
from feeds.events import Assignment, CatchUpEnd, Quote
from feeds.prices import Arrived, Item, Prices, count_of, gather, numbered, steps
from feeds.record import Input, Record
from feeds.recording import read_records
from feeds.symbols import Symbols
from tests.helpers import Played, Source, play, records_of
from tests.replay.crypto_minutes import crypto_minutes
from tests.replay.made_stream import made_events, made_setup

SHIPPED_LINES = 2_000
OUTPUTS = ("decisions", "actions", "shadow", "deadletter", "audit", "states")


def shipped_records() -> list[Record]:
    return list(itertools.islice(itertools.chain.from_iterable(read_records(shipped_recording())), SHIPPED_LINES))


def shipped_setup() -> Setup:
    """The demo's limits, a fifth of them, so that the first months have decisions."""
    setup = build_setup(demo_config())
    limits = tuple(
        limit.model_copy(
            update={
                "levels": tuple(
                    level.model_copy(update={"at": level.at / 5, "clear_at": None}) for level in limit.levels
                )
            }
        )
        for limit in setup.config.enforcement.limits
    )
    enforcement = setup.config.enforcement.model_copy(update={"limits": limits, "mode": "full"})
    return replace(setup, config=setup.config.model_copy(update={"enforcement": enforcement}))


def mixed_sources(run: int = 5) -> list[Source]:
    """A year's closes, then ticks on two partitions with offsets that jump back, and bad records between.

    run : records of one partition that follow each other
    """
    bad = (b"", b"{", b'{"type":"quote","ts":1,"instrument":"S0","bid":2,"ask":1}', b'{"type":"nav"}')
    sources: list[Source] = []
    for n, record in enumerate(records_of(made_events(days=262, quoted=8, quotes=60))):
        if record.topic == "market-data":
            part = n // run % 2
            sources.append(Record(0, record.topic, part, n - 3 * (n % 4), record.payload))
        else:
            sources.append(record)
        if n % 50 == 7:
            sources.append(bad[n // 50 % len(bad)])
    return sources


def digest(played: Played) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in played.bytes_out().items()}


@pytest.fixture(scope="module")
def mixed() -> list[Source]:
    return mixed_sources()


@pytest.fixture(scope="module")
def states_at(mixed: list[Source]) -> tuple[int, ...]:
    return (5, 1_000, len(mixed) - 200, len(mixed))


@pytest.fixture(scope="module")
def expected(mixed: list[Source], states_at: tuple[int, ...]) -> Played:
    return play(mixed, made_setup("full"), batch=1_000, states_at=states_at)


def test_the_made_stream_lets_out_something_of_everything(expected: Played) -> None:
    """Equal bytes of nothing would prove nothing."""
    outputs = expected.outputs
    decided = {decision.limit for decision in outputs.decisions}
    assert decided >= {"var", "var_reduce", "tail", "drawdown", "leverage", "top", "stress", "loss", "operator_halt"}
    assert {action.type for action in outputs.actions} >= {"none", "warn", "throttle", "reduce_position", "halt"}
    assert len(outputs.decisions) > 200
    assert {record["kind"] for record in outputs.audit} >= {
        "decision", "action", "ack", "rejection", "var_calculation", "stress_result",
    }  # fmt: skip
    assert {"NOT_JSON", "CROSSED_QUOTE", "MISSING_FIELD"} <= set(expected.reasons())
    assert expected.core.state.tail_results, "no tail was fitted"


@pytest.mark.parametrize("batch", [1, 7, 1_000])
def test_steps_of_any_size_give_the_same_bytes(
    mixed: list[Source], states_at: tuple[int, ...], expected: Played, batch: int
) -> None:
    """1,000 is the second run of the same."""
    again = play(mixed, made_setup("full"), batch=batch, states_at=states_at)
    for name in OUTPUTS:
        assert again.bytes_out()[name] == expected.bytes_out()[name], name


def test_another_hash_seed_gives_the_same_bytes(
    mixed: list[Source], states_at: tuple[int, ...], expected: Played
) -> None:
    program = (
        "import json; from daemon.numba_cache import use_numba_cache; use_numba_cache();"
        "from tests.replay.test_batches import *;"
        f"print(json.dumps(digest(play(mixed_sources(), made_setup('full'), batch=333, states_at={states_at}))))"
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=root, env=os.environ | {"PYTHONHASHSEED": "77"},
        capture_output=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr.decode()
    assert json.loads(ran.stdout) == digest(expected)


def test_the_first_year_of_the_shipped_recording_gives_the_same_bytes_in_steps_of_any_size() -> None:
    records, setup = shipped_records(), shipped_setup()
    wanted = (1_000, SHIPPED_LINES)
    whole = play(records, setup, batch=1_000, states_at=wanted)
    assert len(whole.outputs.decisions) > 20
    assert whole.outputs.actions
    for batch in (1, 7):
        assert digest(play(records, setup, batch=batch, states_at=wanted)) == digest(whole)


def test_the_minutes_of_coins_give_the_same_bytes_in_steps_of_any_size() -> None:
    records, setup = crypto_minutes(), build_setup(CRYPTO.config)
    wanted = (1_500, 4_000, len(records))
    whole = play(records, setup, batch=1_000, states_at=wanted)
    assert len(whole.outputs.decisions) > 50
    assert len(whole.outputs.actions) > 1
    for batch in (1, 7, 37):
        assert digest(play(records, setup, batch=batch, states_at=wanted)) == digest(whole)


def wall_inputs(setup: Setup) -> list[Input]:
    """A backlog as the wall clock applies it: its events tell the time up to where it ends, here before the last."""
    known = {each.code for each in setup.calendars}
    inputs = decode_inputs(records_of(mixed_sources()), known, setup.config)
    times = [item.event.ts for item in inputs if isinstance(item.event, Quote)]
    begin = Assignment(epoch=1, partitions=(), catch_up_until=times[-20])
    return [made_input(begin), *inputs, made_input(CatchUpEnd(ts=times[-1]))]


def played_in_steps(inputs: list[Input], setup: Setup, batch: int) -> Played:
    played = Played(Core(setup))
    for start in range(0, len(inputs), batch):
        played.take(played.core.step(inputs[start : start + batch]))
    played.note_states()
    return played


def test_a_backlog_gives_the_same_bytes_in_steps_of_any_size() -> None:
    setup = made_setup("full")
    setup = replace(setup, config=setup.config.model_copy(update={"clock": "wall"}))
    inputs = wall_inputs(setup)
    single = played_in_steps(inputs, setup, 1)
    assert len(single.outputs.decisions) > 200
    for batch in (7, 1_000):
        assert digest(played_in_steps(inputs, setup, batch)) == digest(single)


def test_prices_that_come_together_are_steps_of_their_own_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the live source gives them, in twos already: bad records and what is not plain stand between."""
    monkeypatch.setattr(feeds.prices, "TOGETHER_MIN", 2)
    setup = made_setup("full")
    records, codes = records_of(mixed_sources(60)), {each.code for each in setup.calendars}
    single = played_in_steps(decode_inputs(records, set(codes), setup.config), setup, 1)
    items: list[Item] = []
    symbols, n = Symbols(), 1
    for start in range(0, len(records), 500):
        part = records[start : start + 500]
        columns = [[getattr(record, name) for record in part] for name in ("topic", "partition", "offset", "payload")]
        for item in gather(Arrived(*columns, ts_in=0), setup.config.kafka.topics, symbols):
            items.append(numbered(item, n))
            n += count_of(item)
    together = Played(Core(setup))
    for step in steps(with_calendars(items, codes, setup.config), 1_000):
        together.take(together.core.step(step))
    together.note_states()
    assert sum(isinstance(item, Prices) for item in items) > 20
    assert digest(together) == digest(single)
