"""Cores to ask about orders: a small desk whose numbers are known by heart, and made streams."""

import pickle
from collections.abc import Mapping, Sequence
from functools import cache

from daemon.core import Core
from daemon.edge import decode_inputs
from daemon.order_answer import OrderAnswer, OrderQuestion
from daemon.order_check import OrderChecker
from feeds.record import Record
from tests.helpers import EventDict, Source, close, close_of, nav, play, records_of, small_setup, snapshot, stock
from tests.replay.made_stream import made_events, made_setup

GROSS: dict[str, object] = {
    "id": "gross", "scope": "**", "sensor": "exposure", "metric": "gross",
    "levels": [{"at": 20_000.0, "action": "halt"}],
}  # fmt: skip
WARNED: dict[str, object] = {
    "id": "net", "scope": "firm", "sensor": "exposure", "metric": "net", "levels": [{"at": 15_000.0, "action": "warn"}],
}  # fmt: skip


def desk(
    limits: Sequence[Mapping[str, object]] = (GROSS,), *, mode: str = "full", more: Sequence[Source] = (),
    lot: float = 1.0, pretrade: Mapping[str, object] | None = None,
) -> Core:  # fmt: skip
    """A desk `firm/desk` that is long 100 A at 100.0 and short 50 B at 40.0, with a NAV of 50,000: gross is 12,000."""
    at = close_of(0)
    events: list[EventDict] = [stock("A", lot=lot), stock("B"), stock("NEW", lot=10.0)]
    events += [
        snapshot({("firm/desk", "A"): 100.0, ("firm/desk", "B"): -50.0}, at - 10),
        nav("firm/desk", 50_000.0, at),
    ]
    events += [close("A", 0, 100.0), close("B", 0, 40.0)]
    return play([*events, *more], small_setup(limits, mode=mode, pretrade=pretrade or {})).core


def ask(core: Core, name: str, quantity: float, portfolio: str = "firm/desk") -> OrderAnswer:
    """Ask for an order; a negative quantity sells."""
    question = OrderQuestion(
        portfolio=portfolio, instrument=name, side="buy" if quantity > 0.0 else "sell", quantity=abs(quantity)
    )
    return OrderChecker(core).check(question)


def feed(core: Core, *events: EventDict) -> None:
    """Step the core over further events."""
    for event in events:
        record = Record(core.n + 1, records_of([event])[0].topic, 0, -1, records_of([event])[0].payload)
        outputs = core.step(decode_inputs([record], {"XNYS"}, core.setup.config))
        assert not outputs.rejections, outputs.rejections


@cache
def _played(seed: int, left: int, mode: str) -> bytes:
    setup = made_setup(mode)
    records = records_of(made_events(seed, days=108, quoted=8))
    core = Core(setup)
    core.step(decode_inputs(records, {each.code for each in setup.calendars}, setup.config)[: len(records) - left])
    return pickle.dumps(core)


def made_core(seed: int, *, left: int = 0, mode: str = "monitoring") -> Core:
    """A core of its own that has played a made stream but for its last inputs."""
    core: Core = pickle.loads(_played(seed, left, mode))
    return core
