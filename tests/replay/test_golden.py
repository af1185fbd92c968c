"""Two small recordings whose decisions and actions are kept as bytes: a change of either is seen, and must be meant.

One is made up and has every type of event; the other is the shipped minutes of coins under the limits they ship with.

Renew by hand, and say in the commit why decisions change:  python -m tests.replay.test_golden
"""

import functools
import gzip
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.shipped import CRYPTO
from daemon.wiring import build_setup
from feeds.recording import read_records
from feeds.shape import EVENT_TYPES
from tests.helpers import (
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    EventDict,
    Played,
    close_of,
    command,
    date_of,
    fill,
    heartbeat,
    nav,
    open_of,
    play,
    quote,
    small_setup,
    snapshot,
    stock,
    trade,
)
from tests.replay.crypto_minutes import crypto_minutes

FOLDER = Path(__file__).parent / "golden"
RECORDING = FOLDER / "recording.jsonl.gz"
FOLDERS = {"made": FOLDER, "crypto": FOLDER / "crypto"}
KEPT = ("decisions", "actions", "shadow")
RENEW = "python -m tests.replay.test_golden"
LIMITS = (
    {"id": "top", "scope": "*", "sensor": "concentration", "metric": "top_share", "small_book_at": 0.15,
     "levels": [
         {"name": "soft", "at": 0.15, "action": "warn"}, {"name": "hard", "at": 0.2, "action": "reduce_position"}]},
    {"id": "var", "scope": "firm/b", "sensor": "var_breach", "metric": "var_95", "mode": "full",
     "levels": [{"at": 250, "action": "throttle"}]},
    {"id": "drawdown", "scope": "*/*", "sensor": "drawdown", "metric": "drawdown", "mode": "full",
     "levels": [{"at": 0.02, "action": "warn"}]},
    {"id": "loss", "scope": "*", "sensor": "exposure", "metric": "day_loss", "hard": True, "latch": True,
     "levels": [{"at": 2_500, "action": "halt"}]},
)  # fmt: skip


def made() -> list[EventDict]:
    """Return 26 sessions of four stocks, a future and a pair, with every type of event; prices by a formula."""
    names = ("AA", "BB", "CC", "DD")
    events: list[EventDict] = [
        stock(name, sector="Energy" if name < "C" else "Utilities", max_age=2 * DAY_NS) for name in names
    ]
    events.append(stock("FX", kind="fx", base="EUR", quote="USD", closes="official"))
    events.append(stock("FF", kind="future", multiplier=10.0, currency="EUR"))
    start = open_of(0) - MINUTE_NS
    held = {("firm/a", name): 100.0 * place for place, name in enumerate(names, 1)} | {("firm/b", "FF"): -4.0}
    events += [snapshot(held, start), nav("firm/a", 60_000.0, start), nav("firm/b", 30_000.0, start)]
    prices = {name: 20.0 + 10.0 * place for place, name in enumerate(names)} | {"FX": 1.125, "FF": 300.0}
    for day in range(26):
        opens, closes = open_of(day), close_of(day)
        for place, name in enumerate(prices):
            prices[name] = round(prices[name] * (1.0 + ((day * 7 + place * 5) % 11 - 5) / 250.0), 3)
        if day > 20:
            events += [quote("AA", prices["AA"] + step / 64, opens + step * MINUTE_NS, 0.25) for step in range(1, 5)]
            events += [trade("BB", prices["BB"], opens + 5 * MINUTE_NS), quote("AA", 99.0, opens + 6 * MINUTE_NS)]
        events += specials(day, opens + HOUR_NS, prices)
        events += [
            {"type": "close", "ts": closes + place, "instrument": name, "date": date_of(day), "price": price}
            for place, (name, price) in enumerate(prices.items())
        ]
    return [event | {"ts": int(str(event["ts"])) + place} for place, event in enumerate(events)]


def specials(day: int, at: int, prices: dict[str, float]) -> list[EventDict]:
    """Return what happens on one day alone."""
    booked: EventDict = {"ts": at, "portfolio": "firm/a"}
    order: EventDict = {"type": "order", "instrument": "CC", "order_id": "o", "side": "buy", "open_quantity": 90.0}
    ack: EventDict = {"type": "ack", "ts": at, "action_id": "0", "consumer": "oms", "result": "applied"}
    suppressed = command("override", at, "c6", kind="suppress", scope="firm", expires_at=at)
    told: dict[int, list[EventDict]] = {
        2: [{"type": "indicator", "ts": at, "name": "VIX", "value": 17.5}, heartbeat(at)],
        4: [booked | order, fill("firm/a", "CC", 50.0, prices["CC"], "f1", at, order_id="o")],
        6: [{"type": "fill_cancel", **booked, "fill_id": "f1"}],
        8: [{"type": "adjustment", "ts": at, "instrument": "DD", "ex_ts": at, "price_factor": 1.0, "cash": 0.5}],
        10: [nav("firm/a", 70_000.0, at, flow=8_000.0)],
        12: [{"type": "position", **booked, "instrument": "BB", "quantity": 260.0}],
        14: [command("halt", at, "c1", scope="firm/b"), ack],
        16: [command("reinstate", at, "c2", scope="firm/b"), command("reset_hwm", at, "c3", scope="firm/a")],
        18: [command("label", at, "c4", episode_id="e", verdict="true"), command("mode", at, "c5", mode="full")],
        20: [suppressed, command("override_end", at, "c7", override_id="o")],
        22: [command("approve", at, "c8", approves="c6"), command("limits", at, "c9", limits=[{"id": "x"}])],
        24: [command("reinstate", at, "d1", scope="firm"), fill("firm/a", "AA", 900.0, prices["AA"] * 1.25, "f2", at)],
    }  # fmt: skip
    return told.get(day, [])


@functools.cache
def replayed(which: str) -> Played:
    """Return what the recording of this name lets out."""
    if which == "crypto":
        return play(crypto_minutes(), build_setup(CRYPTO.config))
    records = list(itertools.chain.from_iterable(read_records(RECORDING)))
    return play(records, small_setup(LIMITS, mode="gradual", portfolios=("firm",)))


def test_the_made_recording_has_every_type_of_event_and_life() -> None:
    played = replayed("made")
    types = {json.loads(line)["type"] for line in gzip.decompress(RECORDING.read_bytes()).splitlines()}
    assert types == set(EVENT_TYPES)
    assert set(played.reasons()) == {
        "BAD_LIMITS", "UNKNOWN_EPISODE", "MISSING_FIELD", "UNKNOWN_COMMAND", "BAD_SIGNATURE",
    }  # fmt: skip
    transitions = {each.transition for each in played.outputs.decisions}
    assert {
        "ok>firing",
        "firing>recovering",
        "recovering>latched",
        "no_data>firing",
        "ok>no_data",
        "firing>ok",
    } <= transitions
    assert {each.type for each in played.outputs.shadow} >= {"none", "warn", "throttle", "reduce_position", "halt"}


def test_the_minutes_of_coins_have_prices_that_move_books_and_a_feed_that_dies() -> None:
    played = replayed("crypto")
    assert played.reasons() == []
    decided = {(each.scope, each.limit, each.transition) for each in played.outputs.decisions}
    assert {
        ("firm/spot", "spot_day_loss", "pending>firing"),
        ("firm/basis", "basis_stress", "firing>no_data"),
        ("firm/inverse", "hedge_net", "recovering>ok"),
        ("firm/momentum", "momentum_leverage", "ok>firing"),
    } <= decided
    assert {each.type for each in played.outputs.shadow} >= {"none", "warn", "throttle", "reduce_position", "halt"}


@pytest.mark.parametrize("which", FOLDERS)
@pytest.mark.parametrize("name", KEPT)
def test_a_golden_recording_gives_its_bytes(which: str, name: str) -> None:
    found = replayed(which).bytes_out()[name].splitlines()
    kept = (FOLDERS[which] / f"{name}.jsonl").read_bytes().splitlines()
    first = next((at for at, (one, other) in enumerate(zip(found, kept, strict=False), 1) if one != other), None)
    if first is not None or len(found) != len(kept):
        print(f"{which} {name} differ from line {first}; if that is meant, renew them and say why: {RENEW}")
    assert found == kept


def renew() -> None:
    """Write the made recording, and what each gives now."""
    lines = b"".join(json.dumps(event).encode() + b"\n" for event in made())
    RECORDING.write_bytes(gzip.compress(lines, mtime=0))
    for which, folder in FOLDERS.items():
        folder.mkdir(exist_ok=True)
        content = replayed(which).bytes_out()
        for name in KEPT:
            (folder / f"{name}.jsonl").write_bytes(content[name] + b"\n")


if __name__ == "__main__":
    subprocess.run([sys.executable, "-m", "tests.replay"], check=True)  # a process of its own: see there
    sys.stdout.write(f"written to {FOLDER}\n")
