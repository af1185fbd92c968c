"""Drives a core from events as a test writes them: through the real decoder, to the numbers of the state records."""

import datetime
import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from audit.line import canonical_json
from config.calendars import build_calendar
from config.scenarios import Scenario
from config.schema import CalendarConfig, Config
from config.setup import Calendar, Setup
from daemon.core import Core
from daemon.edge import decode_inputs
from daemon.outputs import Outputs
from enforcement.records import encode
from feeds.dead_letters import letter_line
from feeds.decode import topic_of_type
from feeds.record import Record

EventDict = dict[str, object]
Source = EventDict | bytes | Record
"""An event, the bytes of a record on the topic that its `type` belongs to, or a record whose n does not matter."""

START, END = "2019-01-02", "2020-12-31"

SECOND_NS = 10**9
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS

CRASH = Scenario(
    "crash", "Crash", (("equity", -0.4), ("Energy", -0.5), ("future", -0.3), ("fx.EURUSD", -0.1), ("perpetual", -0.6)),
    1, "made for tests", "2019-01-01", 0.02, "crisis",
)  # fmt: skip
ENERGY = Scenario(
    "energy", "Energy alone", (("Energy", -0.3),), 1, "made for tests", "2019-01-01", 0.05, "normal", 50_000.0
)


@functools.cache
def calendar(code: str = "XNYS") -> Calendar:
    """Return the sessions of an exchange over the two years of the tests."""
    return build_calendar(code, START, END)


def small_setup(
    limits: Sequence[Mapping[str, object]] = (), *, mode: str = "monitoring", portfolios: Sequence[str] = (),
    **config: object,
) -> Setup:  # fmt: skip
    """Return a setup on XNYS in US dollars with these limits; `config` takes further parts of the configuration."""
    document = {
        "calendar": CalendarConfig(base="XNYS", start=START, end=END),
        "portfolios": tuple(portfolios),
        "enforcement": {"mode": mode, "limits": list(limits)},
        "control": {"allow_unsigned": True},  # signatures have tests of their own
        **config,
    }
    return Setup(Config.model_validate(document), (calendar(),), (CRASH, ENERGY))


def records_of(sources: Iterable[Source]) -> list[Record]:
    """Return records numbered from 1, as a recording gives them: partition 0 and no offset for bare events."""
    records = []
    for n, source in enumerate(sources, 1):
        if isinstance(source, Record):
            records.append(Record(n, source.topic, source.partition, source.offset, source.payload, source.ts_in))
            continue
        payload = source if isinstance(source, bytes) else json.dumps(source).encode()
        records.append(Record(n, _topic(payload), 0, -1, payload))
    return records


def _topic(payload: bytes) -> str:
    try:
        members = json.loads(payload)
    except (ValueError, RecursionError):
        return "market-data"
    name = members.get("type") if isinstance(members, dict) else None
    return (topic_of_type(name) if isinstance(name, str) else None) or "market-data"


@dataclass(slots=True)
class Played:
    """A core and everything that it let out, as the bytes that a replay writes.

    states : state records of the moments that were asked for, as canonical JSON
    """

    core: Core
    outputs: Outputs = field(default_factory=Outputs)
    states: list[bytes] = field(default_factory=list)

    def take(self, outputs: Outputs) -> None:
        """Append what one step let out."""
        for name in ("decisions", "actions", "shadow", "rejections", "audit"):
            getattr(self.outputs, name).extend(getattr(outputs, name))

    def note_states(self) -> None:
        """Append the state records of this moment."""
        self.states += [canonical_json(state) for state in self.core.state_records()]

    def state(self, scope: str) -> dict[str, object]:
        """Return the state record of a scope at this moment."""
        return next(state for state in self.core.state_records() if state["scope"] == scope)

    def reasons(self) -> list[str]:
        """Return the reasons of all rejections, in order."""
        return [rejection.reason.value for _, rejection in self.outputs.rejections]

    def bytes_out(self) -> dict[str, bytes]:
        """Return every output by the name of its file."""
        out = self.outputs
        return {
            "decisions": b"\n".join(encode(decision) for decision in out.decisions),
            "actions": b"\n".join(encode(action) for action in out.actions),
            "shadow": b"\n".join(encode(action) for action in out.shadow),
            "deadletter": b"\n".join(letter_line(*refused, shard=self.core.shard) for refused in out.rejections),
            "audit": b"\n".join(canonical_json(record) for record in out.audit),
            "states": b"\n".join(self.states),
        }


def play(
    sources: Iterable[Source], setup: Setup, *, batch: int = 1_000, states_at: Iterable[int] = (),
    between: Callable[[Core], None] | None = None,
) -> Played:  # fmt: skip
    """Step a new core over the sources, in steps of `batch` inputs that are cut after every n of `states_at`.

    between : called with the core before each step
    """
    core = Core(setup)
    played = Played(core)
    wanted = set(states_at)
    inputs = decode_inputs(records_of(sources), {each.code for each in setup.calendars}, setup.config)
    start = 0
    while start < len(inputs):
        stop = min(start + batch, len(inputs))
        stop = next((at + 1 for at in range(start, stop) if inputs[at].record.n in wanted), stop)
        if between is not None:
            between(core)
        played.take(core.step(inputs[start:stop]))
        if inputs[stop - 1].record.n in wanted:
            played.note_states()
        start = stop
    played.take(core.finish())
    return played


def check(events: Iterable[Source], expected: Mapping[str, Mapping[str, object]], setup: Setup | None = None) -> Played:
    """Play the events and hold the last state of each scope against what is expected; return what was played.

    expected : by scope, by place such as `metrics.gross.value` or `exposures.by_instrument.S0`; ... is: not there.
               Floats are compared to a relative 1e-12.
    """
    played = play(events, small_setup() if setup is None else setup)
    for scope, places in expected.items():
        state = played.state(scope)
        for place, value in places.items():
            found = at_place(state, place)
            wanted = pytest.approx(value, rel=1e-12, abs=1e-9) if isinstance(value, float) else value
            assert found == wanted, f"{place} of {scope} must be {value}, got {found}"
    return played


def at_place(state: Mapping[str, object], place: str) -> object:
    """Return what a state record holds at a place with dots between its keys; ... where it holds nothing."""
    found: object = state
    for key in place.split("."):
        if not isinstance(found, dict) or key not in found:
            return ...
        found = found[key]
    return found


# --- events in a few words; `day` counts sessions of XNYS from 2019-01-02, prices in US dollars


def open_of(day: int) -> int:
    """Return the open of a session, ns."""
    return int(calendar().opens[day])


def close_of(day: int) -> int:
    """Return the close of a session, ns."""
    return int(calendar().closes[day])


def date_of(day: int) -> str:
    """Return the date of a session, ISO."""
    return datetime.date.fromordinal(int(calendar().dates[day])).isoformat()


def stock(name: str, **fields: object) -> EventDict:
    """Reference data of a US stock, an hour before the first open; `fields` override."""
    event: EventDict = {"type": "instrument", "ts": open_of(0) - HOUR_NS, "instrument": name}
    return event | {"kind": "equity", "currency": "USD"} | fields


def snapshot(items: Mapping[tuple[str, str], float], ts: int, root: str = "firm") -> EventDict:
    """A positions snapshot of the root from {(portfolio, instrument): quantity}."""
    rows = [{"portfolio": path, "instrument": name, "quantity": held} for (path, name), held in items.items()]
    return {"type": "positions_snapshot", "ts": ts, "portfolio": root, "snapshot_id": f"s{ts}", "items": rows}


def close(name: str, day: int, price: float, ts: int | None = None) -> EventDict:
    """The official close of a session, a millisecond after it unless told."""
    at = close_of(day) + 10**6 if ts is None else ts
    return {"type": "close", "ts": at, "instrument": name, "date": date_of(day), "price": price}


def quote(name: str, mid: float, ts: int, half_spread: float = 0.0) -> EventDict:
    """A quote around `mid`."""
    return {"type": "quote", "ts": ts, "instrument": name, "bid": mid - half_spread, "ask": mid + half_spread}


def trade(name: str, price: float, ts: int) -> EventDict:
    """A trade."""
    return {"type": "trade", "ts": ts, "instrument": name, "price": price}


def fill(path: str, name: str, quantity: float, price: float, fill_id: str, ts: int, **fields: object) -> EventDict:
    """A fill; a negative quantity is a sale."""
    side = "buy" if quantity > 0 else "sell"
    return {"type": "fill", "ts": ts, "portfolio": path, "instrument": name, "side": side, "quantity": abs(quantity),
            "price": price, "fill_id": fill_id} | fields  # fmt: skip


def nav(path: str, value: float, ts: int, flow: float | None = None, currency: str = "USD") -> EventDict:
    """A nav event."""
    event: EventDict = {"type": "nav", "ts": ts, "portfolio": path, "nav": value, "currency": currency}
    return event if flow is None else event | {"flow": flow}


def command(name: str, ts: int, command_id: str, **fields: object) -> EventDict:
    """A control command by ana."""
    return {"type": name, "ts": ts, "actor": "ana", "reason": "a test", "command_id": command_id} | fields


def heartbeat(ts: int) -> EventDict:
    """A heartbeat of the feed."""
    return {"type": "heartbeat", "ts": ts, "source": "feed"}
