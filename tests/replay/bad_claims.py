"""Records that only the core can refuse, because they contradict what it knows; each with its reason."""

import random

import msgspec

from tests.daemon.command_desk import said
from tests.helpers import DAY_NS, EventDict, command, date_of, fill, nav, quote, snapshot, stock, trade
from tests.replay.bad_material import NAMED, Maker, Seen, sample

ASKED = "asked"  # id of a command among the good ones that waits for a second person
_APPLIED = 4  # of the last four prices one at least was applied: three in a row at most are held back


def _no_price(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    if not seen.is_open:
        return None
    name, price = draw.choice(NAMED), draw.choice((0.0, -1.0, -0.0))
    events: tuple[EventDict, ...] = (
        quote(name, price, seen.now + DAY_NS),
        trade(name, price, seen.now + DAY_NS),
        {"type": "close", "ts": seen.now, "instrument": name, "date": date_of(0), "price": price},
        fill("firm/desk", name, 5.0, price, "x1", seen.now),
    )
    return "PRICE_OUT_OF_BOUNDS", draw.choice(events)


def _stranger(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    types = ("quote", "trade", "close", "position", "order", "fill", "adjustment")
    ts = seen.now + draw.choice((0, DAY_NS))
    event = sample(draw, seen, types) | {"ts": ts, "instrument": draw.choice(("S00", "s0", "ZZZ"))}
    if "portfolio" in event:
        event["portfolio"] = "firm/new/desk"
    return "UNKNOWN_INSTRUMENT", event


def _strange_item(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "UNKNOWN_INSTRUMENT", snapshot({("firm/fund", "S0"): 5.0, ("firm/fund", "ZZZ"): 1.0}, seen.now)


def _no_scope(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    name = draw.choice(("halt", "reinstate", "reset_hwm"))
    return "UNKNOWN_PORTFOLIO", command(name, seen.now, f"n{draw.random()}", scope="firm/nowhere")


def _no_calendar(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "UNKNOWN_CALENDAR", stock(draw.choice((*NAMED, "NEW")), calendar=draw.choice(("XNOW", "NYSE-EXTRA", "24-7")))


def _no_fill(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    path, fill_id = ("calm/a", "f40") if draw.random() < 0.5 else ("firm/fund", "never")
    return "UNKNOWN_FILL", {"type": "fill_cancel", "ts": seen.now, "portfolio": path, "fill_id": fill_id}


def _no_rate(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "UNKNOWN_CURRENCY", nav("calm/a", 1e6, seen.now, currency=draw.choice(("SEK", "usd", "XBT1")))


def _late(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    named = [name for name in NAMED if len(seen.prices.get(name, ())) >= _APPLIED]
    if not named:
        return None
    name = draw.choice(named)
    make = quote if draw.random() < 0.5 else trade
    return "LATE", make(name, 50.0, seen.prices[name][-_APPLIED] - draw.choice((1, DAY_NS)))


def _late_fill(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    ts = seen.now - 8 * DAY_NS
    return ("LATE_FILL", fill("firm/fund", "S0", 5.0, 30.0, f"l{draw.random()}", ts)) if seen.now else None


def _other_fill(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    known = [each for each in seen.fills.values() if seen.now - msgspec.convert(each["ts"], int) < 6 * DAY_NS]
    if not known:
        return None
    event = draw.choice(known)
    changed: tuple[EventDict, ...] = (
        {"quantity": 7.25},
        {"price": 1.5},
        {"side": "sell", "quantity": 121.0},
        {"order_id": "zz"},
    )
    return "DUPLICATE_FILL_ID", event | {"instrument": "S0"} | draw.choice(changed)


def _repeated(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    remembered = [id_ for id_, until_ns in seen.commands.items() if seen.now < until_ns]
    if not remembered:
        return None
    return "DUPLICATE_COMMAND", command("halt", seen.now, draw.choice(remembered), scope="calm")


def _elsewhere(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    if not seen.marked:  # before a root's first good record any partition may be its home
        return None
    event = draw.choice((nav("calm/a", 1e9, seen.now), nav("firm", 1.0, seen.now), snapshot({}, seen.now)))
    return "WRONG_PARTITION", event


def _other_terms(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    if "S0" not in seen.marked:
        return None
    changed: tuple[EventDict, ...] = (
        {"multiplier": 2.0},
        {"currency": "EUR"},
        {"kind": "future"},
        {"contract": "inverse"},
    )
    return "REFERENCE_CONFLICT", stock("S0", **draw.choice(changed))


def _pair_without_sides(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "MISSING_FIELD", stock("GBPUSD", kind="fx", base="GBP")


def _bad_limits(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    return "BAD_LIMITS", sample(draw, seen, ("limits",)) | {"command_id": f"q{draw.random()}", "ts": seen.now}


def _command_on_nothing(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    """An override that nobody made cannot be ended, and what takes two people is never taken unsigned."""
    named: EventDict = {"command_id": f"q{draw.random()}", "ts": seen.now}
    event: EventDict = sample(draw, seen, ("override_end", "approve")) | named
    return "UNKNOWN_COMMAND" if event["type"] == "override_end" else "BAD_SIGNATURE", event


def _stale_command(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    name = draw.choice(("reinstate", "reset_hwm"))
    return "STALE_COMMAND", command(name, seen.now - DAY_NS, f"q{draw.random()}", scope="calm")


def _for_another_riskd(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    name = draw.choice(("reinstate", "reset_hwm", "halt"))
    return "WRONG_DEPLOYMENT", command(name, seen.now, f"q{draw.random()}", scope="calm", deployment="test-desk")


def _unknown_limit(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    fields: EventDict = {"limit": draw.choice(("VAR", "nobody")), "mode": "monitoring"}
    return "UNKNOWN_LIMIT", command("mode", seen.now, f"q{draw.random()}", **fields)


def _own_approval(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    if ASKED not in seen.commands:
        return None
    return "SAME_ACTOR", said("approve", 0, f"q{draw.random()}", approves=ASKED, ts=seen.now)


def _label_of_nothing(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    named: EventDict = {"episode_id": f"{draw.getrandbits(128):032x}", "verdict": draw.choice(("true", "unresolved"))}
    return "UNKNOWN_EPISODE", command("label", seen.now, f"e{draw.random()}", **named)


def _badly_signed(draw: random.Random, seen: Seen) -> tuple[str, EventDict]:
    name = draw.choice(("halt", "reinstate", "reset_hwm"))
    signed: EventDict = {"sig": draw.randbytes(64).hex(), "scope": "calm"}
    return "BAD_SIGNATURE", command(name, seen.now, f"b{draw.random()}", **signed)


def _from_tomorrow(draw: random.Random, seen: Seen) -> tuple[str, EventDict] | None:
    if not seen.is_open:
        return None
    event: EventDict = {"type": "close", "ts": seen.now, "instrument": draw.choice(NAMED), "price": 50.0}
    return "TOO_FAR_AHEAD", event | {"date": "2020-12-30"}


CORE_KINDS: tuple[Maker, ...] = (
    _no_price,
    _stranger,
    _strange_item,
    _no_scope,
    _no_calendar,
    _no_fill,
    _no_rate,
    _late,
    _late_fill,
    _other_fill,
    _repeated,
    _elsewhere,
    _other_terms,
    _pair_without_sides,
    _bad_limits,
    _command_on_nothing,
    _stale_command,
    _for_another_riskd,
    _unknown_limit,
    _own_approval,
    _label_of_nothing,
    _from_tomorrow,
    _badly_signed,
)
