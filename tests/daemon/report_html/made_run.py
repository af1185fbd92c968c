"""A small run for the report: two books, a crash, limits that speak, and names that mean harm."""

from pathlib import Path

from config.setup import Setup
from daemon.core import Core
from daemon.edge import decode_inputs
from daemon.replay_files import ReplayFiles
from daemon.summary import Tally
from tests.helpers import (
    DAY_NS,
    EventDict,
    Source,
    close_of,
    date_of,
    fill,
    nav,
    open_of,
    records_of,
    small_setup,
    snapshot,
    stock,
)

SCRIPT = "<script>alert(1)</script>"
QUOTES = "\"'&$x^2$ --><svg onload=x>"
WIDE = "株式会社" * 12
NAMES = ("AA", SCRIPT, QUOTES, WIDE)
BOOK = "firm/<b onclick=x>$a^2$ 株"
DAYS = 150
CRASH_DAY = 120
_RISE = 0.004
LIMITS = (
    {"id": "leverage", "scope": "*/*", "sensor": "leverage", "metric": "gross_leverage",
     "levels": [
         {"name": "soft", "at": 0.92, "action": "warn"}, {"name": "hard", "at": 0.97, "action": "reduce_position"}]},
    {"id": "drawdown", "scope": "firm", "sensor": "drawdown", "metric": "drawdown",
     "levels": [{"at": 0.08, "action": "throttle"}]},
    {"id": "loss", "scope": "firm", "sensor": "exposure", "metric": "day_loss", "hard": True,
     "levels": [{"at": 8_000, "action": "halt"}]},
    {"id": "var<i>", "scope": "firm", "sensor": "var_breach", "metric": "var_99",
     "levels": [{"at": 5_000_000, "action": "warn"}]},
)  # fmt: skip


def made_setup() -> Setup:
    """Return the setup that goes with the events."""
    return small_setup(LIMITS)


def made_events() -> list[Source]:
    """Return the events: quiet days, a crash of a tenth on one day, a further fall, then a recovery; a formula."""
    events: list[Source] = [stock(name, max_age=5 * DAY_NS) for name in NAMES]
    start = open_of(0)
    held = {(BOOK, name): 400.0 for name in NAMES} | {("firm/calm", "AA"): 100.0}
    events += [snapshot(held, start), nav(BOOK, 90_000.0, start + 1), nav("firm/calm", 50_000.0, start + 2)]
    prices = dict.fromkeys(NAMES, 50.0)
    for day in range(DAYS):
        for place, name in enumerate(NAMES):
            step = ((day * 7 + place * 5) % 11 - 5) / 600.0
            fell = (
                -0.10
                if day == CRASH_DAY
                else -0.02
                if CRASH_DAY < day < CRASH_DAY + 5
                else _RISE
                if day > CRASH_DAY
                else 0.0
            )
            prices[name] = round(prices[name] * (1.0 + step + fell), 4)
        if day == CRASH_DAY + 2:
            events.append(fill(BOOK, "AA", 200.0, prices["AA"], "f1", open_of(day) + 7))
            events.append(b"not json")
        events += [
            {"type": "close", "ts": close_of(day) + place, "instrument": name, "date": date_of(day), "price": price}
            for place, (name, price) in enumerate(prices.items())
        ]
    return events


def replayed(
    folder: Path, sources: list[Source], setup: Setup, *, keeps_series: bool = True, batch: int = 1_000
) -> Core:
    """Replay the events into the folder as `riskd replay --report` does, and return the core at the end."""
    core = Core(setup, keeps_series=keeps_series)
    files, tally = ReplayFiles(folder, "ab" * 16, keeps_series=keeps_series), Tally()
    inputs = decode_inputs(records_of(sources), {each.code for each in setup.calendars}, setup.config)
    for start in range(0, len(inputs), batch):
        piece = inputs[start : start + batch]
        tally.note_inputs(piece)
        outputs = core.step(piece)
        files.write(outputs)
        tally.note_outputs(outputs)
    outputs = core.finish()
    files.write(outputs)
    tally.note_outputs(outputs)
    files.write_summary(tally.summary(core.now_ns, "ab" * 16, files.finish(core.now_ns)))
    return core


def event(source: Source) -> EventDict:
    """Return an event as the dictionary that it was written as."""
    assert isinstance(source, dict)
    return source
